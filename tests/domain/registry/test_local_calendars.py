"""Tests of local calendars, which offices add to the national calendar, and of counters' hours."""

from dataclasses import replace
from datetime import date, time

import pytest

from domain.registry.calendar import Calendar, OpeningHours, SpecialWeek, span_of
from domain.registry.editions import Counter, Registry, evolve
from domain.registry.places import OpeningDay
from tests.builders import CLOSED, MAKASSAR, OPEN, SEMARANG, an_office, names
from tests.domain.offices import MONDAYS_ONLY, NATIONAL, RAMADAN, closed_on, country, days, local, special, the_office

MONDAY = local("2026-03-09T10:00")
LONG, SHORT = (time(8), time(15)), (time(8), time(13, 30))
IN_RAMADAN = closed_on(special_hours=(special("2026-02-18", "2026-03-19"),))
MORNING, AFTERNOON = OpeningDay(opens="08:00", closes="12:00"), OpeningDay(opens="13:00", closes="16:00")


def spans(registry: Registry, *texts: str, office: str = SEMARANG, service: str = "") -> list[tuple[time, time] | None]:
    known = registry.calendar_from(MONDAY, office)
    assert known
    return [span_of(day, known[0], registry.opening_hours(office, service)) for day in days(*texts)]


def a_counter(code: str, *opening_days: OpeningDay, services: tuple[str, ...] = ("sip",)) -> Counter:
    return Counter(code=code, names=names(code), opening_days=opening_days, services=services)


def test_a_closure_closes_the_offices_it_names_and_no_other() -> None:
    registry = evolve(country(closed_on(*days("2026-03-10"))), an_office(MAKASSAR, "Asia/Makassar"))
    assert spans(registry, "2026-03-09", "2026-03-10") == [LONG, None]
    assert spans(registry, "2026-03-10", office=MAKASSAR) == [LONG]


def test_holidays_and_joint_leave_may_be_local() -> None:
    election = closed_on(holidays=days("2026-03-10"), joint_leave=days("2026-03-11"))
    assert spans(country(election), "2026-03-10", "2026-03-11") == [None, None]
    works_then = country(election, office=the_office(joint_leave_closed=False))
    assert spans(works_then, "2026-03-10", "2026-03-11") == [None, LONG]


def test_the_nations_calendar_may_close_everybody() -> None:
    registry = country(replace(NATIONAL, edition=2, closures=days("2026-03-10")))
    assert spans(registry, "2026-03-10") == [None]


def test_a_newer_edition_replaces_the_older_of_its_code() -> None:
    registry = evolve(country(closed_on(*days("2026-03-10"))), closed_on(*days("2026-03-11"), edition=2))
    assert spans(registry, "2026-03-10", "2026-03-11") == [LONG, None]


def test_what_lies_outside_its_span_says_nothing() -> None:
    registry = country(closed_on(*days("2026-03-10", "2026-03-12"), last_day=date(2026, 3, 11)))
    assert spans(registry, "2026-03-10", "2026-03-12") == [None, LONG]
    cut = replace(IN_RAMADAN, first_day=date(2026, 3, 10), last_day=date(2026, 3, 11))
    assert spans(country(cut), "2026-03-09", "2026-03-10", "2026-03-12") == [LONG, SHORT, LONG]


def test_a_local_calendar_neither_makes_nor_lengthens_what_is_known() -> None:
    alone = replace(closed_on(*days("2026-03-10")), last_day=date(2028, 12, 31))
    known = country(alone).calendar_from(MONDAY, SEMARANG)
    assert known
    assert known[0].last_day == date(2027, 12, 31)
    assert [edition.code for edition in known[1]] == ["id-2026", "id-2027", "closures-3374"]
    assert country(alone).calendar_from(local("2028-03-09T10:00"), SEMARANG) is None


def test_one_that_ended_before_is_left_out() -> None:
    past = closed_on(first_day=date(2025, 1, 1), last_day=date(2025, 12, 31))
    known = country(past).calendar_from(MONDAY, SEMARANG)
    assert known
    assert [edition.code for edition in known[1]] == ["id-2026", "id-2027"]


