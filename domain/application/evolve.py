"""An application: what it is. `evolve` never refuses, whatever history says; what may happen is in `decisions`.

evolve : Application, Recorded -> Application
fold   : [Recorded]            -> Application
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from functools import reduce
from typing import Any, assert_never
from uuid import UUID

from domain.application.events import (
    Approved,
    Cancelled,
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
    Issued,
    Lapsed,
    MadeReady,
    PinReset,
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
from domain.application.pauses import OpenPauses, pauses_after
from domain.application.status import ENDS, OUTCOMES, Status, status_after
from domain.codes import Amendment
from domain.provenance import Pause, Promise


@dataclass(frozen=True, slots=True, kw_only=True)
class Counted:
    """How many of each kind there were: the next one's number is one more."""

    referrals: int = 0
    inspections: int = 0
    payments: int = 0
    obstacles: int = 0
    complaints: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class PromiseFacts:
    """What a promise is counted by: its office and service, its start, its closed pauses, and the extensions used.

    `complete_at`: when the file was last declared complete. `promised_at`: since when the system knows of `promise`.
    Instants are aware, UTC.
    """

    office: str = ""
    service: str = ""
    complete_at: datetime | None = None
    promise: Promise | None = None
    promised_at: datetime | None = None
    pauses: tuple[Pause, ...] = ()
    extensions: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Application(PromiseFacts):
    """The applicant's permohonan, folded from its events.

    `status` None: nothing is known of it yet. `before`: the status to which a return or a suspension leads back.
    `checked`: the last check of the documents that are in now; None if they were not checked. `referrals` maps each
    open referral to the office asked. `inspections`, `payments`, `obstacles`: the numbers of those that are open.

    `complete_at`, `decided_at`: when it was last declared complete, and first decided, as their events say.
    `promised_at`: since when the system knows of the promise that stands. `pausing` names the open pauses of the
    legal clock; the clock stands still since `paused_since`; `pauses` are over. `extensions` were used.
    `supplied`: requirements that a linked application asks for. `entries` keeps what an amendment may name: the event
    of each version; those in `taken_back` were entered in error.
    """

    version: int = 0
    status: Status | None = None
    before: Status = Status.RECEIVED
    number: str = ""
    standard: int = 0
    submitted_at: datetime | None = None
    officer: UUID | None = None
    checked: bool | None = None
    complete: bool = False
    decided_at: datetime | None = None
    pausing: frozenset[str] = frozenset()
    paused_since: datetime | None = None
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


def evolve(application: Application, recorded: Recorded) -> Application:
    """Never refuses."""
    act = recorded.act
    status, before = status_after(application.status, application.before, recorded.event)
    changes = {**_changes(application, recorded), **_paused(application, recorded)}
    if status in OUTCOMES and application.status not in OUTCOMES and application.decided_at is None:
        changes["decided_at"] = act.at
    if changes.get("promise", application.promise) != application.promise:
        changes["promised_at"] = recorded.known_at if changes["promise"] else None
    concerned = changes.get("concerned", application.concerned)
    if act.office and act.office not in concerned:
        concerned |= {act.office}
    changes.update(
        version=recorded.version,
        status=status,
        before=before,
        concerned=concerned,
        entries=(*application.entries, recorded),
    )
    return replace(application, **changes)


Changes = dict[str, Any]
"""New values of fields of an application: made into the next one at once, since a copy costs more than a decision."""


def _changes(application: Application, recorded: Recorded) -> Changes:
    event, act = recorded.event, recorded.act
    match event:
        case Submitted():
            return {
                "number": event.number,
                "service": event.service,
                "standard": event.standard,
                "submitted_at": act.at,
                "office": act.office,
                "promise": event.promise,
            }
        case DocumentsChecked():
            return {"checked": event.complete}
        case CorrectionSupplied():
            return {"checked": None, "promise": event.promise or application.promise}
        case Resumed():
            return {"promise": event.promise or application.promise}
        case DeclaredComplete():
            return {"complete": True, "complete_at": act.at, "promise": event.promise or application.promise}
        case DeadlineExtended():
            return {"promise": event.promise, "extensions": (*application.extensions, event.extension)}
        case PromiseMoved():
            return {"promise": event.promise}
        case StageEntered():
            return {"entered": application.entered | {event.stage}}
        case StageCompleted():
            return {
                "entered": application.entered - {event.stage},
                "completed": application.completed | {event.stage},
            }
        case Referred():
            return {
                "referrals": {**application.referrals, event.referral: event.to},
                "counted": _count(application, referrals=event.referral),
                "concerned": application.concerned | {event.to},
            }
        case ReferralAnswered():
            left = {number: to for number, to in application.referrals.items() if number != event.referral}
            return {"referrals": left}
        case InspectionScheduled():
            return {
                "inspections": application.inspections | {event.inspection},
                "counted": _count(application, inspections=event.inspection),
            }
        case InspectionDone():
            return {"inspections": application.inspections - {event.inspection}}
        case PaymentRequested():
            return {
                "payments": application.payments | {event.payment},
                "counted": _count(application, payments=event.payment),
            }
        case PaymentReceived() | PaymentExpired():
            return {
                "payments": application.payments - {event.payment},
                "promise": event.promise or application.promise,
            }
        case ObstacleReported():
            return {
                "obstacles": application.obstacles | {event.obstacle},
                "counted": _count(application, obstacles=event.obstacle),
            }
        case ObstacleCleared():
            return {"obstacles": application.obstacles - {event.obstacle}}
        case Disputed():
            return {"disputed": True}
        case DisputeDismissed():
            return {"disputed": False}
        case Reopened():
            redo = set(event.redo)
            return {
                "disputed": False,
                "entered": application.entered - redo,
                "completed": application.completed - redo,
            }
        case HandedOver():
            return {"handed_over_at": act.at}
        case Linked():
            return {
                "links": application.links.union(event.others),
                "supplied": application.supplied.union(event.supplied),
            }
        case ComplaintReferred():
            return {"counted": _count(application, complaints=event.complaint)}
        case Transferred():
            return {"office": event.to, "officer": None, "concerned": application.concerned | {event.to}}
        case Reassigned():
            return {"officer": event.officer}
        case RecordAmended():
            return _amended(application, event)
        case PinReset():
            return {"pin_resets": application.pin_resets + 1}
        case (
            ReturnedForCorrection()
            | Suspended()
            | Received()
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
            return {}
        case _:
            assert_never(event)


def _count(application: Application, **numbers: int) -> Counted:
    """Imported history numbers as it likes: the highest number counts."""
    known = application.counted
    return replace(known, **{kind: max(getattr(known, kind), number) for kind, number in numbers.items()})


def _paused(application: Application, recorded: Recorded) -> Changes:
    known = OpenPauses(application.pausing, application.paused_since)
    after, over = pauses_after(known, recorded.event, recorded.act.at)
    if after is known:
        return {}
    pauses = (*application.pauses, over) if over else application.pauses
    return {"pausing": after.names, "paused_since": after.since, "pauses": pauses}


def _amended(application: Application, event: RecordAmended) -> Changes:
    """An entry in error is taken back: the stages are those of the entries that stand. A wrong time moves nothing."""
    changes: Changes = {"amended": application.amended | {event.amends}}
    if event.amendment is not Amendment.ENTERED_IN_ERROR or not 0 < event.amends <= len(application.entries):
        return changes
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
    return {**changes, "taken_back": taken_back, "entered": frozenset(entered), "completed": frozenset(completed)}
