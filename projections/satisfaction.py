"""Satisfaction view: one row for each filled questionnaire, and the index of each service at each office.

    project : SatisfactionRow | None, id, Recorded -> SatisfactionRow

Suppose that an office has 57 answers. The published count is floored to 50, and the index covers only the first 50
answers. So two published figures never differ by one person's answers. For the same reason there are no total lines.
Each line is for one service at one office. The query is in satisfaction.sql.
"""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, TypedDict, cast
from uuid import UUID

from domain.application.events import Recorded
from domain.satisfaction import (
    OUTCOMES,
    Element,
    Grade,
    SatisfactionAnswered,
    Tally,
    Weights,
    grade,
    rounded,
    sufficient,
)
from projections.disclosure import SHARE_FROM, SHOWN_FROM, STEP
from projections.figures import FEW, Count
from projections.queries import queries
from projections.view import ViewOf, in_order

SERVED = tuple(status.value for status in OUTCOMES)
"""The statuses in which an applicant is invited to answer. Applicants of imported applications are not invited."""


class Elements(TypedDict):
    """A number for each of the nine elements of the questionnaire."""

    requirements: int
    procedure: int
    time: int
    fee: int
    product: int
    competence: int
    behaviour: int
    complaints: int
    facilities: int


class SatisfactionRow(Elements):
    """One completed questionnaire, with the score of each element.

    The row names no application. `recorded_at` is in UTC.
    """

    answer_id: UUID
    version: int
    service: str
    standard: int
    office: str
    channel: str
    outcome: str
    recorded_at: datetime | None


class UnitCounts(Elements):
    """A row of the query UNITS: the exact counts of a service at an office, and the sum of the scores for each element.

    `covered` is the number of questionnaires in the sums.
    """

    service: str
    office: str
    answered: int
    served: int
    covered: int


COLUMNS = {
    "answer_id": "uuid NOT NULL",
    "version": "bigint NOT NULL",
    "service": "text NOT NULL",
    "standard": "integer NOT NULL",
    "office": "text NOT NULL",
    "channel": "text NOT NULL",
    "outcome": "text NOT NULL",
    "recorded_at": "timestamptz",
    **dict.fromkeys([element.value for element in Element], "smallint NOT NULL"),
}


def project(_: SatisfactionRow | None, answer: UUID, recorded: Recorded) -> SatisfactionRow:
    """Return the row of a stream, which has one event only."""
    event = cast("SatisfactionAnswered", recorded.event)  # the view folds no other event type
    answers = event.answers
    return {
        "answer_id": answer,
        "version": recorded.version,
        "service": event.service,
        "standard": event.standard,
        "office": event.office,
        "channel": event.channel.value,
        "outcome": event.outcome.value,
        "recorded_at": recorded.recorded_at,
        "requirements": answers.requirements.value,
        "procedure": answers.procedure.value,
        "time": answers.time.value,
        "fee": answers.fee.value,
        "product": answers.product.value,
        "competence": answers.competence.value,
        "behaviour": answers.behaviour.value,
        "complaints": answers.complaints.value,
        "facilities": answers.facilities.value,
    }


def _stored(row: SatisfactionRow) -> tuple[object, ...]:
    return in_order(COLUMNS, row)


def _loaded(values: tuple[Any, ...]) -> SatisfactionRow:
    return cast("SatisfactionRow", dict(zip(COLUMNS, values, strict=True)))


def fold(_: SatisfactionRow | None, answer: UUID, new: Sequence[Recorded]) -> SatisfactionRow:
    return project(None, answer, new[-1])


VIEW: ViewOf[SatisfactionRow] = ViewOf(
    name="satisfaction",
    columns=COLUMNS,
    fold=fold,
    stored=_stored,
    loaded=_loaded,
    key="answer_id",
    topics="satisfaction.",
)

UNITS = queries("satisfaction")["UNITS"]


@dataclass(frozen=True, slots=True, kw_only=True)
class SatisfactionUnit:
    """The public figures of a service at an office. If fewer than ten applicants answered, a figure is None.

    `answered` and `served` are rounded down to a multiple of ten. `answered_percent` is also None if its denominator is
    too small. `index` (IKM) and `means` (NRR) have two decimals. `sufficient` says whether the sample is as large as
    the survey asks for.
    """

    service: str
    office: str
    answered: Count = FEW
    served: Count = FEW
    answered_percent: float | None = None
    index: float | None = None
    grade: Grade | None = None
    sufficient: bool | None = None
    lowest: Element | None = None
    means: Mapping[Element, float] | None = None


ServiceAtOffice = tuple[str, str]


def units(rows: Iterable[UnitCounts], places: Collection[ServiceAtOffice], weights: Weights) -> list[SatisfactionUnit]:
    """Return the sorted lines.

    There is one line for each of `places`, which holds every registered service and office. A row for another place
    also has a line.
    """
    shown = {(row["service"], row["office"]): _unit(row, weights) for row in rows}
    return [
        shown.get(place) or SatisfactionUnit(service=place[0], office=place[1]) for place in sorted({*places, *shown})
    ]


def _unit(row: UnitCounts, weights: Weights) -> SatisfactionUnit:
    sums = cast("Mapping[str, int]", row)
    tally = Tally(row["covered"], {element: int(sums[element.value]) for element in Element})
    index = tally.index(weights)
    answered, served = tally.n, row["served"] - row["served"] % SHOWN_FROM
    return SatisfactionUnit(
        service=row["service"],
        office=row["office"],
        answered=answered,
        served=served or FEW,
        answered_percent=float(min(100 * answered // served, 100) // STEP * STEP) if served >= SHARE_FROM else None,
        index=float(index),
        grade=grade(index),
        sufficient=sufficient(row["answered"], row["served"]),
        lowest=tally.lowest(),
        means={element: float(rounded(mean)) for element, mean in tally.means().items()},
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class Satisfaction:
    """`as_of` is a full hour, in UTC."""

    as_of: datetime
    weights: Weights
    units: list[SatisfactionUnit]
