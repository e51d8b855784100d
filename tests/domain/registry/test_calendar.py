from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from domain.promises.deadlines import N_MAX, due_at
from domain.registry.calendar import (
    Calendar,
    CalendarTooShort,
    OpeningHours,
    OpeningSpan,
    Unit,
    day_zero,
    is_working_day,
)


def days_of_2026(*month_days: str) -> frozenset[date]:
    return frozenset(date.fromisoformat(f"2026-{month_day}") for month_day in month_days)


JOINT_LEAVE = days_of_2026("02-16", "03-18", "03-20", "03-23", "03-24", "05-15", "05-28", "12-24")
HOLIDAYS = days_of_2026(
    *("01-01", "01-16", "02-17", "03-19", "03-21", "03-22", "04-03", "04-05", "05-01", "05-14", "05-27", "05-31"),
    *("06-01", "06-16", "08-17", "08-25", "12-25"),
)
CALENDAR = Calendar(
    code="id-2026",
    edition=1,
    holidays=HOLIDAYS,
    joint_leave=JOINT_LEAVE,
    first_day=date(2026, 1, 1),
    last_day=date(2026, 12, 31),
)

SPAN = (time(8), time(15))
FRIDAY = (time(8), time(11, 30))
SATURDAY = (time(8), time(12))
WIB, WITA, WIT = "Asia/Jakarta", "Asia/Makassar", "Asia/Jayapura"
WEEKDAYS = OpeningHours(zone=WIB, days=(SPAN, SPAN, SPAN, SPAN, SPAN, None, None))
JOINT_LEAVE_WORKED = OpeningHours(zone=WIB, days=WEEKDAYS.days, joint_leave_closed=False)
SIX_DAYS = OpeningHours(zone=WIT, days=(SPAN, SPAN, SPAN, SPAN, FRIDAY, SATURDAY, None))

starts = st.timedeltas(timedelta(0), timedelta(days=240)).map(datetime(2026, 1, 1, 12, tzinfo=UTC).__add__)
offices = st.sampled_from([WEEKDAYS, JOINT_LEAVE_WORKED, SIX_DAYS])
counted = st.sampled_from([unit for unit in Unit if unit is not Unit.SOURCE])


def local(text: str, zone: str = WIB) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=ZoneInfo(zone))


@pytest.mark.parametrize(
    ("complete_on", "n", "due_on", "joint_leave_worked", "in_calendar_days"),
    [
        ("2026-03-13", 5, "2026-03-27", "2026-03-23", "2026-03-18"),
        ("2026-03-16", 5, "2026-03-30", "2026-03-24", "2026-03-21"),
        ("2026-03-13", 10, "2026-04-06", "2026-03-30", "2026-03-23"),
        ("2026-02-13", 2, "2026-02-19", "2026-02-18", "2026-02-15"),
        ("2026-05-13", 5, "2026-05-22", "2026-05-21", "2026-05-18"),
        ("2026-12-23", 3, "2026-12-30", "2026-12-29", "2026-12-26"),
    ],
)
def test_a_promise_made_around_joint_leave_falls_due(
    complete_on: str, n: int, due_on: str, joint_leave_worked: str, in_calendar_days: str
) -> None:
    start = local(f"{complete_on}T10:00")
    for unit, hours, expected in (
        (Unit.WORKING_DAYS, WEEKDAYS, due_on),
        (Unit.WORKING_DAYS, JOINT_LEAVE_WORKED, joint_leave_worked),
        (Unit.CALENDAR_DAYS, WEEKDAYS, in_calendar_days),
    ):
        due = due_at(start, unit, n, CALENDAR, hours)
        assert due == local(f"{expected}T15:00")
        assert due.tzinfo is UTC


