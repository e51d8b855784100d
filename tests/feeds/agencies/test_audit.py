"""The audit's verdict: a whole topic is whole, and each way of being wrong has its name and its place."""

from collections import Counter
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from feeds.agencies.audit import SHOWN_MAX, AuditFault, AuditReport, FaultKind, LoggedMessage, Seen, Window

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
    found.judge("x", told, seen, window, 0)
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
    assert kinds([replace(TOLD[0], stored=False), *TOLD[1:]], SEEN) == ["unfounded x:2"]
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
