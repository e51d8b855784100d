"""How satisfied applicants were: a row for each filled questionnaire, and the index of each service at an office.

    project : Row | None, id, Recorded -> Row

An index covers the first answers only, as many as the count that shows: so two figures never differ by one person's
answers. For the same reason there is one line for each service at each office, and none that adds lines up.
"""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, cast
from uuid import UUID

from domain.application.events import Recorded
from domain.json_values import plain
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
from projections.view import Row, View

SERVED = tuple(status.value for status in OUTCOMES)
"""The statuses of who could be asked; imported applications are none of them."""

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


def project(_: Row | None, answer: UUID, recorded: Recorded) -> Row:
    """The row of the one event that its stream has."""
    event = cast("SatisfactionAnswered", recorded.event)  # the view takes no other topic
    return {
        "answer_id": answer,
        "version": recorded.version,
        "service": event.service,
        "standard": event.standard,
        "office": event.office,
        "channel": plain(event.channel),
        "outcome": plain(event.outcome),
        "recorded_at": recorded.recorded_at,
        **{element.value: plain(getattr(event.answers, element.value)) for element in Element},
    }


def _stored(row: Row) -> tuple[Any, ...]:
    return tuple(row[name] for name in COLUMNS)


def _loaded(values: tuple[Any, ...]) -> Row:
    return dict(zip(COLUMNS, values, strict=True))


def fold(_: Row | None, answer: UUID, events: Sequence[Recorded]) -> Row:
    return project(None, answer, events[-1])


VIEW = View(
    name="satisfaction",
    columns=COLUMNS,
    fold=fold,
    stored=_stored,
    loaded=_loaded,
    key="answer_id",
    topics="satisfaction.",
)

UNITS = """
WITH placed AS (
    SELECT *, row_number() OVER (PARTITION BY service, office ORDER BY recorded_at, answer_id) AS place,
        count(*) OVER (PARTITION BY service, office) AS answered
    FROM views.satisfaction WHERE recorded_at < %(as_of)s
), served AS (
    SELECT service, office, count(*) AS served FROM views.statistics
    WHERE NOT imported AND status = ANY(%(statuses)s) AND answered_at < %(as_of)s GROUP BY service, office
)
SELECT service, office, min(answered) AS answered, coalesce(min(served), 0) AS served, count(*) AS covered,
    sum(requirements) AS requirements, sum(procedure) AS procedure, sum(time) AS time, sum(fee) AS fee,
    sum(product) AS product, sum(competence) AS competence, sum(behaviour) AS behaviour,
    sum(complaints) AS complaints, sum(facilities) AS facilities
FROM placed LEFT JOIN served USING (service, office)
WHERE place <= answered - mod(answered, %(step)s) GROUP BY service, office
"""
"""Exact counts, and the sums of the answers that are covered. `as_of` is the full hour, so that no figure is live."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SatisfactionUnit:
    """A service at an office, as the public sees it. None where fewer than ten answered, or a share of too few.

    `answered` and `served` are floored to tens; `index` (IKM) and `means` (NRR) have two decimals; `sufficient` says
    whether the sample is as large as the survey asks for.
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


def units(
    rows: Iterable[Mapping[str, Any]], places: Collection[ServiceAtOffice], weights: Weights
) -> list[SatisfactionUnit]:
    """A line for each of `places` (service and office, all that are registered) and each that shows."""
    shown = {(row["service"], row["office"]): _unit(row, weights) for row in rows}
    return [
        shown.get(place) or SatisfactionUnit(service=place[0], office=place[1]) for place in sorted({*places, *shown})
    ]


def _unit(row: Mapping[str, Any], weights: Weights) -> SatisfactionUnit:
    tally = Tally(row["covered"], {element: int(row[element.value]) for element in Element})
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
    """`as_of`: UTC, a full hour."""

    as_of: datetime
    weights: Weights
    units: list[SatisfactionUnit]
