"""Events of an application: facts in the past tense.

An event's fields are the `data` of its stored form (docs/event-format.md, Data): codes, enumerations, integers,
booleans, instants, UUIDs. An optional field that is None is not stored. A topic is for ever; a class may be renamed.
"""

from dataclasses import dataclass
from datetime import datetime
from typing import ClassVar
from uuid import UUID

from domain.application.incident_events import (
    ComplaintReferred,
    InspectionDone,
    InspectionScheduled,
    Linked,
    ObstacleCleared,
    ObstacleReported,
    PaymentExpired,
    PaymentReceived,
    PaymentRequested,
)
from domain.codes import (
    Advice,
    Amendment,
    BasisCode,
    CancellationReason,
    Decision,
    Defect,
    DismissalReason,
    DisputeReason,
    DistrictCode,
    ExtensionCode,
    GroundCode,
    Holder,
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
    """The citizen clock starts. A sensitive service records only the regency; other services record the district."""

    topic: ClassVar[str] = "application.submitted.v1"
    service: ServiceCode
    standard: int
    number: TrackingNumber
    district: DistrictCode | None = None
    regency: RegencyCode | None = None
    promise: Promise | None = None


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
    """The office returns the file and names all defects at once.

    `pauses`: whether the legal clock pauses. It pauses only on a ground that the service's standard lists.
    """

    topic: ClassVar[str] = "application.returned-for-correction.v1"
    documents: tuple[DefectiveDocument, ...]
    pauses: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class CorrectionSupplied(Event):
    """`promise`: the promise as moved by the pause that ends here; absent if no promise moves."""

    topic: ClassVar[str] = "application.correction-supplied.v1"
    promise: Promise | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class DeclaredComplete(Event):
    """The legal clock starts, and the promise is computed once.

    `promise`: absent if the standard gives no single figure. `last_minute_percent`: the standard's value, if it sets
    one.
    """

    topic: ClassVar[str] = "application.declared-complete.v1"
    promise: Promise | None = None
    last_minute_percent: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class StageEntered(Event):
    """`holder`: the part of the office that does the stage; absent for the back office."""

    topic: ClassVar[str] = "application.stage-entered.v1"
    stage: StageCode
    holder: Holder | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class StageCompleted(Event):
    topic: ClassVar[str] = "application.stage-completed.v1"
    stage: StageCode


@dataclass(frozen=True, slots=True, kw_only=True)
class Referred(Event):
    """`referral` counts the referrals of this application from 1."""

    topic: ClassVar[str] = "application.referred.v1"
    referral: int
    to: OfficeCode


@dataclass(frozen=True, slots=True, kw_only=True)
class ReferralAnswered(Event):
    """`referral` is 0 if a source does not say which referral was answered."""

    topic: ClassVar[str] = "application.referral-answered.v1"
    referral: int
    advice: Advice


@dataclass(frozen=True, slots=True, kw_only=True)
class Transferred(Event):
    """`reason`: as the supervisor states it. `unlisted`: true if the service does not list the office `to`."""

    topic: ClassVar[str] = "application.transferred.v1"
    to: OfficeCode
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
    """`promise`: the promise as moved by the pause that ends here; absent if no promise moves."""

    topic: ClassVar[str] = "application.resumed.v1"
    promise: Promise | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class DeadlineExtended(Event):
    """`extension`: the code of an extension that the service's standard lists, with its legal basis."""

    topic: ClassVar[str] = "application.deadline-extended.v1"
    extension: ExtensionCode
    promise: Promise


@dataclass(frozen=True, slots=True, kw_only=True)
class PromiseMoved(Event):
    """A newer edition of a calendar moved the promised date. The promise names the edition."""

    topic: ClassVar[str] = "application.promise-moved.v1"
    promise: Promise


@dataclass(frozen=True, slots=True, kw_only=True)
class Approved(Event):
    topic: ClassVar[str] = "application.approved.v1"


@dataclass(frozen=True, slots=True, kw_only=True)
class Rejected(Event):
    topic: ClassVar[str] = "application.rejected.v1"
    reason: RejectionReason
    remedy: Remedy


@dataclass(frozen=True, slots=True, kw_only=True)
class DeemedApproved(Event):
    """The application is granted by silence (UU 30/2014 art. 53, amended by UU 6/2023 art. 175), with the evidence.

    The evidence: no event up to version `silent_until` is a decision, the legal clock ran from `complete_at` except
    during `pauses`, and `promise` passed. The event happens at the promise's `due_at`, even if it is recorded later. If
    `due_at` had passed before the system knew of the promise, the event happens later. The system only records the
    grant; it decides nothing.
    """

    topic: ClassVar[str] = "application.deemed-approved.v1"
    basis: BasisCode
    promise: Promise
    complete_at: datetime
    pauses: tuple[Pause, ...]
    silent_until: int


@dataclass(frozen=True, slots=True, kw_only=True)
class DecisionReportedLate(Event):
    """A decision was taken before the outcome but recorded after it. The outcome does not change."""

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
    """The citizen clock stops."""

    topic: ClassVar[str] = "application.handed-over.v1"
    receiver: Receiver


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
    """The office withdraws the product after the grant."""

    topic: ClassVar[str] = "application.revoked.v1"
    ground: RevocationGround


@dataclass(frozen=True, slots=True, kw_only=True)
class Disputed(Event):
    """The citizen says that the application is not done, although the office says so."""

    topic: ClassVar[str] = "application.disputed.v1"
    reason: DisputeReason


@dataclass(frozen=True, slots=True, kw_only=True)
class DisputeDismissed(Event):
    topic: ClassVar[str] = "application.dispute-dismissed.v1"
    reason: DismissalReason


@dataclass(frozen=True, slots=True, kw_only=True)
class Reopened(Event):
    """The dispute was right: the grant stays, and the office makes the product again. `redo`: the stages to repeat."""

    topic: ClassVar[str] = "application.reopened.v1"
    redo: tuple[StageCode, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class RecordAmended(Event):
    """The office corrects its record. `amends`: the stream version of the wrong event.

    `corrected_at`: UTC; only for an amendment of the TIME.
    """

    topic: ClassVar[str] = "application.record-amended.v1"
    amends: int
    amendment: Amendment
    corrected_at: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class PinReset(Event):
    topic: ClassVar[str] = "application.pin-reset.v1"


@dataclass(frozen=True, slots=True, kw_only=True)
class Concluded(Event):
    """In imported history only: the application ended, and the source does not say how.

    The application is never counted as approved, issued or handed over.
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
    | Referred
    | ReferralAnswered
    | Transferred
    | Reassigned
    | Suspended
    | Resumed
    | InspectionScheduled
    | InspectionDone
    | PaymentRequested
    | PaymentReceived
    | PaymentExpired
    | ObstacleReported
    | ObstacleCleared
    | DeadlineExtended
    | PromiseMoved
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
    | Linked
    | ComplaintReferred
    | RecordAmended
    | PinReset
    | Concluded
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Recorded:
    """An event with its place in the stream: the version (1, 2, 3 …) and the act that the event belongs to.

    `recorded_at`: when the system learnt of the event, in UTC; None if unknown.
    """

    version: int
    act: Act
    event: ApplicationEvent
    recorded_at: datetime | None = None

    @property
    def known_at(self) -> datetime:
        """When the system learnt of the event, in UTC.

        A clock other than the server's may be wrong, and its events may arrive late. Their `recorded_at` counts.
        """
        own = self.act.at_quality is Quality.SERVER
        return self.act.at if own or self.recorded_at is None else self.recorded_at
