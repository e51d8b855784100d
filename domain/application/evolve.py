"""The state of an application is folded from its events. Every event is accepted: only `decide` refuses commands.

evolve : Application, Recorded -> Application
fold   : [Recorded]            -> Application
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from functools import reduce
from typing import Any, assert_never
from uuid import UUID

from domain.application import events, import_events, imported_events, incident_events, promise_events
from domain.application.events import Recorded
from domain.application.pauses import CHANGING, OpenPauses, pauses_after
from domain.application.standing import REVISING, parted
from domain.application.status import ENDS, OUTCOMES, Status, status_after
from domain.codes import Amendment
from domain.copies import with_changes
from domain.promises.steps import ExtensionStep, PauseStep, PromiseStep, TransferStep
from domain.provenance import Pause, Promise


@dataclass(frozen=True, slots=True, kw_only=True)
class Counted:
    """This class holds the highest number used so far for each kind of numbered thing, for example for referrals.

    The next thing of a kind gets the next number of this kind.
    """

    referrals: int = 0
    inspections: int = 0
    payments: int = 0
    obstacles: int = 0
    complaints: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class PromiseFacts:
    """The facts from which a promised date is computed.

    `complete_at` is the time at which the file was last declared complete. `promised_at` is the time at which the
    system learnt of `promise`. `promised_by` is the office that set the promise. `steps` holds the pauses, extensions
    and transfers since the promise was set, in the order of the events. All instants are aware and in UTC.
    """

    office: str = ""
    service: str = ""
    complete_at: datetime | None = None
    promise: Promise | None = None
    promised_at: datetime | None = None
    pauses: tuple[Pause, ...] = ()
    extensions: tuple[str, ...] = ()
    promised_by: str = ""
    steps: tuple[PromiseStep, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Application(PromiseFacts):
    """An application (permohonan), folded from its events. All instants are UTC.

    `status` is None before the first event. `before` is the status that the application gets back when a return or a
    suspension ends. `checked` is the result of the last check of the documents. `checked` is None until the office has
    checked the newest documents. `referrals` maps the number of each open referral to the office that was asked.
    `payments` maps the number of each open payment request to the amount in rupiah that is left to pay. `inspections`
    holds the numbers of the open inspections. `obstacles` holds the numbers of the open obstacles.

    `complete_at` is the time of the event that last declared the file complete. `decided_at` is the time of the first
    decision. `promised_at` is the time at which the system learnt of the promise in force. `pausing` holds the names of
    the open pauses of the legal clock. `paused_since` is the time at which the legal clock stopped, if the clock is
    paused. `pauses` holds the closed pauses. `extensions` holds the codes of the extensions already used. `supplied`
    holds the requirements that the applicant supplies to a linked application. `concerned` holds every office that
    acted, was asked for advice, or had the file.

    `to_redo` holds the stages that must be repeated after a reopening. A stage leaves `to_redo` when it is completed
    again. `issued_with` holds the stages that were completed when the product was first issued.

    `entries` keeps every event by its stream version, because an amendment may name any event. `amended` holds the
    stream versions of the amended events. `taken_back` holds the stream versions of the events that were entered in
    error. The events of an import that was taken back are in `undone`, and not in `entries`.
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
    to_redo: frozenset[str] = frozenset()
    issued_with: frozenset[str] = frozenset()
    referrals: Mapping[int, str] = field(default_factory=dict)
    inspections: frozenset[int] = frozenset()
    payments: Mapping[int, int] = field(default_factory=dict)
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
    undone: Mapping[int, Recorded] = field(default_factory=dict)

    @property
    def ended(self) -> bool:
        return self.status in ENDS

    @property
    def running(self) -> bool:
        """Return True if the legal clock has started and no decision has stopped it. The result is True also while the
        clock is paused.
        """
        return self.complete and self.decided_at is None


def fold(history: Iterable[Recorded]) -> Application:
    return reduce(evolve, history, Application())


def evolve(application: Application, recorded: Recorded) -> Application:
    """Return the application after one more event. The function accepts every event in every state."""
    if isinstance(recorded.event, REVISING):
        return _revised(application, recorded)
    return _evolved(application, recorded)


def _revised(application: Application, recorded: Recorded) -> Application:
    """Return the fold of the events that stand after `recorded`."""
    entries = (application.undone.get(entry.version, entry) for entry in application.entries)
    history = parted([*entries, recorded])
    after = reduce(_evolved, history.left, Application())
    return replace(after, version=recorded.version, entries=history.entries, undone=history.undone)


