"""An application: what it is. `evolve` never refuses, whatever history says; what may happen is in `decisions`.

evolve : Application, Recorded -> Application
fold   : [Recorded]            -> Application
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from enum import StrEnum
from functools import reduce
from typing import assert_never
from uuid import UUID

from domain.codes import Amendment
from domain.events import (
    ApplicationEvent,
    Approved,
    Cancelled,
    ComplaintReferred,
    Concluded,
    CorrectionSupplied,
    DeadlineExtended,
    DecisionReportedLate,
    DeclaredComplete,
    DeemedApproved,
    Disputed,
    DisputeDismissed,
    DocumentsChecked,
    HandedOver,
    InspectionDone,
    InspectionScheduled,
    Issued,
    Lapsed,
    Linked,
    MadeReady,
    ObstacleCleared,
    ObstacleReported,
    Pause,
    PaymentExpired,
    PaymentReceived,
    PaymentRequested,
    PinReset,
    Promise,
    PromiseMoved,
    Reassigned,
    Received,
    RecordAmended,
    Recorded,
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


class Status(StrEnum):
    """Where an application is, in the citizen's words. The last seven end it."""

    SUBMITTED = "submitted"
    RECEIVED = "received"
    RETURNED = "returned"
    PROCESSING = "processing"
    SUSPENDED = "suspended"
    APPROVED = "approved"
    DEEMED_APPROVED = "deemed_approved"
    ISSUED = "issued"
    READY = "ready"
    HANDED_OVER = "handed_over"
    REJECTED = "rejected"
    WITHDRAWN = "withdrawn"
    LAPSED = "lapsed"
    CANCELLED = "cancelled"
    REVOKED = "revoked"
    CONCLUDED = "concluded"


ENDS = frozenset(
    {
        Status.HANDED_OVER,
        Status.REJECTED,
        Status.WITHDRAWN,
        Status.LAPSED,
        Status.CANCELLED,
        Status.REVOKED,
        Status.CONCLUDED,
    }
)

OUTCOMES = ENDS | {Status.APPROVED, Status.DEEMED_APPROVED, Status.ISSUED, Status.READY}
"""Decided: what holds a file up comes before this."""

EARLY = (None, Status.SUBMITTED)
INTAKE = (*EARLY, Status.RECEIVED)
HOLDS = (Status.RETURNED, Status.SUSPENDED)

RETURN, SUSPENSION = "return", "suspension"
"""Names of pauses, beside one for each payment."""


def of_payment(payment: int) -> str:
    return f"payment-{payment}"


