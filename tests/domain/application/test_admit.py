"""Tests of admission: imported history is never refused; an event that the procedure would have refused is marked."""

from dataclasses import fields, replace
from datetime import UTC, datetime
from typing import Any, get_args
from uuid import UUID

import pytest

from domain.application import events, imported_events, incident_events, promise_events
from domain.application.admit import _command_of
from domain.application.events import ApplicationEvent
from domain.application.standing import REVISING
from domain.codes import (
    Advice,
    Amendment,
    CancellationReason,
    Channel,
    ComplaintKind,
    Decision,
    DismissalReason,
    DisputeReason,
    LifeEvent,
    Receiver,
    RejectionReason,
    Remedy,
    RevocationGround,
)
from domain.registry.registry import evolve
from tests.builders import (
    ANSWERED,
    APPROVED,
    BLURRED,
    CHECKED,
    COMPLETE,
    DEEMED,
    HANDED_OVER,
    INFORMATION,
    INSPECTION,
    ISSUED,
    KTP,
    MAKASSAR,
    NUMBER,
    OF_OLD_PERMIT,
    OUT_OF_STOCK,
    PAYMENT,
    PROMISE,
    READY,
    RECEIVED,
    REFERRED,
    REGISTRY,
    REJECTED,
    RETURNED,
    REVIEWED,
    SORONG,
    SUBMITTED,
    SUSPENDED,
    WITHDRAWN,
    a_standard,
    submitted,
)
from tests.spec import given

SUBMISSION = events.Submitted(service=KTP, standard=3, number=NUMBER)
DISPUTED = events.Disputed(reason=DisputeReason.DEFECTIVE)
STAGE_ENTERED = (*COMPLETE, events.StageEntered(stage="verification"))

FITTING: list[tuple[tuple[ApplicationEvent, ...], ApplicationEvent]] = [
    ((), SUBMISSION),
    (SUBMITTED, events.Received()),
    (RECEIVED, events.DocumentsChecked(complete=False, missing=("photograph",))),
    (CHECKED, events.ReturnedForCorrection(documents=(BLURRED,), pauses=True)),
    (RETURNED, events.CorrectionSupplied()),
    (CHECKED, events.DeclaredComplete(promise=PROMISE)),
    (COMPLETE, events.StageEntered(stage="verification")),
    (STAGE_ENTERED, events.StageCompleted(stage="verification")),
    (COMPLETE, events.Referred(referral=1, to=MAKASSAR)),
    (REFERRED, events.ReferralAnswered(referral=1, advice=Advice.UNKNOWN)),
    (COMPLETE, events.Transferred(to=MAKASSAR)),
    (COMPLETE, events.Reassigned(officer=UUID(int=7))),
    (COMPLETE, events.Suspended(ground="awaiting-payment", pauses=True)),
    (SUSPENDED, events.Resumed()),
    (REVIEWED, events.Approved()),
    (COMPLETE, events.Rejected(reason=RejectionReason.QUOTA_EXHAUSTED, remedy=Remedy.APPLY_AGAIN)),
    (APPROVED, events.Issued()),
    (ISSUED, events.MadeReady()),
    (READY, events.HandedOver(receiver=Receiver.PROXY)),
    (COMPLETE, events.Withdrawn()),
    (READY, events.Lapsed()),
    (COMPLETE, events.Cancelled(reason=CancellationReason.WRONG_SERVICE)),
    (COMPLETE, events.RecordAmended(amends=1, amendment=Amendment.TIME, corrected_at=datetime(2026, 3, 8, tzinfo=UTC))),
    (COMPLETE, INSPECTION),
    ((*COMPLETE, INSPECTION), incident_events.InspectionDone(inspection=1)),
    (COMPLETE, PAYMENT),
    ((*COMPLETE, PAYMENT), incident_events.PaymentReceived(payment=1, amount_idr=50_000)),
    ((*COMPLETE, PAYMENT), incident_events.PaymentExpired(payment=1)),
    (COMPLETE, OUT_OF_STOCK),
    ((*COMPLETE, OUT_OF_STOCK), incident_events.ObstacleCleared(obstacle=1)),
    (COMPLETE, promise_events.DeadlineExtended(extension="technical-study", promise=PROMISE)),
    (COMPLETE, promise_events.PromiseMoved(promise=PROMISE)),
    (COMPLETE, DEEMED[-1]),
    (DEEMED, events.DecisionReportedLate(decision=Decision.APPROVED)),
    (ISSUED, events.Revoked(ground=RevocationGround.COURT_ORDER)),
    (READY, DISPUTED),
    ((*READY, DISPUTED), events.DisputeDismissed(reason=DismissalReason.RECEIPT_PROVES_IT)),
    ((*HANDED_OVER, DISPUTED), events.Reopened(redo=("printing",))),
    (COMPLETE, incident_events.Linked(link=UUID(int=7), life_event=LifeEvent.BIRTH, others=(UUID(int=8),))),
    (
        HANDED_OVER,
        incident_events.ComplaintReferred(
            complaint=1, kind=ComplaintKind.INFORMATION, verify_by=PROMISE, answer_by=PROMISE
        ),
    ),
    (COMPLETE, events.PinReset()),
    (COMPLETE, events.Concluded()),
    (COMPLETE, imported_events.StagePlanned(stage="verification")),
    (COMPLETE, imported_events.StageEnded(stage="verification")),
]

