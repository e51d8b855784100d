"""Commands: a command is a request to change an application, and its name is in the imperative.

The `Act` of a command holds the actor, the office and the time.
"""

from dataclasses import dataclass
from datetime import date, datetime
from uuid import UUID

from domain.application.events import DefectiveDocument
from domain.codes import (
    Advice,
    Amendment,
    CancellationReason,
    ComplaintKind,
    CounterCode,
    DismissalReason,
    DisputeReason,
    DistrictCode,
    ExtensionCode,
    GroundCode,
    LifeEvent,
    MallCode,
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
    """`mall` and `counter` are the codes of the mall and the counter where the citizen was served. If the command has a
    value for `counter`, it also has a value for `mall`.
    """

    service: ServiceCode
    number: TrackingNumber
    district: DistrictCode | None = None
    regency: RegencyCode | None = None
    mall: MallCode | None = None
    counter: CounterCode | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Receive:
    pass


@dataclass(frozen=True, slots=True, kw_only=True)
class CheckDocuments:
    """If `declare_complete` is true, the command also declares the file complete, in a second event."""

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
    """`reason` is required if the service's standard does not list the office."""

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
    """The field `on` is the date of the inspection in the office's time zone."""

    on: date


@dataclass(frozen=True, slots=True, kw_only=True)
class RecordInspection:
    inspection: int


@dataclass(frozen=True, slots=True, kw_only=True)
class RequestPayment:
    """`amount_idr` is the amount in whole rupiah. `expires_at` is in UTC. If the request never expires, `expires_at` is
    None.
    """

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
    """`extension` is the code of an extension in the service's standard. The standard also names the law that allows
    this extension.
    """

    extension: ExtensionCode


@dataclass(frozen=True, slots=True, kw_only=True)
class MovePromise:
    """The scheduler sends this command after a newer edition of a calendar was published."""


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

    `now` is the instant, in UTC, at which the scheduler found the application overdue. The field `at` of the act is the
    due date, not the time at which the command is sent.
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
    """`mall` and `counter` are the codes of the mall and the counter where the product was handed over."""

    receiver: Receiver = Receiver.APPLICANT
    mall: MallCode | None = None
    counter: CounterCode | None = None


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
    """`redo` holds the stages that the office must do again."""

    redo: tuple[StageCode, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Link:
    """Links the application to the applications in `others`. All these applications get the same link id.

    `supplied` holds the requirements that the applicant already supplies to another linked application. The module
    `linking` computes `supplied`.
    """

    link: UUID
    life_event: LifeEvent
    others: tuple[UUID, ...]
    supplied: tuple[RequirementCode, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class ReferComplaint:
    """Refers a complaint to SP4N-LAPOR, the national complaint system. SP4N-LAPOR keeps the complaint. The complaint's
    number at SP4N-LAPOR is stored in a sealed part of the event.
    """

    kind: ComplaintKind


@dataclass(frozen=True, slots=True, kw_only=True)
class AmendRecord:
    """`amends` is the stream version of the wrong event. `corrected_at` is the right time in UTC.

    Only an amendment of the kind TIME has `corrected_at`.
    """

    amends: int
    amendment: Amendment
    corrected_at: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ResetPin:
    pass


LaterCommand = (
    Receive
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
"""These are all commands except `SubmitApplication`. Each of them needs an existing application."""

Command = SubmitApplication | LaterCommand
