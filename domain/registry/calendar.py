"""This module computes the opening times of an office from four sources: the usual hours of each weekday, the national
days off, the office's closures, and the special weeks.

Days and hours are in the office's time zone, not in the citizen's. Instants are UTC. `domain.promises.deadlines`
computes deadlines from the opening times.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from enum import StrEnum
from itertools import takewhile
from zoneinfo import ZoneInfo

from domain.rules import rests_on

DAYS_OF_WEEK = 7
DAY = timedelta(days=1)

OpeningSpan = tuple[time, time]
Week = tuple[OpeningSpan | None, ...]
"""Opening spans from Monday to Sunday; `None` is a closed day."""


@rests_on("unit")
class Unit(StrEnum):
    """The unit of a promise. A working day, a calendar day and 24 hours are three different units."""

    SERVICE_MINUTES = "service_minutes"  # minutes or hours count only while the office is open
    SERVICE_HOURS = "service_hours"  # minutes or hours count only while the office is open
    WALL_HOURS = "wall_hours"  # hours count by day and by night
    WORKING_DAYS = "working_days"
    CALENDAR_DAYS = "calendar_days"
    MONTHS = "months"  # the same day of a later month, or the last day of that month
    SOURCE = "source"  # an imported deadline: the source states the deadline, and the system never computes it


@rests_on("day-zero")
class DayZero(StrEnum):
    """The rule for day 0 of a promise in days or months."""

    COMPLETENESS = "completeness"
    DAY_BEFORE = "day_before"  # the day of completeness is day 1


@rests_on("after-hours")
class AfterHours(StrEnum):
    """The rule for an act after closing time or on a closed day: the act is counted from the next opening, or from the
    same day.
    """

    NEXT_OPENING = "next_opening"
    SAME_DAY = "same_day"


@dataclass(frozen=True, slots=True, kw_only=True)
class SpecialWeek:
    """From `first_day` up to and including `last_day`, these opening hours replace the usual opening hours."""

    first_day: date
    last_day: date
    days: Week

    def __post_init__(self) -> None:
        if not _is_week(self.days):
            raise ValueError("special hours name seven days, each opening before it closes")


@dataclass(frozen=True, slots=True, kw_only=True)
class Calendar:
    """The days off of one office. The calendar covers the days from `first_day` up to and including `last_day`.

    If several special weeks apply on one day, the last of them in `special` is used.
    """

    code: str
    edition: int
    holidays: frozenset[date]
    joint_leave: frozenset[date]
    first_day: date
    last_day: date
    closures: frozenset[date] = frozenset()
    special: tuple[SpecialWeek, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class OpeningHours:
    """The opening hours of an office, and the rules by which the office counts days. `zone` is the IANA name of a time
    zone.

    `of_counter` says whether the hours belong to one counter. A special week of the counter's office can shorten the
    hours of the counter. A special week cannot open the counter on a day on which the counter is closed.
    """

    zone: str
    days: Week
    joint_leave_closed: bool = True
    of_counter: bool = False
    day_zero: DayZero = DayZero.COMPLETENESS
    after_hours: AfterHours = AfterHours.NEXT_OPENING

    def __post_init__(self) -> None:
        if not (_is_week(self.days) and any(self.days)):
            raise ValueError("opening hours name seven days, one of them open, each opening before it closes")


def _is_week(days: Week) -> bool:
    return len(days) == DAYS_OF_WEEK and all(span[0] < span[1] for span in days if span)


class CalendarTooShort(ValueError):
    """The calculation needs a day outside the span of the calendar edition."""

    def __init__(self, calendar: Calendar, day: date) -> None:
        super().__init__(
            f"calendar {calendar.code} edition {calendar.edition} covers {calendar.first_day} until"
            f" {calendar.last_day}, not {day}: publish a newer edition that covers it"
        )


@rests_on("special-hours", "opening-hours")
def week_of(day: date, calendar: Calendar, hours: OpeningHours) -> Week:
    """Return the opening hours that are in force on `day`, for each weekday. The function does not check whether `day`
    is a day off.
    """
    for special in reversed(calendar.special):
        if special.first_day <= day <= special.last_day:
            return tuple(map(_both, special.days, hours.days)) if hours.of_counter else special.days
    return hours.days


def _both(one: OpeningSpan | None, other: OpeningSpan | None) -> OpeningSpan | None:
    if one is None or other is None:
        return None
    opens, closes = max(one[0], other[0]), min(one[1], other[1])
    return (opens, closes) if opens < closes else None


@rests_on("holidays", "joint-leave", "local-closures")
def span_of(day: date, calendar: Calendar, hours: OpeningHours) -> OpeningSpan | None:
    """Return the local opening and closing time of `day`. Return None if the office is closed.

    Raises CalendarTooShort.
    """
    if not calendar.first_day <= day <= calendar.last_day:
        raise CalendarTooShort(calendar, day)
    if day in calendar.holidays or day in calendar.closures:
        return None
    if hours.joint_leave_closed and day in calendar.joint_leave:
        return None
    return week_of(day, calendar, hours)[day.weekday()]


@rests_on("holidays", "joint-leave", "local-closures")
def is_working_day(day: date, calendar: Calendar, hours: OpeningHours) -> bool:
    """Tell whether the office is open on `day`. Raises CalendarTooShort."""
    return span_of(day, calendar, hours) is not None


@rests_on("zone", "after-hours")
def day_zero(start: datetime, calendar: Calendar, hours: OpeningHours) -> date:
    """Return the local day to which an act at `start` is assigned. Raises CalendarTooShort."""
    if hours.after_hours is AfterHours.SAME_DAY:
        return local_day(start, hours)
    return next(_open_days(start, calendar, hours))[0]


@rests_on("zone", "opening-hours")
def openings(start: datetime, calendar: Calendar, hours: OpeningHours) -> Iterator[tuple[datetime, datetime]]:
    """Yield the office's openings in the order of time. Each opening is a pair of instants in UTC: the opening and the
    closing. An opening that closes before `start` is left out.

    When the calendar ends, the iterator raises CalendarTooShort.
    """
    for _, opens, closes in _open_days(start, calendar, hours):
        yield opens, closes


def _open_days(start: datetime, calendar: Calendar, hours: OpeningHours) -> Iterator[tuple[date, datetime, datetime]]:
    zone = ZoneInfo(hours.zone)
    day = local_day(start, hours)
    while True:
        span = span_of(day, calendar, hours)
        if span:
            opens, closes = instant(day, span[0], zone), instant(day, span[1], zone)
            if start <= closes:
                yield day, min(opens, closes), closes  # an opening inside an hour that the clocks skip has no length
        day += DAY


@rests_on("opening-hours")
def open_time(since: datetime, until: datetime, calendar: Calendar, hours: OpeningHours) -> timedelta:
    """Return how long the office is open between two instants. Raises CalendarTooShort."""
    between = takewhile(lambda opening: opening[0] < until, openings(since, calendar, hours))
    return sum((min(closes, until) - max(opens, since) for opens, closes in between), timedelta())


@rests_on("zone")
def local_day(at: datetime, hours: OpeningHours) -> date:
    return at.astimezone(ZoneInfo(hours.zone)).date()


@rests_on("zone", "clock-change")
def instant(day: date, at: time, zone: ZoneInfo) -> datetime:
    """Return, in UTC, the instant at which the local time on `day` is `at`.

    If the clocks are put back and `at` occurs twice, the first occurrence is used. Suppose that the clocks are put
    forward from 02:00 to 03:00, and `at` is 02:20. This local time does not exist, so the result is 03:20.
    """
    return datetime.combine(day, at, zone).astimezone(UTC)