DEVIATING: list[tuple[tuple[ApplicationEvent, ...], ApplicationEvent, str]] = [
    ((), events.Received(), "application-unknown"),
    (SUBMITTED, SUBMISSION, "application-already-submitted"),
    ((), events.Submitted(service="no-such-service", standard=1, number=NUMBER), "service-unknown"),
    ((), events.Submitted(service=KTP, standard=3, number=NUMBER, district="99.99.01"), "region-unknown"),
    (submitted("no-such-service"), events.Received(), "service-unknown"),
    (SUBMITTED, events.Approved(), "status-forbids"),
    (RECEIVED, events.DocumentsChecked(complete=True, missing=("photograph",)), "documents-incomplete"),
    (RECEIVED, events.DocumentsChecked(complete=False, missing=("diploma",)), "requirement-unknown"),
    (RECEIVED, events.ReturnedForCorrection(documents=(), pauses=False), "defects-missing"),
    (RECEIVED, events.DeclaredComplete(), "documents-not-checked"),
    (COMPLETE, events.DeclaredComplete(), "already-complete"),
    ((*CHECKED, events.Transferred(to="no-such-office")), events.DeclaredComplete(), "office-unknown"),
    (COMPLETE, events.StageEntered(stage="assessment"), "stage-out-of-order"),
    (COMPLETE, events.StageCompleted(stage="verification"), "stage-not-entered"),
    (COMPLETE, events.Approved(), "stages-open"),
    (COMPLETE, events.Suspended(ground="bad-weather", pauses=False), "ground-unknown"),
    (COMPLETE, events.ReferralAnswered(referral=4, advice=Advice.UNKNOWN), "referral-unknown"),
    (COMPLETE, events.RecordAmended(amends=99, amendment=Amendment.TIME), "event-unknown"),
    (REJECTED, events.Approved(), "application-ended"),
    (HANDED_OVER, events.StageEntered(stage="survey"), "application-ended"),
    (WITHDRAWN, events.Concluded(), "application-ended"),
    (HANDED_OVER, DEEMED[-1], "application-ended"),
    (COMPLETE, incident_events.PaymentReceived(payment=2, amount_idr=1), "payment-unknown"),
    (HANDED_OVER, incident_events.PaymentExpired(payment=1), "application-ended"),
    (HANDED_OVER, incident_events.ObstacleCleared(obstacle=1), "application-ended"),
    (READY, events.Reopened(), "nothing-disputed"),
]


@pytest.mark.parametrize(("history", "event"), FITTING)
def test_history_that_fits_the_procedure_is_admitted_as_told(
    history: tuple[ApplicationEvent, ...], event: ApplicationEvent
) -> None:
    given(*history).admits(event).as_told()


def test_every_kind_of_event_is_admitted() -> None:
    assert {type(event) for _, event in FITTING} == set(get_args(ApplicationEvent)) - {*REVISING}


@pytest.mark.parametrize(("history", "event", "code"), DEVIATING)
def test_history_that_the_procedure_would_refuse_is_admitted_and_marked(
    history: tuple[ApplicationEvent, ...], event: ApplicationEvent, code: str
) -> None:
    given(*history).admits(event).as_(code)


@pytest.mark.parametrize("channel", list(Channel))
def test_the_channel_of_a_past_submission_is_a_fact(channel: Channel) -> None:
    given().admits(SUBMISSION, channel=channel).as_told()


def test_a_past_submission_is_judged_by_the_standard_of_its_day() -> None:
    from_july = datetime(2026, 7, 1, 3, tzinfo=UTC)
    given().admits(SUBMISSION, at=datetime(2025, 1, 1, tzinfo=UTC)).as_("service-unknown")
    given().admits(SUBMISSION, at=from_july, office=SORONG).as_("service-not-offered-here")
    given().admits(SUBMISSION, office=SORONG).as_told()


def test_a_past_submission_may_name_an_office_that_is_not_registered() -> None:
    given().admits(SUBMISSION, office="").as_("office-unknown")
    given().admits(events.Submitted(service=INFORMATION, standard=1, number=NUMBER), office=SORONG).as_(
        "service-not-offered-here"
    )


