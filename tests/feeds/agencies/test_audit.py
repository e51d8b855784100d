"""The audit's verdict: a whole topic is whole, and each way of being wrong has its name and its place."""

from collections import Counter
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from domain.application.events import Recorded
from feeds.agencies.audit import (
    SHOWN_MAX,
    AuditFault,
    AuditReport,
    FaultKind,
    LoggedMessage,
    Seen,
    Window,
    beginning,
)
from projections.routing import so_far
from tests.domain import arbitrary
from tests.projections.test_routing import SOME_YET_TO_BEGIN, routed, states_after

TOLD = [
    LoggedMessage(2, 0, 10, "a.v1", b"2"),
    LoggedMessage(3, 2, 12, "b.v1", b"3"),
    LoggedMessage(7, 3, 15, "c.v1", b"7"),
]
SEEN = [
    Seen(0, offset, one.version, f"{one.previous:010}", f"jejak.{one.type}", one.digest)
    for offset, one in enumerate(TOLD)
]
ALL = Window({0: 0, 1: 0}, 100)


def verdict(told: list[LoggedMessage], seen: list[Seen], window: Window = ALL) -> AuditReport:
    found = AuditReport()
    found.judge("x", told, seen, window, 0, states={})
    return found


def kinds(told: list[LoggedMessage], seen: list[Seen], window: Window = ALL) -> list[str]:
    return [f"{fault.kind} {fault.id}" for fault in verdict(told, seen, window).first]


def test_a_whole_feed_is_whole() -> None:
    found = verdict(TOLD, SEEN)
    assert found.whole
    assert (found.applications, found.messages, found.records) == (1, 3, 3)


@pytest.mark.parametrize("missing", [0, 1, 2])
def test_a_gap_is_found_at_the_beginning_in_the_middle_and_at_the_end(missing: int) -> None:
    left = [record for place, record in enumerate(SEEN) if place != missing]
    assert kinds(TOLD, left) == [f"gap x:{TOLD[missing].version}"]


def test_a_double_is_found_and_is_no_disorder() -> None:
    assert kinds(TOLD, [*SEEN, replace(SEEN[0], offset=9)]) == ["double x:2"]


def test_a_swap_is_found() -> None:
    assert kinds(TOLD, [SEEN[1], SEEN[0], SEEN[2]]) == ["disorder x:2"]


def test_a_record_on_another_partition_than_its_applications_is_disorder() -> None:
    assert kinds(TOLD, [*SEEN[:2], replace(SEEN[2], partition=1)]) == ["disorder x:7"]


def test_what_the_log_does_not_tell_is_foreign() -> None:
    assert kinds(TOLD, [*SEEN, replace(SEEN[0], version=9)]) == ["foreign x:9"]
    assert kinds([], SEEN[:1]) == ["foreign x:2"]


def test_the_record_of_an_event_that_a_restore_lost_is_foreign_and_the_new_event_with_its_id_is_right() -> None:
    told = [*TOLD[:2], replace(TOLD[2], era=2, digest=b"new")]
    new = replace(SEEN[2], era=2, digest=b"new", offset=20)
    assert kinds(told, [*SEEN, replace(SEEN[2], version=8), new]) == ["foreign x:7", "foreign x:8"]
    assert kinds(told, SEEN) == ["gap x:7", "foreign x:7"]


@pytest.mark.parametrize(
    ("change", "named"),
    [
        ({"digest": b"?"}, "value"),
        ({"type": "jejak.z.v1"}, "ce_type"),
        ({"previous": "0000000001"}, "ce_previous"),
        ({"odd": "key"}, "key"),
    ],
)
def test_an_altered_record_says_what_differs(change: dict[str, Any], named: str) -> None:
    [fault] = verdict(TOLD, [SEEN[0], replace(SEEN[1], **change), SEEN[2]]).first
    assert fault == AuditFault(FaultKind.ALTERED, "x:3", f"partition 0 offset 1: {named} differ from the log")


def test_what_is_not_published_yet_or_is_no_longer_kept_is_no_gap() -> None:
    found = verdict(TOLD, SEEN[1:2], Window({0: 11, 1: 0}, 13))
    assert found.whole
    assert (found.not_yet, found.no_longer) == (1, 1)
    assert verdict(TOLD, [], Window({0: None, 1: 0}, 100)).whole


def test_the_list_of_messages_is_compared_with_the_log_itself() -> None:
    broken = [TOLD[0], replace(TOLD[1], previous=1), TOLD[2]]
    assert kinds(broken, SEEN) == ["unfounded x:3", "altered x:3"]


