"""The queue of an office: what each of its files waits for, and until when. Folded from events alone.

    project : Row | None, id, Recorded -> Row

Instants are aware, UTC. `open`: somebody has still something to do, with a file that has not ended or is disputed.
`due_at` is the promised instant as long as a decision is awaited, and none before or after. What is overdue, or soon
granted by silence, depends on today and on a calendar: who reads computes it.
"""

from collections.abc import Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from domain.application.events import (
    CorrectionSupplied,
    DeadlineExtended,
    DeclaredComplete,
    Disputed,
    DisputeDismissed,
    PromiseMoved,
    Reassigned,
    Recorded,
    Reopened,
    Resumed,
    ReturnedForCorrection,
    Submitted,
    Suspended,
    Transferred,
)
from domain.application.evolve import RETURN, SUSPENSION, Application, of_payment
from domain.application.incident_events import (
    ObstacleCleared,
    ObstacleReported,
    PaymentExpired,
    PaymentReceived,
    PaymentRequested,
)
from domain.application.status import ENDS, OUTCOMES, Status, status_after
from domain.json_values import data_of, instant, parse_instant, plain
from domain.provenance import Pause, Promise
from domain.registry.calendar import Unit
from projections.view import Row, View

PROMISING = (
    Submitted,
    DeclaredComplete,
    CorrectionSupplied,
    Resumed,
    PaymentReceived,
    PaymentExpired,
    DeadlineExtended,
    PromiseMoved,
)
"""They may set or move the promised date."""


def project(row: Row | None, application: UUID, recorded: Recorded) -> Row:
    """The row after one event more."""
    return fold(row, application, (recorded,))


def fold(row: Row | None, application: UUID, events: Sequence[Recorded]) -> Row:
    """The row after `events`, in the order of their versions. Pure: neither `row` nor what it holds is changed."""
    after = dict(row) if row else _blank(application)
    status = Status(after["status"]) if after["status"] else None
    underlying = Status(after["underlying"])
    for recorded in events:
        event = recorded.event
        status, underlying = status_after(status, underlying, event)
        after |= _facts(after, recorded)
        if after["decided_at"] is None and status in OUTCOMES:
            after["decided_at"] = recorded.act.at
        if isinstance(event, PROMISING) and event.promise:
            after["details"] = _promise(after["details"], data_of(event.promise), recorded)
    after |= {"status": plain(status), "underlying": plain(underlying), "version": events[-1].version}
    return after | _derived(after, status)


def _promise(details: Row, promise: Row | None, recorded: Recorded) -> Row:
    if promise == details["promise"]:
        return details
    return {**details, "promise": promise, "promised_at": instant(recorded.known_at) if promise else None}


def _derived(row: Row, status: Status | None) -> Row:
    """The columns that queries select by."""
    details = row["details"]
    promise = details["promise"]
    expiries = [parse_instant(payment["expires_at"]) for payment in details["payments"] if payment["expires_at"]]
    return {
        "open": status not in ENDS or row["disputed"],
        "due_at": parse_instant(promise["due_at"]) if promise and row["decided_at"] is None else None,
        "own_promise": bool(promise) and promise["unit"] != Unit.SOURCE,
        "calendar": promise["calendar"] if promise else "",
        "paused": bool(details["pausing"]),
        "payment_expires_at": min(expiries, default=None) if status not in ENDS else None,
    }


def _blank(application: UUID) -> Row:
    """All keys are always present, in the order of the columns."""
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
            "paused_since": None,
            "pausing": [],
            "pauses": [],
            "payments": [],
            "obstacles": [],
        },
    }


