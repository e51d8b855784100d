import pytest

from domain.application.commands import AmendRecord
from domain.application.events import ApplicationEvent, Disputed, RecordAmended, Reopened, StageCompleted, StageEntered
from domain.codes import Amendment, DisputeReason
from domain.refusals import AlreadyAmended, AmendmentImpossible, EventUnknown
from tests.builders import COMPLETE, HANDED_OVER, MONDAY, SUBMITTED, TUESDAY, WEDNESDAY, stage_done
from tests.spec import given

ENTERED = (*COMPLETE, StageEntered(stage="verification"))
DONE = (*COMPLETE, *stage_done("verification"))
ENTRY, COMPLETION = len(ENTERED), len(DONE)


def wrong_time(amends: int) -> AmendRecord:
    return AmendRecord(amends=amends, amendment=Amendment.TIME, corrected_at=TUESDAY)


def in_error(amends: int) -> AmendRecord:
    return AmendRecord(amends=amends, amendment=Amendment.ENTERED_IN_ERROR)


def retimed(amends: int) -> RecordAmended:
    return RecordAmended(amends=amends, amendment=Amendment.TIME, corrected_at=TUESDAY)


def taken_back(amends: int) -> RecordAmended:
    return RecordAmended(amends=amends, amendment=Amendment.ENTERED_IN_ERROR)


def test_a_wrong_time_is_corrected_by_a_later_event() -> None:
    given(*SUBMITTED).when(wrong_time(1), at=WEDNESDAY).then(retimed(1))
    given(*COMPLETE).when(wrong_time(len(COMPLETE)), at=WEDNESDAY).then(retimed(len(COMPLETE)))


def test_a_record_is_amended_after_an_end_too_and_the_end_stays() -> None:
    given(*HANDED_OVER).when(wrong_time(len(HANDED_OVER)), at=WEDNESDAY).then(retimed(len(HANDED_OVER)))
    assert given(*HANDED_OVER, retimed(len(HANDED_OVER))).application.status == "handed_over"


@pytest.mark.parametrize("amends", [-1, 0, len(COMPLETE) + 1])
def test_only_an_event_that_is_there_is_amended(amends: int) -> None:
    given(*COMPLETE).when(wrong_time(amends)).refused(EventUnknown)


def test_an_event_is_amended_once() -> None:
    given(*SUBMITTED, retimed(1)).when(wrong_time(1)).refused(AlreadyAmended)
    given(*ENTERED, retimed(ENTRY)).when(in_error(ENTRY)).refused(AlreadyAmended)


def test_an_amendment_is_not_amended() -> None:
    given(*SUBMITTED, retimed(1)).when(wrong_time(2)).refused(AmendmentImpossible)


def test_a_wrong_time_needs_the_right_one_and_nothing_else_has_one() -> None:
    given(*COMPLETE).when(AmendRecord(amends=1, amendment=Amendment.TIME)).refused(AmendmentImpossible)
    given(*ENTERED).when(AmendRecord(amends=ENTRY, amendment=Amendment.ENTERED_IN_ERROR, corrected_at=MONDAY)).refused(
        AmendmentImpossible
    )


def test_only_stages_are_taken_back() -> None:
    given(*COMPLETE).when(in_error(1)).refused(AmendmentImpossible)
    given(*ENTERED).when(in_error(ENTRY)).then(taken_back(ENTRY))
    given(*DONE).when(in_error(COMPLETION)).then(taken_back(COMPLETION))


BOTH = (StageEntered(stage="verification"), StageCompleted(stage="verification"))


@pytest.mark.parametrize(
    ("amendments", "entered", "completed"),
    [
        ([], set(), {"verification"}),
        ([taken_back(ENTRY)], set(), {"verification"}),
        ([taken_back(COMPLETION)], {"verification"}, set()),
        ([taken_back(ENTRY), taken_back(COMPLETION)], set(), set()),
        ([taken_back(COMPLETION), taken_back(ENTRY)], set(), set()),
        ([taken_back(COMPLETION), StageCompleted(stage="verification")], set(), {"verification"}),
        ([taken_back(COMPLETION), taken_back(ENTRY), *BOTH], set(), {"verification"}),
        ([retimed(ENTRY), retimed(COMPLETION)], set(), {"verification"}),
        ([taken_back(0), taken_back(99), taken_back(1)], set(), {"verification"}),
    ],
)
def test_the_stages_are_those_of_the_entries_that_stand(
    amendments: list[ApplicationEvent], entered: set[str], completed: set[str]
) -> None:
    application = given(*DONE, *amendments).application
    assert application.entered == entered
    assert application.completed == completed


def test_a_stage_that_nobody_entered_is_not_open_when_its_completion_is_taken_back() -> None:
    imported = (*COMPLETE, StageCompleted(stage="verification"))
    application = given(*imported, taken_back(len(imported))).application
    assert application.entered == application.completed == frozenset()


def test_an_amendment_of_what_is_still_to_come_takes_nothing_back() -> None:
    early = (*COMPLETE, taken_back(len(COMPLETE) + 2))
    assert given(*early, StageEntered(stage="verification")).application.entered == {"verification"}


def test_what_is_made_again_after_a_dispute_stays_to_be_done_when_a_record_is_mended() -> None:
    disputed = (*HANDED_OVER, Disputed(reason=DisputeReason.DEFECTIVE), Reopened(redo=("printing",)))
    survey = next(n for n, event in enumerate(HANDED_OVER, 1) if isinstance(event, StageCompleted))
    error = RecordAmended(amends=survey, amendment=Amendment.ENTERED_IN_ERROR)
    application = given(*disputed, error).application
    assert "printing" not in application.completed
    assert "assessment" in application.completed
    assert "verification" not in application.completed
