"""Tests of deadlines under an office's settings and under clock changes. `test_calendar` tests the default settings."""

from dataclasses import replace
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest

from domain.promises.deadlines import N_MAX, closing, day_after, due_at, further, paused
from domain.registry.calendar import (
    AfterHours,
    Calendar,
    DayZero,
    OpeningHours,
    SpecialWeek,
    Unit,
    day_zero,
    instant,
    openings,
)
from tests.domain.registry.test_calendar import CALENDAR, SPAN, WEEKDAYS, local

DAY_ONE = replace(WEEKDAYS, day_zero=DayZero.DAY_BEFORE)
SAME_DAY = replace(WEEKDAYS, after_hours=AfterHours.SAME_DAY)
BOTH = replace(DAY_ONE, after_hours=AfterHours.SAME_DAY)
EVERY_DAY = Calendar(
    code="open",
    edition=1,
    holidays=frozenset(),
    joint_leave=frozenset(),
    first_day=date(2025, 1, 1),
    last_day=date(2027, 12, 31),
)
AMSTERDAM, ST_JOHNS = "Europe/Amsterdam", "America/St_Johns"


def open_daily(zone: str, opens: time, closes: time) -> OpeningHours:
    return OpeningHours(zone=zone, days=((opens, closes),) * 7)


@pytest.mark.parametrize(
    ("unit", "n", "due"),
    [
        (Unit.WORKING_DAYS, 0, "2026-03-13"),
        (Unit.WORKING_DAYS, 1, "2026-03-13"),
        (Unit.WORKING_DAYS, 5, "2026-03-26"),
        (Unit.CALENDAR_DAYS, 0, "2026-03-13"),
        (Unit.CALENDAR_DAYS, 1, "2026-03-13"),
        (Unit.CALENDAR_DAYS, 14, "2026-03-26"),
        (Unit.MONTHS, 0, "2026-03-13"),
        (Unit.MONTHS, 1, "2026-04-12"),
    ],
)
def test_where_completeness_is_day_one_all_ends_a_day_sooner(unit: Unit, n: int, due: str) -> None:
    assert due_at(local("2026-03-13T10:00"), unit, n, CALENDAR, DAY_ONE) == local(f"{due}T15:00")


@pytest.mark.parametrize(
    ("at", "counts_on", "due"),
    [
        ("2026-03-13T16:00", "2026-03-13", "2026-03-16"),  # Friday evening
        ("2026-03-14T10:00", "2026-03-14", "2026-03-16"),  # Saturday
        ("2026-03-09T10:00", "2026-03-09", "2026-03-10"),
    ],
)
def test_what_comes_after_hours_may_count_on_its_own_day(at: str, counts_on: str, due: str) -> None:
    assert day_zero(local(at), CALENDAR, SAME_DAY) == date.fromisoformat(counts_on)
    assert due_at(local(at), Unit.WORKING_DAYS, 1, CALENDAR, SAME_DAY) == local(f"{due}T15:00")


@pytest.mark.parametrize("unit", [Unit.WORKING_DAYS, Unit.CALENDAR_DAYS])
@pytest.mark.parametrize(("hours", "n"), [(SAME_DAY, 0), (BOTH, 0), (BOTH, 1)])
def test_nothing_is_due_before_it_is_complete(unit: Unit, hours: OpeningHours, n: int) -> None:
    friday_evening = local("2026-03-13T16:00")
    assert due_at(friday_evening, unit, n, CALENDAR, hours) == local("2026-03-16T15:00")


def test_a_pause_counts_days_as_the_office_does() -> None:
    due, friday_evening, monday = local("2026-03-27T15:00"), local("2026-03-13T16:00"), local("2026-03-16T09:00")
    pause = (friday_evening, monday)
    assert paused(due, Unit.WORKING_DAYS, pause, CALENDAR, WEEKDAYS) == due
    assert paused(due, Unit.WORKING_DAYS, pause, CALENDAR, SAME_DAY) == local("2026-03-30T15:00")


def test_a_closed_day_closes_at_the_latest_hour_of_its_own_week() -> None:
    def closes_on_sunday(*days: tuple[time, time] | None) -> datetime:
        week = SpecialWeek(first_day=date(2026, 3, 9), last_day=date(2026, 3, 15), days=(*days, None, None))
        return closing(date(2026, 3, 15), replace(CALENDAR, special=(week,)), WEEKDAYS, roll_forward=False)

    assert closes_on_sunday(*((time(8), time(12)),) * 4, (time(8), time(13))) == local("2026-03-15T13:00")
    assert closes_on_sunday(*(None,) * 5) == local("2026-03-15T15:00")


