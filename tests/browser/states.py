"""More states that a citizen may meet: paused and moved promises, payments, obstacles, silence, disputes, links."""

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from typing import Any
from uuid import UUID

from domain.application.events import (
    ApplicationEvent,
    Approved,
    CorrectionSupplied,
    DecisionReportedLate,
    DeclaredComplete,
    DeemedApproved,
    Disputed,
    DocumentsChecked,
    HandedOver,
    Received,
    Recorded,
    Referred,
    Rejected,
    Reopened,
    Resumed,
    ReturnedForCorrection,
    Revoked,
    StageEntered,
    Suspended,
)
from domain.application.incident_events import (
    ComplaintReferred,
    InspectionDone,
    InspectionScheduled,
    Linked,
    ObstacleCleared,
    ObstacleReported,
    PaymentReceived,
    PaymentRequested,
)
from domain.application.promise_events import DeadlineExtended, PromiseMoved
from domain.codes import (
    Channel,
    ComplaintKind,
    Decision,
    DisputeReason,
    Holder,
    LifeEvent,
    ObstacleCode,
    Quality,
    Receiver,
    RejectionReason,
    Remedy,
    RevocationGround,
    Role,
)
from domain.provenance import Act, Pause, Promise
from projections.progress import ProgressRow, project
from tests.browser.samples import (
    COMPLETE,
    FAULTY,
    PRODUCED,
    REVIEWED,
    SAMPLES,
    START,
    promise,
    row,
    submitted,
    when,
)

IN_MARCH = datetime(2026, 3, 26, 3, 0, tzinfo=UTC)
"""A Thursday, 10 in the morning in Jakarta."""


def march(text: str) -> datetime:
    """`text` is a day and an hour of March 2026 in Jakarta."""
    return datetime.strptime(f"2026-03-{text} +0700", "%Y-%m-%d %H:%M %z").astimezone(UTC)


def until(text: str) -> Promise:
    return replace(promise("16 08:00"), due_at=march(text))


def told(place: int, *happened: tuple[datetime, ApplicationEvent], **act: Any) -> ProgressRow:
    """The row of these events, each recorded a minute after it."""
    known: dict[str, Any] = {"by": Role.OFFICER, "channel": Channel.COUNTER, "office": "semarang", **act}
    found = None
    for version, (at, event) in enumerate(happened, start=1):
        entry = Recorded(version=version, act=Act(at=at, **known), event=event, recorded_at=at + timedelta(minutes=1))
        found = project(found, UUID(int=place), entry)
    assert found is not None
    return found


PROMISED: tuple[tuple[datetime, ApplicationEvent], ...] = (
    (march("12 14:00"), submitted()),
    (march("13 08:30"), Received()),
    (march("13 09:00"), DocumentsChecked(complete=True)),
    (march("13 09:00"), DeclaredComplete(promise=until("27 15:00"))),
)
PAUSE = (
    (march("25 09:00"), ReturnedForCorrection(documents=FAULTY.documents, pauses=True)),
    (march("27 09:00"), CorrectionSupplied(promise=until("31 15:00"))),
)
UNPAID = PaymentRequested(payment=1, amount_idr=350_000, pauses=True, expires_at=when("13 08:00"))
READY = (*COMPLETE, *REVIEWED, ("06 07:00", Approved()), *PRODUCED)
TAKEN = (*READY, ("11 02:00", HandedOver(receiver=Receiver.APPLICANT)))
SILENT = DeemedApproved(
    basis="uu-30-2014-53",
    promise=promise("11 08:00"),
    complete_at=when("04 01:30"),
    pauses=(Pause(since=when("05 03:00"), until=when("06 03:00")),),
    silent_until=6,
)
PART_PAID = (
    ("06 02:00", PaymentRequested(payment=1, amount_idr=1_500_000, pauses=False)),
    ("06 03:00", PaymentReceived(payment=1, amount_idr=500_000, open_idr=1_000_000)),
)
NOT_ELIGIBLE = Rejected(reason=RejectionReason.NOT_ELIGIBLE, remedy=Remedy.OBJECTION)
AWAITED = (*COMPLETE[:2], ("04 01:30", DeclaredComplete(promise=promise("10 08:00"))))

