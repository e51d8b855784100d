"""However the events of a stream are cut into batches, its row is the same, and no fold changes what it was given."""

import json
from copy import deepcopy
from typing import Any, get_args, get_type_hints

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from domain.application import status
from domain.application.events import ApplicationEvent, DeemedApproved, Recorded
from domain.clocks.marks import marks_of
from projections import clock_ledger, desk, incidents, progress, promises, promises_and_payments, statistics
from projections.view import R, Row, View, ViewOf
from tests.builders import APPLICATION
from tests.domain import arbitrary

of_each_view = pytest.mark.parametrize("view", [progress.VIEW, statistics.VIEW, desk.VIEW], ids=lambda view: view.name)


def kept(view: ViewOf[R], row: R) -> R:
    """As it comes back from its table."""
    return view.loaded(tuple(_read(value) for value in view.stored(row)))


def _read(value: Any) -> Any:
    return json.loads(json.dumps(value)) if isinstance(value, dict) else value


@of_each_view
@given(arbitrary.histories, st.sets(st.integers(1, 29)))
@settings(max_examples=100)
def test_a_row_is_the_same_however_its_events_are_cut_into_batches(
    view: View, history: list[Recorded], cuts: set[int]
) -> None:
    row: Row | None = None
    for start, end in _batches(len(history), cuts):
        given_before = deepcopy(row)
        after = view.fold(row, APPLICATION, history[start:end])
        assert row == given_before
        row = kept(view, after)
    assert row == view.fold(None, APPLICATION, history)


@given(arbitrary.histories)
def test_who_tells_nothing_of_an_event_is_not_asked_of_it(history: list[Recorded]) -> None:
    for recorded in history:
        kind, dues, met = type(recorded.event), promises_and_payments.blank(), incidents.blank()
        promises_and_payments.note_dues(dues, recorded)
        incidents.note_incidents(met, recorded)
        assert kind in promises_and_payments.TOLD_BY or dues == promises_and_payments.blank()
        assert kind in incidents.TOLD_BY or met == incidents.blank()


@given(arbitrary.histories)
@settings(max_examples=100)
def test_a_row_shows_the_clocks_of_all_its_events_in_whatever_order_they_came(history: list[Recorded]) -> None:
    marks = [mark for recorded in history for mark in marks_of(recorded)]
    row = progress.VIEW.fold(None, APPLICATION, history)
    assert row["ledger"] == clock_ledger.shown(marks)
    assert clock_ledger.read(row["marks"]) == marks


def _batches(length: int, cuts: set[int]) -> list[tuple[int, int]]:
    ends = sorted({cut for cut in cuts if cut < length} | {length})
    return list(zip([0, *ends], ends, strict=False))


def test_what_a_view_skips_changes_nothing_but_the_status() -> None:
    class Everything:
        def __contains__(self, _: object) -> bool:
            return True

    @given(arbitrary.histories)
    @settings(max_examples=200)
    def as_if_nothing_were_skipped(history: list[Recorded]) -> None:
        quick = desk.fold(None, APPLICATION, history)
        with pytest.MonkeyPatch.context() as patched:
            patched.setattr(desk, "NOTED", Everything())
            patched.setattr(status, "MOVING", Everything())
            assert desk.fold(None, APPLICATION, history) == quick

    as_if_nothing_were_skipped()


def test_every_event_with_a_promise_may_set_it() -> None:
    promising = {kind for kind in get_args(ApplicationEvent) if "promise" in get_type_hints(kind)}
    assert promising - {DeemedApproved} == promises.PROMISING  # a deemed approval names the promise that was broken
