"""What Kafka should hold, and what must change for it: told before it is done, and no topic is ever lost."""

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from feeds.agencies.kafka import topic_names as names
from feeds.agencies.kafka.topology import (
    Cluster,
    EndUser,
    Grant,
    MakeTopic,
    MakeUser,
    PlanNote,
    PlanRefusal,
    RevokeRight,
    Right,
    SetQuota,
    SetSettings,
    Topic,
    diff,
    wanted,
)
from feeds.agencies.topics_file import AGENCY_ID, AgencyTable, KafkaTopics, Topics, TopicsWrong

ALIKE = Topics(agencies={"pln": AgencyTable(), "pln-2": AgencyTable(), "plnx": AgencyTable()})
WANTED = wanted(ALIKE)
IDS = st.from_regex(AGENCY_ID, fullmatch=True).filter(lambda code: not code.startswith("jejak") and code != "admin")


def opens(right: Right, operation: str, resource: str, name: str) -> bool:
    """As a broker decides it."""
    reaches = name.startswith(right.name) if right.prefixed else name == right.name
    return right.allowed and (right.operation, right.resource) == (operation, resource) and reaches


def may(cluster: Cluster, user: str, operation: str, resource: str, name: str) -> bool:
    return any(opens(right, operation, resource, name) for right in cluster.rights if right.user == user)


def test_an_empty_cluster_gets_all_and_then_there_is_nothing_to_do() -> None:
    lines = diff(WANTED, Cluster())
    assert {line.name for line in lines if isinstance(line, MakeTopic)} == set(WANTED.topics)
    assert {line.name for line in lines if isinstance(line, MakeUser)} == WANTED.users
    assert {line.right for line in lines if isinstance(line, Grant)} == WANTED.rights
    assert diff(WANTED, WANTED) == []


def test_what_an_agency_may_do() -> None:
    for topic in (
        names.events,
        names.status,
        names.replies,
        names.dead_letters,
        names.commands,
    ):
        assert may(WANTED, "pln", "read", "topic", topic("pln"))
    for everybodys in (names.HEARTBEAT, names.RELEASES):
        assert may(WANTED, "pln", "read", "topic", everybodys)
        assert not may(WANTED, "pln", "write", "topic", everybodys)
    written = [name for name in WANTED.topics if may(WANTED, "pln", "write", "topic", name)]
    assert written == [names.commands("pln")]
    assert not may(WANTED, "pln", "read", "topic", names.position("pln"))


@given(st.lists(IDS, min_size=2, max_size=2, unique=True))
def test_no_agency_reaches_what_is_anothers_whatever_their_ids(ids: list[str]) -> None:
    one, other = ids
    found = wanted(Topics(agencies={one: AgencyTable(), other: AgencyTable()}))
    theirs = [name for name in found.topics if name.startswith(names.agency_prefix(other))]
    assert len(theirs) == 5
    for operation in ("read", "write", "describe"):
        assert [name for name in theirs if may(found, one, operation, "topic", name)] == []
        assert not may(found, one, operation, "group", f"{other}.consumer")
        assert not may(found, one, operation, "transactional-id", f"{other}.sender")


def test_the_relay_writes_no_commands_and_the_intake_nothing_at_all() -> None:
    assert not may(WANTED, "jejak-relay", "write", "topic", names.commands("pln"))
    assert may(WANTED, "jejak-relay", "write", "transactional-id", "jejak-relay-pln")
    assert not may(WANTED, "jejak-relay", "write", "transactional-id", "pln.sender")
    assert [right for right in WANTED.rights if right.user == "jejak-intake" and right.operation == "write"] == []


def test_a_partition_count_is_never_changed() -> None:
    more = wanted(Topics(kafka=KafkaTopics(partitions=6), agencies=ALIKE.agencies))
    refusals = [line for line in diff(more, WANTED) if isinstance(line, PlanRefusal)]
    assert len(refusals) == 12
    assert "make a .v2 topic" in str(refusals[0])
    assert not any(isinstance(line, SetSettings) for line in diff(more, WANTED))


def test_replicas_are_moved_by_hand() -> None:
    found = replace(WANTED, topics={**WANTED.topics, names.HEARTBEAT: Topic(1, 1, {})})
    assert any(isinstance(line, PlanRefusal) and "1 replicas" in str(line) for line in diff(WANTED, found))


def test_another_setting_is_told_with_what_it_was() -> None:
    heartbeat = WANTED.topics[names.HEARTBEAT]
    other = replace(heartbeat, settings={**heartbeat.settings, "retention.ms": "1"})
    [line] = diff(WANTED, replace(WANTED, topics={**WANTED.topics, names.HEARTBEAT: other}))
    assert str(line) == "~ topic jejak.heartbeat.v1: retention.ms=86400000 (is 1)"


def test_a_topic_that_nobody_asks_for_stays_and_is_named() -> None:
    left = wanted(Topics(agencies={"pln": AgencyTable(), "pln-2": AgencyTable()}))
    lines = diff(left, WANTED)
    assert sum(isinstance(line, PlanNote) for line in lines) == 6
    assert not any(isinstance(line, MakeTopic) for line in lines)


def test_an_agency_that_is_gone_loses_its_login_and_its_rights() -> None:
    left = wanted(Topics(agencies={"pln": AgencyTable(), "pln-2": AgencyTable()}))
    lines = diff(left, WANTED)
    assert EndUser("plnx") in lines
    revoked = {line.right for line in lines if isinstance(line, RevokeRight)}
    assert revoked == WANTED.rights - left.rights
    after = replace(left, topics=WANTED.topics)
    assert all(isinstance(line, PlanNote) for line in diff(left, after))


def test_a_right_too_many_is_revoked_and_one_too_few_granted() -> None:
    missing = min(WANTED.rights)
    planted = Right("pln", "read", "topic", names.agency_prefix("plnx"), prefixed=True)
    strangers = Right("someone", "read", "topic", names.events("pln"))
    found = replace(WANTED, rights=WANTED.rights - {missing} | {planted, strangers})
    assert diff(WANTED, found) == [Grant(missing), RevokeRight(planted), RevokeRight(strangers)]


def test_what_opens_all_topics_to_somebody_else_is_named() -> None:
    found = replace(WANTED, rights=WANTED.rights | {Right("backup", "read", "topic", "*")})
    [line] = diff(WANTED, found)
    assert str(line) == "  a right of another user that also covers Jejak's topics: backup may read topic *"


def test_a_quota_is_told_with_what_it_was() -> None:
    found = replace(WANTED, quotas={**WANTED.quotas, "pln": {"consumer_byte_rate": 1.0}})
    [line] = diff(WANTED, found)
    assert isinstance(line, SetQuota)
    told = "~ quota of pln: consumer_byte_rate=10485760 (is 1), producer_byte_rate=1048576"
    assert str(line) == told


@pytest.mark.parametrize("code", ["admin", "jejak-relay", "jejakx"])
def test_no_agency_takes_the_place_of_a_user_who_is_none(code: str) -> None:
    with pytest.raises(TopicsWrong):
        wanted(Topics(agencies={code: AgencyTable()}))
