"""Kafka administration: this module reads the state of a Kafka cluster, and changes the cluster.

feeds/agencies/kafka/topology.py defines the changes. kafka-python's admin client does not raise an exception for every
failure. It reports many failures only in its return values. So this module checks every return value.
"""

import contextlib
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any

from kafka.admin import (
    ACL,
    ACLFilter,
    ACLOperation,
    ACLPermissionType,
    ACLResourcePatternType,
    ConfigResource,
    ConfigResourceType,
    KafkaAdminClient,
    ResourcePattern,
    ResourcePatternFilter,
    ResourceType,
    ScramMechanism,
    UserScramCredentialDeletion,
    UserScramCredentialUpsertion,
)
from kafka.errors import KafkaError, for_code
from kafka.protocol.admin import (
    AlterClientQuotasRequest,
    DescribeClientQuotasRequest,
)

from feeds.agencies.kafka.topology import (
    Change,
    Cluster,
    EndUser,
    Grant,
    MakeTopic,
    MakeUser,
    RevokeRight,
    Right,
    SetQuota,
    SetSettings,
    Topic,
)
from infra.kafka.brokers import ClusterFault, login
from infra.settings import Kafka

CONNECT_MS, REQUEST_MS = 15_000, 30_000
SCRAM = ScramMechanism.SCRAM_SHA_512
ITERATIONS = 8192
ALL_RIGHTS = ACLFilter(
    None,
    None,
    ACLOperation.ANY,
    ACLPermissionType.ANY,
    ResourcePatternFilter(ResourceType.ANY, None, ACLResourcePatternType.ANY),
)
OF_A_USER, ANY_NAME = "user", 2
QuotasRequest = Any
QuotasResponse = Any
"""Both types are Any, because kafka-python generates its classes for quotas at import.

The type checker cannot see them.
"""


@contextlib.contextmanager
def administering(kafka: Kafka) -> Iterator["Admin"]:
    """Opens an Admin.

    Every KafkaError is replaced by a ClusterFault. This is also true for an error in the body of the `with` statement.
    """
    options = {"bootstrap_timeout_ms": CONNECT_MS, "request_timeout_ms": REQUEST_MS, "client_id": "jejak-topics"}
    try:
        client = KafkaAdminClient(**login(kafka), **options)
        try:
            yield Admin(client)
        finally:
            client.close()
    except KafkaError as error:
        who = f"as {kafka.username}" if kafka.username else "without a login"
        # kafka-python reports a time-out both if the login was refused and if the connection was lost.
        raise ClusterFault(
            f"Kafka at {kafka.bootstrap}, {who}: the brokers cannot be reached, or they refused the login or a right:"
            f" {_short(error)}. Check JEJAK_KAFKA_BOOTSTRAP, _USERNAME, _PASSWORD_FILE, _CA_FILE, and the user's rights"
        ) from error


