"""Tests of the satisfaction index, with the regulation's own figures, and of the conditions for an answer."""

from dataclasses import fields
from fractions import Fraction

import pytest

from domain.application.events import (
    ApplicationEvent,
    Approved,
    Cancelled,
    Concluded,
    Issued,
    Lapsed,
    MadeReady,
    Rejected,
    Withdrawn,
)
from domain.application.evolve import fold
from domain.application.status import ENDS, Status
from domain.codes import CancellationReason, Channel, RejectionReason, Remedy
from domain.refusals import NoOutcomeYet, SatisfactionAlreadyGiven
from domain.satisfaction import (
    OUTCOMES,
    WEIGHT,
    Answers,
    Element,
    Grade,
    Outcome,
    Score,
    Tally,
    Weights,
    answer,
    grade,
    rounded,
    sample_size,
    sufficient,
)
from tests.builders import HANDED_OVER, REVIEWED, SEMARANG, SUBMITTED
from tests.spec import given

REGULATION = (
    Element.REQUIREMENTS,
    Element.PROCEDURE,
    Element.TIME,
    Element.FEE,
    Element.PRODUCT,
    Element.COMPETENCE,
    Element.BEHAVIOUR,
    Element.COMPLAINTS,
    Element.FACILITIES,
)


def answers(*scores: int) -> Answers:
    return Answers(**{element.value: Score(score) for element, score in zip(REGULATION, scores, strict=True)})


FOUR = Tally.of(
    [
        answers(3, 3, 2, 4, 3, 3, 3, 3, 3),
        answers(4, 3, 3, 4, 4, 3, 4, 3, 4),
        answers(3, 2, 2, 4, 3, 3, 3, 2, 3),
        answers(4, 4, 3, 4, 4, 4, 4, 3, 4),
    ]
)
CONTENT = answers(*[3] * 9)


def all_at(mean: str) -> Tally:
    """Return a tally in which every element has this mean."""
    exactly = Fraction(mean)
    return Tally(exactly.denominator, dict.fromkeys(Element, exactly.numerator))


def test_the_elements_are_the_questions_by_name() -> None:
    assert [field.name for field in fields(Answers)] == [element.value for element in Element]
    assert tuple(Element) == REGULATION


def test_the_means_of_four_respondents() -> None:
    means = [float(FOUR.means()[element]) for element in REGULATION]
    assert means == [3.5, 3, 2.5, 4, 3.5, 3.25, 3.5, 2.75, 3.5]
    assert sum(means) == 29.5


@pytest.mark.parametrize(
    ("weights", "index"), [(Weights.EXACT, "81.94"), (Weights.THREE_DECIMALS, "81.86"), (Weights.TWO_DECIMALS, "81.13")]
)
def test_the_index_of_four_respondents(weights: Weights, index: str) -> None:
    assert FOUR.index(weights) == Fraction(index)
    assert grade(FOUR.index(weights)) is Grade.B


def test_the_lowest_element_is_the_first_to_mend() -> None:
    assert FOUR.lowest() is Element.TIME
    assert Tally.of([CONTENT]).lowest() is Element.REQUIREMENTS, "of equals the one asked first"


@pytest.mark.parametrize(
    ("mean", "weights", "index", "graded"),
    [
        ("3.54", Weights.EXACT, "88.50", Grade.A),
        ("3.54", Weights.THREE_DECIMALS, "88.41", Grade.A),
        ("3.54", Weights.TWO_DECIMALS, "87.62", Grade.B),
        ("2.62", Weights.EXACT, "65.50", Grade.C),
        ("2.62", Weights.THREE_DECIMALS, "65.43", Grade.C),
        ("2.62", Weights.TWO_DECIMALS, "64.85", Grade.D),
        ("4", Weights.EXACT, "100", Grade.A),
        ("4", Weights.THREE_DECIMALS, "99.9", Grade.A),
        ("4", Weights.TWO_DECIMALS, "99.0", Grade.A),
        ("1", Weights.EXACT, "25", Grade.D),
    ],
)
def test_the_grade_may_turn_on_the_weight(mean: str, weights: Weights, index: str, graded: Grade) -> None:
    assert all_at(mean).index(weights) == Fraction(index)
    assert grade(all_at(mean).index(weights)) is graded


