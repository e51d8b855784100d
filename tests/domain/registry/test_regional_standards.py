"""A standard for an office, a regency or a province, beside the national one."""

from dataclasses import replace
from datetime import date, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain import refusals
from domain.application.commands import SubmitApplication
from domain.application.decide import decide
from domain.application.events import Submitted
from domain.application.evolve import Application
from domain.codes import RegionLevel
from domain.registry.calendar import Unit
from domain.registry.editions import PromiseTerms, Region, RegionsPublished, RegistryEvent, StandardPublished
from domain.registry.registry import Registry, evolve
from tests.builders import KTP, MAKASSAR, MONDAY, NUMBER, SEMARANG, SORONG, a_standard, an_act, an_office, registry_of

DAY = date(2026, 3, 9)
KENDAL = "pemda-3324-disdukcapil"
IN_REGIONS = {SEMARANG: "33.74", KENDAL: "33.24.01", MAKASSAR: "73.71", SORONG: None}
OFFICES = tuple(IN_REGIONS)


def a_region(code: str) -> Region:
    level = {2: RegionLevel.PROVINCE, 5: RegionLevel.REGENCY, 8: RegionLevel.DISTRICT}[len(code)]
    return Region(code=code, parent=code[:-3] or None, level=level, name=code, zone="Asia/Jakarta")


PLACES: list[RegistryEvent] = [
    *(replace(an_office(code, "Asia/Jakarta"), region=region) for code, region in IN_REGIONS.items()),
    RegionsPublished(edition=1, regions=tuple(map(a_region, ("33", "33.24", "33.24.01", "33.74", "73", "73.71")))),
]


def published(number: int, days: int = 5, **more: Any) -> StandardPublished:
    standard = a_standard(KTP, standard=number, offices=OFFICES, promise=PromiseTerms(unit=Unit.WORKING_DAYS, n=days))
    return replace(standard, **more)


def country(*standards: StandardPublished) -> Registry:
    return registry_of([*PLACES, *standards])


def where(registry: Registry, day: date = DAY) -> list[int | None]:
    """The number of the standard in force at each of OFFICES."""
    found = (registry.standard_in_force(KTP, day, office) for office in OFFICES)
    return [standard.standard if standard else None for standard in found]


NATIONAL = published(1)
OF_JAVA = published(2, 4, region="33")
OF_SEMARANG = published(3, 3, region="33.74")
OF_ONE = published(4, 1, only_offices=(SEMARANG, SORONG))


def test_a_standard_is_in_force_from_its_first_day_and_an_unknown_service_has_none() -> None:
    registry = country(published(1, in_force_from=DAY))
    assert [standard.standard for standard in registry.in_force(KTP, DAY)] == [1]
    assert registry.in_force(KTP, DAY - timedelta(days=1)) == registry.in_force("unknown", DAY) == []


@pytest.mark.parametrize(
    ("standards", "expected"),
    [
        ([NATIONAL], [1, 1, 1, 1]),
        ([NATIONAL, OF_JAVA], [2, 2, 1, 1]),
        ([NATIONAL, OF_SEMARANG], [3, 1, 1, 1]),
        ([NATIONAL, OF_JAVA, OF_SEMARANG], [3, 2, 1, 1]),
        ([NATIONAL, OF_JAVA, OF_SEMARANG, OF_ONE], [4, 2, 1, 4]),
        ([OF_JAVA], [2, 2, None, None]),
        ([NATIONAL, published(2, region="33.24.01")], [1, 2, 1, 1]),
        ([NATIONAL, published(2, region="33.24")], [1, 2, 1, 1]),
        ([NATIONAL, OF_JAVA, published(3, region="33")], [3, 3, 1, 1]),
        ([OF_SEMARANG, OF_JAVA, published(5)], [3, 2, 5, 5]),
        ([NATIONAL, published(2, region="33.74", in_force_from=date(2026, 7, 1))], [1, 1, 1, 1]),
    ],
)
def test_the_most_specific_standard_in_force_wins_and_everybody_else_keeps_theirs(
    standards: list[StandardPublished], expected: list[int | None]
) -> None:
    assert where(country(*standards)) == expected