@pytest.mark.parametrize(("zone", "submitted_on"), [(WIB, 15), (WITA, 16), (WIT, 16)])
def test_one_instant_has_two_dates_but_one_next_working_day(zone: str, submitted_on: int) -> None:
    start = datetime(2026, 1, 15, 16, 30, tzinfo=UTC)
    hours = OpeningHours(zone=zone, days=WEEKDAYS.days)
    assert start.astimezone(ZoneInfo(zone)).date() == date(2026, 1, submitted_on)
    assert day_zero(start, CALENDAR, hours) == date(2026, 1, 19)
    assert due_at(start, Unit.WORKING_DAYS, 0, CALENDAR, hours) == local("2026-01-19T15:00", zone)
    assert due_at(start, Unit.WORKING_DAYS, 1, CALENDAR, hours) == local("2026-01-20T15:00", zone)


@pytest.mark.parametrize(("hours", "days"), [(WEEKDAYS, 240), (JOINT_LEAVE_WORKED, 248)])
def test_2026_has_240_working_days_and_248_where_joint_leave_is_worked(hours: OpeningHours, days: int) -> None:
    year = [date(2026, 1, 1) + timedelta(days=later) for later in range(365)]
    assert sum(is_working_day(day, CALENDAR, hours) for day in year) == days


@pytest.mark.parametrize(
    ("at", "received_on"),
    [
        ("2026-03-09T06:00", "2026-03-09"),  # before opening
        ("2026-03-09T15:00", "2026-03-09"),  # at the last moment
        ("2026-03-09T15:00:00.000001", "2026-03-10"),
        ("2026-03-13T16:00", "2026-03-16"),  # Friday evening
        ("2026-03-14T10:00", "2026-03-16"),  # Saturday
        ("2026-03-17T16:00", "2026-03-25"),  # on the eve of a week of joint leave
    ],
)
def test_what_comes_while_the_office_is_closed_counts_as_the_next_opening(at: str, received_on: str) -> None:
    assert day_zero(local(at), CALENDAR, WEEKDAYS) == date.fromisoformat(received_on)


def test_completeness_on_a_closed_day_moves_day_zero_for_calendar_days_and_months_too() -> None:
    saturday = local("2026-03-14T10:00")
    assert due_at(saturday, Unit.CALENDAR_DAYS, 1, CALENDAR, WEEKDAYS) == local("2026-03-17T15:00")
    assert due_at(saturday, Unit.MONTHS, 1, CALENDAR, WEEKDAYS) == local("2026-04-16T15:00")


def test_the_last_day_closes_at_its_own_hour() -> None:
    thursday = local("2026-03-12T10:00", WIT)
    assert due_at(thursday, Unit.WORKING_DAYS, 1, CALENDAR, SIX_DAYS) == local("2026-03-13T11:30", WIT)
    assert due_at(thursday, Unit.WORKING_DAYS, 2, CALENDAR, SIX_DAYS) == local("2026-03-14T12:00", WIT)
    assert due_at(thursday, Unit.CALENDAR_DAYS, 1, CALENDAR, SIX_DAYS) == local("2026-03-13T11:30", WIT)


def test_a_closed_last_day_closes_at_the_latest_hour_of_the_week_unless_rolled_forward() -> None:
    thursday = local("2026-03-12T10:00", WIT)
    assert due_at(thursday, Unit.CALENDAR_DAYS, 3, CALENDAR, SIX_DAYS) == local("2026-03-15T15:00", WIT)
    nyepi = local("2026-03-17T10:00")
    assert due_at(nyepi, Unit.CALENDAR_DAYS, 2, CALENDAR, WEEKDAYS) == local("2026-03-19T15:00")
    assert due_at(nyepi, Unit.CALENDAR_DAYS, 2, CALENDAR, WEEKDAYS, roll_forward=True) == local("2026-03-25T15:00")


def test_rolling_forward_leaves_an_open_last_day_where_it_is() -> None:
    monday = local("2026-03-09T10:00")
    assert due_at(monday, Unit.CALENDAR_DAYS, 1, CALENDAR, WEEKDAYS, roll_forward=True) == local("2026-03-10T15:00")


