"""Desk view: each row shows the work that is left on a file, and the time at which this work is due. A row is folded
from events only.

    project : DeskRow | None, id, Recorded -> DeskRow

Instants in columns are aware and in UTC. Instants in `details` are text. A row does not say whether the file is overdue
or will soon be deemed approved. These two facts depend on the present time and on a calendar, so the code that reads a
row computes them. The queries are in desk.sql.
"""

from collections.abc import Sequence
from datetime import datetime
from typing import Any, TypedDict, cast
from uuid import UUID

from domain.application import events, incident_events, promise_events
from domain.application.evolve import STEPS, PromiseFacts, step_of
from domain.application.status import ENDS, OUTCOMES, Status, status_after
from domain.json_values import instant, parse_instant
from domain.provenance import Pause, Promise
from domain.registry.calendar import Unit
from projections.open_pauses import KeptPauses, note_pauses, open_pauses
from projections.promises import (
    PROMISING,
    PlainPause,
    PlainPromise,
    PlainStep,
    parse_promise,
    parse_step,
    plain_pause,
    plain_promise,
    plain_step,
    promise_set_by,
)
from projections.queries import queries
from projections.view import ViewOf, in_order


class OpenPayment(TypedDict):
    """A payment request that is neither paid nor expired. `expires_at` is None if the request never expires."""

    payment: int
    amount_idr: int
    requested_at: str
    expires_at: str | None


class OpenObstacle(TypedDict):
    obstacle: int
    code: str


class DeskDetails(KeptPauses):
    """`promised_at` is the time at which the system learnt of `promise`. `pauses` holds the closed pauses.

    `promised_by` is the office that set the promise. `steps` holds the pauses, extensions and transfers since the
    promise was set. `payments` and `obstacles` hold the open payment requests and the open obstacles.
    """

    promise: PlainPromise | None
    promised_at: str | None
    extensions: list[str]
    promised_by: str
    steps: list[PlainStep]
    pauses: list[PlainPause]
    payments: list[OpenPayment]
    obstacles: list[OpenObstacle]


class DeskRow(TypedDict):
    """`open` says whether the office has work left. An office has work left if the file has not ended or is disputed.

    `due_at` is the promised instant while a decision is awaited. Otherwise `due_at` is None. `own_promise` says whether
    the system computed the promised date. `own_promise` is false if an import's source states the date.
    `payment_expires_at` is the time at which the next open payment request expires.
    """

    application_id: UUID
    version: int
    number: str
    office: str
    open: bool
    status: str | None
    underlying: str
    service: str
    standard: int
    channel: str
    officer: UUID | None
    submitted_at: datetime | None
    complete_at: datetime | None
    decided_at: datetime | None
    due_at: datetime | None
    own_promise: bool
    calendar: str
    paused: bool
    payment_expires_at: datetime | None
    disputed: bool
    details: DeskDetails


NOTED = (
    STEPS
    | PROMISING
    | {
        events.Reassigned,
        events.Disputed,
        events.DisputeDismissed,
        events.Reopened,
        incident_events.ObstacleReported,
        incident_events.ObstacleCleared,
    }
)
"""Events of all other types change only the status."""


def project(row: DeskRow | None, application: UUID, recorded: events.Recorded) -> DeskRow:
    """Fold one more event into the row, and return the new row."""
    return fold(row, application, (recorded,))


def fold(row: DeskRow | None, application: UUID, new: Sequence[events.Recorded]) -> DeskRow:
    """Fold the events in `new` into the row, and return the new row. The events are sorted by version. The function
    does not change `row`.
    """
    after = row.copy() if row else _blank(application)
    after["details"] = after["details"].copy()
    status = Status(after["status"]) if after["status"] else None
    underlying = Status(after["underlying"])
    for recorded in new:
        status, underlying = status_after(status, underlying, recorded.event)
        if type(recorded.event) in NOTED:
            _note_step(after, recorded)
            _note(after, recorded)
            _note_details(after["details"], recorded)
        if after["decided_at"] is None and status in OUTCOMES:
            after["decided_at"] = recorded.act.at
    after["status"] = status.value if status else None
    after["underlying"] = underlying.value
    after["version"] = new[-1].version
    _derive(after, status)
    return after


