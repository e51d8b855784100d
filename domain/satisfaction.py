"""The satisfaction survey (SKM, PermenPANRB 14/2017) has nine answers. The index (IKM) is computed from the answers.

Answers are identified by names, not by positions, because the order of the last two elements differs between offices.
The arithmetic is exact. The index is first rounded to two decimals. The grade is then taken from the rounded index, so
that no value falls between two grades.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import IntEnum, StrEnum
from fractions import Fraction
from typing import ClassVar

from domain import rounding
from domain.application.evolve import Application
from domain.application.status import Status
from domain.codes import Channel, OfficeCode, ServiceCode
from domain.refusals import NoOutcomeYet, SatisfactionAlreadyGiven
from domain.rules import rests_on


class Element(StrEnum):
    """The elements (unsur) of the survey, in the order of the questions."""

    REQUIREMENTS = "requirements"
    PROCEDURE = "procedure"
    TIME = "time"
    FEE = "fee"
    PRODUCT = "product"
    COMPETENCE = "competence"
    BEHAVIOUR = "behaviour"
    COMPLAINTS = "complaints"
    FACILITIES = "facilities"


class Score(IntEnum):
    """An answer. The scores are sorted from the worst to the best."""

    WORST = 1
    POOR = 2
    GOOD = 3
    BEST = 4


class Outcome(StrEnum):
    """The outcome of the application. Rejected applicants also answer the survey.

    Without the answers of rejected applicants, the index would be too high.
    """

    GRANTED = "granted"
    REJECTED = "rejected"
    WITHDRAWN = "withdrawn"
    LAPSED = "lapsed"
    CANCELLED = "cancelled"
    REVOKED = "revoked"


OUTCOMES: Mapping[Status, Outcome] = {
    Status.ISSUED: Outcome.GRANTED,
    Status.READY: Outcome.GRANTED,
    Status.HANDED_OVER: Outcome.GRANTED,
    Status.REJECTED: Outcome.REJECTED,
    Status.WITHDRAWN: Outcome.WITHDRAWN,
    Status.LAPSED: Outcome.LAPSED,
    Status.CANCELLED: Outcome.CANCELLED,
    Status.REVOKED: Outcome.REVOKED,
}
"""The statuses after which an applicant can answer. If the application was concluded in an import's source, the outcome
is unknown.
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Answers:
    """One completed questionnaire. The class has a field for each `Element`."""

    requirements: Score
    procedure: Score
    time: Score
    fee: Score
    product: Score
    competence: Score
    behaviour: Score
    complaints: Score
    facilities: Score


@dataclass(frozen=True, slots=True, kw_only=True)
class SatisfactionAnswered:
    """`office`, `channel` and `outcome` are the office, the channel and the outcome of the application.

    Only a sealed part of the event names the application.
    """

    topic: ClassVar[str] = "satisfaction.answered.v1"
    service: ServiceCode
    standard: int
    office: OfficeCode
    channel: Channel
    outcome: Outcome
    answers: Answers


def answer(application: Application, answers: Answers, *, given: bool) -> SatisfactionAnswered:
    """Return the event of an applicant's answers.

    `given` says whether this application already has answers. Raises NoOutcomeYet, SatisfactionAlreadyGiven.
    """
    outcome = OUTCOMES.get(application.status) if application.status else None
    if outcome is None:
        raise NoOutcomeYet
    if given:
        raise SatisfactionAlreadyGiven
    return SatisfactionAnswered(
        service=application.service,
        standard=application.standard,
        office=application.office,
        channel=application.entries[0].act.channel,
        outcome=outcome,
        answers=answers,
    )


class Weights(StrEnum):
    """The weight of an element: exactly one ninth, or a rounded value that some offices use.

    The grade may depend on the weight, so the published index names its weight.
    """

    EXACT = "exact"
    THREE_DECIMALS = "0.111"
    TWO_DECIMALS = "0.11"


WEIGHT = {
    Weights.EXACT: Fraction(1, len(Element)),
    Weights.THREE_DECIMALS: Fraction("0.111"),
    Weights.TWO_DECIMALS: Fraction("0.11"),
}
TO_HUNDRED = 25
"""This factor turns a mean from 1 to 4 into an index from 25 to 100."""


class Grade(StrEnum):
    """The grade of a service (mutu pelayanan): very good, good, less good or not good."""

    A = "A"
    B = "B"
    C = "C"
    D = "D"


FROM = {Grade.A: Fraction("88.31"), Grade.B: Fraction("76.61"), Grade.C: Fraction(65)}


@dataclass(frozen=True, slots=True)
class Tally:
    """The number of questionnaires `n` (at least one), and the sum of the answers for each element."""

    n: int
    sums: Mapping[Element, int]

    @classmethod
    def of(cls, questionnaires: list[Answers]) -> "Tally":
        sums = {element: sum(getattr(each, element.value) for each in questionnaires) for element in Element}
        return cls(len(questionnaires), sums)

    def means(self) -> dict[Element, Fraction]:
        """Return the mean answer for each element (NRR), from 1 to 4."""
        return {element: Fraction(self.sums[element], self.n) for element in Element}

    def index(self, weights: Weights = Weights.EXACT) -> Fraction:
        """Return the index (IKM), from 25 to 100, rounded half up to two decimals."""
        return rounded(sum(self.means().values(), Fraction()) * WEIGHT[weights] * TO_HUNDRED)

    def lowest(self) -> Element:
        """Return the element with the lowest mean, which the office should improve first.

        If several elements have the lowest mean, the result is the element whose question comes first.
        """
        means = self.means()
        return min(Element, key=lambda element: means[element])


def rounded(value: Fraction) -> Fraction:
    """Return the value with two decimals, by the rule of `domain/rounding.py`."""
    return rounding.rounded(value, places=2)


@rests_on("satisfaction-index")
def grade(index: Fraction) -> Grade:
    """Return the grade of a rounded index."""
    return next((each for each, least in FROM.items() if index >= least), Grade.D)


CHI_SQUARE = Fraction("3.841")
"""The chi-square value for one degree of freedom, at 95 %."""
HALF, MARGIN = Fraction(1, 2), Fraction("0.05")


@rests_on("sample-size")
def sample_size(served: int) -> int:
    """Return the smallest sufficient number of answers (formula of Krejcie and Morgan, 1970). `served` is the number of
    applicants who were served.

    The result is rounded to the nearest whole number. The result is 0 if nobody was served.
    """
    spread = CHI_SQUARE * HALF * HALF
    return int(rounding.rounded(spread * served / (MARGIN**2 * (served - 1) + spread)))


def sufficient(answered: int, served: int) -> bool:
    """Tell whether enough applicants have answered, so that the index represents all applicants who were served."""
    return answered >= max(sample_size(served), 1)