STATES = {
    **SAMPLES,
    "promised": told(30, *PROMISED),
    "moved": told(31, *PROMISED, *PAUSE),
    "unpaid": row(32, START, *COMPLETE, *REVIEWED[:1], ("11 02:00", UNPAID)),
    "held-up": row(
        33,
        START,
        *COMPLETE,
        ("05 02:00", ObstacleReported(obstacle=1, code=ObstacleCode.BLANK_FORMS)),
        ("05 03:00", ObstacleReported(obstacle=2, code=ObstacleCode.ACCESS)),
        ("05 04:00", Referred(referral=1, to="makassar")),
        ("06 02:00", InspectionScheduled(inspection=1, on=date(2026, 11, 9))),
        ("09 03:00", InspectionDone(inspection=1)),
        ("09 04:00", InspectionScheduled(inspection=2, on=date(2026, 11, 16))),
        ("10 01:00", ObstacleCleared(obstacle=2)),
        ("10 02:00", DeadlineExtended(extension="technical-study", promise=promise("20 08:00"))),
        ("10 03:00", PromiseMoved(promise=promise("23 08:00"))),
        (
            "11 02:00",
            ComplaintReferred(
                complaint=1,
                kind=ComplaintKind.COMPLAINT,
                verify_by=promise("16 08:00"),
                answer_by=promise("30 08:00"),
            ),
        ),
    ),
    "silent": row(
        34,
        START,
        *AWAITED,
        ("05 03:00", Suspended(ground="trafficking-check", pauses=True)),
        ("06 03:00", Resumed(promise=promise("11 08:00"))),
        ("11 08:00", SILENT),
        (
            "10 04:00",
            DecisionReportedLate(
                decision=Decision.REJECTED, reason=RejectionReason.NOT_ELIGIBLE, remedy=Remedy.OBJECTION
            ),
        ),
    ),
    "disputed": row(35, START, *TAKEN, ("12 02:00", Disputed(reason=DisputeReason.WRONG_DATA))),
    "reopened": row(
        36,
        START,
        *TAKEN,
        ("11 05:00", Disputed(reason=DisputeReason.WRONG_DATA)),
        ("12 01:00", Reopened(redo=("printing",))),
        ("12 02:00", StageEntered(stage="printing", holder=Holder.TECHNICAL_TEAM)),
    ),
    "linked": row(
        37,
        START,
        (
            "03 22:11",
            Linked(
                link=UUID(int=1),
                life_event=LifeEvent.BIRTH,
                others=(UUID(int=90), UUID(int=91)),
                supplied=("old-family-card",),
            ),
        ),
        *COMPLETE,
        ("06 02:00", PaymentRequested(payment=1, amount_idr=20_000, pauses=False)),
        ("06 03:00", PaymentReceived(payment=1, amount_idr=20_000)),
    ),
    "ended-unpaid": row(41, START, *COMPLETE, *PART_PAID, ("10 07:00", NOT_ELIGIBLE)),
    "paid-after-the-end": row(
        42,
        START,
        *COMPLETE,
        *PART_PAID,
        ("10 07:00", NOT_ELIGIBLE),
        ("11 02:00", PaymentReceived(payment=1, amount_idr=1_000_000)),
    ),
    "reported-late": row(
        43,
        START,
        *AWAITED,
        ("10 07:00", Approved(report_until=when("11 08:00"))),
        at_quality=Quality.DEVICE,
        late_by=timedelta(days=2),
    ),
    "revoked": row(38, START, *TAKEN, ("12 02:00", Revoked(ground=RevocationGround.UNTRUE_STATEMENT))),
    "known-late": row(
        39,
        START,
        *COMPLETE,
        ("10 07:00", Approved()),
        ("05 02:00", StageEntered(stage="data-entry")),
        at_quality=Quality.DEVICE,
        late_by=timedelta(minutes=-6),
    ),
}
"""All of them by name."""