class Admin:
    """Reads and changes the state of a cluster."""

    def __init__(self, client: KafkaAdminClient) -> None:
        self._client = client

    def found(self) -> Cluster:
        return Cluster(
            topics=self._topics(),
            rights=frozenset(self._rights()),
            users=frozenset(self._client.describe_user_scram_credentials()),
            quotas=self._quotas(),
        )

    def apply(self, change: Change, password_of: Callable[[str], str]) -> None:
        """Applies one change. `password_of` returns the password for a new user. Raises ClusterFault, KafkaError."""
        match change:
            case MakeTopic():
                self._make_topic(change)
            case SetSettings():
                resource = ConfigResource(ConfigResourceType.TOPIC, change.name, dict(change.after))
                answer = self._client.alter_configs([resource], incremental=True)["topic"][change.name]
                _demand(answer == "OK", change, answer)
            case Grant():
                answer = self._client.create_acls([_acl_of(change.right)])
                _demand(not answer["failed"], change, answer["failed"])
            case RevokeRight():
                self._revoke(change)
            case MakeUser():
                self.set_password(change.name, password_of(change.name))
            case EndUser():
                self._alter_user(change.name, UserScramCredentialDeletion(change.name, SCRAM))
            case SetQuota():
                self._set_quota(change)

    def set_password(self, user: str, password: str) -> None:
        self._alter_user(user, UserScramCredentialUpsertion(user, SCRAM, password, iterations=ITERATIONS))

    def _alter_user(self, user: str, alteration: UserScramCredentialUpsertion | UserScramCredentialDeletion) -> None:
        answer = self._client.alter_user_scram_credentials([alteration])
        _demand(answer == {user: None}, f"the password of {user}", answer.get(user))

    def _make_topic(self, change: MakeTopic) -> None:
        topic = change.topic
        options = {
            "num_partitions": topic.partitions,
            "replication_factor": topic.replication,
            "configs": dict(topic.settings),
        }
        answer = self._client.create_topics({change.name: options}, wait_for_metadata=False, raise_errors=False)
        [one] = answer["topics"]
        _demand(one["error_code"] == 0, change, one["error_message"])
        self._client.wait_for_topics([change.name])

    def _revoke(self, change: RevokeRight) -> None:
        acl = _acl_of(change.right)
        at = acl.resource_pattern
        exactly = ResourcePatternFilter(at.resource_type, at.resource_name, at.pattern_type)
        [(_, ended, error)] = self._client.delete_acls(
            [ACLFilter(acl.principal, acl.host, acl.operation, acl.permission_type, exactly)]
        )
        _demand(error.errno == 0 and len(ended) == 1, change, error.__name__)

    def _set_quota(self, change: SetQuota) -> None:
        entry = AlterClientQuotasRequest.EntryData
        entity = entry.EntityData(entity_type=OF_A_USER, entity_name=change.user)
        ops = [entry.OpData(key=key, value=value, remove=False) for key, value in change.after.items()]
        answer = self._ask(AlterClientQuotasRequest(entries=[entry(entity=[entity], ops=ops)], validate_only=False))
        [one] = answer.entries
        _demand(one.error_code == 0, change, one.error_message)

    def _ask(self, request: QuotasRequest) -> QuotasResponse:
        """Sends a request for which the admin client has no method.

        The client's own methods send their requests in the same way.
        """
        return self._client._manager.run(self._client._manager.send, request)  # noqa: SLF001 - no public way in 3.0.12

    def _topics(self) -> dict[str, Topic]:
        described = [topic for topic in self._client.describe_topics() if not topic["is_internal"]]
        if not described:
            return {}
        resources = [ConfigResource(ConfigResourceType.TOPIC, topic["name"]) for topic in described]
        configs = self._client.describe_configs(resources, config_filter="all")["topic"]
        return {
            topic["name"]: Topic(
                partitions=len(topic["partitions"]),
                replication=min(len(partition["replica_nodes"]) for partition in topic["partitions"]),
                settings={key: one["value"] for key, one in configs[topic["name"]].items()},
            )
            for topic in described
        }

    def _rights(self) -> Iterable[Right]:
        acls, _ = self._client.describe_acls(ALL_RIGHTS)
        return [_right_of(acl) for acl in acls]

    def _quotas(self) -> Mapping[str, Mapping[str, float]]:
        of_users = DescribeClientQuotasRequest.ComponentData(entity_type=OF_A_USER, match_type=ANY_NAME, match=None)
        answer = self._ask(DescribeClientQuotasRequest(components=[of_users], strict=True))
        _demand(answer.error_code == 0, "the quotas", for_code(answer.error_code).__name__)
        quotas: dict[str, dict[str, float]] = defaultdict(dict)
        for entry in answer.entries or ():
            [entity] = entry.entity
            quotas[entity.entity_name or ""] |= {one.key: one.value for one in entry.values}
        return quotas


def _acl_of(right: Right) -> ACL:
    pattern = ACLResourcePatternType.PREFIXED if right.prefixed else ACLResourcePatternType.LITERAL
    return ACL(
        f"User:{right.user}",
        right.host,
        ACLOperation[_kafkas(right.operation)],
        ACLPermissionType.ALLOW if right.allowed else ACLPermissionType.DENY,
        ResourcePattern(ResourceType[_kafkas(right.resource)], right.name, pattern),
    )


def _right_of(acl: ACL) -> Right:
    return Right(
        user=acl.principal.removeprefix("User:"),
        operation=_ours(acl.operation.name),
        resource=_ours(acl.resource_pattern.resource_type.name),
        name=acl.resource_pattern.resource_name,
        prefixed=acl.resource_pattern.pattern_type is ACLResourcePatternType.PREFIXED,
        host=acl.host,
        allowed=acl.permission_type is ACLPermissionType.ALLOW,
    )


def _kafkas(word: str) -> str:
    return word.upper().replace("-", "_")


def _ours(word: str) -> str:
    return word.lower().replace("_", "-")


def _demand(done: bool, what: object, answer: object) -> None:  # noqa: FBT001 - used like `assert`
    """Raises ClusterFault if `done` is false."""
    if not done:
        raise ClusterFault(f"Kafka did not apply {what}: Kafka answered {answer}")


def _short(error: Exception) -> str:
    return str(error).splitlines()[0][:300] if str(error) else "without further details"
