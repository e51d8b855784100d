"""Imported history is never refused: what the procedure would have refused is stored and marked."""

from dataclasses import fields, replace
from datetime import UTC, datetime
from typing import Any, get_args
from uuid import UUID

import pytest

from domain.application.admit import _command_of
from domain.application.events import (
    ApplicationEvent,
    Approved,
    Cancelled,
    Concluded,
    CorrectionSupplied,
    DeadlineExtended,
    DecisionReportedLate,
    DeclaredComplete,
    Disputed,
    DisputeDismissed,
    DocumentsChecked,
    HandedOver,
    Issued,
    Lapsed,
    MadeReady,
    PinReset,
    PromiseMoved,
    Reassigned,
    Received,
    RecordAmended,
    ReferralAnswered,
    Referred,
    Rejected,
    Reopened,
    Resumed,
    ReturnedForCorrection,
    Revoked,
    StageCompleted,
    StageEntered,
    Submitted,
    Suspended,
    Transferred,
    Withdrawn,
)
from domain.application.incident_events import (
    ComplaintReferred,
    InspectionDone,
    Linked,
    ObstacleCleared,
    PaymentExpired,
    PaymentReceived,
)
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
from domain.registry.editions import evolve
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

SUBMISSION = Submitted(service=KTP, standard=3, number=NUMBER)
DISPUTED = Disputed(reason=DisputeReason.DEFECTIVE)
STAGE_ENTERED = (*COMPLETE, StageEntered(stage="verification"))

FITTING: list[tuple[tuple[ApplicationEvent, ...], ApplicationEvent]] = [
    ((), SUBMISSION),
    (SUBMITTED, Received()),
    (RECEIVED, DocumentsChecked(complete=False, missing=("photograph",))),
    (CHECKED, ReturnedForCorrection(documents=(BLURRED,), pauses=True)),
    (RETURNED, CorrectionSupplied()),
    (CHECKED, DeclaredComplete(promise=PROMISE)),
    (COMPLETE, StageEntered(stage="verification")),
    (STAGE_ENTERED, StageCompleted(stage="verification")),
    (COMPLETE, Referred(referral=1, to=MAKASSAR)),
    (REFERRED, ReferralAnswered(referral=1, advice=Advice.UNKNOWN)),
    (COMPLETE, Transferred(to=MAKASSAR)),
    (COMPLETE, Reassigned(officer=UUID(int=7))),
    (COMPLETE, Suspended(ground="awaiting-payment", pauses=True)),
    (SUSPENDED, Resumed()),
    (REVIEWED, Approved()),
    (COMPLETE, Rejected(reason=RejectionReason.QUOTA_EXHAUSTED, remedy=Remedy.APPLY_AGAIN)),
    (APPROVED, Issued()),
    (ISSUED, MadeReady()),
    (READY, HandedOver(receiver=Receiver.PROXY)),
    (COMPLETE, Withdrawn()),
    (READY, Lapsed()),
    (COMPLETE, Cancelled(reason=CancellationReason.WRONG_SERVICE)),
    (COMPLETE, RecordAmended(amends=1, amendment=Amendment.TIME, corrected_at=datetime(2026, 3, 8, tzinfo=UTC))),
    (COMPLETE, INSPECTION),
    ((*COMPLETE, INSPECTION), InspectionDone(inspection=1)),
    (COMPLETE, PAYMENT),
    ((*COMPLETE, PAYMENT), PaymentReceived(payment=1, amount_idr=50_000)),
    ((*COMPLETE, PAYMENT), PaymentExpired(payment=1)),
    (COMPLETE, OUT_OF_STOCK),
    ((*COMPLETE, OUT_OF_STOCK), ObstacleCleared(obstacle=1)),
    (COMPLETE, DeadlineExtended(extension="technical-study", promise=PROMISE)),
    (COMPLETE, PromiseMoved(promise=PROMISE)),
    (COMPLETE, DEEMED[-1]),
    (DEEMED, DecisionReportedLate(decision=Decision.APPROVED)),
    (ISSUED, Revoked(ground=RevocationGround.COURT_ORDER)),
    (READY, DISPUTED),
    ((*READY, DISPUTED), DisputeDismissed(reason=DismissalReason.RECEIPT_PROVES_IT)),
    ((*HANDED_OVER, DISPUTED), Reopened(redo=("printing",))),
    (COMPLETE, Linked(link=UUID(int=7), life_event=LifeEvent.BIRTH, others=(UUID(int=8),))),
    (
        HANDED_OVER,
        ComplaintReferred(complaint=1, kind=ComplaintKind.INFORMATION, verify_by=PROMISE, answer_by=PROMISE),
    ),
    (COMPLETE, PinReset()),
    (COMPLETE, Concluded()),
]

