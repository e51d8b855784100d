"""Deadline arithmetic: when a promise falls due, and by how much a pause moves it, over an office's calendar.

The law (UU 30/2014 art. 53, amended by UU 6/2023) counts from the day on which a file is received complete. We know of
no law that says more. The other rules are our proposal, and the office or the service can set them (`domain.rules`):

* the day of completeness is day 0 and the next day is day 1; with `DayZero.DAY_BEFORE` it is day 1 itself;
* completeness after closing time, or on a day on which the office is closed, counts at the next opening; with
  `AfterHours.SAME_DAY` it counts on its own day;
* a deadline in days or months falls at the closing time of its last day, in the office's time zone;
* a deadline in calendar days or months stays on its day even if the office is closed then, unless the promise rolls
  forward.

All instants are aware, and results are in UTC. Every unit except wall hours raises CalendarTooShort if the calendar
does not reach far enough.
"""

from calendar import monthrange
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from typing import assert_never
from zoneinfo import ZoneInfo

from domain.registry.calendar import (
    DAY,
    AfterHours,
    Calendar,
    DayZero,
    OpeningHours,
    Unit,
    day_zero,
    instant,
    is_working_day,
    local_day,
    open_time,
    openings,
    span_of,
    week_of,
)
from domain.rules import rests_on

PauseSpan = tuple[datetime, datetime]
"""A pause of the legal clock: since, until."""

N_MAX = 10_000  # larger than any promise, and small enough for the years of a `date`


@rests_on("completeness", "unit", "day-zero", "after-hours", "roll-forward")
def due_at(
    start: datetime, unit: Unit, n: int, calendar: Calendar, hours: OpeningHours, *, roll_forward: bool = False
) -> datetime:
    """Return the instant at which `n` units from `start` are over. The result is never before `start`.

    Raises ValueError if `start` has no zone, if `n` is not between 0 and `N_MAX`, and for a source's own unit.
    """
    if start.utcoffset() is None:
        raise ValueError("a deadline starts at an instant, which names its zone")
    _sane(n)
    match unit:
        case Unit.WORKING_DAYS | Unit.CALENDAR_DAYS | Unit.MONTHS:
            zero = day_zero(start, calendar, hours)
            if hours.day_zero is DayZero.COMPLETENESS and n:
                last = day_after(zero, unit, n, calendar, hours)
            elif unit is Unit.WORKING_DAYS:
                last = day_after(zero - DAY, unit, max(n, 1), calendar, hours)
            else:
                last = max(zero, day_after(zero, unit, n, calendar, hours) - DAY)
            due = closing(last, calendar, hours, roll_forward=roll_forward)
            return due if start <= due else next(openings(start, calendar, hours))[1]
        case _:
            return further(start, unit, n, calendar, hours)


@rests_on("completeness", "unit", "after-hours")
def counted_from(start: datetime, unit: Unit, calendar: Calendar, hours: OpeningHours) -> date | None:
    """Return the local day on which completeness at `start` counts, if it is a later day than that of `start`.

    Example: a file that is complete on Friday after closing time counts on Monday. Open hours always begin at the next
    opening. Wall hours run from `start` itself, so there is never a later day. `unit` is not a source's own.
    """
    if unit is Unit.WALL_HOURS:
        return None
    if unit in (Unit.SERVICE_MINUTES, Unit.SERVICE_HOURS):
        hours = replace(hours, after_hours=AfterHours.NEXT_OPENING)
    day = day_zero(start, calendar, hours)
    return day if day != local_day(start, hours) else None


