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
    Concluded,
    CorrectionSupplied,
    DeclaredComplete,
    DocumentsChecked,
    HandedOver,
    Issued,
    Lapsed,
    MadeReady,
    PinReset,
    Promise,
    Reassigned,
    Received,
    RecordAmended,
    Recorded,
    ReferralAnswered,
    Referred,
    Rejected,
    Resumed,
    ReturnedForCorrection,
    StageCompleted,
    StageEntered,
    Submitted,
    Suspended,
    Transferred,
    Withdrawn,
)


class Status(StrEnum):
    """Where an application is, in the citizen's words. The last six end it."""

    SUBMITTED = "submitted"
    RECEIVED = "received"
    RETURNED = "returned"
    PROCESSING = "processing"
    SUSPENDED = "suspended"
    APPROVED = "approved"
    ISSUED = "issued"
    READY = "ready"
    HANDED_OVER = "handed_over"
    REJECTED = "rejected"
    WITHDRAWN = "withdrawn"
    LAPSED = "lapsed"
    CANCELLED = "cancelled"
    CONCLUDED = "concluded"


ENDS = frozenset(
    {Status.HANDED_OVER, Status.REJECTED, Status.WITHDRAWN, Status.LAPSED, Status.CANCELLED, Status.CONCLUDED}
)

EARLY = (None, Status.SUBMITTED)
INTAKE = (*EARLY, Status.RECEIVED)
HOLDS = (Status.RETURNED, Status.SUSPENDED)

MOVES: Mapping[type[ApplicationEvent], Status] = {
    Submitted: Status.SUBMITTED,
    Approved: Status.APPROVED,
    Rejected: Status.REJECTED,
    Issued: Status.ISSUED,
    MadeReady: Status.READY,
    HandedOver: Status.HANDED_OVER,
    Withdrawn: Status.WITHDRAWN,
    Lapsed: Status.LAPSED,
    Cancelled: Status.CANCELLED,
    Concluded: Status.CONCLUDED,
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Application:
    """The applicant's permohonan, folded from its events.

    `status` None: nothing is known of it yet. `before`: the status to which a return or a suspension leads back.
    `checked`: the last check of the documents that are in now; None if they were not checked. `referrals` maps each
    open referral to the office asked. `entries` keeps what an amendment may name: the event of each version; those in
    `taken_back` were entered in error.
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
    promise: Promise | None = None
    entered: frozenset[str] = frozenset()
    completed: frozenset[str] = frozenset()
    referrals: Mapping[int, str] = field(default_factory=dict)
    referred: int = 0
    concerned: frozenset[str] = frozenset()
    pin_resets: int = 0
    amended: frozenset[int] = frozenset()
    taken_back: frozenset[int] = frozenset()
    entries: tuple[Recorded, ...] = ()

    @property
    def ended(self) -> bool:
        return self.status in ENDS


def fold(history: Iterable[Recorded]) -> Application:
    return reduce(evolve, history, Application())


def status_after(status: Status | None, before: Status, event: ApplicationEvent) -> tuple[Status | None, Status]:
    """The status after `event`, and the one to which a return or a suspension leads back.

    An end is for ever: what is recorded after it changes what is known, never the outcome (event-format, section 10).
    A second hold on top of the first does not hide where that one leads back to. Imported history may receive a held
    file or declare it complete: that moves what the hold leads back to.
    """
    if status in ENDS:
        return status, before
    underlying = before if status in HOLDS or status is None else status
    match event:
        case Received() if status in HOLDS:
            return status, Status.RECEIVED if before in EARLY else before
        case Received():
            return (Status.RECEIVED, before) if status in EARLY else (status, before)
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
        case _:
            return MOVES.get(type(event), status), before


def evolve(application: Application, recorded: Recorded) -> Application:
    """Never refuses."""
    status, before = status_after(application.status, application.before, recorded.event)
    office = {recorded.act.office} - {""}
    after = _apply(application, recorded)
    return replace(
        after,
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
        case CorrectionSupplied():
            return replace(application, checked=None)
        case DeclaredComplete():
            return replace(application, complete=True, promise=event.promise or application.promise)
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
                referred=max(application.referred, event.referral),
                concerned=application.concerned | {event.to},
            )
        case ReferralAnswered():
            left = {number: to for number, to in application.referrals.items() if number != event.referral}
            return replace(application, referrals=left)
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
            | ReturnedForCorrection()
            | Suspended()
            | Resumed()
            | Approved()
            | Rejected()
            | Issued()
            | MadeReady()
            | HandedOver()
            | Withdrawn()
            | Lapsed()
            | Cancelled()
            | Concluded()
        ):
            return application
        case _:
            assert_never(event)


def _amended(application: Application, event: RecordAmended) -> Application:
    """An entry in error is taken back: the stages are those of the entries that stand. A wrong time moves nothing."""
    application = replace(application, amended=application.amended | {event.amends})
    if event.amendment is not Amendment.ENTERED_IN_ERROR or not 0 < event.amends <= len(application.entries):
        return application
    taken_back = application.taken_back | {event.amends}
    entered: set[str] = set()
    completed: set[str] = set()
    for version, entry in enumerate(application.entries, start=1):
        match entry.event:
            case StageEntered(stage=stage) if version not in taken_back:
                entered.add(stage)
            case StageCompleted(stage=stage) if version not in taken_back:
                entered.discard(stage)
                completed.add(stage)
    return replace(application, taken_back=taken_back, entered=frozenset(entered), completed=frozenset(completed))
