"""Events of an application: each event is a fact, and its name is in the past tense.

An event's fields are its `data` (docs/event-format.md, Data). A field is a code, an enumeration value, an integer, a
boolean, an instant or a UUID. A field that is None is not stored. A topic never changes, even if its class is renamed.
"""

from dataclasses import dataclass
from datetime import datetime
from typing import ClassVar
from uuid import UUID

from domain.application import import_events, imported_events, incident_events, promise_events
from domain.codes import (
    Advice,
    Amendment,
    BasisCode,
    CancellationReason,
    CounterCode,
    Decision,
    Defect,
    DismissalReason,
    DisputeReason,
    DistrictCode,
    GroundCode,
    Holder,
    MallCode,
    OfficeCode,
    Quality,
    Receiver,
    RegencyCode,
    RejectionReason,
    Remedy,
    RequirementCode,
    RevocationGround,
    ServiceCode,
    StageCode,
    TrackingNumber,
    TransferReason,
)
from domain.provenance import Act, Event, Pause, Promise


@dataclass(frozen=True, slots=True, kw_only=True)
class DefectiveDocument:
    requirement: RequirementCode
    defect: Defect


@dataclass(frozen=True, slots=True, kw_only=True)
class Submitted(Event):
    """The citizen clock starts. The event names the applicant's district. For a sensitive service, the event names only
    the regency. `mall` and `counter` are the codes of the mall and the counter where the citizen was served.
    """

    topic: ClassVar[str] = "application.submitted.v1"
    service: ServiceCode
    standard: int
    number: TrackingNumber
    district: DistrictCode | None = None
    regency: RegencyCode | None = None
    promise: Promise | None = None
    mall: MallCode | None = None
    counter: CounterCode | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Received(Event):
    topic: ClassVar[str] = "application.received.v1"