@rests_on("extension", "unit", "roll-forward")
def further(
    due: datetime, unit: Unit, n: int, calendar: Calendar, hours: OpeningHours, *, roll_forward: bool = False
) -> datetime:
    """Return the instant `n` more units after `due`. Days and months are counted from the local day of `due`.

    Raises ValueError if `n` is not between 0 and `N_MAX`, and for a source's own unit.
    """
    match unit:
        case Unit.WALL_HOURS:
            return due.astimezone(UTC) + timedelta(hours=_sane(n))
        case Unit.SERVICE_MINUTES:
            return after_open_time(due, timedelta(minutes=_sane(n)), calendar, hours)
        case Unit.SERVICE_HOURS:
            return after_open_time(due, timedelta(hours=_sane(n)), calendar, hours)
        case Unit.WORKING_DAYS | Unit.CALENDAR_DAYS | Unit.MONTHS:
            last = day_after(local_day(due, hours), unit, n, calendar, hours)
            return closing(last, calendar, hours, roll_forward=roll_forward)
        case Unit.SOURCE:
            raise ValueError("a source states its own deadline")
        case _:
            assert_never(unit)


@rests_on("pause")
def paused(
    due: datetime,
    unit: Unit,
    pause: PauseSpan,
    calendar: Calendar,
    hours: OpeningHours,
    *,
    roll_forward: bool = False,
) -> datetime:
    """Return `due` moved by a pause of the legal clock, never to an earlier time.

    A pause that begins after `due` moves nothing. A promise in days or months moves by whole days: the days after the
    one on which the pause begins, up to and including the one on which it ends. For a promise in working days, only the
    working days among them count. So two pauses that meet on one day count as one. A promise in service hours or
    minutes moves by the open time in the pause, and a promise in wall hours by the whole pause. A source's own deadline
    does not move.
    """
    since, until = pause
    if unit is Unit.SOURCE or since > due or until <= since:
        return due
    if unit is Unit.WALL_HOURS:
        return due + (until - since)
    if unit in (Unit.SERVICE_MINUTES, Unit.SERVICE_HOURS):
        left = open_time(since, until, calendar, hours)
        return after_open_time(due, left, calendar, hours) if left else due
    first, last = day_zero(since, calendar, hours), day_zero(until, calendar, hours)
    if unit is Unit.WORKING_DAYS:
        n = sum(is_working_day(first + DAY * later, calendar, hours) for later in range(1, (last - first).days + 1))
    else:
        unit, n = Unit.CALENDAR_DAYS, (last - first).days
    return max(due, further(due, unit, n, calendar, hours, roll_forward=roll_forward)) if n else due


@rests_on("unit", "month-end")
def day_after(day: date, unit: Unit, n: int, calendar: Calendar, hours: OpeningHours) -> date:
    """Return the day `n` working days, calendar days or months after `day`."""
    _sane(n)
    match unit:
        case Unit.MONTHS:
            return months_later(day, n)
        case Unit.WORKING_DAYS:
            while n:
                day += DAY
                n -= is_working_day(day, calendar, hours)
            return day
        case _:
            return day + DAY * n


def _sane(n: int) -> int:
    if not 0 <= n <= N_MAX:
        raise ValueError(f"a promise is between 0 and {N_MAX} units")
    return n


@rests_on("unit", "opening-hours")
def after_open_time(start: datetime, left: timedelta, calendar: Calendar, hours: OpeningHours) -> datetime:
    """Return the instant at which the office has been open for `left` since `start`."""
    ahead = openings(start, calendar, hours)
    while True:
        opens, closes = next(ahead)
        begins = max(opens, start.astimezone(UTC))
        if begins + left <= closes:
            return begins + left
        left -= closes - begins


@rests_on("closing-time", "roll-forward")
def closing(day: date, calendar: Calendar, hours: OpeningHours, *, roll_forward: bool) -> datetime:
    """Return the closing time of `day`, in UTC. A closed day closes at the latest closing time of its week."""
    while (span := span_of(day, calendar, hours)) is None and roll_forward:
        day += DAY
    if span is None:
        weeks = (week_of(day, calendar, hours), hours.days)  # a special week may have no open day at all
        span = max((span for span in next(filter(any, weeks)) if span), key=lambda span: span[1])
    return instant(day, span[1], ZoneInfo(hours.zone))


@rests_on("month-end")
def months_later(day: date, n: int) -> date:
    years, month = divmod(day.month - 1 + n, 12)
    year = day.year + years
    return date(year, month + 1, min(day.day, monthrange(year, month + 1)[1]))
