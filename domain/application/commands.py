"""Commands: requests to change an application, named in the imperative. The actor, office and time are in an `Act`."""

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
    TransferReason,
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
    """`declare_complete`: the same act also declares the file complete, which makes a second event."""

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
    """`reason`: needed for an office that the service's standard does not list."""

    to: OfficeCode
    reason: TransferReason | None = None


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
    """`on`: a date in the office's time zone."""

    on: date


@dataclass(frozen=True, slots=True, kw_only=True)
class RecordInspection:
    inspection: int


@dataclass(frozen=True, slots=True, kw_only=True)
class RequestPayment:
    """`amount_idr`: whole rupiah. `expires_at`: UTC; None if the request never expires."""

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
    """`extension`: the code of an extension that the service's standard lists, with its legal basis."""

    extension: ExtensionCode


@dataclass(frozen=True, slots=True, kw_only=True)
class MovePromise:
    """The scheduler sends this command when a newer edition of a calendar was published."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Approve:
    pass


@dataclass(frozen=True, slots=True, kw_only=True)
class Reject:
    reason: RejectionReason
    remedy: Remedy


@dataclass(frozen=True, slots=True, kw_only=True)
class DeemApproved:
    """The scheduler sends this command when the office did not decide in time.

    `now`: when the scheduler looked, in UTC. The act's `at` is the due date.
    """

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
    """`redo`: the stages that the office must do again."""

    redo: tuple[StageCode, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Link:
    """Links the application to `others` under one link id.

    `supplied`: the requirements that an application earlier in the list asks for (see `linking`).
    """

    link: UUID
    life_event: LifeEvent
    others: tuple[UUID, ...]
    supplied: tuple[RequirementCode, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class ReferComplaint:
    """Refers a complaint to SP4N-LAPOR, which keeps the complaint. The complaint's number there is sealed."""

    kind: ComplaintKind


@dataclass(frozen=True, slots=True, kw_only=True)
class AmendRecord:
    """`amends`: the stream version of the wrong event. `corrected_at`: UTC; only for an amendment of the TIME."""

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
