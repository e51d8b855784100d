"""Questionnaires of a simulation: this module decides which applicants answer the satisfaction survey, when they
answer, and which scores they give.

Every applicant whose application has an outcome is asked, and most applicants answer within some days. The answers
depend on the seed, the service and the course of the application. Applicants give lower scores if the application was
rejected or the file was returned. The questionnaires do not change the simulated lives.
"""

import random
from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from fractions import Fraction
from typing import Any
from zoneinfo import ZoneInfo

from domain.application import events
from domain.application.status import Status
from domain.codes import Channel, Role
from domain.provenance import Act
from domain.satisfaction import OUTCOMES, Answers, Element, Score
from simulation.life import Life
from simulation.plan import Plan
from simulation.sums import rounded

ANSWERED = 0.72
AFTER_HOURS = (0.5, 120.0)
"""The shortest and the longest time from the last act to the answer, in hours."""
SPREAD = 0.7
KEPT, REJECTED, RETURNED = 3.35, -0.8, -0.25
HARDER = {Element.TIME: -0.2, Element.FEE: 0.25, Element.COMPLAINTS: -0.1, Element.BEHAVIOUR: 0.15}
"""These elements have higher or lower scores than the other elements. The number is the difference of the means."""
ZONE = ZoneInfo("Asia/Jakarta")


@dataclass(frozen=True, slots=True, kw_only=True)
class Questionnaire:
    """One filled questionnaire. `ordinal` is the number of the application in the plan."""

    ordinal: int
    service: str
    office: str
    act: Act
    answers: Answers


def questionnaires(plan: Plan, until: datetime | None = None) -> Iterator[Questionnaire]:
    """Yield the questionnaires that are filled in before `until`, sorted by ordinal. The default of `until` is the end
    of the plan.
    """
    ends = plan.mall.ends if until is None else until
    for life in plan.lives():
        filled = questionnaire_of(life)
        if filled is not None and filled.act.at < ends:
            yield filled


def questionnaire_of(life: Life) -> Questionnaire | None:
    """Return the questionnaire of a life. Return None if the life has no outcome or the applicant does not answer."""
    application = life.application
    if application.status not in OUTCOMES:
        return None
    dice = random.Random(f"{life.mall.seed}/questionnaire/{life.arrival.ordinal}")  # noqa: S311 - reproducible test data
    if dice.random() >= ANSWERED:
        return None
    at = life.now + timedelta(hours=dice.uniform(*AFTER_HOURS))
    online = life.arrival.channel is Channel.ELECTRONIC
    act = Act(
        at=at,
        by=Role.APPLICANT if online else Role.OFFICER,
        channel=Channel.ELECTRONIC if online else Channel.COUNTER,
        actor=None if online else life.mall.staff(application.office)[life.desk],
        office="" if online else application.office,
    )
    mood = _mood(life)
    answers = {element.value: _score(dice.gauss(mood + HARDER.get(element, 0.0), SPREAD)) for element in Element}
    return Questionnaire(
        ordinal=life.arrival.ordinal,
        service=application.service,
        office=application.office,
        act=act,
        answers=Answers(**answers),
    )


def _mood(life: Life) -> float:
    """Return the mean of the distribution from which this applicant's scores are drawn."""
    service = random.Random(f"{life.mall.seed}/mood/{life.application.service}")  # noqa: S311 - as above
    happened = [event for step in life.steps for event in step.events]
    returned = any(isinstance(event, events.ReturnedForCorrection) for event in happened)
    rejected = life.application.status is Status.REJECTED
    return KEPT + service.uniform(-0.4, 0.4) + rejected * REJECTED + returned * RETURNED


def _score(value: float) -> Score:
    return Score(min(max(round(value), Score.WORST), Score.BEST))


def expected(filled: Iterable[Questionnaire]) -> dict[str, Any]:
    """Return for each semester and each year the exact number of questionnaires, and the exact index.

    Each period has the tables `service`, `office` and `unit`. A key of `unit` is a service at an office, in the form
    `service@office`. Tests compare the figures of Jejak with these numbers. So the computation here is independent of
    the code of Jejak.
    """
    groups: dict[tuple[str, str, str], list[Answers]] = defaultdict(list)
    for one in filled:
        local = one.act.at.astimezone(ZONE)
        for period in (f"{local.year}", f"{local.year}-S{1 if local.month <= 6 else 2}"):
            places = {"service": one.service, "office": one.office, "unit": f"{one.service}@{one.office}"}
            for table, key in places.items():
                groups[period, table, key].append(one.answers)
    told: dict[str, Any] = {}
    for (period, table, key), answers in sorted(groups.items()):
        figures = {"answered": len(answers), "index": _index(answers)}
        told.setdefault(period, {}).setdefault(table, {})[key] = figures
    return told


def _index(answers: list[Answers]) -> float:
    """Return the mean of all scores, times 25, rounded to two decimals."""
    total = sum(int(getattr(one, element.value)) for one in answers for element in Element)
    return rounded(Fraction(25 * total, 9 * len(answers)), "0.01")