@pytest.mark.parametrize("n", [-1, N_MAX + 1])
@pytest.mark.parametrize("hours", [WEEKDAYS, DAY_ONE])
def test_no_day_is_counted_backwards_or_for_ever(n: int, hours: OpeningHours) -> None:
    for unit in (Unit.WORKING_DAYS, Unit.CALENDAR_DAYS, Unit.MONTHS):
        with pytest.raises(ValueError, match="between 0 and"):
            due_at(local("2026-03-09T10:00"), unit, n, CALENDAR, hours)
        with pytest.raises(ValueError, match="between 0 and"):
            day_after(date(2026, 3, 9), unit, n, CALENDAR, hours)
    with pytest.raises(ValueError, match="between 0 and"):
        further(local("2026-03-09T10:00"), Unit.SERVICE_HOURS, n, CALENDAR, hours)


def test_a_sources_own_deadline_stays_where_its_source_has_it() -> None:
    due = local("2026-03-27T15:00")
    assert paused(due, Unit.SOURCE, (due - timedelta(5), due), CALENDAR, WEEKDAYS) == due


@pytest.mark.parametrize(
    ("zone", "day", "at", "utc"),
    [
        (AMSTERDAM, date(2026, 3, 28), time(15), "2026-03-28T14:00"),
        (AMSTERDAM, date(2026, 3, 29), time(15), "2026-03-29T13:00"),
        (AMSTERDAM, date(2026, 3, 29), time(2, 30), "2026-03-29T01:30"),  # skipped: half past three counts
        (AMSTERDAM, date(2026, 10, 25), time(2, 30), "2026-10-25T00:30"),  # occurs twice: the first one counts
        (ST_JOHNS, date(2026, 3, 8), time(2, 30), "2026-03-08T06:00"),  # skipped too, in a zone half an hour off
        (ST_JOHNS, date(2026, 11, 1), time(1, 30), "2026-11-01T04:00"),
        (ST_JOHNS, date(2026, 11, 2), time(15), "2026-11-02T18:30"),
    ],
)
def test_an_hour_that_is_skipped_or_comes_twice_is_one_instant(zone: str, day: date, at: time, utc: str) -> None:
    assert instant(day, at, ZoneInfo(zone)) == datetime.fromisoformat(utc).replace(tzinfo=UTC)


def test_a_promise_over_a_change_of_clocks_ends_at_closing_time_all_the_same() -> None:
    hours = open_daily(AMSTERDAM, *SPAN)
    saturday = local("2026-03-28T10:00", AMSTERDAM)
    assert due_at(saturday, Unit.WORKING_DAYS, 1, EVERY_DAY, hours) == local("2026-03-29T15:00", AMSTERDAM)
    assert due_at(saturday, Unit.WALL_HOURS, 24, EVERY_DAY, hours) == local("2026-03-29T11:00", AMSTERDAM)


def test_the_hour_that_is_skipped_is_no_open_time_and_the_one_that_comes_twice_counts_twice() -> None:
    night = open_daily(AMSTERDAM, time(1), time(5))
    for midnight, minutes in (("2026-03-29T00:00", 180), ("2026-10-25T00:00", 300), ("2026-10-26T00:00", 240)):
        start = local(midnight, AMSTERDAM)
        last_minute = due_at(start, Unit.SERVICE_MINUTES, minutes, EVERY_DAY, night)
        assert last_minute == local(f"{midnight[:10]}T05:00", AMSTERDAM)


def test_an_opening_that_the_clock_skips_has_no_length() -> None:
    hours = open_daily(AMSTERDAM, time(2, 30), time(3))
    opens, closes = next(openings(local("2026-03-29T00:00", AMSTERDAM), EVERY_DAY, hours))
    assert opens == closes == local("2026-03-29T03:00", AMSTERDAM)
    due = due_at(local("2026-03-29T00:00", AMSTERDAM), Unit.SERVICE_MINUTES, 10, EVERY_DAY, hours)
    assert due == local("2026-03-30T02:40", AMSTERDAM)


def test_closing_time_in_the_doubled_hour_is_the_first_of_the_two() -> None:
    hours = open_daily(AMSTERDAM, time(0), time(2, 30))
    first, second = (datetime(2026, 10, 25, hour, 30, tzinfo=UTC) for hour in (0, 1))
    assert due_at(first - timedelta(hours=1), Unit.WORKING_DAYS, 0, EVERY_DAY, hours) == first
    assert day_zero(first, EVERY_DAY, hours) == date(2026, 10, 25)
    assert day_zero(second, EVERY_DAY, hours) == date(2026, 10, 26)
