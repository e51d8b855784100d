"""What one may ask of an application: wishes in the imperative. Who, where and when come beside them, as an `Act`."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from domain.codes import (
    Advice,
    Amendment,
    CancellationReason,
    DistrictCode,
    GroundCode,
    OfficeCode,
    Receiver,
    RegencyCode,
    RejectionReason,
    Remedy,
    RequirementCode,
    ServiceCode,
    StageCode,
    TrackingNumber,
)
from domain.events import DefectiveDocument


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
class Approve:
    pass


@dataclass(frozen=True, slots=True, kw_only=True)
class Reject:
    reason: RejectionReason
    remedy: Remedy


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
    | Approve
    | Reject
    | Issue
    | MakeReady
    | HandOver
    | Withdraw
    | Lapse
    | Cancel
    | AmendRecord
    | ResetPin
)
