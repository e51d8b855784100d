"""Topology: this module computes the topics, rights, users and quotas that a Kafka cluster should have. This module
also computes the changes that lead to the wanted state.

The wanted state follows from the agencies in `topics.toml`. This module is pure. infra/kafka/admin.py reads the state
of the brokers and applies the changes. The number of partitions of a topic is never changed, because a change would
break the order of an application's events. No topic is ever deleted.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

from feeds.agencies.kafka import topic_names as names
from feeds.agencies.topics_file import Topics, TopicsWrong

DAY_MS = 86_400_000
HOUR_MS = 3_600_000
RECORD_BYTES, COMMAND_BYTES = 1_048_576, 131_072
"""The largest batch, in bytes, that the broker accepts. RECORD_BYTES is for the records of Jejak, and COMMAND_BYTES is
for the commands of agencies.

The body of a command may have half of COMMAND_BYTES. The other half is for headers.
"""
RELAY, INTAKE, AUDIT = "jejak-relay", "jejak-intake", "jejak-audit"
NOT_AN_AGENCY = ("admin", "anonymous", "kafka")
"""A cluster may already have users with these names. An agency must not have such a name, because Jejak would replace
the password of the user.
"""
CONSUMES, PRODUCES = "consumer_byte_rate", "producer_byte_rate"


@dataclass(frozen=True, slots=True)
class Topic:
    partitions: int
    replication: int
    settings: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, order=True)
class Right:
    """A right of a user (a Kafka ACL). `resource` and `operation` are Kafka's words in lower case (topic, group,
    transactional-id). If `prefixed` is true, the right covers all resources whose names begin with `name`.
    """

    user: str
    operation: str
    resource: str
    name: str
    prefixed: bool = False
    host: str = "*"
    allowed: bool = True

    def __str__(self) -> str:
        verb = "may" if self.allowed else "may not"
        reach = f"{self.name}*" if self.prefixed else self.name
        where = "" if self.host == "*" else f" from {self.host}"
        return f"{self.user} {verb} {self.operation} {self.resource} {reach}{where}"


@dataclass(frozen=True, slots=True)
class Cluster:
    """The state of a cluster. `quotas` maps each user to the user's quotas. A quota has the name that Kafka uses, and
    is in bytes per second.
    """

    topics: Mapping[str, Topic] = field(default_factory=dict)
    rights: frozenset[Right] = frozenset()
    users: frozenset[str] = frozenset()
    quotas: Mapping[str, Mapping[str, float]] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class MakeTopic:
    name: str
    topic: Topic

    def __str__(self) -> str:
        settings = ", ".join(f"{key}={value}" for key, value in sorted(self.topic.settings.items()))
        return f"+ topic {self.name}: {self.topic.partitions} partitions, {self.topic.replication} replicas, {settings}"


@dataclass(frozen=True, slots=True)
class SetSettings:
    name: str
    before: Mapping[str, str | None]
    after: Mapping[str, str]

    def __str__(self) -> str:
        settings = ", ".join(f"{key}={value} (is {self.before[key]})" for key, value in sorted(self.after.items()))
        return f"~ topic {self.name}: {settings}"


@dataclass(frozen=True, slots=True)
class Grant:
    right: Right

    def __str__(self) -> str:
        return f"+ right: {self.right}"


@dataclass(frozen=True, slots=True)
class RevokeRight:
    right: Right

    def __str__(self) -> str:
        return f"- right: {self.right}"


@dataclass(frozen=True, slots=True)
class MakeUser:
    name: str

    def __str__(self) -> str:
        return f"+ user {self.name}, with a new password in a file"


@dataclass(frozen=True, slots=True)
class EndUser:
    name: str

    def __str__(self) -> str:
        return f"- user {self.name}: topics.toml no longer names this agency"


@dataclass(frozen=True, slots=True)
class SetQuota:
    user: str
    before: Mapping[str, float]
    after: Mapping[str, float]

    def __str__(self) -> str:
        rates = ", ".join(
            f"{key}={value:.0f} (is {self.before[key]:.0f})" if key in self.before else f"{key}={value:.0f}"
            for key, value in sorted(self.after.items())
        )
        return f"~ quota of {self.user}: {rates}"


@dataclass(frozen=True, slots=True)
class PlanRefusal:
    """A change that is refused, with advice for the operator. While a plan has a refusal, no change is applied."""

    words: str

    def __str__(self) -> str:
        return f"! {self.words}"


@dataclass(frozen=True, slots=True)
class PlanNote:
    """A difference that the plan reports but does not change."""

    words: str

    def __str__(self) -> str:
        return f"  {self.words}"


Change = MakeTopic | SetSettings | Grant | RevokeRight | MakeUser | EndUser | SetQuota
PlanLine = Change | PlanRefusal | PlanNote


def wanted(topics: Topics) -> Cluster:
    """Returns the wanted state of the cluster. Raises TopicsWrong if an agency's id is the name of another Kafka
    user.
    """
    for agency in topics.agencies:
        if agency in NOT_AN_AGENCY or agency.startswith("jejak"):
            raise TopicsWrong(f"agencies.{agency}: this is the name of another Kafka user; choose another id")
    kafka, agencies = topics.kafka, tuple(topics.agencies)
    rate = {
        CONSUMES: float(kafka.consumer_bytes_a_second),
        PRODUCES: float(kafka.producer_bytes_a_second),
    }
    return Cluster(
        topics=dict(_topics(topics)),
        rights=frozenset([*_of_ours(agencies), *(right for agency in agencies for right in _of_agency(agency))]),
        users=frozenset([RELAY, INTAKE, AUDIT, *agencies]),
        quotas=dict.fromkeys(agencies, rate),
    )


def diff(wanted: Cluster, found: Cluster) -> list[PlanLine]:
    """Returns the changes in the order in which they are applied. If the list is empty or has only notes, there is
    nothing to change.

    A run may stop before it has applied all changes. Because of the order, the next run can then apply the other
    changes. A user is removed before the user's rights, because the next run needs these rights to find the user. A new
    user is added before the user's rights.
    """
    gone = {
        right.user
        for right in found.rights
        if right.user not in wanted.users and (right.resource, right.name) == ("topic", names.agency_prefix(right.user))
    }
    unwanted = {right for right in found.rights - wanted.rights if _ours(right, wanted.users | gone)}
    return [
        *_of_topics(wanted, found),
        *(MakeUser(user) for user in sorted(wanted.users - found.users)),
        *(Grant(right) for right in sorted(wanted.rights - found.rights)),
        *_of_quotas(wanted, found),
        *(EndUser(user) for user in sorted(gone & found.users)),
        *(RevokeRight(right) for right in sorted(unwanted)),
        *(
            PlanNote(f"a right of another user that also covers Jejak's topics: {right}")
            for right in sorted(found.rights)
            if _wide(right, wanted)
        ),
    ]


def _topics(topics: Topics) -> Iterator[tuple[str, Topic]]:
    kafka = topics.kafka
    kept = {"min.insync.replicas": str(kafka.min_insync), "unclean.leader.election.enable": "false"}

    def deleting(days: int, *, partitions: int, largest: int = RECORD_BYTES, **more: str) -> Topic:
        named = {name.replace("_", "."): value for name, value in more.items()}
        settings = {"cleanup.policy": "delete", "retention.ms": str(days * DAY_MS), "max.message.bytes": str(largest)}
        return Topic(partitions, kafka.replication, {**kept, **settings, **named})

    compacted = {**kept, "cleanup.policy": "compact", "max.message.bytes": str(RECORD_BYTES)}
    position = {**compacted, "segment.ms": str(HOUR_MS)}
    for agency in topics.agencies:
        yield names.events(agency), deleting(kafka.retention_days, partitions=kafka.partitions)
        yield names.status(agency), Topic(kafka.partitions, kafka.replication, compacted)
        # An agency's clock may be wrong. With a time stamp of this clock, a command could expire before Jejak reads it.
        at_arrival = {"message_timestamp_type": "LogAppendTime"}
        commands = deleting(kafka.commands_days, partitions=kafka.partitions, largest=COMMAND_BYTES, **at_arrival)
        yield names.commands(agency), commands
        yield names.replies(agency), deleting(kafka.replies_days, partitions=kafka.partitions)
        yield names.dead_letters(agency), deleting(kafka.replies_days, partitions=1)
        yield names.position(agency), Topic(1, kafka.replication, position)
    yield names.HEARTBEAT, deleting(1, partitions=1, segment_ms=str(HOUR_MS))
    yield names.RELEASES, deleting(1, partitions=1, retention_ms="-1")


def _of_agency(agency: str) -> Iterator[Right]:
    """Yields the rights of one agency.

    Each prefix ends with a dot, and no id contains a dot. Without the dot, the prefix would also cover agencies whose
    ids begin with this id.
    """
    own = f"{agency}."
    for operation in ("read", "describe"):
        yield Right(agency, operation, "topic", names.agency_prefix(agency), prefixed=True)
    yield Right(agency, "read", "topic", names.HEARTBEAT)
    yield Right(agency, "read", "topic", names.RELEASES)
    yield Right(agency, "read", "group", own, prefixed=True)
    yield Right(agency, "write", "topic", names.commands(agency))
    for operation in ("write", "describe"):
        yield Right(agency, operation, "transactional-id", own, prefixed=True)


def _of_ours(agencies: tuple[str, ...]) -> Iterator[Right]:
    for operation in ("write", "describe"):
        for agency in agencies:
            for topic in (names.events, names.status, names.replies, names.dead_letters):
                yield Right(RELAY, operation, "topic", topic(agency))
        yield Right(RELAY, operation, "topic", names.HEARTBEAT)
        yield Right(RELAY, operation, "topic", names.RELEASES)
        yield Right(RELAY, operation, "transactional-id", f"{RELAY}-", prefixed=True)
    for operation in ("read", "write", "describe"):
        yield Right(RELAY, operation, "topic", names.POSITIONS, prefixed=True)
    for operation in ("read", "describe"):
        for agency in agencies:
            yield Right(INTAKE, operation, "topic", names.commands(agency))
        yield Right(AUDIT, operation, "topic", names.AGENCIES, prefixed=True)
        yield Right(AUDIT, operation, "topic", names.POSITIONS, prefixed=True)
    yield Right(INTAKE, "read", "group", INTAKE)


def _of_topics(wanted: Cluster, found: Cluster) -> Iterator[PlanLine]:
    for name, topic in wanted.topics.items():
        there = found.topics.get(name)
        if there is None:
            yield MakeTopic(name, topic)
            continue
        if there.partitions != topic.partitions:
            yield PlanRefusal(
                f"topic {name} has {there.partitions} partitions, topics.toml says {topic.partitions}: the number is"
                " never changed, because the order of an application's events would break. Restore the number in"
                " topics.toml; for more partitions, make a .v2 topic"
            )
        if there.replication != topic.replication:
            yield PlanRefusal(
                f"topic {name} has {there.replication} replicas, topics.toml says {topic.replication}: move them with"
                " kafka-reassign-partitions.sh, or restore the number in topics.toml"
            )
        other = {key: value for key, value in topic.settings.items() if there.settings.get(key) != value}
        if other:
            yield SetSettings(name, {key: there.settings.get(key) for key in other}, other)
    for name in sorted(found.topics.keys() - wanted.topics.keys()):
        if name.startswith(names.ALL):
            yield PlanNote(f"topic {name} belongs to no agency in topics.toml: it stays until you delete it")


def _of_quotas(wanted: Cluster, found: Cluster) -> Iterator[SetQuota]:
    for user, quota in sorted(wanted.quotas.items()):
        there = found.quotas.get(user, {})
        other = {name: value for name, value in quota.items() if there.get(name) != value}
        if other:
            yield SetQuota(user, {name: there[name] for name in other if name in there}, other)


def _ours(right: Right, users: frozenset[str]) -> bool:
    """Returns whether the plan may grant or revoke this right. The plan controls all rights of the wanted users, and
    every right to a topic of Jejak.
    """
    return right.user in users or (right.resource == "topic" and right.name.startswith(names.ALL))


def _wide(right: Right, wanted: Cluster) -> bool:
    """Returns True for a right of another user if it covers Jejak's topics together with other topics."""
    everything = right.name == "*" or (right.prefixed and names.ALL.startswith(right.name))
    return right.allowed and right.resource == "topic" and everything and right.user not in wanted.users
