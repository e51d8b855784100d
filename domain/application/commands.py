"""What one may ask of an application: wishes in the imperative. Who, where and when come beside them, as an `Act`."""

from dataclasses import dataclass
from datetime import date, datetime
from uuid import UUID

from domain.application.events import DefectiveDocument
from domain.codes import (
    Advice,
    Amendment,
    CancellationReason,
    ComplaintKind,
    DismissalReason,
    DisputeReason,
    DistrictCode,
    ExtensionCode,
    GroundCode,
    LifeEvent,
    ObstacleCode,
    OfficeCode,
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


@dataclass(frozen=True, slots=True, kw_only=True)
class SubmitApplication:
    service: ServiceCode
    number: TrackingNumber
    district: DistrictCode | None = None
    regency: RegencyCode | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Receive:
    pass


@dataclass(frozen=True, slots=True, kw_only=True)
class CheckDocuments:
    """`declare_complete`: the same act declares the file complete (two events)."""

    complete: bool
    missing: tuple[RequirementCode, ...] = ()
    declare_complete: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class ReturnForCorrection:
    documents: tuple[DefectiveDocument, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class SupplyCorrection:
    pass


@dataclass(frozen=True, slots=True, kw_only=True)
class DeclareComplete:
    pass


@dataclass(frozen=True, slots=True, kw_only=True)
class EnterStage:
    stage: StageCode


@dataclass(frozen=True, slots=True, kw_only=True)
class CompleteStage:
    stage: StageCode


@dataclass(frozen=True, slots=True, kw_only=True)
class Refer:
    to: OfficeCode


@dataclass(frozen=True, slots=True, kw_only=True)
class AnswerReferral:
    referral: int
    advice: Advice


@dataclass(frozen=True, slots=True, kw_only=True)
class Transfer:
    to: OfficeCode


@dataclass(frozen=True, slots=True, kw_only=True)
class Reassign:
    officer: UUID


@dataclass(frozen=True, slots=True, kw_only=True)
class Suspend:
    ground: GroundCode


@dataclass(frozen=True, slots=True, kw_only=True)
class Resume:
    pass


@dataclass(frozen=True, slots=True, kw_only=True)
class ScheduleInspection:
    """`on`: a day of the office's local calendar."""

    on: date


@dataclass(frozen=True, slots=True, kw_only=True)
class RecordInspection:
    inspection: int


@dataclass(frozen=True, slots=True, kw_only=True)
class RequestPayment:
    """In whole rupiah. `expires_at`: UTC; None where the request stays open."""

    amount_idr: int
    expires_at: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ReceivePayment:
    payment: int
    amount_idr: int


@dataclass(frozen=True, slots=True, kw_only=True)
class ExpirePayment:
    payment: int


@dataclass(frozen=True, slots=True, kw_only=True)
class ReportObstacle:
    code: ObstacleCode


@dataclass(frozen=True, slots=True, kw_only=True)
class ClearObstacle:
    obstacle: int


@dataclass(frozen=True, slots=True, kw_only=True)
class ExtendDeadline:
    """By one of the extensions that the service's standard lists with their legal basis."""

    extension: ExtensionCode


@dataclass(frozen=True, slots=True, kw_only=True)
class MovePromise:
    """The scheduler's: a newer edition of a calendar is out."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Approve:
    pass


@dataclass(frozen=True, slots=True, kw_only=True)
class Reject:
    reason: RejectionReason
    remedy: Remedy


@dataclass(frozen=True, slots=True, kw_only=True)
class DeemApproved:
    """The scheduler's: nobody answered in time. `now`: UTC, when that was looked at; the act's `at` is the due date."""

    now: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Issue:
    pass


@dataclass(frozen=True, slots=True, kw_only=True)
class MakeReady:
    pass


@dataclass(frozen=True, slots=True, kw_only=True)
class HandOver:
    receiver: Receiver = Receiver.APPLICANT


@dataclass(frozen=True, slots=True, kw_only=True)
class Withdraw:
    pass


@dataclass(frozen=True, slots=True, kw_only=True)
class Lapse:
    pass


@dataclass(frozen=True, slots=True, kw_only=True)
class Cancel:
    reason: CancellationReason


@dataclass(frozen=True, slots=True, kw_only=True)
class Revoke:
    ground: RevocationGround


@dataclass(frozen=True, slots=True, kw_only=True)
class Dispute:
    reason: DisputeReason


@dataclass(frozen=True, slots=True, kw_only=True)
class DismissDispute:
    reason: DismissalReason


@dataclass(frozen=True, slots=True, kw_only=True)
class Reopen:
    """`redo`: the stages that are to be done once more."""

    redo: tuple[StageCode, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Link:
    """To `others`, under one link. `supplied`: what an application earlier in the list asks for (`linking`)."""

    link: UUID
    life_event: LifeEvent
    others: tuple[UUID, ...]
    supplied: tuple[RequirementCode, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class ReferComplaint:
    """To SP4N-LAPOR, which keeps it; its number is sealed."""

    kind: ComplaintKind


@dataclass(frozen=True, slots=True, kw_only=True)
class AmendRecord:
    """`amends`: the stream version of the event that is wrong. `corrected_at`: UTC, for TIME only."""

    amends: int
    amendment: Amendment
    corrected_at: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ResetPin:
    pass


Command = (
    SubmitApplication
    | Receive
    | CheckDocuments
    | ReturnForCorrection
    | SupplyCorrection
    | DeclareComplete
    | EnterStage
    | CompleteStage
    | Refer
    | AnswerReferral
    | Transfer
    | Reassign
    | Suspend
    | Resume
    | ScheduleInspection
    | RecordInspection
    | RequestPayment
    | ReceivePayment
    | ExpirePayment
    | ReportObstacle
    | ClearObstacle
    | ExtendDeadline
    | MovePromise
    | Approve
    | Reject
    | DeemApproved
    | Issue
    | MakeReady
    | HandOver
    | Withdraw
    | Lapse
    | Cancel
    | Revoke
    | Dispute
    | DismissDispute
    | Reopen
    | Link
    | ReferComplaint
    | AmendRecord
    | ResetPin
)
