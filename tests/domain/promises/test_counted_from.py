"""From which day a promise is counted, where that is not the day on which the file was complete."""

from datetime import date, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.promises.steps import after_pause, extended, promised
from domain.registry.calendar import AfterHours, DayZero, Unit
from domain.registry.editions import PromiseTerms
from tests.domain.offices import EDITION, WIB, closed_on, country, days, local, place, promise, the_office

COUNTRY = country()  # open from 08:00 to 15:00 on weekdays
SAME_DAY = country(office=the_office(after_hours=AfterHours.SAME_DAY))
IN_DAYS = (Unit.WORKING_DAYS, Unit.CALENDAR_DAYS, Unit.MONTHS)
IN_HOURS = (Unit.SERVICE_MINUTES, Unit.SERVICE_HOURS)
MONDAY = date(2026, 11, 30)


def test_one_calendar_day_of_a_file_complete_on_friday_after_closing_is_counted_from_monday_until_tuesday() -> None:
    counted = promise(1, Unit.CALENDAR_DAYS, local("2026-11-27T15:30"), COUNTRY)
    assert (counted.counted_from, counted.due_at) == (MONDAY, local("2026-12-01T15:00"))


@pytest.mark.parametrize("unit", [*IN_DAYS, *IN_HOURS])
@pytest.mark.parametrize(
    ("complete", "counted_from"),
    [
        ("2026-11-27T07:00", None),  # before opening
        ("2026-11-27T10:00", None),
        ("2026-11-27T15:00", None),  # at closing time
        ("2026-11-27T15:00:01", MONDAY),
        ("2026-11-28T10:00", MONDAY),  # a Saturday
        ("2026-11-30T00:00", None),
        ("2026-12-23T16:00", date(2026, 12, 28)),  # joint leave, Christmas and a weekend
    ],
)
def test_after_closing_time_and_on_closed_days_the_next_open_day_counts(
    unit: Unit, complete: str, counted_from: date | None
) -> None:
    assert promise(1, unit, local(complete), COUNTRY).counted_from == counted_from


@pytest.mark.parametrize(("unit", "counted_from"), [(Unit.WORKING_DAYS, None), (Unit.SERVICE_HOURS, MONDAY)])
def test_where_completeness_counts_on_its_own_day_only_open_hours_begin_later(
    unit: Unit, counted_from: date | None
) -> None:
    assert promise(1, unit, local("2026-11-27T15:30"), SAME_DAY).counted_from == counted_from


def test_wall_hours_run_from_completeness_itself() -> None:
    assert promise(24, Unit.WALL_HOURS, local("2026-11-27T15:30"), COUNTRY).counted_from is None


def test_a_pause_and_an_extension_leave_the_day_from_which_it_was_counted() -> None:
    first = promise(5, Unit.WORKING_DAYS, local("2026-11-27T15:30"), COUNTRY)
    later = after_pause(first, local("2026-12-01T09:00"), local("2026-12-03T09:00"), **place(COUNTRY))
    assert later.due_at > first.due_at
    assert extended(later, 3, **place(COUNTRY)).counted_from == MONDAY


def test_a_closure_on_the_day_from_which_it_was_counted_moves_that_day_too() -> None:
    year: dict[str, Any] = {"first_day": date(2026, 1, 1), "last_day": date(2026, 12, 31)}
    registry = country(closed_on(*days("2026-11-30"), **year))
    assert promise(5, Unit.WORKING_DAYS, local("2026-11-27T15:30"), registry).counted_from == date(2026, 12, 1)


@given(
    st.datetimes(*map(datetime.fromisoformat, ("2026-01-05", "2026-11-01"))),
    st.sampled_from(IN_DAYS),
    st.integers(0, 12),
    st.sampled_from(DayZero),
)
def test_counting_again_from_that_day_gives_the_same_date(start: datetime, unit: Unit, n: int, zero: DayZero) -> None:
    """So the citizen who starts on the day that the page names arrives at the date that the page names."""
    registry = country(office=the_office(day_zero=zero))
    complete = local(start.isoformat())
    counted = promise(n, unit, complete, registry)
    if counted.counted_from is None:
        return
    assert counted.counted_from > complete.date()
    again = promised(
        PromiseTerms(unit=unit, n=n), local(f"{counted.counted_from}T12:00", WIB), **place(registry), edition=EDITION
    )
    assert (again.due_at, again.counted_from) == (counted.due_at, None)