def _evolved(application: Application, recorded: Recorded) -> Application:
    act = recorded.act
    status, before = status_after(application.status, application.before, recorded.event)
    changes = {**_changes(application, recorded), **_paused(application, recorded)}
    step = step_of(application, OpenPauses(application.pausing, application.paused_since), recorded)
    if step:
        changes["steps"] = (*application.steps, step)
    if status in OUTCOMES and application.status not in OUTCOMES and application.decided_at is None:
        changes["decided_at"] = act.at
    if changes.get("promise", application.promise) != application.promise:
        changes["promised_at"] = recorded.known_at if changes["promise"] else None
    concerned = changes.get("concerned", application.concerned)
    if act.office and act.office not in concerned and not linked_elsewhere(recorded, application.office):
        concerned |= {act.office}
    changes.update(
        version=recorded.version,
        status=status,
        before=before,
        concerned=concerned,
        entries=(*application.entries, recorded),
    )
    return with_changes(application, changes)


def linked_elsewhere(recorded: Recorded, holder: str) -> bool:
    """Tell whether the event is a link that was made by an office other than `holder`.

    Such an office is not added to the offices that the application concerns.
    """
    return isinstance(recorded.event, incident_events.Linked) and recorded.act.office != holder


Changes = dict[str, Any]
"""New values of an application's fields.

The new values are collected and then applied in one copy, because each copy of an application takes longer than a
decision.
"""


def _changes(application: Application, recorded: Recorded) -> Changes:
    event, act = recorded.event, recorded.act
    match event:
        case events.Submitted():
            return {
                "number": event.number,
                "service": event.service,
                "standard": event.standard,
                "submitted_at": act.at,
                "office": act.office,
                "promise": event.promise,
            }
        case events.DocumentsChecked():
            return {"checked": event.complete}
        case events.CorrectionSupplied():
            return {"checked": None, "promise": event.promise or application.promise}
        case events.Resumed():
            return {"promise": event.promise or application.promise}
        case events.DeclaredComplete():
            return {
                "complete": True,
                "complete_at": act.at,
                "promise": event.promise or application.promise,
                "promised_by": application.office,
                "steps": (),
            }
        case promise_events.DeadlineExtended():
            return {"promise": event.promise, "extensions": (*application.extensions, event.extension)}
        case promise_events.PromiseMoved():
            return {"promise": event.promise}
        case events.StageEntered():
            return {"entered": application.entered | {event.stage}}
        case events.StageCompleted():
            return {
                "entered": application.entered - {event.stage},
                "completed": application.completed | {event.stage},
                "to_redo": application.to_redo - {event.stage},
            }
        case imported_events.StageEnded():
            return {"entered": application.entered - {event.stage}}
        case events.Referred():
            return {
                "referrals": {**application.referrals, event.referral: event.to},
                "counted": _count(application, referrals=event.referral),
                "concerned": application.concerned | {event.to},
            }
        case events.ReferralAnswered():
            left = {number: to for number, to in application.referrals.items() if number != event.referral}
            return {"referrals": left}
        case incident_events.InspectionScheduled():
            return {
                "inspections": application.inspections | {event.inspection},
                "counted": _count(application, inspections=event.inspection),
            }
        case incident_events.InspectionDone():
            return {"inspections": application.inspections - {event.inspection}}
        case incident_events.PaymentRequested():
            return {
                "payments": {**application.payments, event.payment: event.amount_idr},
                "counted": _count(application, payments=event.payment),
            }
        case incident_events.PaymentReceived(open_idr=int(left)):
            known = event.payment in application.payments
            return {"payments": {**application.payments, event.payment: left}} if known else {}
        case incident_events.PaymentReceived() | incident_events.PaymentExpired():
            return {
                "payments": {number: left for number, left in application.payments.items() if number != event.payment},
                "promise": event.promise or application.promise,
            }
        case incident_events.ObstacleReported():
            return {
                "obstacles": application.obstacles | {event.obstacle},
                "counted": _count(application, obstacles=event.obstacle),
            }
        case incident_events.ObstacleCleared():
            return {"obstacles": application.obstacles - {event.obstacle}}
        case events.Disputed():
            return {"disputed": True}
        case events.DisputeDismissed():
            return {"disputed": False}
        case events.Reopened():
            redo = set(event.redo)
            return {
                "disputed": False,
                "entered": application.entered - redo,
                "completed": application.completed - redo,
                "to_redo": application.to_redo | redo,
            }
        case events.Issued():
            return {} if application.issued_with else {"issued_with": application.completed}
        case events.HandedOver():
            return {"handed_over_at": act.at}
        case incident_events.Linked():
            return {
                "links": application.links.union(event.others),
                "supplied": application.supplied.union(event.supplied),
            }
        case incident_events.ComplaintReferred():
            return {"counted": _count(application, complaints=event.complaint)}
        case events.Transferred():
            return {
                "office": event.to,
                "officer": None,
                "concerned": application.concerned | {event.to},
                "promise": event.promise or application.promise,
            }
        case events.Reassigned():
            return {"officer": event.officer}
        case events.RecordAmended():
            return _amended(application, event)
        case events.PinReset():
            return {"pin_resets": application.pin_resets + 1}
        case (
            events.ReturnedForCorrection()
            | events.Suspended()
            | events.Received()
            | events.Approved()
            | events.DeemedApproved()
            | events.Rejected()
            | events.DecisionReportedLate()
            | events.MadeReady()
            | events.Withdrawn()
            | events.Lapsed()
            | events.Cancelled()
            | events.Revoked()
            | events.Concluded()
            | import_events.ImportUndone()
            | import_events.ImportRestored()
            | imported_events.StagePlanned()
        ):
            return {}
        case _:
            assert_never(event)


