"""Promises: the promised date is computed once and stored. Pauses, extensions and transfers move the date.

Each promise names the calendar editions by which its days were counted. `rule` names the settings by which the days
were counted. All instants are aware, and `due_at` is in UTC. `office` is the office that holds the file. `service` is
needed because the counters (loket) of an office have different hours, and each counter has its own services. Every
function raises `OfficeUnknown` if the office is not registered, and `CalendarEnds` if no calendar reaches far enough.
Every function raises `TooManyCalendars` if the promise has no space for the names of all calendars.
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from datetime import date, datetime
from typing import assert_never, get_args

from domain import refusals
from domain.codes import CalendarEditions
from domain.promises import deadlines
from domain.provenance import Promise
from domain.registry.calendar import AfterHours, Calendar, CalendarTooShort, DayZero, OpeningHours, Unit
from domain.registry.editions import CalendarPublished, PromiseTerms, StandardPublished
from domain.registry.registry import Registry
from domain.rules import rests_on


@dataclass(frozen=True, slots=True, kw_only=True)
class PauseStep:
    """A closed pause of the legal clock. The beginning and the end are in UTC. The length of the pause is counted with
    the calendar of the office that held the file at the end of the pause.
    """

    since: datetime
    until: datetime
    office: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ExtensionStep:
    """An extension that the standard lists under this code. The added time is counted with the calendar of the office
    that held the file.
    """

    extension: str
    office: str


@dataclass(frozen=True, slots=True, kw_only=True)
class TransferStep:
    """The file went from one office to another office.

    `at` is the time of the transfer, in UTC. For a transfer during a pause, `at` is the start of this pause.
    """

    at: datetime
    office: str
    to: str


PromiseStep = PauseStep | ExtensionStep | TransferStep
"""A step: an event that moved the promised date after the promise was set."""

NAMES_LONGEST: int = get_args(CalendarEditions)[1].longest
ROLLS_FORWARD = "-rolls-forward"

Counting = Callable[[Calendar, OpeningHours], datetime]


@rests_on("completeness", "unit")
def promised(
    terms: PromiseTerms, start: datetime, *, office: str, service: str, edition: str, registry: Registry
) -> Promise:
    """Return the promise for a file that was declared complete at `start`. `terms` holds the time limit that is
    promised.

    `edition` is the edition of the standard, for example `ktp-el@3`.
    """
    roll_forward = bool(terms.roll_forward)
    counted_from: date | None = None

    def count(calendar: Calendar, hours: OpeningHours) -> datetime:
        nonlocal counted_from
        counted_from = deadlines.counted_from(start, terms.unit, calendar, hours)
        return deadlines.due_at(start, terms.unit, terms.n, calendar, hours, roll_forward=roll_forward)

    due, names = _counted(count, start, office, service, registry)
    return Promise(
        unit=terms.unit,
        n=terms.n,
        due_at=due,
        standard=edition,
        calendar=_joined(names),
        rule=rule_of(registry.opening_hours(office, service), roll_forward=roll_forward),
        counted_from=counted_from,
    )


@rests_on("pause")
def after_pause(
    promise: Promise, since: datetime, until: datetime, *, office: str, service: str, registry: Registry
) -> Promise:
    """Return the promise with its new date after a pause (see `deadlines.paused`).

    The settings are those of the office that holds the file.

    The caller must apply several pauses in the order of time, because a pause that begins after the due instant does
    not move the promise. The order makes no difference if two conditions hold: all pauses begin before the first due
    instant, and the promise does not have the setting `roll_forward`.
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
    """Return the promise with a due day that is `n` units later.

    Raises ValueError if an import's source states the deadline.
    """

    def count(calendar: Calendar, hours: OpeningHours) -> datetime:
        unit, roll_forward = promise.unit, promise.rule.endswith(ROLLS_FORWARD)
        return deadlines.further(promise.due_at, unit, n, calendar, hours, roll_forward=roll_forward)

    due, names = _counted(count, promise.due_at, office, service, registry)
    return replace(_moved(promise, max(due, promise.due_at), names), n=promise.n + n)


