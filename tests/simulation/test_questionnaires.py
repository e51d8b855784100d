"""The questionnaires of a plan: the same for the same seed, of applicants with an outcome, after the last act."""

from collections import Counter
from datetime import timedelta

from domain.satisfaction import OUTCOMES, Element, Outcome, Tally
from simulation.questionnaires import ANSWERED, expected, questionnaires
from simulation.truth import truth
from tests.simulation.plans import a_plan, a_season


def test_the_same_seed_gives_the_same_answers_and_another_seed_others() -> None:
    first = list(questionnaires(a_plan(80, seed=3)))
    assert first == list(questionnaires(a_plan(80, seed=3)))
    assert [one.answers for one in first] != [one.answers for one in questionnaires(a_plan(80, seed=4))]


def test_an_applicant_answers_once_after_an_outcome_and_before_the_plan_ends() -> None:
    plan = a_season()
    lives = {life.arrival.ordinal: life for life in plan.lives()}
    filled = list(questionnaires(plan))
    assert max(Counter(one.ordinal for one in filled).values()) == 1
    for one in filled:
        life = lives[one.ordinal]
        assert life.application.status in OUTCOMES
        assert (life.application.service, life.application.office) == (one.service, one.office)
        assert life.now < one.act.at < plan.mall.ends
    share = len(filled) / sum(life.application.status in OUTCOMES for life in lives.values())
    assert ANSWERED - 0.1 < share < ANSWERED


def test_those_that_are_filled_later_are_left_out() -> None:
    plan = a_season()
    middle = plan.mall.ends - timedelta(days=40)
    some = list(questionnaires(plan, middle))
    assert some == [one for one in questionnaires(plan) if one.act.at < middle]
    assert some


def test_rejected_applicants_are_less_satisfied_and_the_elements_differ() -> None:
    plan = a_season()
    outcomes = {life.arrival.ordinal: life.application.status for life in plan.lives()}
    by_outcome: dict[Outcome, list[float]] = {}
    every = [one.answers for one in questionnaires(plan)]
    for one in questionnaires(plan):
        status = outcomes[one.ordinal]
        assert status is not None
        by_outcome.setdefault(OUTCOMES[status], []).append(float(Tally.of([one.answers]).index()))
    means = {outcome: sum(indices) / len(indices) for outcome, indices in by_outcome.items()}
    assert means[Outcome.REJECTED] + 10 < means[Outcome.GRANTED]
    assert Tally.of(every).lowest() is Element.TIME


def test_the_truth_knows_the_index_of_each_period_service_office_and_service_at_an_office() -> None:
    plan = a_season()
    *_, last = truth(plan)
    assert last["satisfaction"] == expected(questionnaires(plan))
    assert last["satisfaction"].keys() == {"2026", "2026-S2"}
    of_the_year = last["satisfaction"]["2026"]
    total = sum(1 for _ in questionnaires(plan))
    for table in ("service", "office", "unit"):
        assert sum(figures["answered"] for figures in of_the_year[table].values()) == total
    ktp = [one.answers for one in questionnaires(plan) if one.service == "ktp-el"]
    assert of_the_year["service"]["ktp-el"] == {"answered": len(ktp), "index": float(Tally.of(ktp).index())}