MOVES: Mapping[type[ApplicationEvent], Status] = {
    Submitted: Status.SUBMITTED,
    Approved: Status.APPROVED,
    DeemedApproved: Status.DEEMED_APPROVED,
    Rejected: Status.REJECTED,
    Issued: Status.ISSUED,
    MadeReady: Status.READY,
    HandedOver: Status.HANDED_OVER,
    Withdrawn: Status.WITHDRAWN,
    Lapsed: Status.LAPSED,
    Cancelled: Status.CANCELLED,
    Revoked: Status.REVOKED,
    Concluded: Status.CONCLUDED,
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Counted:
    """How many of each kind there were: the next one's number is one more."""

    referrals: int = 0
    inspections: int = 0
    payments: int = 0
    obstacles: int = 0
    complaints: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Application:
    """The applicant's permohonan, folded from its events.

    `status` None: nothing is known of it yet. `before`: the status to which a return or a suspension leads back.
    `checked`: the last check of the documents that are in now; None if they were not checked. `referrals` maps each
    open referral to the office asked. `inspections`, `payments`, `obstacles`: the numbers of those that are open.

    `complete_at`, `decided_at`: when it was last declared complete, and first decided, as their events say. `pausing`
    maps each open pause of the legal clock to its start; the clock stands still since `paused_since`; `pauses` are
    over. `extensions` were used. `supplied`: requirements that a linked application asks for. `entries` keeps what an
    amendment may name: the event of each version; those in `taken_back` were entered in error.
    """

    version: int = 0
    status: Status | None = None
    before: Status = Status.RECEIVED
    number: str = ""
    service: str = ""
    standard: int = 0
    submitted_at: datetime | None = None
    office: str = ""
    officer: UUID | None = None
    checked: bool | None = None
    complete: bool = False
    complete_at: datetime | None = None
    decided_at: datetime | None = None
    promise: Promise | None = None
    pausing: Mapping[str, datetime] = field(default_factory=dict)
    paused_since: datetime | None = None
    pauses: tuple[Pause, ...] = ()
    extensions: tuple[str, ...] = ()
    entered: frozenset[str] = frozenset()
    completed: frozenset[str] = frozenset()
    referrals: Mapping[int, str] = field(default_factory=dict)
    inspections: frozenset[int] = frozenset()
    payments: frozenset[int] = frozenset()
    obstacles: frozenset[int] = frozenset()
    counted: Counted = Counted()
    disputed: bool = False
    handed_over_at: datetime | None = None
    links: frozenset[UUID] = frozenset()
    supplied: frozenset[str] = frozenset()
    concerned: frozenset[str] = frozenset()
    pin_resets: int = 0
    amended: frozenset[int] = frozenset()
    taken_back: frozenset[int] = frozenset()
    entries: tuple[Recorded, ...] = ()

    @property
    def ended(self) -> bool:
        return self.status in ENDS

    @property
    def running(self) -> bool:
        """Whether the legal clock started and no decision stopped it; it may be paused."""
        return self.complete and self.decided_at is None


def fold(history: Iterable[Recorded]) -> Application:
    return reduce(evolve, history, Application())


def status_after(status: Status | None, before: Status, event: ApplicationEvent) -> tuple[Status | None, Status]:
    """The status after `event`, and the one to which a return or a suspension leads back.

    An end is for ever: what is recorded after it changes what is known, never the outcome (event-format, section 10);
    only a product handed over can be disputed and made again, or revoked. A hold comes before a decision. A second hold
    on top of the first does not hide where that one leads back to. Imported history may receive a held file or declare
    it complete: that moves what the hold leads back to.
    """
    if status in ENDS and not (status is Status.HANDED_OVER and isinstance(event, Reopened | Revoked)):
        return status, before
    underlying = before if status in HOLDS or status is None else status
    match event:
        case Received() if status in HOLDS:
            return status, Status.RECEIVED if before in EARLY else before
        case Received():
            return (Status.RECEIVED, before) if status in EARLY else (status, before)
        case ReturnedForCorrection() | Suspended() if status in OUTCOMES:
            return status, before
        case ReturnedForCorrection():
            return Status.RETURNED, underlying
        case Suspended():
            return Status.SUSPENDED, underlying
        case CorrectionSupplied():
            return (before, before) if status is Status.RETURNED else (status, before)
        case Resumed():
            return (before, before) if status is Status.SUSPENDED else (status, before)
        case DeclaredComplete() if status in HOLDS:
            return status, Status.PROCESSING if before in INTAKE else before
        case DeclaredComplete():
            return (Status.PROCESSING, before) if status in INTAKE else (status, before)
        case Reopened():
            return (Status.APPROVED, before) if status in (Status.READY, Status.HANDED_OVER) else (status, before)
        case _:
            return MOVES.get(type(event), status), before


def evolve(application: Application, recorded: Recorded) -> Application:
    """Never refuses."""
    status, before = status_after(application.status, application.before, recorded.event)
    office = {recorded.act.office} - {""}
    after = _apply(application, recorded)
    decided = status in OUTCOMES and application.status not in OUTCOMES
    return replace(
        after,
        decided_at=recorded.act.at if decided and application.decided_at is None else after.decided_at,
        version=recorded.version,
        status=status,
        before=before,
        concerned=after.concerned | office,
        entries=(*application.entries, recorded),
    )


def _apply(application: Application, recorded: Recorded) -> Application:
    event, act = recorded.event, recorded.act
    match event:
        case Submitted():
            return replace(
                application,
                number=event.number,
                service=event.service,
                standard=event.standard,
                submitted_at=act.at,
                office=act.office,
                promise=event.promise,
            )
        case DocumentsChecked():
            return replace(application, checked=event.complete)
        case ReturnedForCorrection():
            return _pause(application, RETURN, act.at) if event.pauses else application
        case CorrectionSupplied():
            return replace(_go_on(application, RETURN, act.at, event.promise), checked=None)
        case Suspended():
            return _pause(application, SUSPENSION, act.at) if event.pauses else application
        case Resumed():
            return _go_on(application, SUSPENSION, act.at, event.promise)
        case DeclaredComplete():
            return replace(application, complete=True, complete_at=act.at, promise=event.promise or application.promise)
        case DeadlineExtended():
            return replace(application, promise=event.promise, extensions=(*application.extensions, event.extension))
        case PromiseMoved():
            return replace(application, promise=event.promise)
        case StageEntered():
            return replace(application, entered=application.entered | {event.stage})
        case StageCompleted():
            return replace(
                application,
                entered=application.entered - {event.stage},
                completed=application.completed | {event.stage},
            )
        case Referred():
            return replace(
                application,
                referrals={**application.referrals, event.referral: event.to},
                counted=_count(application, referrals=event.referral),
                concerned=application.concerned | {event.to},
            )
        case ReferralAnswered():
            left = {number: to for number, to in application.referrals.items() if number != event.referral}
            return replace(application, referrals=left)
        case InspectionScheduled():
            return replace(
                application,
                inspections=application.inspections | {event.inspection},
                counted=_count(application, inspections=event.inspection),
            )
        case InspectionDone():
            return replace(application, inspections=application.inspections - {event.inspection})
        case PaymentRequested():
            requested = replace(
                application,
                payments=application.payments | {event.payment},
                counted=_count(application, payments=event.payment),
            )
            return _pause(requested, of_payment(event.payment), act.at) if event.pauses else requested
        case PaymentReceived() | PaymentExpired():
            settled = replace(application, payments=application.payments - {event.payment})
            return _go_on(settled, of_payment(event.payment), act.at, event.promise)
        case ObstacleReported():
            return replace(
                application,
                obstacles=application.obstacles | {event.obstacle},
                counted=_count(application, obstacles=event.obstacle),
            )
        case ObstacleCleared():
            return replace(application, obstacles=application.obstacles - {event.obstacle})
        case Disputed():
            return replace(application, disputed=True)
        case DisputeDismissed():
            return replace(application, disputed=False)
        case Reopened():
            redo = set(event.redo)
            return replace(
                application,
                disputed=False,
                entered=application.entered - redo,
                completed=application.completed - redo,
            )
        case HandedOver():
            return replace(application, handed_over_at=act.at)
        case Linked():
            return replace(
                application,
                links=application.links.union(event.others),
                supplied=application.supplied.union(event.supplied),
            )
        case ComplaintReferred():
            return replace(application, counted=_count(application, complaints=event.complaint))
        case Transferred():
            return replace(application, office=event.to, officer=None, concerned=application.concerned | {event.to})
        case Reassigned():
            return replace(application, officer=event.officer)
        case RecordAmended():
            return _amended(application, event)
        case PinReset():
            return replace(application, pin_resets=application.pin_resets + 1)
        case (
            Received()
            | Approved()
            | DeemedApproved()
            | Rejected()
            | DecisionReportedLate()
            | Issued()
            | MadeReady()
            | Withdrawn()
            | Lapsed()
            | Cancelled()
            | Revoked()
            | Concluded()
        ):
            return application
        case _:
            assert_never(event)


def _count(application: Application, **numbers: int) -> Counted:
    """Imported history numbers as it likes: the highest number counts."""
    known = application.counted
    return replace(known, **{kind: max(getattr(known, kind), number) for kind, number in numbers.items()})


def _pause(application: Application, pause: str, at: datetime) -> Application:
    pausing = {pause: at, **application.pausing}
    since = min(application.paused_since or at, at)
    return replace(application, pausing=pausing, paused_since=since)


def _go_on(application: Application, pause: str, at: datetime, moved: Promise | None) -> Application:
    """The clock runs again when the last open pause ends."""
    pausing = {name: since for name, since in application.pausing.items() if name != pause}
    application = replace(application, pausing=pausing, promise=moved or application.promise)
    if application.paused_since is None or pausing:
        return application
    over = Pause(since=application.paused_since, until=at)
    return replace(application, paused_since=None, pauses=(*application.pauses, over))


def _amended(application: Application, event: RecordAmended) -> Application:
    """An entry in error is taken back: the stages are those of the entries that stand. A wrong time moves nothing."""
    application = replace(application, amended=application.amended | {event.amends})
    if event.amendment is not Amendment.ENTERED_IN_ERROR or not 0 < event.amends <= len(application.entries):
        return application
    taken_back = application.taken_back | {event.amends}
    entered: set[str] = set()
    completed: set[str] = set()
    for entry in application.entries:
        match entry.event:
            case StageEntered(stage=stage) if entry.version not in taken_back:
                entered.add(stage)
            case StageCompleted(stage=stage) if entry.version not in taken_back:
                entered.discard(stage)
                completed.add(stage)
            case Reopened(redo=redo):
                entered.difference_update(redo)
                completed.difference_update(redo)
    return replace(application, taken_back=taken_back, entered=frozenset(entered), completed=frozenset(completed))
