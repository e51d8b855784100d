"""This module computes deadlines from an office's calendar: when a promise is due, and how far a pause moves the due
date.

By law (UU 30/2014 art. 53, amended by UU 6/2023), the days are counted from the day on which a complete file is
received. We found no law with further rules for counting days, so the following rules are our proposal. The office or
the service can choose another setting for each rule (see `domain.rules`):

* The day of completeness is day 0, and the next day is day 1. With `DayZero.DAY_BEFORE`, the day of completeness is
  day 1.
* If a file becomes complete after closing time, or on a day on which the office is closed, the time is counted from the
  next opening. With `AfterHours.SAME_DAY`, the time is counted from the day on which the file became complete.
* A deadline in days or months is the closing time of its last day, in the office's time zone.
* A deadline in calendar days or months stays on its last day, even if the office is closed on that day. The deadline
  moves to the next open day only if the promise has the setting `roll_forward`.

All instants are aware, and results are in UTC. A promise in wall hours needs no calendar, because wall hours include
nights and closed days. For every other unit, the functions raise CalendarTooShort if the calendar does not reach far
enough.
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
"""The beginning and the end of a pause of the legal clock."""

Counter = tuple[Calendar, OpeningHours]
"""The calendar and the opening hours from which an office computes deadlines."""

N_MAX = 10_000  # this number is larger than in any promise, but small enough for a due date that is a valid `date`


@rests_on("completeness", "unit", "day-zero", "after-hours", "roll-forward")
def due_at(
    start: datetime, unit: Unit, n: int, calendar: Calendar, hours: OpeningHours, *, roll_forward: bool = False
) -> datetime:
    """Return the due instant of a promise of `n` units that is counted from `start`. The result is never before
    `start`.

    Raises ValueError if `start` has no time zone, or if `n` is not between 0 and `N_MAX`. Also raises ValueError if
    `unit` is `Unit.SOURCE`.
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
    """A file that became complete at `start` may be counted from a later local day. Return this later day, or None if
    the promise is counted from the day of `start`.

    Example: completeness on Friday after closing time is counted from Monday. A promise in hours or minutes of service
    always runs from the next opening. A promise in wall hours also counts nights, so it runs from `start`, and the
    result is None. `unit` must not be `Unit.SOURCE`.
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
    """Return the instant that is `n` units later than the instant `due`. Days and months are counted from the local day
    of `due`.

    Raises ValueError if `n` is not between 0 and `N_MAX`. Also raises ValueError if `unit` is `Unit.SOURCE`.
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
    """Return the due instant after a pause of the legal clock. The result is never before `due`.

    A pause that begins after `due` does not change `due`. A promise in days or months moves by whole days. The days of
    a pause are the days after its first day, up to and including its last day. For a promise in working days, only the
    working days of the pause are counted. So if one pause ends on the day on which the next pause begins, this day is
    counted once. A promise in service hours or minutes moves by the office's open time during the pause. A promise in
    wall hours moves by the whole length of the pause. If an import's source states the deadline, the deadline does not
    move.
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


@rests_on("transfer")
def handed_on(
    due: datetime, at: datetime, unit: Unit, before: Counter, after: Counter, *, roll_forward: bool = False
) -> datetime:
    """Return the new due instant after a transfer at `at`. `before` holds the calendar and the opening hours of the old
    office. `after` holds the calendar and the opening hours of the new office. The time until `at` is counted with the
    old office's calendar. The remaining time is counted with the new office's calendar and opening hours. A promise in
    calendar days or months stays on its due day, but is due at the new office's closing time. A promise in wall hours
    does not change. If an import's source states the deadline, the deadline does not change. A promise that was due at
    `at` or earlier does not change.
    """
    if unit in (Unit.SOURCE, Unit.WALL_HOURS) or at >= due:
        return due
    if unit in (Unit.SERVICE_MINUTES, Unit.SERVICE_HOURS):
        return after_open_time(at, open_time(at, due, *before), *after)
    last = local_day(due, before[1])
    if unit is Unit.WORKING_DAYS:
        first = day_zero(at, *before)
        left = sum(is_working_day(first + DAY * later, *before) for later in range(1, (last - first).days + 1))
        last = day_after(day_zero(at, *after), unit, left, *after)
    closes = closing(last, *after, roll_forward=roll_forward)
    return closes if at <= closes else next(openings(at, *after))[1]


@rests_on("unit", "month-end")
def day_after(day: date, unit: Unit, n: int, calendar: Calendar, hours: OpeningHours) -> date:
    """Return the day that is `n` units after `day`. The unit is working days, calendar days or months."""
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
    """Add up the office's open time from `start`. Return the instant at which the sum reaches the duration `left`."""
    ahead = openings(start, calendar, hours)
    while True:
        opens, closes = next(ahead)
        begins = max(opens, start.astimezone(UTC))
        if begins + left <= closes:
            return begins + left
        left -= closes - begins


@rests_on("closing-time", "roll-forward")
def closing(day: date, calendar: Calendar, hours: OpeningHours, *, roll_forward: bool) -> datetime:
    """Return the closing time of `day`, in UTC. For a closed day, the latest closing time of the week is used."""
    while (span := span_of(day, calendar, hours)) is None and roll_forward:
        day += DAY
    if span is None:
        weeks = (week_of(day, calendar, hours), hours.days)  # a special week may have no open day
        span = max((span for span in next(filter(any, weeks)) if span), key=lambda span: span[1])
    return instant(day, span[1], ZoneInfo(hours.zone))


@rests_on("month-end")
def months_later(day: date, n: int) -> date:
    years, month = divmod(day.month - 1 + n, 12)
    year = day.year + years
    return date(year, month + 1, min(day.day, monthrange(year, month + 1)[1]))
