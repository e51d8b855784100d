"""Promises: the promised date as a stored fact, computed from the registry and moved by pauses and extensions.

Each promise names the calendar editions that it was computed from, up to its due day, and the settings of the count
(`rule`). All instants are aware, and `due_at` is in UTC. `office` is the office that holds the file; `service` selects
its counter. Every function raises `OfficeUnknown` if the office is not registered, `CalendarEnds` if no calendar
reaches far enough, and `TooManyCalendars`.
"""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace
from datetime import datetime
from typing import get_args

from domain import refusals
from domain.codes import CalendarEditions
from domain.promises import deadlines
from domain.promises.deadlines import PauseSpan
from domain.provenance import Promise
from domain.registry.calendar import AfterHours, Calendar, CalendarTooShort, DayZero, OpeningHours, Unit
from domain.registry.editions import Registry
from domain.registry.terms import PromiseTerms
from domain.rules import rests_on

NAMES_LONGEST: int = get_args(CalendarEditions)[1].longest
ROLLS_FORWARD = "-rolls-forward"

Counting = Callable[[Calendar, OpeningHours], datetime]


class TooManyCalendars(ValueError):
    """A promise depends on more calendar editions than it can name.

    The closures and special hours of one office should be published as one calendar.
    """


@rests_on("completeness", "unit")
def promised(
    terms: PromiseTerms, start: datetime, *, office: str, service: str, edition: str, registry: Registry
) -> Promise:
    """Return the promise under `terms` for a file declared complete at `start`.

    `edition` is that of the standard, for example `ktp-el@3`.
    """
    roll_forward = bool(terms.roll_forward)

    def count(calendar: Calendar, hours: OpeningHours) -> datetime:
        return deadlines.due_at(start, terms.unit, terms.n, calendar, hours, roll_forward=roll_forward)

    due, names = _counted(count, start, office, service, registry)
    return Promise(
        unit=terms.unit,
        n=terms.n,
        due_at=due,
        standard=edition,
        calendar=_joined(names),
        rule=rule_of(registry.opening_hours(office, service), roll_forward=roll_forward),
    )


@rests_on("pause")
def after_pause(
    promise: Promise, since: datetime, until: datetime, *, office: str, service: str, registry: Registry
) -> Promise:
    """Return the promise moved by a pause (`deadlines.paused`), by the settings of the office that holds the file now.

    The caller must apply several pauses in the order of time, because a pause that begins after the due instant moves
    nothing. The order of pauses that begin before the first due instant makes no difference, unless the promise rolls
    forward.
    """
    if promise.unit is Unit.SOURCE or until <= since or since > promise.due_at:
        return promise

    def count(calendar: Calendar, hours: OpeningHours) -> datetime:
        unit, roll_forward = promise.unit, promise.rule.endswith(ROLLS_FORWARD)
        return deadlines.paused(promise.due_at, unit, (since, until), calendar, hours, roll_forward=roll_forward)

    due, names = _counted(count, since, office, service, registry)
    return promise if due == promise.due_at else _moved(promise, due, names)


@rests_on("extension")
def extended(promise: Promise, n: int, *, office: str, service: str, registry: Registry) -> Promise:
    """Return the promise with `n` more units after its due day. Raises ValueError for a source's own deadline."""

    def count(calendar: Calendar, hours: OpeningHours) -> datetime:
        unit, roll_forward = promise.unit, promise.rule.endswith(ROLLS_FORWARD)
        return deadlines.further(promise.due_at, unit, n, calendar, hours, roll_forward=roll_forward)

    due, names = _counted(count, promise.due_at, office, service, registry)
    return replace(_moved(promise, max(due, promise.due_at), names), n=promise.n + n)


@rests_on("pause", "extension")
def moved(
    promise: Promise, steps: Iterable[PauseSpan | int], *, office: str, service: str, registry: Registry
) -> Promise:
    """Return the promise after these pauses and extensions (a number of units each), applied one after the other."""
    for step in steps:
        if isinstance(step, int):
            promise = extended(promise, step, office=office, service=service, registry=registry)
        else:
            promise = after_pause(promise, *step, office=office, service=service, registry=registry)
    return promise


@rests_on("completeness", "pause", "extension")
def recomputed(
    terms: PromiseTerms,
    start: datetime,
    pauses: Sequence[PauseSpan],
    extensions: Sequence[int],
    *,
    office: str,
    service: str,
    edition: str,
    registry: Registry,
) -> Promise:
    """Return the promise as the newest calendars give it.

    The pauses since `start` are applied in the order of time, then the extensions. `moved` applies them in another
    order, for pauses and extensions that alternated. A new edition moves the promise only if `due_at` differs; the
    names of the editions differ more often.
    """
    first = promised(terms, start, office=office, service=service, edition=edition, registry=registry)
    return moved(first, (*sorted(pauses), *extensions), office=office, service=service, registry=registry)


@rests_on("day-zero", "after-hours", "roll-forward")
def rule_of(hours: OpeningHours, *, roll_forward: bool) -> str:
    """Return the name of the settings that a promise is counted by."""
    day = "zero" if hours.day_zero is DayZero.COMPLETENESS else "one"
    late = "-after-hours-same-day" if hours.after_hours is AfterHours.SAME_DAY else ""
    return f"day-{day}-is-completeness{late}{ROLLS_FORWARD if roll_forward else ''}"


def _counted(
    count: Counting, start: datetime, office: str, service: str, registry: Registry
) -> tuple[datetime, list[str]]:
    """Return the result of `count`, and the names of the editions that cover a day from `start` to that result."""
    if office not in registry.offices:
        raise refusals.OfficeUnknown
    known = registry.calendar_from(start, office)
    if known is None:
        raise refusals.CalendarEnds
    calendar, editions = known
    try:
        due = count(calendar, registry.opening_hours(office, service))
    except CalendarTooShort as short:
        raise refusals.CalendarEnds from short
    first, last = registry.local_day(start, office), registry.local_day(due, office)
    return due, [edition.name for edition in editions if edition.touches(first, last)]


def _moved(promise: Promise, due: datetime, names: Iterable[str]) -> Promise:
    """Move the promise. It keeps the names of its earlier editions, because its earlier days were counted by them."""
    return replace(promise, due_at=due, calendar=_joined([*filter(None, promise.calendar.split("+")), *names]))


def _joined(names: Iterable[str]) -> str:
    joined = "+".join(dict.fromkeys(names))
    if len(joined) > NAMES_LONGEST:
        raise TooManyCalendars(
            f"a promise can name calendars in {NAMES_LONGEST} characters, not {len(joined)}: publish the closures and"
            " special hours of one office as one calendar"
        )
    return joined