def _facts(row: Row, recorded: Recorded) -> Row:
    """What `recorded` says, beside status and promise."""
    event, act = recorded.event, recorded.act
    details = row["details"]
    match event:
        case Submitted():
            return {
                "number": event.number,
                "service": event.service,
                "standard": event.standard,
                "channel": plain(act.channel),
                "office": act.office,
                "submitted_at": act.at,
                "details": _promise(details, data_of(event.promise) if event.promise else None, recorded),
            }
        case DeclaredComplete():
            return {"complete_at": act.at}
        case ReturnedForCorrection(pauses=True):
            return {"details": _pause(details, RETURN, act.at)}
        case CorrectionSupplied():
            return {"details": _go_on(details, RETURN, act.at)}
        case Suspended(pauses=True):
            return {"details": _pause(details, SUSPENSION, act.at)}
        case Resumed():
            return {"details": _go_on(details, SUSPENSION, act.at)}
        case PaymentRequested():
            requested = details | {"payments": [*details["payments"], _payment(event, act.at)]}
            name = of_payment(event.payment)
            return {"details": _pause(requested, name, act.at) if event.pauses else requested}
        case PaymentReceived() | PaymentExpired():
            left = [payment for payment in details["payments"] if payment["payment"] != event.payment]
            return {"details": _go_on(details | {"payments": left}, of_payment(event.payment), act.at)}
        case ObstacleReported():
            obstacle = {"obstacle": event.obstacle, "code": plain(event.code)}
            return {"details": details | {"obstacles": [*details["obstacles"], obstacle]}}
        case ObstacleCleared():
            left = [obstacle for obstacle in details["obstacles"] if obstacle["obstacle"] != event.obstacle]
            return {"details": details | {"obstacles": left}}
        case DeadlineExtended():
            return {"details": details | {"extensions": [*details["extensions"], event.extension]}}
        case Transferred():
            return {"office": event.to, "officer": None}
        case Reassigned():
            return {"officer": event.officer}
        case Disputed():
            return {"disputed": True}
        case DisputeDismissed() | Reopened():
            return {"disputed": False}
        case _:
            return {}


def promised(row: Row) -> Application:
    """What the row knows of an application: enough to count its promise by."""
    details = row["details"]
    return Application(
        office=row["office"],
        service=row["service"],
        complete_at=row["complete_at"],
        promise=_promise_of(details["promise"]) if details["promise"] else None,
        promised_at=parse_instant(details["promised_at"]) if details["promised_at"] else None,
        pauses=tuple(Pause(**{end: parse_instant(at) for end, at in pause.items()}) for pause in details["pauses"]),
        extensions=tuple(details["extensions"]),
    )


def _promise_of(plain_promise: Row) -> Promise:
    unit, due_at = Unit(plain_promise["unit"]), parse_instant(plain_promise["due_at"])
    return Promise(**{**plain_promise, "unit": unit, "due_at": due_at})


def _payment(event: PaymentRequested, at: datetime) -> Row:
    expires_at = instant(event.expires_at) if event.expires_at else None
    return {
        "payment": event.payment,
        "amount_idr": event.amount_idr,
        "requested_at": instant(at),
        "expires_at": expires_at,
    }


def _pause(details: Row, name: str, at: datetime) -> Row:
    since = instant(at)
    open_since = min(details["paused_since"] or since, since)
    return details | {"pausing": sorted({*details["pausing"], name}), "paused_since": open_since}


def _go_on(details: Row, name: str, at: datetime) -> Row:
    """The clock runs again when the last open pause ends."""
    pausing = [one for one in details["pausing"] if one != name]
    if pausing or details["paused_since"] is None:
        return details | {"pausing": pausing}
    over = {"since": details["paused_since"], "until": instant(at)}
    return details | {"pausing": [], "paused_since": None, "pauses": [*details["pauses"], over]}


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


def stored(row: Row) -> tuple[Any, ...]:
    return tuple(row[name] for name in COLUMNS)


def loaded(values: tuple[Any, ...]) -> Row:
    return dict(zip(COLUMNS, values, strict=True))


PLACE = "coalesce(due_at, 'infinity')"
"""Where a file stands in the queue: the sooner due, the sooner; what nobody waits for comes last."""

VIEW = View(
    name="desk",
    columns=COLUMNS,
    fold=fold,
    stored=stored,
    loaded=loaded,
    indexes=(
        f"office, open, {PLACE}, application_id",
        "service, standard, due_at, application_id",
        "calendar, due_at, application_id",
        "payment_expires_at, application_id",
    ),
)
