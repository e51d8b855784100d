"""Promises as the views keep them: the events that set or move a promised date; promises and pauses as JSON values."""

from collections.abc import Mapping
from datetime import date
from typing import TypedDict

from domain.application import events, incident_events
from domain.json_values import instant, parse_instant
from domain.provenance import Pause, Promise
from domain.registry.calendar import Unit

CAUSES: Mapping[type[events.ApplicationEvent], str] = {
    events.Submitted: "source",
    events.DeclaredComplete: "completeness",
    events.CorrectionSupplied: "pause",
    events.Resumed: "pause",
    incident_events.PaymentReceived: "pause",
    incident_events.PaymentExpired: "pause",
    events.DeadlineExtended: "extension",
    events.PromiseMoved: "calendar",
}
"""The events that may set or move the promised date, each with the reason that a row gives for it."""


class PlainPromise(TypedDict):
    """A promise as JSON values. `due_at`: UTC. `counted_from`: a local day, see `domain.provenance.Promise`."""

    unit: str
    n: int
    due_at: str
    standard: str
    calendar: str
    rule: str
    counted_from: str | None


class PlainPause(TypedDict):
    """A closed pause of the legal clock. Both ends: UTC."""

    since: str
    until: str


def promise_set_by(event: events.ApplicationEvent) -> Promise | None:
    """Return the promise that stands from this event on; None where the event sets none."""
    match event:
        case (
            events.Submitted()
            | events.DeclaredComplete()
            | events.CorrectionSupplied()
            | events.Resumed()
            | incident_events.PaymentReceived()
            | incident_events.PaymentExpired()
            | events.DeadlineExtended()
            | events.PromiseMoved()
        ):
            return event.promise
        case _:
            return None


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