def _derive(row: DeskRow, status: Status | None) -> None:
    """Set the columns by which queries select rows."""
    details = row["details"]
    promise = details["promise"]
    expiries = [parse_instant(payment["expires_at"]) for payment in details["payments"] if payment["expires_at"]]
    row["open"] = status not in ENDS or row["disputed"]
    row["due_at"] = parse_instant(promise["due_at"]) if promise and row["decided_at"] is None else None
    row["own_promise"] = promise is not None and promise["unit"] != Unit.SOURCE
    row["calendar"] = promise["calendar"] if promise else ""
    row["paused"] = bool(details["pausing"])
    row["payment_expires_at"] = min(expiries, default=None) if status not in ENDS else None


def _blank(application: UUID) -> DeskRow:
    """Return the row before the first event. Every row has all dictionary keys, in the order of the columns."""
    return {
        "application_id": application,
        "version": 0,
        "number": "",
        "office": "",
        "open": True,
        "status": None,
        "underlying": Status.RECEIVED.value,
        "service": "",
        "standard": 0,
        "channel": "unknown",
        "officer": None,
        "submitted_at": None,
        "complete_at": None,
        "decided_at": None,
        "due_at": None,
        "own_promise": False,
        "calendar": "",
        "paused": False,
        "payment_expires_at": None,
        "disputed": False,
        "details": {
            "promise": None,
            "promised_at": None,
            "extensions": [],
            "promised_by": "",
            "steps": [],
            "paused_since": None,
            "pausing": [],
            "pauses": [],
            "payments": [],
            "obstacles": [],
        },
    }


def _note(row: DeskRow, recorded: events.Recorded) -> None:
    """Set the columns that follow from the event, except status and details."""
    event, act = recorded.event, recorded.act
    match event:
        case events.Submitted():
            row["number"] = event.number
            row["service"] = event.service
            row["standard"] = event.standard
            row["channel"] = act.channel.value
            row["office"] = act.office
            row["submitted_at"] = act.at
        case events.DeclaredComplete():
            row["complete_at"] = act.at
        case events.Transferred():
            row["office"] = event.to
            row["officer"] = None
        case events.Reassigned():
            row["officer"] = event.officer
        case events.Disputed():
            row["disputed"] = True
        case events.DisputeDismissed() | events.Reopened():
            row["disputed"] = False


def _note_step(row: DeskRow, recorded: events.Recorded) -> None:
    """Add the event's step (a pause, an extension or a transfer) to the steps of the promise. Call this function before
    the event changes the row.
    """
    details = row["details"]
    if isinstance(recorded.event, events.DeclaredComplete):
        details["promised_by"], details["steps"] = row["office"], []
        return
    if type(recorded.event) not in STEPS:
        return
    step = step_of(PromiseFacts(office=row["office"]), open_pauses(details), recorded)
    if step:
        details["steps"] = [*details["steps"], plain_step(step)]


def _note_details(details: DeskDetails, recorded: events.Recorded) -> None:
    """Set the details that the event changes.

    An older row may share a list with this row, so a list is replaced and never changed in place.
    """
    event, at = recorded.event, recorded.act.at
    promise = promise_set_by(event)
    if promise or isinstance(event, events.Submitted):
        _promise(details, promise, recorded.known_at)
    _pause(details, event, at)
    match event:
        case promise_events.DeadlineExtended():
            details["extensions"] = [*details["extensions"], event.extension]
        case incident_events.PaymentRequested():
            details["payments"] = [*details["payments"], _payment(event, at)]
        case incident_events.PaymentReceived(open_idr=None) | incident_events.PaymentExpired():
            details["payments"] = [each for each in details["payments"] if each["payment"] != event.payment]
        case incident_events.ObstacleReported():
            reported: OpenObstacle = {"obstacle": event.obstacle, "code": event.code.value}
            details["obstacles"] = [*details["obstacles"], reported]
        case incident_events.ObstacleCleared():
            details["obstacles"] = [each for each in details["obstacles"] if each["obstacle"] != event.obstacle]


