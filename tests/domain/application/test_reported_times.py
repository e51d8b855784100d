"""Tests of reported and corrected times: their bounds, and until when a report of a decision counts."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given as given_any
from hypothesis import strategies as st

from domain.application import commands, events
from domain.application.admit import SourceRecord, admit
from domain.application.commands import AmendRecord, Command
from domain.application.events import ApplicationEvent, Recorded
from domain.application.reported_times import happened_at
from domain.clocks.ledger import ledger, marks_of
from domain.codes import (
    Advice,
    Amendment,
    Channel,
    DisputeReason,
    Quality,
    Receiver,
    RejectionReason,
    Remedy,
)
from domain.provenance import Act
from domain.refusals import Refusal, TimeTooEarly, TimeTooLate
from tests.builders import (
    APPROVED,
    COMPLETE,
    HANDED_OVER,
    INSPECTION,
    ISSUED,
    MAKASSAR,
    MONDAY,
    NEXT_MONDAY_AT_CLOSING,
    OF_OLD_PERMIT,
    OUT_OF_STOCK,
    PAUSED,
    PAYMENT,
    READY,
    REFERRED,
    REGISTRY,
    REJECTED,
    REVIEWED,
    SEMARANG,
    SIP,
    SUBMITTED,
    SUSPENDED,
    THURSDAY,
    TUESDAY,
    WEDNESDAY,
    an_act,
    on,
    stage_done,
    submitted,
)
from tests.spec import Given, When, given

SECOND, DAY = timedelta(seconds=1), timedelta(days=1)
DUE = NEXT_MONDAY_AT_CLOSING
NEXT_DAY_AT_CLOSING = DUE + DAY
A_WEEK_LATER_AT_CLOSING = DUE + 7 * DAY
REJECT = commands.Reject(reason=RejectionReason.NOT_ELIGIBLE, remedy=Remedy.OBJECTION)
DISPUTED = (*HANDED_OVER, events.Disputed(reason=DisputeReason.NOT_RECEIVED))

REOPENED = (*DISPUTED, events.Reopened(redo=("printing",)))


def reported(at: datetime, *, channel: Channel = Channel.COUNTER, quality: Quality = Quality.DEVICE) -> Act:
    return replace(an_act(at, channel=channel), at_quality=quality)


def asked(*history: ApplicationEvent | Recorded, command: Command, act: Act) -> When:
    return When(given(*history), command, act)


def correct(amends: int, at: datetime) -> AmendRecord:
    return AmendRecord(amends=amends, amendment=Amendment.TIME, corrected_at=at)


def test_a_rejection_of_1_november_is_refused_for_a_file_that_was_submitted_on_2_november() -> None:
    submitted = datetime(2026, 11, 2, 3, tzinfo=UTC)
    history = (on(submitted, SUBMITTED[0]), on(submitted + SECOND, events.Received()))
    refusal = asked(*history, command=REJECT, act=reported(submitted - DAY)).refused(TimeTooEarly)
    assert "2026-11-01T03:00:00.000000Z" in str(refusal)
    assert "2026-11-02T03:00:00.000000Z" in str(refusal)


def test_a_decision_is_not_corrected_to_1970() -> None:
    late = on(DUE + DAY, REJECTED[-1])
    command = correct(len(REJECTED), datetime(1970, 1, 1, tzinfo=UTC))
    refusal = given(*COMPLETE, late).when(command, at=DUE + 2 * DAY).refused(TimeTooEarly)
    assert "1970-01-01T00:00:00.000000Z" in str(refusal)
    assert "2026-03-09T03:00:00.000000Z" in str(refusal)


OPENED: tuple[tuple[tuple[ApplicationEvent, ...], Command, str], ...] = (
    (SUBMITTED, commands.Receive(), SEMARANG),
    (COMPLETE, REJECT, SEMARANG),
    (COMPLETE, commands.EnterStage(stage="verification"), SEMARANG),
    ((*COMPLETE, events.StageEntered(stage="verification")), commands.CompleteStage(stage="verification"), SEMARANG),
    ((*COMPLETE, *stage_done("verification")), commands.EnterStage(stage="assessment"), SEMARANG),
    (REOPENED, commands.EnterStage(stage="printing"), SEMARANG),
    (APPROVED, commands.Issue(), SEMARANG),
    (ISSUED, commands.MakeReady(), SEMARANG),
    (READY, commands.HandOver(receiver=Receiver.APPLICANT), SEMARANG),
    (HANDED_OVER, commands.EnterStage(stage="follow-up"), SEMARANG),
    (HANDED_OVER, commands.Dispute(reason=DisputeReason.NOT_RECEIVED), SEMARANG),
    (DISPUTED, commands.Reopen(), SEMARANG),
    (PAUSED, commands.SupplyCorrection(), SEMARANG),
    (SUSPENDED, commands.Resume(), SEMARANG),
    (REFERRED, commands.AnswerReferral(referral=1, advice=Advice.FAVOURABLE), MAKASSAR),
    ((*COMPLETE, PAYMENT), commands.ReceivePayment(payment=1, amount_idr=50_000), SEMARANG),
    ((*COMPLETE, PAYMENT), commands.ExpirePayment(payment=1), SEMARANG),
    ((*COMPLETE, OUT_OF_STOCK), commands.ClearObstacle(obstacle=1), SEMARANG),
    ((*COMPLETE, INSPECTION), commands.RecordInspection(inspection=1), SEMARANG),
)


@pytest.mark.parametrize(("history", "command", "office"), OPENED, ids=lambda value: type(value).__name__)
def test_what_an_event_opens_is_reported_from_that_event_on(
    history: tuple[ApplicationEvent, ...], command: Command, office: str
) -> None:
    """The last event of the history opens the act; it happened on Tuesday, the others on Monday."""
    opened = (*history[:-1], on(TUESDAY, history[-1]))
    act = replace(reported(TUESDAY - SECOND), office=office)
    asked(*opened, command=command, act=act).refused(TimeTooEarly)
    assert asked(*opened, command=command, act=replace(act, at=TUESDAY)).decided()
    assert asked(*opened, command=command, act=replace(act, at_quality=Quality.SERVER)).decided()


def test_nothing_but_the_submission_comes_first_where_the_order_is_free() -> None:
    history = (*OF_OLD_PERMIT, on(TUESDAY, events.StageEntered(stage="advice")))
    assert asked(*history, command=commands.CompleteStage(stage="advice"), act=reported(MONDAY)).decided()
    command = commands.CompleteStage(stage="advice")
    asked(*history, command=command, act=reported(MONDAY - SECOND)).refused(TimeTooEarly)


def test_an_entry_in_error_opens_nothing() -> None:
    entered = events.StageEntered(stage="verification")
    error = events.RecordAmended(amends=5, amendment=Amendment.ENTERED_IN_ERROR)
    history = (*COMPLETE, on(TUESDAY, entered), error, entered)
    assert asked(*history, command=commands.CompleteStage(stage="verification"), act=reported(MONDAY)).decided()


def test_a_device_that_was_ahead_holds_nobody_up() -> None:
    """Completeness was stated for Tuesday, but recorded on Monday: it had happened by then."""
    ahead = replace(on(TUESDAY, COMPLETE[-1]), recorded_at=MONDAY)
    assert asked(*COMPLETE[:-1], ahead, command=REJECT, act=reported(MONDAY)).decided()
    asked(*COMPLETE[:-1], ahead, command=REJECT, act=reported(MONDAY - SECOND)).refused(TimeTooEarly)


def test_a_corrected_opening_counts_as_corrected() -> None:
    corrected = events.RecordAmended(amends=len(COMPLETE), amendment=Amendment.TIME, corrected_at=TUESDAY)
    history = (*COMPLETE, on(WEDNESDAY, corrected))
    asked(*history, command=REJECT, act=reported(MONDAY)).refused(TimeTooEarly)
    assert asked(*history, command=REJECT, act=reported(TUESDAY)).decided()


def test_the_last_of_several_corrections_counts() -> None:
    """A command corrects an event only once, but imported history may hold more corrections."""
    complete = len(COMPLETE)
    first, last = (
        events.RecordAmended(amends=complete, amendment=Amendment.TIME, corrected_at=at)
        for at in (TUESDAY, MONDAY + SECOND)
    )
    history = given(*COMPLETE, on(THURSDAY, first), on(WEDNESDAY, last)).history
    assert happened_at(history[complete - 1], history) == MONDAY + SECOND
    legal = ledger(mark for entry in history for mark in marks_of(entry)).legal
    assert legal[0].since == MONDAY + SECOND


def test_a_fact_that_nothing_opens_is_not_corrected_to_a_time_before_the_submission() -> None:
    obstacle = on(TUESDAY, OUT_OF_STOCK)
    given(*COMPLETE, obstacle).when(correct(len(COMPLETE) + 1, MONDAY - SECOND), at=WEDNESDAY).refused(TimeTooEarly)
    assert given(*COMPLETE, obstacle).when(correct(len(COMPLETE) + 1, MONDAY), at=WEDNESDAY).decided()


def test_a_decision_is_not_corrected_to_a_time_before_completeness() -> None:
    history = (*COMPLETE[:-1], on(TUESDAY, COMPLETE[-1]), on(WEDNESDAY, REJECTED[-1]))
    given(*history).when(correct(len(history), TUESDAY - SECOND), at=THURSDAY).refused(TimeTooEarly)
    assert given(*history).when(correct(len(history), TUESDAY), at=THURSDAY).decided()


def test_a_late_fact_is_not_from_before_the_submission_either() -> None:
    obstacle = commands.ReportObstacle(code=OUT_OF_STOCK.code)
    history = (*COMPLETE, on(WEDNESDAY, REJECTED[-1]))
    assert asked(*history, command=obstacle, act=reported(TUESDAY)).decided()
    asked(*history, command=obstacle, act=reported(MONDAY - SECOND)).refused(TimeTooEarly)


def test_imported_history_is_never_refused_and_says_what_deviates() -> None:
    event, act = REJECTED[-1], reported(MONDAY - SECOND, quality=Quality.SOURCE)
    admitted = admit(SourceRecord(act=act, event=event), given(*COMPLETE).application, REGISTRY)
    assert admitted.deviates == "time-too-early"
    of_the_day = SourceRecord(act=replace(act, at_quality=Quality.DAY), event=event)  # any time of that day
    assert admit(of_the_day, given(*COMPLETE).application, REGISTRY).deviates is None


def test_a_corrected_time_is_not_after_the_recording_the_correction_or_what_rests_on_it() -> None:
    complete = len(COMPLETE)
    known = (*COMPLETE[:-1], replace(on(MONDAY, COMPLETE[-1]), recorded_at=TUESDAY))
    given(*known).when(correct(complete, TUESDAY + SECOND), at=WEDNESDAY).refused(TimeTooLate)
    given(*COMPLETE).when(correct(complete, TUESDAY + SECOND), at=TUESDAY).refused(TimeTooLate)
    entered = (*COMPLETE, on(TUESDAY, events.StageEntered(stage="verification")))
    refusal = given(*entered).when(correct(complete, TUESDAY + SECOND), at=WEDNESDAY).refused(TimeTooLate)
    assert "2026-03-10T03:00:01.000000Z" in str(refusal)
    assert "2026-03-10T03:00:00.000000Z" in str(refusal)
    assert given(*entered).when(correct(complete, TUESDAY), at=WEDNESDAY).decided()
    given(*COMPLETE).when(correct(1, MONDAY + SECOND), at=WEDNESDAY).refused(TimeTooLate)
    received = replace(an_act(MONDAY), at_quality=Quality.DAY)  # any time of Monday
    day_only = (*SUBMITTED, Recorded(version=0, act=received, event=events.Received()))
    assert given(*day_only).when(correct(1, MONDAY + SECOND), at=WEDNESDAY).decided()


@given_any(st.lists(st.tuples(st.integers(1, 9), st.integers(-2, 4)), max_size=6))
def test_corrections_keep_the_order_of_the_procedure(corrections: list[tuple[int, int]]) -> None:
    history = given(*(on(MONDAY + DAY * place, event) for place, event in enumerate(REVIEWED)))
    for amends, days in corrections:
        at = happened(history)[min(amends, len(REVIEWED)) - 1] + DAY * days
        try:
            decided = history.when(correct(min(amends, len(REVIEWED)), at), at=MONDAY + 20 * DAY).decided()
        except Refusal:
            continue
        history = given(*history.history, *decided)
    times = happened(history)
    assert min(times) == times[0]
    assert times[3] <= times[4] <= times[5] <= times[7], "completeness, verification, assessment"
    assert times[3] <= times[6] <= times[7]


def happened(history: Given) -> list[datetime]:
    return [happened_at(entry, history.history) for entry in history.history[: len(REVIEWED)]]


OF_SIP = (*submitted(SIP), *COMPLETE[1:])
CASES: tuple[tuple[Channel, dict[str, Any], datetime], ...] = (
    (Channel.COUNTER, {}, NEXT_DAY_AT_CLOSING),
    (Channel.MOBILE, {}, A_WEEK_LATER_AT_CLOSING),
    (Channel.ELECTRONIC, {"late_report_days_mobile": 9}, NEXT_DAY_AT_CLOSING),
    (Channel.COUNTER, {"late_report_days": 0}, DUE),
    (Channel.COUNTER, {"late_report_days": 2}, DUE + 2 * DAY),
    (Channel.MOBILE, {"late_report_days_mobile": 4}, DUE + 4 * DAY),
)


@pytest.mark.parametrize(("channel", "settings", "until"), CASES)
def test_an_office_publishes_how_late_a_decision_may_be_reported(
    channel: Channel, settings: dict[str, Any], until: datetime
) -> None:
    """The promise falls on Monday, 16 March, at closing time."""
    office = replace(REGISTRY.offices[SEMARANG], **settings)
    registry = replace(REGISTRY, offices={**REGISTRY.offices, SEMARANG: office})
    at = reported(DUE - SECOND, channel=channel)
    [decision] = When(given(*OF_SIP, registry=registry), REJECT, at).decided()
    assert isinstance(decision, events.Rejected)
    assert decision.report_until == until


def test_a_decision_at_the_servers_time_or_after_the_deadline_needs_no_allowance() -> None:
    asked(*OF_SIP, command=REJECT, act=an_act(DUE)).then(REJECTED[-1])
    asked(*OF_SIP, command=REJECT, act=reported(DUE + SECOND)).then(REJECTED[-1])


def test_a_correction_that_makes_a_late_decision_early_is_a_late_report_itself() -> None:
    late, number = on(DUE + SECOND, REJECTED[-1]), len(REJECTED)
    [corrected] = given(*OF_SIP, late).when(correct(number, DUE), at=DUE + DAY).decided()
    assert isinstance(corrected, events.RecordAmended)
    assert corrected.report_until == NEXT_DAY_AT_CLOSING
    in_time = on(DUE, REJECTED[-1])
    [corrected] = given(*OF_SIP, in_time).when(correct(number, DUE - SECOND), at=DUE + DAY).decided()
    assert isinstance(corrected, events.RecordAmended)
    assert corrected.report_until is None