DEVIATING: list[tuple[tuple[ApplicationEvent, ...], ApplicationEvent, str]] = [
    ((), Received(), "application-unknown"),
    (SUBMITTED, SUBMISSION, "application-already-submitted"),
    ((), Submitted(service="no-such-service", standard=1, number=NUMBER), "service-unknown"),
    ((), Submitted(service=KTP, standard=3, number=NUMBER, district="99.99.01"), "region-unknown"),
    (submitted("no-such-service"), Received(), "service-unknown"),
    (SUBMITTED, Approved(), "status-forbids"),
    (RECEIVED, DocumentsChecked(complete=True, missing=("photograph",)), "documents-incomplete"),
    (RECEIVED, DocumentsChecked(complete=False, missing=("diploma",)), "requirement-unknown"),
    (RECEIVED, ReturnedForCorrection(documents=(), pauses=False), "defects-missing"),
    (RECEIVED, DeclaredComplete(), "documents-not-checked"),
    (COMPLETE, DeclaredComplete(), "already-complete"),
    ((*CHECKED, Transferred(to="no-such-office")), DeclaredComplete(), "office-unknown"),
    (COMPLETE, StageEntered(stage="assessment"), "stage-out-of-order"),
    (COMPLETE, StageCompleted(stage="verification"), "stage-not-entered"),
    (COMPLETE, Approved(), "stages-open"),
    (COMPLETE, Suspended(ground="bad-weather", pauses=False), "ground-unknown"),
    (COMPLETE, ReferralAnswered(referral=4, advice=Advice.UNKNOWN), "referral-unknown"),
    (COMPLETE, RecordAmended(amends=99, amendment=Amendment.TIME), "event-unknown"),
    (REJECTED, Approved(), "application-ended"),
    (HANDED_OVER, StageEntered(stage="survey"), "application-ended"),
    (WITHDRAWN, Concluded(), "application-ended"),
    (HANDED_OVER, DEEMED[-1], "application-ended"),
    (COMPLETE, PaymentReceived(payment=2, amount_idr=1), "payment-unknown"),
    (HANDED_OVER, PaymentExpired(payment=1), "application-ended"),
    (HANDED_OVER, ObstacleCleared(obstacle=1), "application-ended"),
    (READY, Reopened(), "nothing-disputed"),
]


@pytest.mark.parametrize(("history", "event"), FITTING)
def test_history_that_fits_the_procedure_is_admitted_as_told(
    history: tuple[ApplicationEvent, ...], event: ApplicationEvent
) -> None:
    given(*history).admits(event).as_told()


def test_every_kind_of_event_is_admitted() -> None:
    assert {type(event) for _, event in FITTING} == set(get_args(ApplicationEvent))


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
    given().admits(Submitted(service=INFORMATION, standard=1, number=NUMBER), office=SORONG).as_(
        "service-not-offered-here"
    )


def test_a_service_without_any_channel_was_not_offered() -> None:
    closed = evolve(REGISTRY, a_standard("closed-service", channels=()))
    given(registry=closed).admits(Submitted(service="closed-service", standard=1, number=NUMBER)).as_(
        "channel-not-offered"
    )


def test_a_source_numbers_no_referrals_so_they_are_counted() -> None:
    given(*COMPLETE).admits(Referred(referral=0, to=MAKASSAR)).as_(Referred(referral=1, to=MAKASSAR))
    given(*ANSWERED).admits(Referred(referral=0, to=SORONG)).as_(Referred(referral=2, to=SORONG))


def test_an_unnumbered_answer_is_to_the_oldest_open_referral() -> None:
    both = given(*REFERRED, Referred(referral=2, to=SORONG))
    both.admits(ReferralAnswered(referral=0, advice=Advice.UNKNOWN)).as_(
        ReferralAnswered(referral=1, advice=Advice.UNKNOWN)
    )


def test_an_answer_that_nobody_asked_for_keeps_no_number() -> None:
    given(*ANSWERED).admits(ReferralAnswered(referral=0, advice=Advice.UNKNOWN)).as_("referral-unknown")


def test_in_a_free_order_the_stages_of_the_past_deviate_from_nothing() -> None:
    for event in (StageEntered(stage="drafting"), StageCompleted(stage="drafting"), StageCompleted(stage="advice")):
        given(*OF_OLD_PERMIT).admits(event).as_told()


def test_a_conclusion_after_an_end_deviates_and_the_end_stays() -> None:
    admitted = given(*WITHDRAWN).admits(Concluded())
    admitted.as_("application-ended")
    assert given(*WITHDRAWN, admitted.event).application.status == "withdrawn"
    assert given(*COMPLETE, Concluded()).application.status == "concluded"


def test_a_conclusion_of_what_is_unknown_is_a_fact_too() -> None:
    given().admits(Concluded()).as_told()


@pytest.mark.parametrize(
    ("history", "unnumbered", "numbered"),
    [
        ((), INSPECTION, 1),
        ((INSPECTION,), INSPECTION, 2),
        ((INSPECTION,), InspectionDone(inspection=0), 1),
        ((), PAYMENT, 1),
        ((PAYMENT,), PAYMENT, 2),
        ((PAYMENT,), PaymentReceived(payment=0, amount_idr=50_000), 1),
        ((PAYMENT,), PaymentExpired(payment=0), 1),
        ((), OUT_OF_STOCK, 1),
        ((OUT_OF_STOCK,), OUT_OF_STOCK, 2),
        ((OUT_OF_STOCK,), ObstacleCleared(obstacle=0), 1),
        (
            (),
            ComplaintReferred(complaint=0, kind=ComplaintKind.COMPLAINT, verify_by=PROMISE, answer_by=PROMISE),
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
        (InspectionDone(inspection=0), "inspection-unknown"),
        (PaymentReceived(payment=0, amount_idr=1), "payment-unknown"),
        (PaymentExpired(payment=0), "payment-unknown"),
        (ObstacleCleared(obstacle=0), "obstacle-unknown"),
        (ReferralAnswered(referral=0, advice=Advice.UNKNOWN), "referral-unknown"),
    ],
)
def test_the_end_of_what_never_began_has_no_number(unnumbered: ApplicationEvent, code: str) -> None:
    given(*COMPLETE).admits(unnumbered).as_(code)
