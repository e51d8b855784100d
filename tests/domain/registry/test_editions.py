from dataclasses import replace
from datetime import UTC, date, datetime, time
from zoneinfo import ZoneInfo

import pytest

from domain.codes import RegionLevel, StagePhase
from domain.registry.editions import CalendarPublished, Registry, evolve
from domain.registry.places import Region, RegionsPublished
from tests.builders import (
    CLOSED,
    KTP,
    KTP_FROM_JULY,
    KTP_STANDARD,
    MAKASSAR,
    MONDAY,
    REGISTRY,
    SEMARANG,
    SORONG,
    a_calendar,
    a_stage,
    a_standard,
    an_office,
    registry_of,
)

LATE_ON_MONDAY = datetime(2026, 3, 9, 16, 30, tzinfo=UTC)


def test_an_empty_registry_knows_nothing() -> None:
    assert Registry().standard(KTP, 3) is None
    assert Registry().standard_in_force(KTP, date(2026, 3, 9), SEMARANG) is None
    assert Registry().newest(KTP) is None


def test_a_new_edition_makes_a_new_registry() -> None:
    before = registry_of([KTP_STANDARD])
    after = evolve(before, KTP_FROM_JULY)
    assert before.services[KTP] == (KTP_STANDARD,)
    assert after.services[KTP] == (KTP_STANDARD, KTP_FROM_JULY)


def test_every_edition_of_a_standard_stays_known() -> None:
    assert REGISTRY.standard(KTP, 3) == KTP_STANDARD
    assert REGISTRY.standard(KTP, 4) == KTP_FROM_JULY
    assert REGISTRY.standard(KTP, 5) is None
    assert REGISTRY.newest(KTP) == KTP_FROM_JULY
    assert KTP_STANDARD.edition == "ktp-el@3"


@pytest.mark.parametrize(("day", "standard"), [("2025-12-31", None), ("2026-06-30", 3), ("2026-07-01", 4)])
def test_a_standard_is_in_force_from_its_day_on(day: str, standard: int | None) -> None:
    found = REGISTRY.standard_in_force(KTP, date.fromisoformat(day), SEMARANG)
    assert (found and found.standard) == standard


def test_of_two_standards_in_force_from_one_day_the_newer_counts() -> None:
    registry = registry_of([a_standard(KTP, standard=2), a_standard(KTP, standard=1)])
    found = registry.standard_in_force(KTP, date(2026, 3, 9), SEMARANG)
    assert found
    assert found.standard == 2


def test_a_standard_knows_its_stages_and_which_are_required() -> None:
    survey = KTP_STANDARD.stage("survey")
    assert survey
    assert survey.optional
    assert KTP_STANDARD.stage("daydreaming") is None
    assert KTP_STANDARD.required(StagePhase.REVIEW) == {"verification", "assessment"}
    assert KTP_STANDARD.required(StagePhase.PRODUCTION) == {"printing"}


def test_a_later_edition_of_an_office_replaces_the_earlier() -> None:
    moved = an_office(SEMARANG, "Asia/Jayapura")
    assert evolve(REGISTRY, moved).offices[SEMARANG] == moved
    assert evolve(REGISTRY, moved).offices[MAKASSAR] == REGISTRY.offices[MAKASSAR]


@pytest.mark.parametrize(("office", "day"), [(SEMARANG, 9), (MAKASSAR, 10), (SORONG, 10)])
def test_the_day_is_that_of_the_offices_zone(office: str, day: int) -> None:
    assert REGISTRY.local_day(LATE_ON_MONDAY, office) == date(2026, 3, day)


def test_opening_hours_are_the_offices_own() -> None:
    hours = REGISTRY.opening_hours(SORONG)
    assert hours.zone == "Asia/Jayapura"
    assert hours.days == (*[(time(8), time(15))] * 5, None, None)
    assert hours.joint_leave_closed


def test_an_office_that_never_opens_has_no_hours() -> None:
    closed = replace(an_office(SEMARANG, "Asia/Jakarta"), opening_days=(CLOSED,) * 7)
    with pytest.raises(ValueError, match="one of them open"):
        registry_of([closed]).opening_hours(SEMARANG)


def test_the_region_table_is_replaced_as_a_whole() -> None:
    papua = Region(code="96", parent=None, level=RegionLevel.PROVINCE, name="Papua Barat Daya", zone="Asia/Jayapura")
    assert set(evolve(REGISTRY, RegionsPublished(edition=2, regions=(papua,))).regions) == {"96"}


def test_calendars_that_follow_one_another_count_as_one() -> None:
    known = REGISTRY.calendar_from(MONDAY, SEMARANG)
    assert known
    calendar, editions = known
    assert [edition.code for edition in editions] == ["id-2026", "id-2027"]
    assert (calendar.first_day, calendar.last_day) == (date(2026, 1, 1), date(2027, 12, 31))
    assert calendar.holidays == {date(2026, 1, 1), date(2026, 12, 25), date(2027, 1, 1)}
    assert (calendar.code, calendar.edition) == ("id-2026", 1)


def test_calendars_start_with_the_one_of_the_day_and_stop_at_a_gap() -> None:
    registry = registry_of([an_office(SEMARANG, "Asia/Jakarta"), *map(a_calendar, (2029, 2025, 2026, 2027))])
    known = registry.calendar_from(MONDAY, SEMARANG)
    assert known
    assert [edition.code for edition in known[1]] == ["id-2026", "id-2027"]


def test_where_no_calendar_knows_the_day_there_is_none() -> None:
    assert REGISTRY.calendar_from(datetime(2028, 1, 1, tzinfo=UTC), SEMARANG) is None


def test_the_calendar_is_that_of_the_offices_own_day() -> None:
    new_year_in_sorong = datetime(2027, 1, 1, 0, 30, tzinfo=ZoneInfo("Asia/Jayapura"))
    known = REGISTRY.calendar_from(new_year_in_sorong, SORONG)
    assert known
    assert known[0].code == "id-2027"


def test_joint_leave_of_all_editions_counts() -> None:
    leave = CalendarPublished(
        code="id-2026",
        edition=2,
        first_day=date(2026, 1, 1),
        last_day=date(2026, 12, 31),
        holidays=(),
        joint_leave=(date(2026, 3, 18),),
    )
    known = evolve(REGISTRY, leave).calendar_from(MONDAY, SEMARANG)
    assert known
    assert known[0].joint_leave == {date(2026, 3, 18)}
    assert known[0].edition == 2


def test_an_optional_stage_between_two_required_ones_breaks_no_order() -> None:
    first = a_stage("first")
    maybe = a_stage("maybe", "first", optional=True)
    last = a_stage("last", "maybe", "first", "unheard-of")
    standard = a_standard("ordered", first, maybe, last)
    assert standard.required_before(last) == {"first"}
    assert standard.required_before(maybe) == {"first"}
    assert standard.required_before(first) == frozenset()
