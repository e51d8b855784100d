"""The views and the feeds of an application whose import was taken back, and that stands again."""

from collections.abc import Sequence
from typing import Any

import pytest
from hypothesis import given as forall
from hypothesis import settings
from hypothesis import strategies as st

from domain.application.events import ApplicationEvent, HandedOver, Received, Recorded, Referred
from domain.application.import_events import ImportRestored, ImportUndone
from domain.application.standing import REVISING
from domain.codes import Receiver
from projections import desk, progress, statistics
from projections.routing import Capacity, Concern, shares, so_far
from projections.view import Row, View, fold_standing
from tests.builders import APPLICATION, COMPLETE, MAKASSAR
from tests.domain import arbitrary
from tests.domain.application.test_standing import FIRST, SECOND, UNDONE, Happened, by, numbered
from tests.projections.test_routing import AGENCIES

of_each_view = pytest.mark.parametrize("view", [progress.VIEW, statistics.VIEW, desk.VIEW], ids=lambda view: view.name)
DONE = (*COMPLETE, HandedOver(receiver=Receiver.APPLICANT))


def folded(view: View, history: Sequence[Recorded]) -> Any:
    return fold_standing(view, APPLICATION, history)


def as_pages(view: View, history: Sequence[Recorded], cuts: set[int]) -> Row | None:
    """As the projector folds pages: an event that revises the history needs the whole stream."""
    row, start = None, 0
    for end in [*sorted(cut for cut in cuts if cut < len(history)), len(history)]:
        new = history[start:end]
        if any(isinstance(each.event, REVISING) for each in new):
            row = fold_standing(view, APPLICATION, history[:end])
        elif new:
            row = view.fold(row, APPLICATION, new)
        start = end
    return row


def test_what_was_taken_back_is_in_no_figure_and_in_no_queue() -> None:
    history = numbered(*by(FIRST, *DONE), UNDONE)
    assert folded(statistics.VIEW, history)["submitted_at"] is None
    assert (folded(desk.VIEW, history)["open"], folded(desk.VIEW, history)["due_at"]) == (False, None)
    page = folded(progress.VIEW, history)
    assert (page["status"], page["promise"]) == ("import_undone", None)
    assert [entry["event"] for entry in page["timeline"]] == ["submitted", "import-undone"]


@of_each_view
def test_a_row_is_as_before_when_its_events_stand_again(view: View) -> None:
    history = numbered(*by(FIRST, *DONE))
    again = ImportRestored(run=SECOND, events=tuple(each.version for each in history))
    after = folded(view, numbered(*by(FIRST, *DONE), UNDONE, again))
    assert {**after, "version": 0} == {**folded(view, history), "version": 0}
    assert after["version"] == len(history) + 2


@of_each_view
@forall(arbitrary.revised_histories, st.sets(st.integers(1, 19)))
@settings(max_examples=60, deadline=None)
def test_a_row_is_the_same_however_its_events_are_cut_into_pages(
    view: View, history: list[Recorded], cuts: set[int]
) -> None:
    assert as_pages(view, history, cuts) == as_pages(view, history, set())


def told(*happened: Recorded | ApplicationEvent) -> tuple[list[dict[str, Any]], Concern]:
    """Of each event: who is told in which capacity, after which version, and whether the state of the file is told."""
    concern, found, history = Concern(), [], numbered(*happened)
    for place, one in enumerate(history, 1):
        before = history[:place] if isinstance(one.event, REVISING) else ()
        made, concern = shares(concern, one, AGENCIES, before)
        found.append({share.agency: (share.capacity, share.previous, share.begins) for share in made})
    return found, concern


def test_every_agency_that_has_the_file_is_told_of_the_undo_with_the_state_that_is_left() -> None:
    history: Happened = (*by(FIRST, *COMPLETE, Referred(referral=1, to=MAKASSAR)), UNDONE)
    found, concern = told(*history)
    last = len(history) - 1
    assert found[-1] == {
        "makassar": (Capacity.ASKED, last, True),
        "ministry": (Capacity.OWNER, last, True),
        "semarang": (Capacity.HOLDER, last, True),
    }
    assert (concern.status, concern.asked) == ("import_undone", {})
    assert so_far(concern, Capacity.HOLDER)["submitted_at"]


def test_every_agency_is_told_when_the_file_is_back() -> None:
    history: Happened = (*by(FIRST, *COMPLETE, Referred(referral=1, to=MAKASSAR)), UNDONE)
    again = ImportRestored(run=FIRST, events=tuple(range(1, len(history))))
    found, concern = told(*history, again, Received())
    assert found[-2].keys() == {"makassar", "ministry", "semarang"}
    assert all(begins for _, _, begins in found[-2].values())
    assert not any(begins for _, _, begins in found[-1].values())
    before = told(*history[:-1])[1]
    assert (concern.holder, concern.asked, concern.service) == (before.holder, before.asked, before.service)


def test_an_undo_of_later_events_leaves_the_file_with_its_agencies() -> None:
    found, concern = told(*by(FIRST, *COMPLETE), *by(SECOND, Received()), ImportUndone(run=SECOND))
    assert found[-1].keys() == {"ministry", "semarang"}
    assert concern.status == "processing"
