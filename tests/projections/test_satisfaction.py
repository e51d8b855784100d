"""The row of an answer."""

from datetime import timedelta
from typing import Any
from uuid import UUID

from domain.application.events import Recorded
from domain.codes import Channel
from domain.satisfaction import Answers, Element, Outcome, SatisfactionAnswered, Score
from projections.satisfaction import COLUMNS, VIEW
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
    row = VIEW.fold(
        None, ANSWER, [Recorded(version=1, act=an_act(), event=event, recorded_at=MONDAY + timedelta(hours=1))]
    )
    assert row["answer_id"] == ANSWER
    assert (row["channel"], row["outcome"]) == ("mobile", "rejected")
    assert (row["answered_at"], row["recorded_at"]) == (MONDAY, MONDAY + timedelta(hours=1))
    assert [row[element.value] for element in Element] == [1, 2, 3, 4, 1, 2, 3, 4, 1]
    assert row.keys() == COLUMNS.keys()
    assert not any("application" in name for name in COLUMNS)
    assert VIEW.loaded(VIEW.stored(row)) == row