@pytest.mark.parametrize(
    ("start", "n", "due"),
    [
        ("2026-01-15T10:00", 2, "2026-03-15T15:00"),
        ("2026-03-31T10:00", 1, "2026-04-30T15:00"),
        ("2026-01-30T10:00", 1, "2026-02-28T15:00"),
        ("2026-06-30T10:00", 6, "2026-12-30T15:00"),
    ],
)
def test_months_end_on_the_same_day_or_on_the_last_of_a_shorter_month(start: str, n: int, due: str) -> None:
    assert due_at(local(start), Unit.MONTHS, n, CALENDAR, WEEKDAYS) == local(due)


def test_months_cross_into_a_year_that_the_calendar_knows() -> None:
    longer = Calendar(
        code="id-2026",
        edition=2,
        holidays=HOLIDAYS,
        joint_leave=JOINT_LEAVE,
        first_day=CALENDAR.first_day,
        last_day=date(2028, 12, 31),
    )
    start = local("2026-12-31T10:00")
    assert due_at(start, Unit.MONTHS, 1, longer, WEEKDAYS) == local("2027-01-31T15:00")
    assert due_at(start, Unit.MONTHS, 14, longer, WEEKDAYS) == local("2028-02-29T15:00")


@pytest.mark.parametrize(
    ("start", "minutes", "due"),
    [
        ("2026-03-09T10:00", 15, "2026-03-09T10:15"),
        ("2026-03-09T06:00", 15, "2026-03-09T08:15"),
        ("2026-03-09T14:45", 15, "2026-03-09T15:00"),
        ("2026-03-09T14:50", 15, "2026-03-10T08:05"),
        ("2026-03-09T15:00", 15, "2026-03-10T08:15"),
        ("2026-03-13T14:00", 540, "2026-03-17T09:00"),  # over a weekend, a whole Monday between
        ("2026-03-14T10:00", 0, "2026-03-16T08:00"),
    ],
)
def test_service_time_runs_only_while_the_office_is_open(start: str, minutes: int, due: str) -> None:
    assert due_at(local(start), Unit.SERVICE_MINUTES, minutes, CALENDAR, WEEKDAYS) == local(due)


def test_a_service_hour_is_sixty_service_minutes() -> None:
    start = local("2026-03-17T14:30")
    assert due_at(start, Unit.SERVICE_HOURS, 1, CALENDAR, WEEKDAYS) == local("2026-03-25T08:30")
    assert due_at(start, Unit.SERVICE_MINUTES, 60, CALENDAR, WEEKDAYS) == local("2026-03-25T08:30")


def test_months_roll_forward_too() -> None:
    january = local("2026-01-15T10:00")
    assert due_at(january, Unit.MONTHS, 2, CALENDAR, WEEKDAYS, roll_forward=True) == local("2026-03-16T15:00")


@given(starts, st.integers(min_value=0, max_value=N_MAX), offices)
def test_wall_hours_run_on_whatever_the_calendar_knows(start: datetime, n: int, hours: OpeningHours) -> None:
    assert due_at(start, Unit.WALL_HOURS, n, CALENDAR, hours) - start == timedelta(hours=n)


@given(starts, st.integers(min_value=0, max_value=60), offices)
def test_working_days_never_end_on_a_closed_day(start: datetime, n: int, hours: OpeningHours) -> None:
    due = due_at(start, Unit.WORKING_DAYS, n, CALENDAR, hours).astimezone(ZoneInfo(hours.zone))
    span = hours.days[due.weekday()]
    assert is_working_day(due.date(), CALENDAR, hours)
    assert span is not None
    assert due.time() == span[1]


@given(start=starts, unit=counted, n=st.integers(min_value=0, max_value=3), hours=offices, roll_forward=st.booleans())
def test_one_more_unit_is_never_earlier(
    *, start: datetime, unit: Unit, n: int, hours: OpeningHours, roll_forward: bool
) -> None:
    def due(count: int) -> datetime:
        return due_at(start, unit, count, CALENDAR, hours, roll_forward=roll_forward)

    assert start <= due(n) <= due(n + 1)
    if not roll_forward:
        assert due(n) < due(n + 1)


