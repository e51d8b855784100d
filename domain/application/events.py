"""What may have happened to an application: facts in the past tense, and the act they belong to.

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
)
from domain.provenance import Act, Event, Pause, Promise


@dataclass(frozen=True, slots=True, kw_only=True)
class DefectiveDocument:
    requirement: RequirementCode
    defect: Defect


@dataclass(frozen=True, slots=True, kw_only=True)
class Submitted(Event):
    """The citizen clock starts. A service marked sensitive records the regency, others the district."""

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
    """All defects at once. `pauses`: whether the legal clock pauses, which only a ground listed by the service does."""

    topic: ClassVar[str] = "application.returned-for-correction.v1"
    documents: tuple[DefectiveDocument, ...]
    pauses: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class CorrectionSupplied(Event):
    """`promise`: moved by the pause that ends here, if one does."""

    topic: ClassVar[str] = "application.correction-supplied.v1"
    promise: Promise | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class DeclaredComplete(Event):
    """The legal clock starts; the promise is computed here, once. None where the standard gives no single figure.

    `last_minute_percent`: the standard's, where it sets one.
    """

    topic: ClassVar[str] = "application.declared-complete.v1"
    promise: Promise | None = None
    last_minute_percent: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class StageEntered(Event):
    """`holder`: in whose hands the stage is; None is the back office."""

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
    """`referral` is 0 where a source does not say which one was answered."""

    topic: ClassVar[str] = "application.referral-answered.v1"
    referral: int
    advice: Advice


@dataclass(frozen=True, slots=True, kw_only=True)
class Transferred(Event):
    topic: ClassVar[str] = "application.transferred.v1"
    to: OfficeCode


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
    """`promise`: moved by the pause that ends here, if one does."""

    topic: ClassVar[str] = "application.resumed.v1"
    promise: Promise | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class DeadlineExtended(Event):
    """`extension`: which of those that the service's standard lists, with its legal basis."""

    topic: ClassVar[str] = "application.deadline-extended.v1"
    extension: ExtensionCode
    promise: Promise


@dataclass(frozen=True, slots=True, kw_only=True)
class PromiseMoved(Event):
    """A newer edition of a calendar moved the promised date; the edition stands in the promise."""

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
    """Granted by silence (UU 30/2014 art. 53, amended by UU 6/2023 art. 175), with the evidence.

    Nobody decided in any version up to `silent_until`; the clock ran from `complete_at` but for `pauses`, and `promise`
    passed. Happens at the promise's `due_at`, whenever it is recorded; later only where that was over
    before the system knew of the promise. The system records it and decides nothing.
    """

    topic: ClassVar[str] = "application.deemed-approved.v1"
    basis: BasisCode
    promise: Promise
    complete_at: datetime
    pauses: tuple[Pause, ...]
    silent_until: int


@dataclass(frozen=True, slots=True, kw_only=True)
class DecisionReportedLate(Event):
    """A decision that was taken before the outcome and recorded after it: known now, and the outcome stands."""

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
    """The applicant stayed silent."""

    topic: ClassVar[str] = "application.lapsed.v1"


@dataclass(frozen=True, slots=True, kw_only=True)
class Cancelled(Event):
    topic: ClassVar[str] = "application.cancelled.v1"
    reason: CancellationReason


@dataclass(frozen=True, slots=True, kw_only=True)
class Revoked(Event):
    """The product is withdrawn after it was granted."""

    topic: ClassVar[str] = "application.revoked.v1"
    ground: RevocationGround


@dataclass(frozen=True, slots=True, kw_only=True)
class Disputed(Event):
    """The citizen says that what is called done is not."""

    topic: ClassVar[str] = "application.disputed.v1"
    reason: DisputeReason


@dataclass(frozen=True, slots=True, kw_only=True)
class DisputeDismissed(Event):
    topic: ClassVar[str] = "application.dispute-dismissed.v1"
    reason: DismissalReason


@dataclass(frozen=True, slots=True, kw_only=True)
class Reopened(Event):
    """The dispute was right: the grant stands, the product is made again. `redo`: stages to be done once more."""

    topic: ClassVar[str] = "application.reopened.v1"
    redo: tuple[StageCode, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class RecordAmended(Event):
    """The office mends its record: names the wrong event by its version. `corrected_at`: UTC, for TIME only."""

    topic: ClassVar[str] = "application.record-amended.v1"
    amends: int
    amendment: Amendment
    corrected_at: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class PinReset(Event):
    topic: ClassVar[str] = "application.pin-reset.v1"


@dataclass(frozen=True, slots=True, kw_only=True)
class Concluded(Event):
    """Imports only: it ended, the source does not say how. Never counted as approved, issued or handed over."""

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
    """An event in its place: the stream version (1, 2, 3 …), the act it belongs to, and when we learnt of it (UTC)."""

    version: int
    act: Act
    event: ApplicationEvent
    recorded_at: datetime | None = None

    @property
    def known_at(self) -> datetime:
        """Since when the system knows of it. Another's clock may be wrong, and what it says come late."""
        own = self.act.at_quality is Quality.SERVER
        return self.act.at if own or self.recorded_at is None else self.recorded_at
