"""What the public sees of the survey: the index of a period with its error bound, and its grade."""

from collections import defaultdict
from datetime import UTC, datetime
from fractions import Fraction
from typing import Any, cast

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.satisfaction import Element, Grade, Tally, Weights, grade, sufficient
from projections.figures import FEW
from projections.satisfaction_figures import (
    CellCounts,
    Satisfaction,
    SatisfactionUnit,
    Semester,
    ServiceAtOffice,
    periods,
    satisfaction,
)

NOW = datetime(2026, 11, 12, 3, tzinfo=UTC)
KTP = ("ktp-el", "semarang")


def cell(
    covered: int = 0,
    served: int = 0,
    score: float = 3,
    *,
    place: ServiceAtOffice = KTP,
    semester: str = "2026-S2",
    **sums: int,
) -> CellCounts:
    given = dict.fromkeys([element.value for element in Element], int(score * covered)) | sums
    service, office = place
    about: dict[str, Any] = {"service": service, "office": office, "semester": semester}
    return cast("CellCounts", {**about, "served": served, "covered": covered, **given})


def shown(*cells: CellCounts, places: tuple[ServiceAtOffice, ...] = (), **more: Any) -> Satisfaction:
    given = satisfaction(cells, places, NOW, **{"weights": Weights.EXACT, "period": "2026-S2", **more})
    assert given is not None
    return given


def unit_of(*cells: CellCounts, **more: Any) -> SatisfactionUnit:
    [unit] = shown(*cells, **more).units
    return unit


def test_an_index_shows_from_thirty_counted_answers_on() -> None:
    few = unit_of(cell(20, 40))
    assert (few.answered, few.served, few.answered_percent) == (20, 40, 50.0)
    assert (few.index, few.index_least, few.grade, few.sufficient, few.means) == (None, None, None, None, None)
    enough = unit_of(cell(30, 40, time=60))
    assert (enough.index, enough.lowest, enough.answered_percent) == (72.22, Element.TIME, 75.0)
    assert enough.means is not None
    assert (enough.means[Element.TIME], enough.means[Element.FEE]) == (2.0, 3.0)


def test_ten_times_four_and_two_times_one_do_not_make_a_grade() -> None:
    """The first ten answers give 100.00 A, and all twelve answers give 87.50 B."""
    true = Tally(12, dict.fromkeys(Element, 10 * 4 + 2 * 1)).index()
    assert (true, grade(true)) == (Fraction("87.5"), Grade.B)
    ten = unit_of(cell(10, 10, 4))
    assert (ten.index, ten.grade) == (None, None)
    thirty = unit_of(cell(30, 40, 4))
    assert (thirty.index, thirty.index_least, thirty.index_most, thirty.grade) == (100.0, 82.69, 100.0, None)


def test_a_grade_shows_where_the_answers_left_out_cannot_change_it() -> None:
    unit = unit_of(cell(400, 500, 3.25))
    assert (unit.index, unit.index_least, unit.index_most, unit.grade) == (81.25, 80.01, 81.66, Grade.B)


@pytest.mark.parametrize(("weights", "graded"), [(Weights.EXACT, Grade.A), (Weights.TWO_DECIMALS, Grade.B)])
def test_the_weights_are_as_chosen(weights: Weights, graded: Grade) -> None:
    assert unit_of(cell(5000, 5000, 3.56), weights=weights).grade is graded


