"""Promises in the views: this module finds the events that set or move a promised date. This module also converts
promises and pauses to JSON values.
"""

from collections.abc import Mapping
from datetime import date
from typing import TypedDict, assert_never, cast, get_args

from domain.application import events, incident_events, promise_events
from domain.json_values import instant, parse_instant
from domain.promises.steps import ExtensionStep, PauseStep, PromiseStep, TransferStep
from domain.provenance import Pause, Promise
from domain.registry.calendar import Unit

CAUSES: Mapping[type[events.ApplicationEvent], str] = {
    events.Submitted: "source",
    events.DeclaredComplete: "completeness",
    events.CorrectionSupplied: "pause",
    events.Resumed: "pause",
    incident_events.PaymentReceived: "pause",
    incident_events.PaymentExpired: "pause",
    promise_events.DeadlineExtended: "extension",
    promise_events.PromiseMoved: "calendar",
    events.Transferred: "transfer",
}
"""Maps each event that may set or move the promised date to the reason that a row shows for the new date."""


class PlainPromise(TypedDict):
    """A promise as JSON values. `due_at` is in UTC. `counted_from` is a local day (see `domain.provenance.Promise`)."""

    unit: str
    n: int
    due_at: str
    standard: str
    calendar: str
    rule: str
    counted_from: str | None


class PlainPause(TypedDict):
    """A closed pause of the legal clock. The beginning and the end are in UTC."""

    since: str
    until: str


class PlainStep(TypedDict):
    """A step of a promise: a pause with its beginning and end, an extension with its code, or a transfer. Instants are
    in UTC.
    """

    step: str
    office: str
    since: str | None
    until: str | None
    extension: str | None
    to: str | None


Promising = (
    events.Submitted
    | events.DeclaredComplete
    | events.CorrectionSupplied
    | events.Resumed
    | incident_events.PaymentReceived
    | incident_events.PaymentExpired
    | promise_events.DeadlineExtended
    | promise_events.PromiseMoved
    | events.Transferred
)
PROMISING = frozenset(get_args(Promising))
"""Only events of these types can set a promise."""


def promise_set_by(event: events.ApplicationEvent) -> Promise | None:
    """Return the promise that the event sets. Return None if the event sets no promise."""
    return cast("Promising", event).promise if type(event) in PROMISING else None


def plain_promise(promise: Promise) -> PlainPromise:
    return {
        "unit": promise.unit.value,
        "n": promise.n,
        "due_at": instant(promise.due_at),
        "standard": promise.standard,
        "calendar": promise.calendar,
        "rule": promise.rule,
        "counted_from": promise.counted_from.isoformat() if promise.counted_from else None,
    }


def plain_pause(pause: Pause) -> PlainPause:
    return {"since": instant(pause.since), "until": instant(pause.until)}


def parse_promise(kept: PlainPromise) -> Promise:
    return Promise(
        unit=Unit(kept["unit"]),
        n=kept["n"],
        due_at=parse_instant(kept["due_at"]),
        standard=kept["standard"],
        calendar=kept["calendar"],
        rule=kept["rule"],
        counted_from=date.fromisoformat(kept["counted_from"]) if kept["counted_from"] else None,
    )


def plain_step(step: PromiseStep) -> PlainStep:
    kept: PlainStep = {
        "step": "",
        "office": step.office,
        "since": None,
        "until": None,
        "extension": None,
        "to": None,
    }
    match step:
        case PauseStep():
            kept |= {"step": "pause", "since": instant(step.since), "until": instant(step.until)}
        case ExtensionStep():
            kept |= {"step": "extension", "extension": step.extension}
        case TransferStep():
            kept |= {"step": "transfer", "since": instant(step.at), "to": step.to}
        case _:
            assert_never(step)
    return kept


def parse_step(kept: PlainStep) -> PromiseStep:
    office = kept["office"]
    if kept["extension"] is not None:
        return ExtensionStep(extension=kept["extension"], office=office)
    if kept["until"] is not None and kept["since"] is not None:
        return PauseStep(since=parse_instant(kept["since"]), until=parse_instant(kept["until"]), office=office)
    return TransferStep(at=parse_instant(kept["since"] or ""), office=office, to=kept["to"] or "")