@rests_on("transfer")
def handed_on(promise: Promise, at: datetime, *, office: str, to: str, service: str, registry: Registry) -> Promise:
    """Return the promise after a transfer (see `deadlines.handed_on`). `at` is the time of the transfer, `office` is
    the old office, and `to` is the new office.
    """
    if promise.unit is Unit.SOURCE or at >= promise.due_at:
        return promise
    before, _ = _calendar(at, office, registry)

    def count(calendar: Calendar, hours: OpeningHours) -> datetime:
        counted_before = (before, registry.opening_hours(office, service))
        unit, roll_forward = promise.unit, promise.rule.endswith(ROLLS_FORWARD)
        return deadlines.handed_on(
            promise.due_at, at, unit, counted_before, (calendar, hours), roll_forward=roll_forward
        )

    due, names = _counted(count, at, to, service, registry)
    return promise if due == promise.due_at else _moved(promise, due, names)


@rests_on("completeness", "pause", "extension", "transfer")
def replayed(
    terms: PromiseTerms,
    start: datetime,
    steps: Iterable[PromiseStep],
    *,
    office: str,
    service: str,
    standard: StandardPublished,
    registry: Registry,
) -> Promise:
    """Compute the promise again with the newest calendars.

    The promise is first computed for `office` from `start`. Then each step is applied in the given order.

    With the calendars that were in force at the time of each step, the result would be the stored promise. A new
    calendar edition moves the promise only if `due_at` changes. If only the names of the editions change, the promise
    does not move. An extension that the standard does not list is left out.
    """
    promise = promised(terms, start, office=office, service=service, edition=standard.edition, registry=registry)
    units = {extension.code: extension.n for extension in standard.extensions or ()}
    for step in steps:
        match step:
            case PauseStep():
                promise = after_pause(
                    promise, step.since, step.until, office=step.office, service=service, registry=registry
                )
            case ExtensionStep():
                if step.extension in units:
                    n = units[step.extension]
                    promise = extended(promise, n, office=step.office, service=service, registry=registry)
            case TransferStep():
                promise = handed_on(
                    promise, step.at, office=step.office, to=step.to, service=service, registry=registry
                )
            case _:
                assert_never(step)
    return promise


@rests_on("day-zero", "after-hours", "roll-forward")
def rule_of(hours: OpeningHours, *, roll_forward: bool) -> str:
    """Return the name of the settings by which a promise is counted."""
    day = "zero" if hours.day_zero is DayZero.COMPLETENESS else "one"
    late = "-after-hours-same-day" if hours.after_hours is AfterHours.SAME_DAY else ""
    return f"day-{day}-is-completeness{late}{ROLLS_FORWARD if roll_forward else ''}"


def _counted(
    count: Counting, start: datetime, office: str, service: str, registry: Registry
) -> tuple[datetime, list[str]]:
    """Call the function `count`, and return two values: the instant that `count` returns, and the names of the calendar
    editions that were used.

    An edition is used if it covers at least one day between `start` and this instant.
    """
    calendar, editions = _calendar(start, office, registry)
    try:
        due = count(calendar, registry.opening_hours(office, service))
    except CalendarTooShort as short:
        raise refusals.CalendarEnds from short
    first, last = registry.local_day(start, office), registry.local_day(due, office)
    return due, [edition.name for edition in editions if edition.touches(first, last)]


def _calendar(start: datetime, office: str, registry: Registry) -> tuple[Calendar, tuple[CalendarPublished, ...]]:
    if office not in registry.offices:
        raise refusals.OfficeUnknown
    known = registry.calendar_from(start, office)
    if known is None:
        raise refusals.CalendarEnds
    return known


def _moved(promise: Promise, due: datetime, names: Iterable[str]) -> Promise:
    """Move the promise.

    The moved promise also keeps the names of the editions by which earlier days were counted. If there is no space for
    all names, the oldest names are dropped.
    """
    named = list(names)
    earlier = [name for name in promise.calendar.split("+") if name and name not in named]
    while earlier and len("+".join([*earlier, *named])) > NAMES_LONGEST:
        del earlier[0]
    return replace(promise, due_at=due, calendar=_joined([*earlier, *named]))


def _joined(names: Iterable[str]) -> str:
    joined = "+".join(dict.fromkeys(names))
    if len(joined) > NAMES_LONGEST:
        raise refusals.TooManyCalendars
    return joined
