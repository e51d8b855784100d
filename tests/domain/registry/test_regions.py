"""A place is in the region table or is refused, with the places nearest to it."""

from dataclasses import replace

import pytest
from hypothesis import given as each
from hypothesis import strategies as st

from domain.application.commands import SubmitApplication
from domain.codes import RegionLevel
from domain.refusals import RegionUnknown
from domain.registry.editions import Registry, evolve
from domain.registry.places import Region, RegionsPublished
from domain.registry.regions import is_known, nearest
from tests.builders import KTP, NUMBER, REGISTRY
from tests.spec import given


def a_region(code: str, level: RegionLevel) -> Region:
    parent = code.rpartition(".")[0] or None
    return Region(code=code, parent=parent, level=level, name=f"Place {code}", zone="Asia/Jakarta")


TABLE = RegionsPublished(
    edition=2,
    regions=(
        *(a_region(code, RegionLevel.PROVINCE) for code in ("33", "34")),
        *(a_region(code, RegionLevel.CITY) for code in ("33.72", "33.74", "34.71")),
        *(a_region(f"33.74.{n:02}", RegionLevel.DISTRICT) for n in (1, 2, 3, 4, 16)),
        a_region("33.72.05", RegionLevel.DISTRICT),
    ),
)
WITH_DISTRICTS = evolve(REGISTRY, TABLE)


def codes_near(code: str, registry: Registry = WITH_DISTRICTS) -> list[str]:
    return [region.code for region in nearest(code, registry)]


@pytest.mark.parametrize("code", ["33.74.01", "33.74.16", "33.74", "33"])
def test_a_code_of_the_table_is_known(code: str) -> None:
    assert is_known(code, WITH_DISTRICTS)


@pytest.mark.parametrize(
    ("code", "near"),
    [
        ("33.74.15", ["33.74.16", "33.74.04", "33.74.03"]),
        ("33.73.05", ["33.72.05", "33.74.04", "33.74.03"]),
        ("33.75", ["33.74", "33.72", "34.71"]),
        ("99.99", ["34.71", "33.74", "33.72"]),
        ("35", ["34", "33"]),
    ],
)
def test_a_code_that_is_not_in_the_table_has_nearest_ones(code: str, near: list[str]) -> None:
    assert not is_known(code, WITH_DISTRICTS)
    assert codes_near(code) == near


def test_a_district_that_does_not_exist_is_refused_with_the_nearest_ones() -> None:
    command = SubmitApplication(service=KTP, number=NUMBER, district="33.74.17")
    refusal = given(registry=WITH_DISTRICTS).when(command).refused(RegionUnknown)
    assert str(refusal) == (
        "The place is not in the region table. The nearest places in the table are 33.74.16 Place 33.74.16,"
        " 33.74.04 Place 33.74.04, 33.74.03 Place 33.74.03"
    )


def test_while_the_table_ends_at_regencies_the_regency_of_a_district_counts() -> None:
    assert is_known("33.74.99", REGISTRY)
    assert not is_known("33.75.01", REGISTRY)


def test_an_empty_table_has_nothing_near() -> None:
    assert nearest("33.74.01", replace(REGISTRY, regions={})) == ()


@each(st.from_regex(r"[0-9]{2}(\.[0-9]{2}){0,2}", fullmatch=True))
def test_what_is_near_is_known_and_of_the_same_level(code: str) -> None:
    for region in nearest(code, WITH_DISTRICTS):
        assert is_known(region.code, WITH_DISTRICTS)
        assert len(region.code) == len(code)
