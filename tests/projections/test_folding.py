"""However the events of a stream are cut into batches, its row is the same, and no fold changes what it was given."""

import json
from copy import deepcopy
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from domain.application.events import Recorded
from domain.clocks.marks import marks_of
from projections import clock_ledger, desk, incidents, progress, promises_and_payments, statistics
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
