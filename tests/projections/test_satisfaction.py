"""The row of an answer, and what the public sees of a service at an office."""

from typing import Any, cast
from uuid import UUID

import pytest

from domain.application.events import Recorded
from domain.codes import Channel
from domain.satisfaction import Answers, Element, Grade, Outcome, SatisfactionAnswered, Score, Weights
from projections.figures import FEW
from projections.satisfaction import COLUMNS, VIEW, SatisfactionUnit, UnitCounts, units
from tests.builders import MONDAY, an_act

ANSWER = UUID(int=5)
ANSWERED = SatisfactionAnswered(
    service="ktp-el",
    standard=3,
    office="semarang",
    channel=Channel.MOBILE,
    outcome=Outcome.REJECTED,
    answers=Answers(**{element.value: Score(1 + place % 4) for place, element in enumerate(Element)}),
)


def test_a_row_holds_the_answers_by_name_and_nothing_of_the_application() -> None:
    event: Any = ANSWERED
    row = VIEW.fold(None, ANSWER, [Recorded(version=1, act=an_act(), event=event, recorded_at=MONDAY)])
    assert row["answer_id"] == ANSWER
    assert (row["channel"], row["outcome"], row["recorded_at"]) == ("mobile", "rejected", MONDAY)
    assert [row[element.value] for element in Element] == [1, 2, 3, 4, 1, 2, 3, 4, 1]
    assert row.keys() == COLUMNS.keys()
    assert not any("application" in name for name in COLUMNS)
    assert VIEW.loaded(VIEW.stored(row)) == row


def counted(answered: int, served: int, **sums: int) -> UnitCounts:
    covered = answered - answered % 10
    given = dict.fromkeys([element.value for element in Element], 3 * covered) | sums
    counts = {
        "service": "ktp-el",
        "office": "semarang",
        "answered": answered,
        "served": served,
        "covered": covered,
    }
    return cast("UnitCounts", counts | given)


def test_a_unit_that_shows_shows_its_index() -> None:
    [unit] = units([counted(47, 52, time=92)], [("ktp-el", "semarang")], Weights.EXACT)
    assert (unit.answered, unit.served, unit.answered_percent) == (40, 50, 80.0)
    assert (unit.index, unit.grade, unit.lowest) == (73.06, Grade.C, Element.TIME)
    assert unit.means is not None
    assert (unit.means[Element.TIME], unit.means[Element.FEE]) == (2.3, 3.0)
    assert unit.sufficient is True


@pytest.mark.parametrize(("weights", "graded"), [(Weights.EXACT, Grade.A), (Weights.TWO_DECIMALS, Grade.B)])
def test_the_weights_are_as_chosen(weights: Weights, graded: Grade) -> None:
    sums = {element.value: 177 for element in Element}
    [unit] = units([counted(50, 100, **sums)], [], weights)
    assert unit.grade is graded
    assert unit.sufficient is False


def test_a_share_is_of_no_few_and_never_above_all() -> None:
    assert units([counted(10, 29)], [], Weights.EXACT)[0].answered_percent is None
    [more] = units([counted(45, 30)], [], Weights.EXACT)
    assert more.answered_percent == 100.0
    [nobody] = units([counted(12, 0)], [], Weights.EXACT)
    assert (nobody.served, nobody.answered_percent) == (FEW, None)


def test_what_does_not_show_has_a_line_that_says_nothing() -> None:
    told = units([counted(10, 10)], [("nib", "semarang"), ("ktp-el", "makassar")], Weights.EXACT)
    assert [(unit.service, unit.office) for unit in told] == [
        ("ktp-el", "makassar"),
        ("ktp-el", "semarang"),
        ("nib", "semarang"),
    ]
    assert told[0] == SatisfactionUnit(service="ktp-el", office="makassar")
    assert (told[0].answered, told[0].served, told[0].index, told[0].means) == (FEW, FEW, None, None)
