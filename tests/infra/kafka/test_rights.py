"""One agency's credentials open nothing of another's, whose id may begin like its own: the broker says no."""

import pytest
from kafka.admin import KafkaAdminClient
from kafka.errors import (
    GroupAuthorizationFailedError,
    KafkaError,
    TopicAuthorizationFailedError,
    TransactionalIdAuthorizationFailedError,
)
from kafka.protocol.consumer import FetchRequest

from feeds.agencies.kafka import topic_names as names
from tests.infra.kafka.broker import Broker
from tests.infra.kafka.logins import SetUp, set_up

AGENCIES = ("daya", "daya-2", "dayax")
OTHERS = [(one, other) for one in AGENCIES for other in AGENCIES if one != other]
TOPICS = (names.events, names.status, names.replies, names.dead_letters, names.commands)
REFUSED = TopicAuthorizationFailedError.errno


@pytest.fixture(scope="module")
def made(kafka: Broker, tmp_path_factory: pytest.TempPathFactory) -> SetUp:
    found = set_up(kafka, tmp_path_factory.mktemp("rights"), *AGENCIES)
    with found.producer("jejak-relay") as relay:
        for agency in AGENCIES:
            for topic in (names.events, names.status, names.replies, names.dead_letters):
                relay.send(topic(agency), key=b"1", value=agency.encode()).get(timeout=10)
        relay.send(names.HEARTBEAT, value=b"{}").get(timeout=10)
    return found


@pytest.mark.parametrize("agency", AGENCIES)
def test_an_agency_reads_what_is_its_own_and_what_is_everybodys(made: SetUp, agency: str) -> None:
    for topic in (names.events, names.status, names.replies, names.dead_letters):
        assert {record.value for record in made.read(agency, topic(agency))} == {agency.encode()}
    assert made.read(agency, names.HEARTBEAT) != []
    made.read(agency, names.RELEASES)


@pytest.mark.parametrize(("one", "other"), OTHERS)
def test_it_reads_nothing_of_anothers(made: SetUp, one: str, other: str) -> None:
    with KafkaAdminClient(**made.login(one)) as client:
        assert fetched(client, names.events(one)) == (0, 0)
        for topic in (*(named(other) for named in TOPICS), names.position(one)):
            assert fetched(client, topic) == (REFUSED, REFUSED)


@pytest.mark.parametrize(("one", "other"), OTHERS)
def test_it_writes_nothing_of_anothers(made: SetUp, one: str, other: str) -> None:
    assert refused_to_write(made, one, [named(other) for named in TOPICS]) == 5


@pytest.mark.parametrize("agency", AGENCIES)
def test_it_writes_its_commands_and_nothing_else_of_its_own(made: SetUp, agency: str) -> None:
    with made.producer(agency) as producer:
        producer.send(names.commands(agency), value=b"{}").get(timeout=10)
    kept = [
        named(agency)
        for named in (
            names.events,
            names.status,
            names.replies,
            names.dead_letters,
            names.position,
        )
    ]
    assert refused_to_write(made, agency, [*kept, names.HEARTBEAT, names.RELEASES]) == 7


def test_the_relay_writes_no_command_and_the_auditor_nothing(made: SetUp) -> None:
    assert refused_to_write(made, "jejak-relay", [names.commands("daya")]) == 1
    assert refused_to_write(made, "jejak-audit", [names.events("daya"), names.HEARTBEAT]) == 2
    assert refused_to_write(made, "jejak-intake", [names.commands("daya"), names.replies("daya")]) == 2


@pytest.mark.parametrize(("one", "other"), OTHERS)
def test_it_takes_part_in_no_group_of_anothers(made: SetUp, one: str, other: str) -> None:
    with made.consumer(one, group_id=f"{one}.reader-{other}") as consumer:
        consumer.subscribe([names.events(one)])
        assert consumer.poll(timeout_ms=20_000, max_records=1)
        consumer.commit()
    with made.consumer(one, group_id=f"{other}.reader") as consumer:
        consumer.subscribe([names.events(one)])
        with pytest.raises(GroupAuthorizationFailedError):
            consumer.poll(timeout_ms=20_000)


@pytest.mark.parametrize(("one", "other"), [*OTHERS, ("daya", "jejak-relay-daya")])
def test_it_uses_no_transactional_id_of_anothers(made: SetUp, one: str, other: str) -> None:
    with made.producer(one, transactional_id=f"{one}.sender") as producer:
        producer.init_transactions()
    with (
        made.producer(one, transactional_id=f"{other}.sender") as producer,
        pytest.raises(TransactionalIdAuthorizationFailedError),
    ):
        producer.init_transactions()


def refused_to_write(made: SetUp, user: str, topics: list[str]) -> int:
    """How many of the topics the broker refuses."""
    count = 0
    with made.producer(user, retries=0) as producer:
        for topic in topics:
            try:
                producer.send(topic, value=b"planted").get(timeout=15)
            except TopicAuthorizationFailedError:
                count += 1
            except KafkaError as error:
                raise AssertionError(f"{topic}: {error!r}") from error
    return count


def fetched(client: KafkaAdminClient, topic: str) -> tuple[int, int]:
    """The broker's own answers to who asks for a topic's description, and for its records all the same."""
    [described] = client.describe_topics([topic])
    of_topic = FetchRequest.FetchTopic
    first = of_topic.FetchPartition(
        partition=0,
        fetch_offset=0,
        current_leader_epoch=-1,
        last_fetched_epoch=-1,
        log_start_offset=-1,
        partition_max_bytes=1_000_000,
    )
    request = FetchRequest(
        max_wait_ms=100,
        min_bytes=0,
        max_bytes=1_000_000,
        isolation_level=0,
        session_id=0,
        session_epoch=-1,
        topics=[of_topic(topic=topic, partitions=[first])],
        forgotten_topics_data=[],
        rack_id="",
        max_version=12,  # the last that names topics by their names
    )
    [answered] = client._manager.run(client._manager.send, request).responses
    [partition] = answered.partitions
    return described["error_code"], partition.error_code