def test_special_hours_hold_from_their_first_day_to_their_last() -> None:
    found = spans(country(IN_RAMADAN), "2026-02-17", "2026-02-18", "2026-03-17", "2026-03-19", "2026-03-25")
    assert found == [None, SHORT, SHORT, None, LONG]  # 17 February and 19 March are holidays


def test_special_hours_may_open_another_day() -> None:
    fair = special("2026-03-09", "2026-03-15", *(OPEN,) * 6, CLOSED)
    assert spans(country(closed_on(special_hours=(fair,))), "2026-03-14", "2026-03-15", "2026-03-21") == [
        LONG,
        None,
        None,
    ]


def test_of_special_hours_the_last_to_begin_counts_and_the_offices_own_before_the_nations() -> None:
    nations = replace(NATIONAL, edition=2, special_hours=(special("2026-03-01", "2026-03-31", *(MORNING,) * 7),))
    last_days = closed_on(
        code="a-last-days",
        special_hours=(special("2026-03-12", "2026-03-13", *(AFTERNOON,) * 7),),
    )
    registry = country(nations, IN_RAMADAN, last_days)
    found = spans(registry, "2026-03-11", "2026-03-12", "2026-03-26")
    assert found == [SHORT, (time(13), time(16)), (time(8), time(12))]


def test_a_counter_keeps_hours_of_its_own_for_its_services() -> None:
    registry = country(office=the_office(counters=(a_counter("licences", *MONDAYS_ONLY),)))
    assert spans(registry, "2026-03-09", "2026-03-10", service="sip") == [LONG, None]
    assert spans(registry, "2026-03-09", "2026-03-10", service="ktp-el") == [LONG, LONG]
    assert spans(registry, "2026-03-10") == [LONG]


def test_counters_for_one_service_count_from_the_first_to_open_to_the_last_to_close() -> None:
    both = (
        a_counter("one", MORNING, MORNING, *(CLOSED,) * 5),
        a_counter("two", AFTERNOON, *(CLOSED,) * 6, services=("ktp-el", "sip")),
    )
    found = spans(country(office=the_office(counters=both)), "2026-03-09", "2026-03-10", "2026-03-11", service="sip")
    assert found == [(time(8), time(16)), (time(8), time(12)), None]


def test_special_hours_shorten_a_counters_hours_and_open_none() -> None:
    counter = a_counter("licences", MORNING, OPEN, AFTERNOON, CLOSED, CLOSED, OPEN, CLOSED)
    late = special("2026-03-09", "2026-03-14", *(OpeningDay(opens="10:00", closes="13:00"),) * 5, CLOSED, CLOSED)
    registry = country(closed_on(special_hours=(late,)), office=the_office(counters=(counter,)))
    assert spans(registry, "2026-03-09", "2026-03-10", "2026-03-11", "2026-03-12", "2026-03-14", service="sip") == [
        (time(10), time(12)),
        (time(10), time(13)),
        None,  # the two spans only touch at one o'clock
        None,  # the counter is closed
        None,  # the office is closed
    ]
    assert spans(registry, "2026-03-12", "2026-03-16") == [(time(10), time(13)), LONG]


def test_a_special_week_is_seven_days_that_open_before_they_close() -> None:
    for week in ((LONG,) * 6, (*(LONG,) * 6, (time(15), time(8)))):
        with pytest.raises(ValueError, match="seven days"):
            SpecialWeek(first_day=date(2026, 3, 1), last_day=date(2026, 3, 2), days=week)
    assert RAMADAN.closes == "13:30"


def test_a_whole_week_may_be_closed() -> None:
    shut = SpecialWeek(first_day=date(2026, 3, 9), last_day=date(2026, 3, 15), days=(None,) * 7)
    calendar = Calendar(
        code="id-2026",
        edition=1,
        holidays=frozenset(),
        joint_leave=frozenset(),
        first_day=date(2026, 1, 1),
        last_day=date(2026, 12, 31),
        special=(shut,),
    )
    hours = OpeningHours(zone="Asia/Jakarta", days=(LONG,) * 7)
    assert span_of(date(2026, 3, 15), calendar, hours) is None
    assert span_of(date(2026, 3, 16), calendar, hours) == LONG