@given(st.lists(st.lists(st.integers(1, 4), min_size=0, max_size=75), min_size=1, max_size=3), st.sampled_from(Weights))
def test_the_true_index_lies_within_the_bound_and_a_shown_grade_is_the_true_one(
    at_offices: list[list[int]], weights: Weights
) -> None:
    """Each answer gives the same score to all elements."""
    cells = []
    for place, answers in enumerate(at_offices):
        covered = answers[: len(answers) - len(answers) % 10]
        sums: dict[str, Any] = dict.fromkeys([element.value for element in Element], sum(covered))
        cells.append(cell(len(covered), place=("ktp-el", f"office-{place}"), **sums))
    [unit] = shown(*cells, weights=weights).services
    everybody = [score for answers in at_offices for score in answers]
    if unit.index is None:
        assert sum(len(answers) // 10 * 10 for answers in at_offices) < 30
        return
    true = Tally(len(everybody), dict.fromkeys(Element, sum(everybody))).index(weights)
    assert unit.index_least is not None
    assert unit.index_most is not None
    assert unit.index_least <= float(true) <= unit.index_most
    assert unit.grade in (None, grade(true))


@given(st.integers(0, 60), st.integers(0, 9), st.integers(0, 60), st.integers(0, 9))
def test_sufficiency_follows_from_what_is_published_and_is_never_claimed_wrongly(
    answered: int, more_answered: int, served: int, more_served: int
) -> None:
    unit = unit_of(cell(10 * answered, 10 * served))
    assert unit.sufficient in ({True, False} if answered >= 3 else {None})
    if unit.sufficient:
        assert sufficient(10 * answered + more_answered, 10 * served + more_served)


def test_a_share_is_of_no_few_and_never_above_all() -> None:
    assert unit_of(cell(10, 20)).answered_percent is None
    assert unit_of(cell(40, 30)).answered_percent == 100.0
    nobody = unit_of(cell(10))
    assert (nobody.served, nobody.answered_percent) == (FEW, None)


def test_a_place_that_shows_nothing_has_a_line_that_says_nothing() -> None:
    lines = shown(cell(40, 50), places=(("nib", "semarang"), ("ktp-el", "makassar")))
    assert [(unit.service, unit.office) for unit in lines.units] == [
        ("ktp-el", "makassar"),
        ("ktp-el", "semarang"),
        ("nib", "semarang"),
    ]
    assert lines.units[0] == SatisfactionUnit(service="ktp-el", office="makassar")
    assert [unit.service for unit in lines.services] == ["ktp-el", "nib"]
    assert [unit.office for unit in lines.offices] == ["makassar", "semarang"]


def test_services_offices_and_years_are_sums_of_the_same_groups_of_ten() -> None:
    other, nib = ("ktp-el", "makassar"), ("nib", "semarang")
    cells = (
        cell(20, 30, 4),
        cell(20, 30, 2, place=other),
        cell(10, 10, 1, place=nib),
        cell(40, 50, 3, semester="2026-S1"),
    )
    half = shown(*cells)
    assert [(unit.service, unit.office, unit.answered, unit.index) for unit in half.services] == [
        ("ktp-el", None, 40, 75.0),
        ("nib", None, 10, None),
    ]
    assert [(unit.office, unit.answered, unit.index) for unit in half.offices] == [
        ("makassar", 20, None),
        ("semarang", 30, 75.0),
    ]
    year = shown(*cells, period="2026")
    assert [(unit.service, unit.answered, unit.served) for unit in year.services] == [
        ("ktp-el", 80, 110),
        ("nib", 10, 10),
    ]
    [bound_of_year, _] = year.services
    assert (bound_of_year.index_least, bound_of_year.index_most) == (
        59.48,
        82.76,
    )  # four times nine answers may be left out


def test_a_group_of_ten_is_the_least_that_published_sums_differ_by() -> None:
    """Every line is a sum of complete groups, so no arithmetic with lines leads to a part of a group."""
    sizes = defaultdict(int, {("ktp-el", "semarang"): 30, ("ktp-el", "makassar"): 10, ("nib", "semarang"): 50})
    cells = [cell(covered, place=place) for place, covered in sizes.items()]
    lines = shown(*cells)
    for unit in (*lines.services, *lines.offices, *lines.units):
        assert isinstance(unit.answered, int)
        assert unit.answered % 10 == 0
        parts = [
            n
            for (service, office), n in sizes.items()
            if unit.service in (None, service) and unit.office in (None, office)
        ]
        assert unit.answered == sum(parts)


@pytest.mark.parametrize(
    ("at", "names"),
    [
        ("2026-11-12T03:00:00+00:00", ["2026-S2", "2026-S1", "2026", "2025"]),
        ("2026-06-30T16:59:59+00:00", ["2026-S1", "2025-S2", "2026", "2025"]),
        ("2026-06-30T17:00:00+00:00", ["2026-S2", "2026-S1", "2026", "2025"]),  # midnight in Jakarta
        ("2026-12-31T17:00:00+00:00", ["2027-S1", "2026-S2", "2027", "2026"]),
    ],
)
def test_this_and_the_last_semester_and_year_can_be_read(at: str, names: list[str]) -> None:
    known = periods(datetime.fromisoformat(at))
    assert [period.name for period in known] == names
    assert [len(period.semesters) for period in known] == [1, 1, 2 if names[0].endswith("S2") else 1, 2]


def test_a_semester_begins_at_midnight_in_jakarta() -> None:
    assert Semester(2026, 1).begins == datetime(2025, 12, 31, 17, tzinfo=UTC)
    assert Semester(2026, 2).begins == datetime(2026, 6, 30, 17, tzinfo=UTC)


def test_the_newest_period_with_an_index_is_shown_unless_one_is_named() -> None:
    before = cell(30, 40, semester="2026-S1")
    assert shown(before, period=None).period == "2026-S1"
    assert shown(before, cell(20, 20), period=None).period == "2026-S1"
    assert shown(before, period="2025").period == "2025"
    assert shown(period=None).period == "2026-S2"
    assert satisfaction([], [], NOW, weights=Weights.EXACT, period="2024") is None