def test_the_exact_weights_make_one() -> None:
    assert WEIGHT[Weights.EXACT] * len(Element) == 1


@pytest.mark.parametrize(
    ("value", "shown", "graded"),
    [
        ("64.994", "64.99", Grade.D),
        ("64.995", "65.00", Grade.C),
        ("76.604", "76.60", Grade.C),
        ("76.605", "76.61", Grade.B),
        ("88.304", "88.30", Grade.B),
        ("88.305", "88.31", Grade.A),
    ],
)
def test_no_index_falls_between_two_grades(value: str, shown: str, graded: Grade) -> None:
    assert rounded(Fraction(value)) == Fraction(shown)
    assert grade(rounded(Fraction(value))) is graded


@pytest.mark.parametrize(
    ("served", "sample"),
    [
        (10, 10),
        (50, 44),
        (100, 80),
        (150, 108),
        (200, 132),
        (250, 152),
        (300, 169),
        (400, 196),
        (500, 217),
        (700, 248),
        (1_000, 278),
        (1_200, 291),
        (1_500, 306),
        (2_000, 322),
        (3_000, 341),
        (5_000, 357),
        (10_000, 370),
        (20_000, 377),
        (50_000, 381),
        (75_000, 382),
        (1_000_000, 384),
        (10**9, 384),
        (1, 1),
        (0, 0),
    ],
)
def test_so_many_of_the_served_must_answer(served: int, sample: int) -> None:
    assert sample_size(served) == sample
    assert sufficient(max(sample, 1), served)
    assert not sufficient(max(sample, 1) - 1, served)


def test_nobodys_answer_speaks_for_nobody() -> None:
    assert not sufficient(0, 0)


REJECTED = Rejected(reason=RejectionReason.NOT_ELIGIBLE, remedy=Remedy.OBJECTION)
CANCELLED = Cancelled(reason=CancellationReason.DUPLICATE)


@pytest.mark.parametrize(
    ("history", "outcome"),
    [
        (HANDED_OVER, Outcome.GRANTED),
        ((*REVIEWED, Approved(), Issued()), Outcome.GRANTED),
        ((*REVIEWED, Approved(), Issued(), MadeReady()), Outcome.GRANTED),
        ((*SUBMITTED, REJECTED), Outcome.REJECTED),
        ((*SUBMITTED, Withdrawn()), Outcome.WITHDRAWN),
        ((*SUBMITTED, Lapsed()), Outcome.LAPSED),
        ((*SUBMITTED, CANCELLED), Outcome.CANCELLED),
    ],
)
def test_after_any_outcome_the_applicant_is_asked_once(history: tuple[ApplicationEvent, ...], outcome: Outcome) -> None:
    application = fold(given(*history).history)
    answered = answer(application, CONTENT, given=False)
    assert (answered.service, answered.standard) == (application.service, application.standard)
    assert (answered.office, answered.channel, answered.outcome) == (SEMARANG, Channel.COUNTER, outcome)
    assert answered.answers == CONTENT
    with pytest.raises(SatisfactionAlreadyGiven):
        answer(application, CONTENT, given=True)


@pytest.mark.parametrize("history", [(), SUBMITTED, (*REVIEWED, Approved()), (*SUBMITTED, Concluded())])
def test_before_an_outcome_or_after_one_that_nobody_knows_there_is_nothing_to_ask(
    history: tuple[ApplicationEvent, ...],
) -> None:
    for already in (False, True):
        with pytest.raises(NoOutcomeYet):
            answer(fold(given(*history).history), CONTENT, given=already)


def test_every_end_that_is_known_is_an_outcome() -> None:
    assert OUTCOMES.keys() - {Status.ISSUED, Status.READY} == ENDS - {Status.CONCLUDED, Status.IMPORT_UNDONE}
