"""Families that apply for several services after a birth: who they are, when they are linked, and what they hand in."""

from collections import defaultdict
from datetime import date, timedelta

import pytest
from hypothesis import given

from domain.application.commands import Link
from domain.application.events import DocumentsChecked, ReturnedForCorrection
from domain.application.incident_events import Linked
from domain.codes import Defect, LifeEvent
from infra.demo.seed import EXAMPLES, SEED
from simulation.families import CERTIFICATE, FURTHER, with_families
from simulation.life import Life, PlanStep
from simulation.plan import Plan, until_last_submission
from tests.simulation.plans import UNTIL, a_plan, a_season
from tests.simulation.test_plan import SOME, some_plans


def families_of(plan: Plan) -> list[list[Life]]:
    families: dict[int, list[Life]] = defaultdict(list)
    for life in plan.lives():
        if life.membership:
            families[life.membership.person].append(life)
    return list(families.values())


def the_examples(until: date) -> Plan:
    return a_plan(EXAMPLES.applications, seed=SEED, days=EXAMPLES.days, until=until, with_sample=True)


def test_a_family_applies_for_the_certificate_first_then_for_the_family_card_and_some_also_for_insurance() -> None:
    applied = {tuple(life.arrival.standard.service for life in family) for family in families_of(a_season())}
    assert applied == {(CERTIFICATE, *FURTHER), (CERTIFICATE, FURTHER[0])}


def test_few_births_are_of_such_a_family() -> None:
    births = sum(life.arrival.standard.service == CERTIFICATE for life in a_season().lives())
    assert 0.04 < len(families_of(a_season())) / births < 0.08


@pytest.mark.parametrize("weeks", range(0, 52, 4))
def test_the_examples_have_a_family_whatever_the_day_of_the_first_start(weeks: int) -> None:
    plan = the_examples(UNTIL - timedelta(weeks=weeks))
    assert any(member for _, member in with_families(plan.mall.arrivals(plan.applications - 1, 1), plan.mall))


def test_the_examples_have_a_link() -> None:
    steps = until_last_submission(the_examples(UNTIL).steps())
    assert any(isinstance(event, Linked) for step in steps for event in step.events)


def test_the_other_arrivals_are_those_of_the_mall() -> None:
    mall = a_season().mall
    arrivals = mall.arrivals(1000)
    for arrival, (kept, member) in zip(arrivals, with_families(arrivals, mall), strict=True):
        assert kept.ordinal == arrival.ordinal
        assert kept.arrives <= arrival.arrives
        assert member or kept is arrival


@given(some_plans)
@SOME
def test_the_links_of_a_family_are_one_act_and_follow_one_another_in_the_log(plan: Plan) -> None:
    steps = list(plan.steps())
    places: dict[int, list[int]] = defaultdict(list)
    for place, step in enumerate(steps):
        if isinstance(step.command, Link):
            places[step.person].append(place)
    for family, found in places.items():
        linked = [steps[place] for place in found]
        ordinals = [step.ordinal for step in linked]
        assert found == list(range(found[0], found[0] + len(found)))
        assert (ordinals[0], len({step.act for step in linked})) == (family, 1)
        for step in linked:
            [event] = step.events
            assert isinstance(event, Linked)
            assert event.life_event is LifeEvent.BIRTH
            assert [other.int for other in event.others] == [each for each in ordinals if each != step.ordinal]


def test_one_person_applies_for_the_whole_family_and_nobody_else_is_that_person() -> None:
    submitted: dict[int, list[PlanStep]] = defaultdict(list)
    for life in a_season().lives():
        submitted[life.steps[0].person].append(life.steps[0])
    shared = {person: [step.ordinal for step in steps] for person, steps in submitted.items() if len(steps) > 1}
    assert shared == {ordinals[0]: ordinals for ordinals in shared.values()}
    assert list(shared.values()) == [[life.arrival.ordinal for life in family] for family in families_of(a_season())]


def test_a_document_of_another_application_of_the_family_is_never_missing() -> None:
    supplied = 0
    for life in (life for family in families_of(a_season()) for life in family):
        supplied += len(life.application.supplied)
        for event in (event for step in life.steps for event in step.events):
            missing: set[str] = set()
            if isinstance(event, DocumentsChecked):
                missing.update(event.missing)
            elif isinstance(event, ReturnedForCorrection):
                missing.update(each.requirement for each in event.documents if each.defect is Defect.MISSING)
            assert life.application.supplied.isdisjoint(missing)
    assert supplied > 0