@dataclass(frozen=True, slots=True, kw_only=True)
class DocumentsChecked(Event):
    topic: ClassVar[str] = "application.documents-checked.v1"
    complete: bool
    missing: tuple[RequirementCode, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class ReturnedForCorrection(Event):
    """The office returns the file and names all defects at once. `pauses` says whether the return pauses the legal
    clock. The service's standard must list the correction as a ground for a pause, otherwise the clock does not pause.
    """

    topic: ClassVar[str] = "application.returned-for-correction.v1"
    documents: tuple[DefectiveDocument, ...]
    pauses: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class CorrectionSupplied(Event):
    """The event ends a pause. If the pause moves the promised date, `promise` is the promise with the new date. If the
    date does not move, `promise` is absent.
    """

    topic: ClassVar[str] = "application.correction-supplied.v1"
    promise: Promise | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class DeclaredComplete(Event):
    """The legal clock starts, and the promise is computed once. `promise` is absent if the standard names no single
    time limit. `last_minute_percent` is copied from the standard, if the standard sets a value.
    """

    topic: ClassVar[str] = "application.declared-complete.v1"
    promise: Promise | None = None
    last_minute_percent: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class StageEntered(Event):
    """`holder` is the part of the office that works on the stage. `holder` is absent if the back office works on the
    stage.
    """

    topic: ClassVar[str] = "application.stage-entered.v1"
    stage: StageCode
    holder: Holder | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class StageCompleted(Event):
    topic: ClassVar[str] = "application.stage-completed.v1"
    stage: StageCode


@dataclass(frozen=True, slots=True, kw_only=True)
class Referred(Event):
    """`referral` is the number of the referral. The referrals of one application are numbered from 1."""

    topic: ClassVar[str] = "application.referred.v1"
    referral: int
    to: OfficeCode


@dataclass(frozen=True, slots=True, kw_only=True)
class ReferralAnswered(Event):
    """`referral` is the number of the answered referral. The number is 0 if an import's source names no referral."""

    topic: ClassVar[str] = "application.referral-answered.v1"
    referral: int
    advice: Advice


@dataclass(frozen=True, slots=True, kw_only=True)
class Transferred(Event):
    """The remaining time is counted with the calendar of the new office. `promise` is the promise with the new date.
    `promise` is absent in three cases: the system had computed no promise, the file was incomplete, or somebody had
    decided. `to` is the new office. `unlisted` is true if the service's standard does not list this office. `reason` is
    the reason that the supervisor gives for the transfer.
    """

    topic: ClassVar[str] = "application.transferred.v1"
    to: OfficeCode
    promise: Promise | None = None
    reason: TransferReason | None = None
    unlisted: bool | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Reassigned(Event):
    topic: ClassVar[str] = "application.reassigned.v1"
    officer: UUID


@dataclass(frozen=True, slots=True, kw_only=True)
class Suspended(Event):
    topic: ClassVar[str] = "application.suspended.v1"
    ground: GroundCode
    pauses: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Resumed(Event):
    """The event ends a pause. If the pause moves the promised date, `promise` is the promise with the new date. If the
    date does not move, `promise` is absent.
    """

    topic: ClassVar[str] = "application.resumed.v1"
    promise: Promise | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Approved(Event):
    """If the decision is recorded after `report_until`, the decision counts as late. `report_until` is absent if the
    server's clock gave the time of the decision, or if this time is after the promised date.
    """

    topic: ClassVar[str] = "application.approved.v1"
    report_until: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Rejected(Event):
    """If the decision is recorded after `report_until`, the decision counts as late. `report_until` is absent if the
    server's clock gave the time of the decision, or if this time is after the promised date.
    """

    topic: ClassVar[str] = "application.rejected.v1"
    reason: RejectionReason
    remedy: Remedy
    report_until: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class DeemedApproved(Event):
    """Nobody decided in time, so the application is deemed approved by law (UU 30/2014 art. 53, amended by UU 6/2023
    art. 175). The event holds the evidence for three facts. No event up to the stream version `silent_until` is a
    decision. The legal clock ran from `complete_at`, except during `pauses`. The due date of `promise` has passed.
    Normally, the time of the deemed approval is the promise's `due_at`, even if the deemed approval is recorded later.
    But the system may learn of the promise only after `due_at`. Then the time of the deemed approval is also after
    `due_at`. The law grants the application, and the system only records this.
    """

    topic: ClassVar[str] = "application.deemed-approved.v1"
    basis: BasisCode
    promise: Promise
    complete_at: datetime
    pauses: tuple[Pause, ...]
    silent_until: int


@dataclass(frozen=True, slots=True, kw_only=True)
class DecisionReportedLate(Event):
    """An office recorded a decision when the application already had an outcome. This outcome does not change."""

    topic: ClassVar[str] = "application.decision-reported-late.v1"
    decision: Decision
    reason: RejectionReason | None = None
    remedy: Remedy | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Issued(Event):
    topic: ClassVar[str] = "application.issued.v1"


@dataclass(frozen=True, slots=True, kw_only=True)
class MadeReady(Event):
    topic: ClassVar[str] = "application.ready.v1"


@dataclass(frozen=True, slots=True, kw_only=True)
class HandedOver(Event):
    """The citizen clock stops. `mall` and `counter` are the codes of the mall and the counter where the product was
    handed over.
    """

    topic: ClassVar[str] = "application.handed-over.v1"
    receiver: Receiver
    mall: MallCode | None = None
    counter: CounterCode | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Withdrawn(Event):
    topic: ClassVar[str] = "application.withdrawn.v1"


@dataclass(frozen=True, slots=True, kw_only=True)
class Lapsed(Event):
    """The applicant did not respond, so the application ends."""

    topic: ClassVar[str] = "application.lapsed.v1"


@dataclass(frozen=True, slots=True, kw_only=True)
class Cancelled(Event):
    topic: ClassVar[str] = "application.cancelled.v1"
    reason: CancellationReason


@dataclass(frozen=True, slots=True, kw_only=True)
class Revoked(Event):
    """The office revokes the product after it granted the application."""

    topic: ClassVar[str] = "application.revoked.v1"
    ground: RevocationGround


@dataclass(frozen=True, slots=True, kw_only=True)
class Disputed(Event):
    """The office recorded that the application is done, but the citizen says that the application is not done."""

    topic: ClassVar[str] = "application.disputed.v1"
    reason: DisputeReason


@dataclass(frozen=True, slots=True, kw_only=True)
class DisputeDismissed(Event):
    topic: ClassVar[str] = "application.dispute-dismissed.v1"
    reason: DismissalReason


@dataclass(frozen=True, slots=True, kw_only=True)
class Reopened(Event):
    """The office accepts the citizen's dispute and makes the product again. The application stays granted. `redo` holds
    the stages that the office must repeat, and every begun stage that depends on one of these stages. The stages are in
    the order of the procedure.
    """

    topic: ClassVar[str] = "application.reopened.v1"
    redo: tuple[StageCode, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class RecordAmended(Event):
    """The office corrects its record. `amends` is the stream version of the wrong event. `corrected_at` is the right
    time in UTC. Only an amendment of the kind TIME has `corrected_at`. A correction may change the time of a decision
    so that the decision is no longer late. Only such a correction has `report_until`. If it is recorded after
    `report_until`, the decision still counts as late.
    """

    topic: ClassVar[str] = "application.record-amended.v1"
    amends: int
    amendment: Amendment
    corrected_at: datetime | None = None
    report_until: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class PinReset(Event):
    topic: ClassVar[str] = "application.pin-reset.v1"


@dataclass(frozen=True, slots=True, kw_only=True)
class Concluded(Event):
    """The application ended, and the source of the import does not say how. Only imported history has this event. The
    application does not count as approved, issued or handed over.
    """

    topic: ClassVar[str] = "application.concluded.v1"


ApplicationEvent = (
    Submitted
    | Received
    | DocumentsChecked
    | ReturnedForCorrection
    | CorrectionSupplied
    | DeclaredComplete
    | StageEntered
    | StageCompleted
    | imported_events.ImportedEvent
    | Referred
    | ReferralAnswered
    | Transferred
    | Reassigned
    | Suspended
    | Resumed
    | incident_events.InspectionScheduled
    | incident_events.InspectionDone
    | incident_events.PaymentRequested
    | incident_events.PaymentReceived
    | incident_events.PaymentExpired
    | incident_events.ObstacleReported
    | incident_events.ObstacleCleared
    | promise_events.DeadlineExtended
    | promise_events.PromiseMoved
    | Approved
    | Rejected
    | DeemedApproved
    | DecisionReportedLate
    | Issued
    | MadeReady
    | HandedOver
    | Withdrawn
    | Lapsed
    | Cancelled
    | Revoked
    | Disputed
    | DisputeDismissed
    | Reopened
    | incident_events.Linked
    | incident_events.ComplaintReferred
    | RecordAmended
    | PinReset
    | Concluded
    | import_events.ImportEvent
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Recorded:
    """An event with its act and its stream version. The versions of a stream are 1, 2, 3 and so on. `recorded_at` is
    the time, in UTC, at which the system learnt of the event. `recorded_at` is None if this time is unknown.
    """

    version: int
    act: Act
    event: ApplicationEvent
    recorded_at: datetime | None = None

    @property
    def known_at(self) -> datetime:
        """The time, in UTC, at which the system learnt of the event. The clock of a computer other than the server may
        be wrong, and events from such a computer may arrive late. For these events, the result is `recorded_at`.
        """
        own = self.act.at_quality is Quality.SERVER
        return self.act.at if own or self.recorded_at is None else self.recorded_at
