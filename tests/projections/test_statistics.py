"""The facts of an application that figures are cut from, event by event."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

import pytest

from domain.application.events import (
    ApplicationEvent,
    Approved,
    Cancelled,
    Concluded,
    CorrectionSupplied,
    DecisionReportedLate,
    DeclaredComplete,
    HandedOver,
    Issued,
    Lapsed,
    Received,
    RecordAmended,
    Recorded,
    Rejected,
    Reopened,
    Resumed,
    Submitted,
    Transferred,
    Withdrawn,
)
from domain.application.incident_events import Linked
from domain.application.promise_events import DeadlineExtended
from domain.codes import (
    Amendment,
    CancellationReason,
    Channel,
    Decision,
    LifeEvent,
    Quality,
    Receiver,
    RejectionReason,
    Remedy,
    Role,
)
from domain.json_values import instant
from projections.statistics import COLUMNS, VIEW, StatisticsRow, project
from tests.builders import (
    APPLICATION,
    APPROVED,
    COMPLETE,
    DEEMED,
    HANDED_OVER,
    KTP,
    MAKASSAR,
    MONDAY,
    NUMBER,
    OUT_OF_STOCK,
    PAUSED,
    PROMISE,
    RECEIVED,
    REFERRED,
    RETURNED,
    SEMARANG,
    SORONG,
    SUBMITTED,
    SUSPENDED,
    THURSDAY,
    TUESDAY,
    WEDNESDAY,
    an_act,
    on,
)
from tests.spec import given

RETURN = RETURNED[-1]
LINK = Linked(link=UUID(int=7), life_event=LifeEvent.BIRTH, others=(UUID(int=8),))


@pytest.mark.parametrize("mall", ["mpp-3374-01", None])
def test_an_application_counts_in_the_mall_where_it_was_submitted_wherever_it_is_later(mall: str | None) -> None:
    submitted = Submitted(service=KTP, standard=3, number=NUMBER, mall=mall)
    handed_over = HandedOver(receiver=Receiver.APPLICANT, mall="mpp-7371-01")
    row: StatisticsRow | None = None
    happened: tuple[ApplicationEvent, ...] = (submitted, Transferred(to=MAKASSAR), handed_over)
    for version, event in enumerate(happened, 1):
        row = project(row, APPLICATION, Recorded(version=version, act=an_act(), event=event))
    assert row is not None
    assert row["mall"] == mall


def row(*happened: ApplicationEvent | Recorded) -> StatisticsRow:
    folded: StatisticsRow | None = None
    for recorded in given(*happened).history:
        folded = project(folded, APPLICATION, recorded)
    assert folded is not None
    assert list(folded) == list(COLUMNS)
    return folded


def shows(*happened: ApplicationEvent | Recorded, **part: Any) -> None:
    shown: Mapping[str, object] = row(*happened)
    assert {key: shown[key] for key in part} == part


def test_a_submission_says_what_where_and_when() -> None:
    shows(
        Submitted(service=KTP, standard=1, number=NUMBER, district="33.74.01"),
        status="submitted",
        service=KTP,
        standard=1,
        office=SEMARANG,
        channel="counter",
        district="33.74.01",
        regency=None,
        submitted_at=MONDAY,
        answered_at=None,
        due_at=None,
        due_by=None,
        imported=False,
    )


def test_completeness_brings_the_deadline_of_the_promise() -> None:
    shows(*COMPLETE, complete_at=MONDAY, due_at=PROMISE.due_at, due_by="working_days", answered_at=None)


def test_a_sources_own_deadline_stays_where_completeness_promises_nothing() -> None:
    submitted = Submitted(service=KTP, standard=1, number=NUMBER, promise=PROMISE)
    shows(submitted, Received(), DeclaredComplete(), due_at=PROMISE.due_at)


@pytest.mark.parametrize(
    ("answer", "status"),
    [
        (Approved(), "approved"),
        (Rejected(reason=RejectionReason.NOT_ELIGIBLE, remedy=Remedy.OBJECTION), "rejected"),
        (Issued(), "issued"),
        (HandedOver(receiver=Receiver.APPLICANT), "handed_over"),
        (Withdrawn(), "withdrawn"),
        (Lapsed(), "lapsed"),
        (Cancelled(reason=CancellationReason.DUPLICATE), "cancelled"),
        (Concluded(), "concluded"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_the_first_of_these_is_the_answer(answer: ApplicationEvent, status: str) -> None:
    shows(*COMPLETE, on(TUESDAY, answer), status=status, answered_at=TUESDAY)


def test_what_follows_the_answer_does_not_move_it() -> None:
    shows(*COMPLETE, on(TUESDAY, Approved()), on(WEDNESDAY, Issued()), answered_at=TUESDAY, ended_at=None)
    shows(*HANDED_OVER, on(WEDNESDAY, Concluded()), status="handed_over", answered_at=row(*HANDED_OVER)["answered_at"])


def test_an_answer_that_history_takes_back_is_none() -> None:
    """A hold does not take an outcome back (docs/event-format.md, Two orders); a second submission of a source does."""
    shows(*APPROVED, RETURN, status="approved", answered_at=MONDAY)
    taken_back = (*APPROVED, *SUBMITTED)
    shows(*taken_back, status="submitted", answered_at=None, answer_known_at=None)
    shows(*taken_back, on(WEDNESDAY, Withdrawn()), status="withdrawn", answered_at=WEDNESDAY)


def test_an_answer_is_known_when_it_was_recorded() -> None:
    approved = replace(on(TUESDAY, Approved()), recorded_at=WEDNESDAY)
    shows(*COMPLETE, approved, answered_at=TUESDAY, answer_known_at=WEDNESDAY)
    post = an_act(by=Role.IMPORT, channel=Channel.POST)
    imported = Recorded(version=1, act=post, event=SUBMITTED[0])
    shows(imported, *COMPLETE[1:], approved, answered_at=TUESDAY, answer_known_at=TUESDAY)


def test_what_silence_granted_is_marked_for_ever() -> None:
    shows(*DEEMED, status="deemed_approved", answered_at=MONDAY, deemed=True)
    shows(*DEEMED, Issued(), status="issued", deemed=True)


def test_a_moved_promise_moves_the_deadline() -> None:
    moved = replace(PROMISE, due_at=PROMISE.due_at + timedelta(days=2))
    shows(*SUSPENDED, Resumed(promise=moved), due_at=moved.due_at, pauses=1, suspensions=1)
    shows(*COMPLETE, DeadlineExtended(extension="technical-study", promise=moved), due_at=moved.due_at)


def test_pauses_restarts_last_minute_returns_and_obstacles_are_counted() -> None:
    shows(*PAUSED, CorrectionSupplied(), OUT_OF_STOCK, pauses=1, obstacles=1, restarts=0, last_minute_returns=0)
    shows(*HANDED_OVER, on(WEDNESDAY, Reopened()), restarts=1, status="approved")
    shows(*COMPLETE, on(PROMISE.due_at, RETURN), last_minute_returns=1)


def test_returns_referrals_transfers_and_suspensions_are_counted() -> None:
    shows(*RETURNED, CorrectionSupplied(), RETURN, returns=2, corrections=1)
    shows(*REFERRED, SUSPENDED[-1], Transferred(to=MAKASSAR), referrals=1, suspensions=1, transfers=1, office=MAKASSAR)


def test_handing_a_file_on_moves_nothing_of_the_past() -> None:
    """The deadline passed in Semarang; Makassar decided, and Sorong hands the product over."""
    overdue = PROMISE.due_at + timedelta(days=1)
    handed_on = (*COMPLETE, on(overdue, Transferred(to=MAKASSAR)))
    shows(*handed_on, office=MAKASSAR, submitted_office=SEMARANG, office_at_due=SEMARANG, decided_office=None)
    decided = (*handed_on, on(overdue + timedelta(hours=1), Approved()))
    then = (*decided, on(overdue + timedelta(hours=2), Transferred(to=SORONG)))
    shows(*then, office=SORONG, submitted_office=SEMARANG, office_at_due=SEMARANG, decided_office=MAKASSAR)
    done = (*then, on(overdue + timedelta(hours=3), HandedOver(receiver=Receiver.APPLICANT)))
    shows(*done, decided_office=MAKASSAR, handed_over_office=SORONG, office_at_due=SEMARANG)


def test_what_silence_granted_counts_where_the_file_lay_when_the_deadline_passed() -> None:
    """The file was handed on after the deadline, and before anybody recorded the grant."""
    moved = on(PROMISE.due_at + timedelta(hours=1), Transferred(to=MAKASSAR))
    shows(*COMPLETE, moved, on(PROMISE.due_at, DEEMED[-1]), decided_office=SEMARANG, office_at_due=SEMARANG)


def test_a_decision_at_the_instant_of_a_transfer_counts_where_the_file_lay_in_the_order_of_the_events() -> None:
    decided, moved = on(TUESDAY, Approved()), on(TUESDAY, Transferred(to=MAKASSAR))
    shows(*COMPLETE, decided, moved, decided_office=SEMARANG, office=MAKASSAR)
    shows(*COMPLETE, moved, decided, decided_office=MAKASSAR)


def test_the_trail_says_who_had_the_file_what_was_promised_and_when_the_clock_stood() -> None:
    later = replace(PROMISE, due_at=PROMISE.due_at + timedelta(days=1))
    paused = (on(TUESDAY, PAUSED[-1]), on(WEDNESDAY, CorrectionSupplied(promise=later)))
    moved = on(WEDNESDAY + timedelta(hours=1), Transferred(to=MAKASSAR, promise=PROMISE))
    whole = row(*COMPLETE, *paused, moved, on(THURSDAY, SUSPENDED[-1]))
    assert whole["trail"] == {
        "held": [[instant(MONDAY), SEMARANG], [instant(moved.act.at), MAKASSAR]],
        "promised": [
            [instant(MONDAY), instant(PROMISE.due_at)],
            [instant(WEDNESDAY), instant(later.due_at)],
            [instant(moved.act.at), instant(PROMISE.due_at)],
        ],
        "paused": [[instant(TUESDAY), instant(WEDNESDAY)], [instant(THURSDAY), None]],
        "handed_over": [],
    }
    assert (whole["settled_at"], whole["paused_since"]) == (THURSDAY, THURSDAY)


def test_a_link_changes_no_figure() -> None:
    before, after = row(*APPROVED), row(*APPROVED, LINK)
    assert after == {**before, "version": before["version"] + 1}


@pytest.mark.parametrize("days_after_completeness", range(0, 14, 2))
def test_the_deadline_passes_where_the_file_lies_then(days_after_completeness: int) -> None:
    moved_at = MONDAY + timedelta(days=days_after_completeness)
    here = MAKASSAR if moved_at <= PROMISE.due_at else SEMARANG
    shows(*COMPLETE, on(moved_at, Transferred(to=MAKASSAR)), office_at_due=here, submitted_office=SEMARANG)


def test_what_happens_to_a_file_counts_where_it_first_happened() -> None:
    moved = (on(TUESDAY, RETURN), on(TUESDAY, CorrectionSupplied()), on(WEDNESDAY, Transferred(to=MAKASSAR)))
    again = on(WEDNESDAY + timedelta(hours=1), PAUSED[-1])
    shows(*COMPLETE, *moved, again, returned_at=TUESDAY, returned_office=SEMARANG)
    shows(*COMPLETE, *moved, again, paused_at=again.act.at, paused_office=MAKASSAR, obstructed_office=None)
    blocked = on(WEDNESDAY + timedelta(hours=2), OUT_OF_STOCK)
    shows(*COMPLETE, *moved, blocked, obstructed_at=blocked.act.at, obstructed_office=MAKASSAR)
    earlier = replace(blocked, act=replace(blocked.act, at=TUESDAY))
    shows(*COMPLETE, *moved, blocked, earlier, obstructed_at=TUESDAY, obstructed_office=SEMARANG, obstacles=2)


def test_a_transfer_to_an_unlisted_office_is_counted() -> None:
    shows(*COMPLETE, Transferred(to=MAKASSAR, unlisted=True), transfers=1, unlisted_transfers=1)


def test_the_offices_own_time_is_without_the_time_of_others() -> None:
    away = (on(MONDAY + timedelta(hours=1), RETURN), on(TUESDAY, CorrectionSupplied()))
    approved = on(TUESDAY + timedelta(hours=2), Approved())
    own = timedelta(hours=3) // timedelta(microseconds=1)
    shows(*COMPLETE, *away, own_microseconds=None)
    shows(*COMPLETE, *away, approved, own_microseconds=own)
    shows(*COMPLETE, *away, approved, on(WEDNESDAY, HandedOver(receiver=Receiver.APPLICANT)), own_microseconds=own)
    shows(Approved(), own_microseconds=None, answered_at=MONDAY)


def test_a_hand_over_stands_until_a_reopening_takes_it_back() -> None:
    handed_over = row(*HANDED_OVER)
    assert handed_over["handed_over_at"] == handed_over["ended_at"] == MONDAY
    shows(*HANDED_OVER, on(TUESDAY, Reopened()), handed_over_at=None, handed_over_office=None, ended_at=None)
    again = row(*HANDED_OVER, on(TUESDAY, Reopened()), on(WEDNESDAY, HandedOver(receiver=Receiver.PROXY)))
    assert (again["handed_over_at"], again["ended_at"], again["settled_at"]) == (WEDNESDAY, WEDNESDAY, WEDNESDAY)
    first, second = again["trail"]["handed_over"]
    assert (first[1] is None, second[1]) == (False, None)


def test_deviations_are_counted() -> None:
    shows(*SUBMITTED, Issued(deviates="status-forbids"), Concluded(deviates="application-ended"), deviations=2)


def test_a_corrected_time_corrects_the_fact_that_it_states() -> None:
    amended = RecordAmended(amends=1, amendment=Amendment.TIME, corrected_at=TUESDAY)
    shows(*RECEIVED, amended, submitted_at=TUESDAY, received_at=MONDAY)
    entry = RecordAmended(amends=1, amendment=Amendment.ENTERED_IN_ERROR)
    shows(*RECEIVED, entry, submitted_at=MONDAY)


def test_a_row_is_read_back_as_it_was_stored() -> None:
    whole = row(*HANDED_OVER)
    assert VIEW.loaded(VIEW.stored(whole)) == whole


def test_an_import_says_so() -> None:
    post = an_act(by=Role.IMPORT, channel=Channel.POST)
    shows(Recorded(version=1, act=post, event=SUBMITTED[0]), imported=True, channel="post")


DUE = PROMISE.due_at
UNTIL = DUE + timedelta(days=1)
SECOND = timedelta(seconds=1)


def a_decision(at: datetime, recorded_at: datetime, until: datetime | None) -> Recorded:
    act = replace(an_act(at), at_quality=Quality.DEVICE)
    return Recorded(version=0, act=act, event=Approved(report_until=until), recorded_at=recorded_at)


def corrected(to: datetime, recorded_at: datetime, until: datetime | None = None) -> Recorded:
    event = RecordAmended(amends=len(COMPLETE) + 1, amendment=Amendment.TIME, corrected_at=to, report_until=until)
    return on(recorded_at, event)


def test_a_backdated_decision_counts_only_if_it_was_recorded_within_the_allowance() -> None:
    shows(*COMPLETE, a_decision(DUE, UNTIL, UNTIL), answered_at=DUE, reported_late=False)
    shows(*COMPLETE, a_decision(DUE, UNTIL + SECOND, UNTIL), answered_at=DUE, reported_late=True)
    shows(*COMPLETE, a_decision(DUE + SECOND, UNTIL + SECOND, None), reported_late=False)


def test_a_correction_keeps_no_promise_after_the_allowance() -> None:
    late = on(DUE + SECOND, Approved())
    shows(*COMPLETE, late, corrected(DUE, UNTIL, UNTIL), answered_at=DUE, reported_late=False)
    shows(*COMPLETE, late, corrected(DUE, UNTIL + SECOND, UNTIL), answered_at=DUE, reported_late=True)
    backdated = a_decision(DUE, UNTIL + SECOND, UNTIL)
    shows(*COMPLETE, backdated, corrected(DUE - SECOND, UNTIL + SECOND), reported_late=True)
    shows(*COMPLETE, backdated, corrected(DUE + SECOND, UNTIL + SECOND), reported_late=False)
    shows(*COMPLETE[:-1], DeclaredComplete(), late, corrected(DUE, UNTIL), due_at=None, reported_late=False)


def test_a_decision_after_silence_is_reported_late_and_one_after_a_decision_is_not() -> None:
    reported = DecisionReportedLate(decision=Decision.APPROVED)
    shows(*DEEMED, reported, deemed=True, reported_late=True)
    shows(*COMPLETE, on(TUESDAY, Approved()), reported, deemed=False, reported_late=False)
