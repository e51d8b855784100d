"""Satisfaction view: one row for each filled questionnaire.

    project : SatisfactionRow | None, id, Recorded -> SatisfactionRow

The public figures are in satisfaction_figures.py, and their query is in satisfaction.sql.
"""

from collections.abc import Sequence
from datetime import datetime
from typing import Any, TypedDict, cast
from uuid import UUID

from domain.application.events import Recorded
from domain.satisfaction import OUTCOMES, Element, SatisfactionAnswered
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

    The row names no application. `answered_at` is the time at which the questionnaire was filled in. This time decides
    the period. `recorded_at` is the time at which the questionnaire was stored in the log. This time decides the order.
    Both times are in UTC.
    """

    answer_id: UUID
    version: int
    service: str
    standard: int
    office: str
    channel: str
    outcome: str
    answered_at: datetime
    recorded_at: datetime | None


COLUMNS = {
    "answer_id": "uuid NOT NULL",
    "version": "bigint NOT NULL",
    "service": "text NOT NULL",
    "standard": "integer NOT NULL",
    "office": "text NOT NULL",
    "channel": "text NOT NULL",
    "outcome": "text NOT NULL",
    "answered_at": "timestamptz NOT NULL",
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
        "answered_at": recorded.act.at,
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
    version=1,
    columns=COLUMNS,
    fold=fold,
    stored=_stored,
    loaded=_loaded,
    key="answer_id",
    topics="satisfaction.",
)