def test_the_standard_of_a_region_ends_after_its_last_day_and_the_wider_one_is_in_force_again() -> None:
    registry = country(NATIONAL, published(2, region="33.74", in_force_until=DAY))
    assert where(registry)[0] == 2
    assert where(registry, date(2026, 3, 10))[0] == 1


def test_an_ended_edition_does_not_bring_back_the_edition_that_it_replaced() -> None:
    registry = country(NATIONAL, OF_SEMARANG, published(4, region="33.74", in_force_until=date(2026, 3, 1)))
    assert where(registry)[0] == 1


def test_an_office_in_a_region_that_the_table_lacks_is_in_the_regions_of_its_code() -> None:
    registry = registry_of([PLACES[0], NATIONAL, OF_JAVA])
    found = registry.standard_in_force(KTP, DAY, SEMARANG)
    assert found
    assert found.standard == 2


def test_an_unknown_office_has_the_national_standard() -> None:
    found = country(NATIONAL, OF_JAVA).standard_in_force(KTP, DAY, "nowhere")
    assert found == NATIONAL


def test_an_application_is_submitted_under_the_standard_of_its_office() -> None:
    registry = country(NATIONAL, OF_SEMARANG)
    for office, standard in ((SEMARANG, 3), (MAKASSAR, 1)):
        command = SubmitApplication(service=KTP, number=NUMBER)
        [event] = decide(command, Application(), an_act(MONDAY, office=office), registry)
        assert isinstance(event, Submitted)
        assert (event.service, event.standard) == (KTP, standard)


def test_a_regional_standard_may_take_the_service_away_from_an_office() -> None:
    registry = country(NATIONAL, replace(OF_SEMARANG, offices=()))
    with pytest.raises(refusals.ServiceNotOfferedHere):
        decide(SubmitApplication(service=KTP, number=NUMBER), Application(), an_act(MONDAY), registry)


def test_every_edition_keeps_its_number_and_the_newest_is_the_newest_national_one() -> None:
    registry = country(NATIONAL, OF_JAVA, OF_ONE)
    assert registry.standard(KTP, 2) == OF_JAVA
    assert registry.newest(KTP) == NATIONAL
    assert country(OF_JAVA, OF_SEMARANG).newest(KTP) == OF_SEMARANG
    assert registry.last_number(KTP) == 4
    assert Registry().last_number(KTP) == 0


def test_the_editions_that_can_apply_somewhere_are_the_newest_of_each_place() -> None:
    registry = country(NATIONAL, OF_JAVA, published(3, region="33"), OF_ONE, published(6))
    assert [standard.standard for standard in registry.in_force(KTP, DAY)] == [3, 4, 6]
    assert [standard.standard for standard in registry.in_force(KTP, date(2020, 1, 1))] == []


def test_an_edition_that_says_the_same_as_the_newest_of_its_place_was_published() -> None:
    registry = country(NATIONAL, OF_JAVA)
    assert registry.has_published(replace(NATIONAL, standard=0))
    assert registry.has_published(replace(OF_JAVA, standard=0))
    assert not registry.has_published(replace(OF_JAVA, region="33.74"))
    assert not country(NATIONAL, published(2, 9)).has_published(replace(NATIONAL, standard=0))
    assert not Registry().has_published(NATIONAL)


SCOPES = st.sampled_from(
    [{}, {"region": "33"}, {"region": "33.74"}, {"region": "73.71"}, {"only_offices": (SEMARANG,)}]
)


@given(st.lists(SCOPES, min_size=1, max_size=8), SCOPES.filter(bool))
def test_a_standard_for_a_place_changes_nothing_elsewhere(scopes: list[dict[str, Any]], more: dict[str, Any]) -> None:
    before = country(*(published(number, **scope) for number, scope in enumerate(scopes, 1)))
    added = published(len(scopes) + 1, **more)
    after = evolve(before, added)
    for office, was, now in zip(OFFICES, where(before), where(after), strict=True):
        if now != was:
            assert now == added.standard
            inside = office in (added.only_offices or ()) or (IN_REGIONS[office] or "").startswith(added.region or "-")
            assert inside