def _promise(details: DeskDetails, promise: Promise | None, known_at: datetime) -> None:
    kept = plain_promise(promise) if promise else None
    if kept != details["promise"]:
        details["promise"] = kept
        details["promised_at"] = instant(known_at) if kept else None


def _pause(details: DeskDetails, event: events.ApplicationEvent, at: datetime) -> None:
    if over := note_pauses(details, event, at):
        details["pauses"] = [*details["pauses"], plain_pause(over)]


def _payment(event: incident_events.PaymentRequested, at: datetime) -> OpenPayment:
    return {
        "payment": event.payment,
        "amount_idr": event.amount_idr,
        "requested_at": instant(at),
        "expires_at": instant(event.expires_at) if event.expires_at else None,
    }


def promised(row: DeskRow) -> PromiseFacts:
    """Return the facts that determine the promised date. The row contains all of these facts."""
    details = row["details"]
    return PromiseFacts(
        office=row["office"],
        service=row["service"],
        complete_at=row["complete_at"],
        promise=parse_promise(details["promise"]) if details["promise"] else None,
        promised_at=parse_instant(details["promised_at"]) if details["promised_at"] else None,
        pauses=tuple(
            Pause(since=parse_instant(pause["since"]), until=parse_instant(pause["until"]))
            for pause in details["pauses"]
        ),
        extensions=tuple(details["extensions"]),
        promised_by=details["promised_by"],
        steps=tuple(map(parse_step, details["steps"])),
    )


COLUMNS = {
    "application_id": "uuid NOT NULL",
    "version": "bigint NOT NULL",
    "number": "text NOT NULL",
    "office": "text NOT NULL",
    "open": "boolean NOT NULL",
    "status": "text",
    "underlying": "text NOT NULL",
    "service": "text NOT NULL",
    "standard": "integer NOT NULL",
    "channel": "text NOT NULL",
    "officer": "uuid",
    "submitted_at": "timestamptz",
    "complete_at": "timestamptz",
    "decided_at": "timestamptz",
    "due_at": "timestamptz",
    "own_promise": "boolean NOT NULL",
    "calendar": "text NOT NULL",
    "paused": "boolean NOT NULL",
    "payment_expires_at": "timestamptz",
    "disputed": "boolean NOT NULL",
    "details": "bytea NOT NULL",
}


def stored(row: DeskRow) -> tuple[object, ...]:
    return in_order(COLUMNS, row)


def loaded(values: tuple[Any, ...]) -> DeskRow:
    return cast("DeskRow", dict(zip(COLUMNS, values, strict=True)))


VIEW: ViewOf[DeskRow] = ViewOf(
    name="desk",
    version=1,
    columns=COLUMNS,
    fold=fold,
    stored=stored,
    loaded=loaded,
    indexes=(
        "(office, coalesce(due_at, 'infinity'), application_id) WHERE open",
        "(service, standard, due_at, application_id) WHERE due_at IS NOT NULL",
        "(calendar, due_at, application_id) WHERE due_at IS NOT NULL",
        "(payment_expires_at, application_id) WHERE payment_expires_at IS NOT NULL",
    ),
)
"""The first index has the order of the queue: files by due date, and then files without a due date. A file that has
ended is in none of these indexes.
"""

_QUERIES = queries("desk", columns=VIEW.names, answers=VIEW.answers)
QUEUE = _QUERIES["QUEUE"]
SILENT = _QUERIES["SILENT"]
OUTDATED = _QUERIES["OUTDATED"]
NOT_COUNTED_BY = _QUERIES["NOT_COUNTED_BY"]
UNPAID = _QUERIES["UNPAID"]
LOG_END = _QUERIES["LOG_END"]