def _count(application: Application, **numbers: int) -> Counted:
    """Return the highest numbers that were used so far. `numbers` holds the numbers of the new event.

    In imported history, numbers may come in any order. So a number below the highest number changes nothing.
    """
    known = application.counted
    return replace(known, **{kind: max(getattr(known, kind), number) for kind, number in numbers.items()})


STEPS = CHANGING | {promise_events.DeadlineExtended, events.Transferred}
"""Only events of these types can add a step to a promise."""


def step_of(facts: PromiseFacts, open_pauses: OpenPauses, recorded: Recorded) -> PromiseStep | None:
    """Return the step that this event adds to a promise: a pause, an extension or a transfer.

    Return None if the event adds no step.

    `facts` and `open_pauses` describe the state before the event. Earlier releases recorded transfers without a
    promise. A transfer without a promise is not a step.
    """
    event, at = recorded.event, recorded.act.at
    _, over = pauses_after(open_pauses, event, at)
    match event:
        case promise_events.DeadlineExtended():
            return ExtensionStep(extension=event.extension, office=facts.office)
        case events.Transferred(promise=Promise()):
            since = min(open_pauses.since or at, at)
            return TransferStep(at=since, office=facts.office, to=event.to)
        case _ if over:
            return PauseStep(since=over.since, until=over.until, office=facts.office)
        case _:
            return None


def _paused(application: Application, recorded: Recorded) -> Changes:
    known = OpenPauses(application.pausing, application.paused_since)
    after, over = pauses_after(known, recorded.event, recorded.act.at)
    if after is known:
        return {}
    pauses = (*application.pauses, over) if over else application.pauses
    return {"pausing": after.names, "paused_since": after.since, "pauses": pauses}


def _amended(application: Application, event: events.RecordAmended) -> Changes:
    """Take back an event that was entered in error. The stages are computed again without this event.

    An amendment that corrects a time does not change the state.
    """
    changes: Changes = {"amended": application.amended | {event.amends}}
    if event.amendment is not Amendment.ENTERED_IN_ERROR or not 0 < event.amends <= application.version:
        return changes
    taken_back = application.taken_back | {event.amends}
    entered: set[str] = set()
    completed: set[str] = set()
    to_redo: set[str] = set()
    for entry in application.entries:
        match entry.event:
            case events.StageEntered(stage=stage) if entry.version not in taken_back:
                entered.add(stage)
            case events.StageCompleted(stage=stage) if entry.version not in taken_back:
                entered.discard(stage)
                completed.add(stage)
                to_redo.discard(stage)
            case imported_events.StageEnded(stage=stage):
                entered.discard(stage)
            case events.Reopened(redo=redo):
                entered.difference_update(redo)
                completed.difference_update(redo)
                to_redo.update(redo)
    return {
        **changes,
        "taken_back": taken_back,
        "entered": frozenset(entered),
        "completed": frozenset(completed),
        "to_redo": frozenset(to_redo),
    }