def test_the_first_faults_are_kept_and_all_are_counted() -> None:
    foreign = [replace(SEEN[0], version=version, offset=version) for version in range(100, 200)]
    found = verdict(TOLD, [*SEEN, *foreign])
    assert found.counts == {FaultKind.FOREIGN: 100}
    assert len(found.first) == SHOWN_MAX


@given(st.lists(st.sampled_from(SEEN)).map(lambda them: [replace(one, offset=at) for at, one in enumerate(them)]))
def test_only_the_whole_share_in_its_order_is_whole(seen: list[Seen]) -> None:
    versions = [record.version for record in seen]
    found = verdict(TOLD, seen)
    assert found.whole == (versions == [2, 3, 7])
    assert found.counts.get(FaultKind.GAP, 0) == len({2, 3, 7} - set(versions))
    assert found.counts.get(FaultKind.DOUBLE, 0) == sum(count - 1 for count in Counter(versions).values())


# The state of the file in the messages

HELD = [
    LoggedMessage(2, 0, 10, "application.transferred.v1", b"2", so_far={"number": "A", "stages": [], "promise": 1}),
    LoggedMessage(3, 2, 12, "application.received.v1", b"3"),
]
STATES = {2: {"number": "A", "stages": [], "promise": 1}}


def faults(told: list[LoggedMessage], states: dict[int, dict[str, Any]]) -> list[str]:
    found = AuditReport()
    found.judge("x", told, [], Window({0: None}, 100), 0, states=states)
    return [str(fault) for fault in found.first]


def test_the_right_state_is_no_fault() -> None:
    assert beginning(HELD) == [2]
    assert faults(HELD, STATES) == []


@pytest.mark.parametrize(
    ("place", "so_far", "said"),
    [
        (0, None, "unfounded: x:2: so_far is missing, but the agency lacks the earlier events"),
        (1, {}, "unfounded: x:3: it carries so_far, but the agency knows the earlier events"),
        (0, {**STATES[2], "promise": 2}, "unfounded: x:2: so_far/promise differ from the log"),
        (0, {"stages": []}, "unfounded: x:2: so_far/number, so_far/promise differ from the log"),
        (0, {**STATES[2], "officer": 1}, "unfounded: x:2: so_far/officer differ from the log"),
    ],
)
def test_a_missing_a_wrong_and_a_needless_state_is_found(place: int, so_far: Any, said: str) -> None:
    told = [replace(message, so_far=so_far) if at == place else message for at, message in enumerate(HELD)]
    assert faults(told, STATES) == [said]


@pytest.mark.parametrize(
    ("capacity", "sees"),
    [("holder", {"number", "stages", "promise"}), ("owner", {"stages", "promise"}), ("asked", {"promise"})],
)
def test_a_state_that_shows_more_than_the_capacity_sees_is_found(capacity: str, sees: set[str]) -> None:
    right = {name: value for name, value in STATES[2].items() if name in sees}
    assert faults([replace(HELD[0], capacity=capacity, so_far=right)], STATES) == []
    if right != STATES[2]:
        assert len(faults([replace(HELD[0], capacity=capacity)], STATES)) == 1


@given(arbitrary.histories, st.data())
@settings(max_examples=50)
def test_in_what_is_made_of_any_life_it_finds_nothing_and_it_finds_each_state_that_is_changed(
    history: list[Recorded], data: st.DataObject
) -> None:
    states = states_after(history)
    for told in feeds_of(history).values():
        wanted = {version: states[version] for version in beginning(told)}
        assert faults(told, wanted) == []
        if wanted:
            version = data.draw(st.sampled_from(sorted(wanted)))
            changed = data.draw(st.sampled_from([None, {"number": "another"}]))
            tampered = [replace(one, so_far=changed) if one.version == version else one for one in told]
            assert len(faults(tampered, wanted)) == 1


def feeds_of(history: list[Recorded]) -> dict[str, list[LoggedMessage]]:
    """The messages of each agency."""
    found: dict[str, list[LoggedMessage]] = {}
    for recorded, (told_to, concern) in zip(history, routed(history, SOME_YET_TO_BEGIN), strict=True):
        for share in told_to:
            message = LoggedMessage(
                *(recorded.version, share.previous, 1, recorded.event.topic, b""),
                capacity=share.capacity,
                so_far=so_far(concern, share.capacity) if share.begins else None,
            )
            found.setdefault(share.agency, []).append(message)
    return found
