"""An import that is taken back: its events do not stand, and a later import can let them stand again."""

from dataclasses import fields, replace
from uuid import UUID

import pytest
from hypothesis import given as forall
from hypothesis import settings
from hypothesis import strategies as st

from domain.application.commands import AmendRecord, Approve, ResetPin, Withdraw
from domain.application.events import ApplicationEvent, Approved, PinReset, Received, RecordAmended, Recorded, Submitted
from domain.application.evolve import Application, evolve, fold
from domain.application.import_events import ImportRestored, ImportUndone
from domain.application.standing import REVISING, beginning_again, runs, standing
from domain.application.status import Status
from domain.codes import Amendment, Role
from domain.provenance import Act
from domain.refusals import AmendmentImpossible, ApplicationEnded
from tests.builders import COMPLETE, PROMISE, REVIEWED, an_act
from tests.domain import arbitrary
from tests.spec import given

FIRST, SECOND = arbitrary.RUNS
UNDONE = ImportUndone(run=FIRST)
Happened = tuple[Recorded | ApplicationEvent, ...]


def by(run: UUID, *events: ApplicationEvent) -> tuple[Recorded, ...]:
    """These events, brought by a run of an import."""
    act = replace(an_act(), by=Role.IMPORT, actor=run)
    return tuple(Recorded(version=0, act=act, event=event) for event in events)


def numbered(*happened: Recorded | ApplicationEvent) -> list[Recorded]:
    return list(given(*happened).history)


def versions(history: list[Recorded]) -> list[int]:
    return [recorded.version for recorded in history]


def told(application: Application) -> dict[str, object]:
    """Everything but what counts the events."""
    return {
        field.name: getattr(application, field.name)
        for field in fields(application)
        if field.name not in ("version", "entries", "undone")
    }


WHOLE: Happened = (*by(FIRST, *COMPLETE), UNDONE)
PARTLY: Happened = (*by(FIRST, *REVIEWED), *by(SECOND, Approved()), ImportUndone(run=SECOND))


def test_of_an_application_that_was_taken_back_only_its_number_is_left() -> None:
    application = given(*WHOLE).application
    assert application.status is Status.IMPORT_UNDONE
    assert (application.number, application.promise, application.complete) == ("01K2M9XD4TB5", None, False)
    assert application.version == len(WHOLE)


def test_an_application_that_was_taken_back_refuses_every_command_but_a_new_pin() -> None:
    given(*WHOLE).when(Withdraw()).refused(ApplicationEnded)
    given(*WHOLE).when(Approve()).refused(ApplicationEnded)
    given(*WHOLE).when(ResetPin()).then(PinReset())


def test_a_pin_that_was_reset_stays_reset() -> None:
    assert given(*by(FIRST, *COMPLETE), PinReset(), UNDONE, PinReset()).application.pin_resets == 2


def test_a_run_that_only_added_events_takes_only_these_events_along() -> None:
    assert told(given(*PARTLY).application) == told(given(*by(FIRST, *REVIEWED)).application)
    given(*PARTLY).when(Approve()).then(Approved())


def test_an_event_that_does_not_stand_cannot_be_amended() -> None:
    amend = AmendRecord(amends=len(REVIEWED) + 1, amendment=Amendment.TIME, corrected_at=an_act().at)
    given(*PARTLY).when(amend).refused(AmendmentImpossible)


def test_events_that_stand_again_are_of_the_later_run() -> None:
    again = ImportRestored(run=SECOND, events=(1, 2, 99))
    history = numbered(*WHOLE, again, *by(SECOND, Received()))
    assert runs(history) == {1: SECOND, 2: SECOND, len(history): SECOND}
    assert versions(standing(history)) == [1, 2, len(history)]
    assert given(*WHOLE, again, ImportUndone(run=SECOND)).application.status is Status.IMPORT_UNDONE


def test_a_new_import_begins_again_where_no_submission_stands() -> None:
    assert beginning_again(numbered(*WHOLE, PinReset())) == []
    assert versions(beginning_again(numbered(*PARTLY))) == list(range(1, len(REVIEWED) + 1))


def test_a_history_without_a_submission_is_folded_too() -> None:
    assert versions(standing(numbered(*by(FIRST, Received()), UNDONE))) == [2]
    assert versions(standing(numbered(Received(), UNDONE))) == [1]


def test_the_promise_of_the_source_is_forgotten() -> None:
    promised = Submitted(service="ktp-el", standard=3, number="01K2M9XD4TB5", promise=PROMISE)
    assert given(*by(FIRST, promised), UNDONE).application.promise is None
    assert given(*by(FIRST, promised), UNDONE, ImportRestored(run=FIRST, events=(1,))).application.promise == PROMISE


@pytest.mark.parametrize("restoring", [FIRST, SECOND])
@forall(st.lists(st.tuples(arbitrary.imported, arbitrary.events), min_size=1, max_size=12))
@settings(max_examples=60, deadline=None)
def test_an_undo_and_an_import_again_leave_an_application_as_it_was(
    restoring: UUID, happened: list[tuple[Act, ApplicationEvent]]
) -> None:
    history = [
        Recorded(version=version, act=replace(act, actor=FIRST), event=event, recorded_at=act.at)
        for version, (act, event) in enumerate(happened, 1)
    ]
    before = fold(history)
    undone = evolve(before, Recorded(version=len(history) + 1, act=an_act(), event=UNDONE))
    again = ImportRestored(run=restoring, events=tuple(versions(history)))
    after = evolve(undone, Recorded(version=len(history) + 2, act=an_act(), event=again))
    assert told(after) == told(before)
    assert after.undone == {}


@forall(arbitrary.revised_histories)
@settings(max_examples=200, deadline=None)
def test_any_history_can_be_folded_and_nothing_is_lost(history: list[Recorded]) -> None:
    application = Application()
    for recorded in history:
        application = evolve(application, recorded)
    assert application == fold(history)
    assert [application.undone.get(each.version, each) for each in application.entries] == history
    assert application.version == len(history) == len(application.entries)
    stands = standing(history)
    assert stands
    assert versions(stands) == sorted(set(versions(stands)))


@forall(arbitrary.revised_histories)
@settings(max_examples=100, deadline=None)
def test_an_undo_counts_once(history: list[Recorded]) -> None:
    undone = [Recorded(version=len(history) + n, act=an_act(), event=UNDONE) for n in (1, 2)]
    once, twice = standing([*history, undone[0]]), standing([*history, *undone])
    assert [one for one in once if not isinstance(one.event, REVISING)] == [
        one for one in twice if not isinstance(one.event, REVISING)
    ]
    assert FIRST not in runs([*history, undone[0]]).values()


def test_a_late_report_is_judged_by_what_stands() -> None:
    history: Happened = (*by(FIRST, *COMPLETE), *by(SECOND, Approved()), ImportUndone(run=SECOND), Approved())
    assert not any(isinstance(each.event, RecordAmended) for each in given(*history).application.entries)
    assert given(*history).application.status is Status.APPROVED
