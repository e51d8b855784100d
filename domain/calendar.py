"""When a promise falls due: working days, opening hours and time zones.

The law (UU 30/2014 art. 53, amended by UU 6/2023) counts from the day a file is received complete; no law that we know
of says more. The rest of the rule is our proposal, a setting of the office later:

* the day of completeness is day 0, the day after it is day 1;
* completeness after closing time, or on a day the office is closed, counts as the next opening;
* a deadline in days or months falls at the closing time of its last day, in the zone of the office that works on the
  file, wherever the citizen is;
* one in calendar days or months stays on its day even if the office is closed then, unless told to roll forward.
"""

from calendar import monthrange
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from enum import StrEnum
from itertools import islice
from typing import assert_never
from zoneinfo import ZoneInfo

N_MAX = 10_000  # beyond any promise, within the years that a date can hold
DAYS_OF_WEEK = 7

Span = tuple[time, time]


class Unit(StrEnum):
    """What a promise is counted in. A day of work, a day of the calendar and 24 hours are three different things."""

    SERVICE_MINUTES = "service_minutes"  # run while the office is open
    SERVICE_HOURS = "service_hours"
    WALL_HOURS = "wall_hours"  # run on, day and night
    WORKING_DAYS = "working_days"
    CALENDAR_DAYS = "calendar_days"
    MONTHS = "months"  # the same day of a later month, or that month's last
    SOURCE = "source"  # an imported deadline: stated by its source, never computed


@dataclass(frozen=True, slots=True, kw_only=True)
class Calendar:
    """One edition of the country's days off, and the span of days it knows about (both ends included)."""

    code: str
    edition: int
    holidays: frozenset[date]
    joint_leave: frozenset[date]
    first_day: date
    last_day: date


@dataclass(frozen=True, slots=True, kw_only=True)
class OpeningHours:
    """When an office is open, Monday to Sunday, in its own zone (an IANA name); `None` is a closed day."""

    zone: str
    days: tuple[Span | None, ...]
    joint_leave_closed: bool = True

    def __post_init__(self) -> None:
        spans = [span for span in self.days if span]
        if len(self.days) != DAYS_OF_WEEK or not spans or any(opens >= closes for opens, closes in spans):
            raise ValueError("opening hours name seven days, one of them open, each opening before it closes")


class CalendarTooShort(ValueError):
    """A day was asked about that lies outside what this edition of the calendar knows."""

    def __init__(self, calendar: Calendar, day: date) -> None:
        super().__init__(
            f"calendar {calendar.code} edition {calendar.edition} knows {calendar.first_day} until"
            f" {calendar.last_day}, not {day}: publish a newer edition that does"
        )


def is_working_day(day: date, calendar: Calendar, hours: OpeningHours) -> bool:
    if not calendar.first_day <= day <= calendar.last_day:
        raise CalendarTooShort(calendar, day)
    if day in calendar.holidays or (hours.joint_leave_closed and day in calendar.joint_leave):
        return False
    return hours.days[day.weekday()] is not None


def day_zero(start: datetime, calendar: Calendar, hours: OpeningHours) -> date:
    """Return the working day on which something that happened at `start` counts as received."""
    _, closes = next(openings(start, calendar, hours))
    return closes.astimezone(ZoneInfo(hours.zone)).date()


def due_at(
    start: datetime, unit: Unit, n: int, calendar: Calendar, hours: OpeningHours, *, roll_forward: bool = False
) -> datetime:
    """Return the instant, in UTC, by which `n` units from `start` are over; `roll_forward` as in the module's rule.

    Wall hours need no calendar. All else raises CalendarTooShort where the calendar does not reach.
    """
    if start.utcoffset() is None:
        raise ValueError("a deadline starts at an instant, which names its zone")
    if not 0 <= n <= N_MAX:
        raise ValueError(f"a promise is between 0 and {N_MAX} units")
    match unit:
        case Unit.WALL_HOURS:
            due = start.astimezone(UTC) + timedelta(hours=n)
        case Unit.SERVICE_MINUTES:
            due = after_open_time(start, timedelta(minutes=n), calendar, hours)
        case Unit.SERVICE_HOURS:
            due = after_open_time(start, timedelta(hours=n), calendar, hours)
        case Unit.WORKING_DAYS:
            _, due = next(islice(openings(start, calendar, hours), n, None))
        case Unit.CALENDAR_DAYS:
            last_day = day_zero(start, calendar, hours) + timedelta(days=n)
            due = closing(last_day, calendar, hours, roll_forward=roll_forward)
        case Unit.MONTHS:
            last_day = months_later(day_zero(start, calendar, hours), n)
            due = closing(last_day, calendar, hours, roll_forward=roll_forward)
        case Unit.SOURCE:
            raise ValueError("a source states its own deadline")
        case _:
            assert_never(unit)
    return due


def openings(start: datetime, calendar: Calendar, hours: OpeningHours) -> Iterator[tuple[datetime, datetime]]:
    """Yield (opens, closes) in UTC of every opening that has not closed before `start`, in order.

    Ends only by CalendarTooShort.
    """
    zone = ZoneInfo(hours.zone)
    day = start.astimezone(zone).date()
    while True:
        span = hours.days[day.weekday()] if is_working_day(day, calendar, hours) else None
        if span and start <= instant(day, span[1], zone):
            yield instant(day, span[0], zone), instant(day, span[1], zone)
        day += timedelta(days=1)


def after_open_time(start: datetime, left: timedelta, calendar: Calendar, hours: OpeningHours) -> datetime:
    """Return when the office will have been open for `left` since `start`."""
    ahead = openings(start, calendar, hours)
    while True:
        opens, closes = next(ahead)
        begins = max(opens, start.astimezone(UTC))
        if begins + left <= closes:
            return begins + left
        left -= closes - begins


def closing(day: date, calendar: Calendar, hours: OpeningHours, *, roll_forward: bool) -> datetime:
    """Return when `day` closes: a closed day closes at the latest closing time of the week."""
    while not (works := is_working_day(day, calendar, hours)) and roll_forward:
        day += timedelta(days=1)
    today = hours.days[day.weekday()] if works else None
    _, closes = today or max((span for span in hours.days if span), key=lambda span: span[1])
    return instant(day, closes, ZoneInfo(hours.zone))


def months_later(day: date, n: int) -> date:
    years, month = divmod(day.month - 1 + n, 12)
    year = day.year + years
    return date(year, month + 1, min(day.day, monthrange(year, month + 1)[1]))


def instant(day: date, at: time, zone: ZoneInfo) -> datetime:
    return datetime.combine(day, at, zone).astimezone(UTC)