@given(starts, st.timedeltas(timedelta(0), timedelta(days=30)), counted, offices)
def test_a_file_complete_earlier_is_never_due_later(
    start: datetime, later: timedelta, unit: Unit, hours: OpeningHours
) -> None:
    assert due_at(start, unit, 2, CALENDAR, hours) <= due_at(start + later, unit, 2, CALENDAR, hours)


@given(starts, st.integers(min_value=0, max_value=20))
def test_rolling_forward_ends_on_a_working_day(start: datetime, n: int) -> None:
    stays = due_at(start, Unit.CALENDAR_DAYS, n, CALENDAR, WEEKDAYS).astimezone(ZoneInfo(WIB))
    assume(not is_working_day(stays.date(), CALENDAR, WEEKDAYS))
    rolled = due_at(start, Unit.CALENDAR_DAYS, n, CALENDAR, WEEKDAYS, roll_forward=True).astimezone(ZoneInfo(WIB))
    assert rolled > stays
    assert is_working_day(rolled.date(), CALENDAR, WEEKDAYS)


@pytest.mark.parametrize(
    ("unit", "n"),
    [
        (Unit.WORKING_DAYS, 6),
        (Unit.CALENDAR_DAYS, 9),
        (Unit.MONTHS, 1),
        (Unit.SERVICE_HOURS, 40),
        (Unit.SERVICE_MINUTES, 2400),
    ],
)
def test_a_deadline_beyond_the_calendar_names_the_calendar_and_asks_for_a_newer_edition(unit: Unit, n: int) -> None:
    with pytest.raises(CalendarTooShort, match=r"id-2026 edition 1 .* until 2026-12-31, .* publish a newer edition"):
        due_at(local("2026-12-23T10:00"), unit, n, CALENDAR, WEEKDAYS)


def test_a_calendar_answers_for_the_days_it_knows_and_no_others() -> None:
    assert is_working_day(CALENDAR.last_day, CALENDAR, WEEKDAYS)
    assert not is_working_day(CALENDAR.first_day, CALENDAR, WEEKDAYS)
    for outside in (date(2025, 12, 31), date(2027, 1, 1)):
        with pytest.raises(CalendarTooShort, match=str(outside)):
            is_working_day(outside, CALENDAR, WEEKDAYS)


def test_a_source_states_its_own_deadline() -> None:
    with pytest.raises(ValueError, match="states its own"):
        due_at(local("2026-03-09T10:00"), Unit.SOURCE, 0, CALENDAR, WEEKDAYS)


@pytest.mark.parametrize("n", [-1, N_MAX + 1])
def test_a_promise_has_a_sane_length(n: int) -> None:
    with pytest.raises(ValueError, match="between 0 and"):
        due_at(local("2026-03-09T10:00"), Unit.WALL_HOURS, n, CALENDAR, WEEKDAYS)


def test_a_deadline_starts_at_an_instant() -> None:
    with pytest.raises(ValueError, match="names its zone"):
        due_at(local("2026-03-09T10:00").replace(tzinfo=None), Unit.WALL_HOURS, 1, CALENDAR, WEEKDAYS)


@pytest.mark.parametrize(
    "days",
    [
        (None, None, None, None, None, None, None),
        ((time(15), time(8)), None, None, None, None, None, None),
        ((time(8), time(8)), None, None, None, None, None, None),
        (SPAN, SPAN, SPAN, SPAN, SPAN),
        (SPAN, SPAN, SPAN, SPAN, SPAN, None, None, None),
    ],
)
def test_opening_hours_are_seven_days_that_open_before_they_close(days: tuple[OpeningSpan | None, ...]) -> None:
    with pytest.raises(ValueError, match="seven days"):
        OpeningHours(zone=WIB, days=days)