def test_a_service_without_any_channel_was_not_offered() -> None:
    closed = evolve(REGISTRY, a_standard("closed-service", channels=()))
    given(registry=closed).admits(events.Submitted(service="closed-service", standard=1, number=NUMBER)).as_(
        "channel-not-offered"
    )


def test_a_source_numbers_no_referrals_so_they_are_counted() -> None:
    given(*COMPLETE).admits(events.Referred(referral=0, to=MAKASSAR)).as_(events.Referred(referral=1, to=MAKASSAR))
    given(*ANSWERED).admits(events.Referred(referral=0, to=SORONG)).as_(events.Referred(referral=2, to=SORONG))


def test_an_unnumbered_answer_is_to_the_oldest_open_referral() -> None:
    both = given(*REFERRED, events.Referred(referral=2, to=SORONG))
    both.admits(events.ReferralAnswered(referral=0, advice=Advice.UNKNOWN)).as_(
        events.ReferralAnswered(referral=1, advice=Advice.UNKNOWN)
    )


def test_an_answer_that_nobody_asked_for_keeps_no_number() -> None:
    given(*ANSWERED).admits(events.ReferralAnswered(referral=0, advice=Advice.UNKNOWN)).as_("referral-unknown")


def test_in_a_free_order_the_stages_of_the_past_deviate_from_nothing() -> None:
    for event in (
        events.StageEntered(stage="drafting"),
        events.StageCompleted(stage="drafting"),
        events.StageCompleted(stage="advice"),
    ):
        given(*OF_OLD_PERMIT).admits(event).as_told()


def test_a_conclusion_after_an_end_deviates_and_the_end_stays() -> None:
    admitted = given(*WITHDRAWN).admits(events.Concluded())
    admitted.as_("application-ended")
    assert given(*WITHDRAWN, admitted.event).application.status == "withdrawn"
    assert given(*COMPLETE, events.Concluded()).application.status == "concluded"


def test_a_conclusion_of_what_is_unknown_is_a_fact_too() -> None:
    given().admits(events.Concluded()).as_told()


@pytest.mark.parametrize(
    ("history", "unnumbered", "numbered"),
    [
        ((), INSPECTION, 1),
        ((INSPECTION,), INSPECTION, 2),
        ((INSPECTION,), incident_events.InspectionDone(inspection=0), 1),
        ((), PAYMENT, 1),
        ((PAYMENT,), PAYMENT, 2),
        ((PAYMENT,), incident_events.PaymentReceived(payment=0, amount_idr=50_000), 1),
        ((PAYMENT,), incident_events.PaymentExpired(payment=0), 1),
        ((), OUT_OF_STOCK, 1),
        ((OUT_OF_STOCK,), OUT_OF_STOCK, 2),
        ((OUT_OF_STOCK,), incident_events.ObstacleCleared(obstacle=0), 1),
        (
            (),
            incident_events.ComplaintReferred(
                complaint=0, kind=ComplaintKind.COMPLAINT, verify_by=PROMISE, answer_by=PROMISE
            ),
            1,
        ),
    ],
)
def test_nor_does_it_number_what_else_begins_and_ends(
    history: tuple[ApplicationEvent, ...], unnumbered: ApplicationEvent, numbered: int
) -> None:
    [counter] = {"inspection", "payment", "obstacle", "complaint"} & {f.name for f in fields(unnumbered)}
    zero: Any = {counter: 0}
    counted: Any = {counter: numbered}
    told = replace(unnumbered, **zero)
    given(*COMPLETE, *history).admits(told).as_(replace(told, **counted))


@pytest.mark.parametrize("event", [event for _, event in FITTING])
def test_the_command_that_is_judged_says_what_the_event_says(event: ApplicationEvent) -> None:
    command = _command_of(event)
    shared = {f.name for f in fields(command)} & {f.name for f in fields(event)} if command else set()
    assert {name: getattr(command, name) for name in shared} == {name: getattr(event, name) for name in shared}


@pytest.mark.parametrize(
    ("unnumbered", "code"),
    [
        (incident_events.InspectionDone(inspection=0), "inspection-unknown"),
        (incident_events.PaymentReceived(payment=0, amount_idr=1), "payment-unknown"),
        (incident_events.PaymentExpired(payment=0), "payment-unknown"),
        (incident_events.ObstacleCleared(obstacle=0), "obstacle-unknown"),
        (events.ReferralAnswered(referral=0, advice=Advice.UNKNOWN), "referral-unknown"),
    ],
)
def test_the_end_of_what_never_began_has_no_number(unnumbered: ApplicationEvent, code: str) -> None:
    given(*COMPLETE).admits(unnumbered).as_(code)
