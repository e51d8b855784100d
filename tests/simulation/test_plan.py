"""A plan is the same for the same numbers, holds nothing that the procedure forbids, and stays within its days."""

from collections import defaultdict
from collections.abc import Iterator
from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from domain.application.commands import SubmitApplication
from domain.application.decide import decide
from domain.application.events import Approved, Concluded, Recorded, Rejected
from domain.application.evolve import Application, evolve
from domain.application.import_events import ImportRestored, ImportUndone
from domain.application.imported_events import StageEnded, StagePlanned
from domain.application.promise_events import PromiseMoved
from domain.application.status import Status
from domain.codes import Channel, Quality, Role
from domain.registry.calendar import is_working_day
from domain.registry.registry import Registry
from infra.eventstore.topics import CLASSES
from simulation.life import Life, PlanStep, person
from simulation.mall import NotSimulated
from simulation.plan import APPLICATIONS_MAX, DAYS_MAX, Plan, latest, merged, until_last_submission
from tests.simulation.plans import UNTIL, a_plan, a_season, country

seeds = st.integers(0, 2**64)
few_days = st.integers(1, 40)
covered = st.dates(date(2024, 3, 1), date(2027, 10, 31))
some_plans = st.builds(a_plan, st.integers(0, 25), seed=seeds, days=few_days, until=covered)
SOME = settings(max_examples=30, deadline=None)


@given(seeds, few_days)
@SOME
def test_the_same_numbers_make_the_same_plan(seed: int, days: int) -> None:
    assert list(a_plan(10, seed=seed, days=days).steps()) == list(a_plan(10, seed=seed, days=days).steps())


def test_another_seed_makes_other_lives() -> None:
    assert [step.act.at for step in a_plan(seed=1).steps()] != [step.act.at for step in a_plan(seed=2).steps()]


@given(some_plans)
@SOME
def test_every_command_is_accepted_in_the_order_of_the_log_and_means_what_was_planned(plan: Plan) -> None:
    applications: dict[int, Application] = defaultdict(Application)
    for step in plan.steps():
        before = applications[step.ordinal]
        assert decide(step.command, before, step.act, country()) == list(step.events)
        for event in step.events:
            recorded = Recorded(version=before.version + 1, act=step.act, event=event)
            before = evolve(before, recorded)
        applications[step.ordinal] = before


@given(some_plans)
@SOME
def test_the_log_is_in_order_and_the_ordinals_are_those_of_the_submissions(plan: Plan) -> None:
    steps = list(plan.steps())
    assert steps == sorted(steps, key=lambda step: (step.arrives, step.ordinal, step.number))
    submissions = [step.ordinal for step in steps if isinstance(step.command, SubmitApplication)]
    assert submissions == list(range(plan.applications))
    numbers: dict[int, int] = defaultdict(int)
    for step in steps:
        assert step.number == numbers[step.ordinal]
        numbers[step.ordinal] += 1


@given(some_plans)
@SOME
def test_all_happens_within_the_days_and_is_known_no_sooner_than_it_happens(plan: Plan) -> None:
    for step in plan.steps():
        assert plan.mall.begins <= step.act.at <= step.arrives < plan.mall.ends
    for life in plan.lives():
        told_at_once = [step.act.at for step in life.steps if step.act.at_quality is Quality.SERVER]
        assert told_at_once == sorted(told_at_once)


@given(some_plans)
@SOME
def test_officers_act_while_their_office_is_open(plan: Plan) -> None:
    for step in plan.steps():
        if step.act.by in (Role.OFFICER, Role.SUPERVISOR) and step.act.at_quality is Quality.SERVER:
            assert open_then(country(), step), (step.act.office, step.act.at)


def open_then(registry: Registry, step: PlanStep) -> bool:
    known = registry.calendar_from(step.act.at, step.act.office)
    assert known
    hours = registry.opening_hours(step.act.office)
    day = registry.local_day(step.act.at, step.act.office)
    span = hours.days[day.weekday()]
    local = step.act.at.astimezone(registry_zone(registry, step)).time()
    return is_working_day(day, known[0], hours) and span is not None and span[0] <= local < span[1]


def registry_zone(registry: Registry, step: PlanStep) -> ZoneInfo:
    return ZoneInfo(registry.offices[step.act.office].zone)


def test_a_plan_of_nothing_is_empty() -> None:
    assert list(a_plan(0).steps()) == []
    assert list(a_plan(0, with_sample=True).steps()) == []


def test_a_season_holds_every_kind_of_event_but_those_of_imports_and_of_the_scheduler() -> None:
    topics = {event.topic for step in a_season().steps() for event in step.events}
    of_imports = {StagePlanned.topic, StageEnded.topic, ImportUndone.topic, ImportRestored.topic, Concluded.topic}
    left_out = {PromiseMoved.topic} | of_imports
    assert topics == {topic for topic in CLASSES if topic.startswith("application.")} - left_out


def test_a_season_holds_every_channel_role_and_kind_of_outcome() -> None:
    steps = list(a_season().steps())
    assert {step.act.channel for step in steps} == {
        Channel.COUNTER,
        Channel.MOBILE,
        Channel.SELF_SERVICE,
        Channel.ELECTRONIC,
        Channel.INTERNAL,
    }
    assert {step.act.by for step in steps} == {Role.OFFICER, Role.SUPERVISOR, Role.APPLICANT, Role.PROXY, Role.SYSTEM}
    ends = {Status.HANDED_OVER, Status.REJECTED, Status.WITHDRAWN, Status.LAPSED, Status.CANCELLED, Status.REVOKED}
    assert {life.application.status for life in a_season().lives()} >= ends | {Status.READY, Status.PROCESSING}


def test_a_season_has_about_as_many_events_an_application_as_such_a_mall() -> None:
    events = sum(len(step.events) for step in a_season().steps())
    assert 12 < events / a_season().applications < 15


def test_mobile_units_tell_the_time_of_their_device_and_some_upload_days_later() -> None:
    mobile = [step for step in a_season().steps() if step.act.channel is Channel.MOBILE]
    assert {step.act.at_quality for step in mobile if step.number == 0} == {Quality.DEVICE}
    waits = [step.arrives - step.act.at for step in mobile if step.number == 0]
    assert max(waits) > timedelta(days=2)
    assert min(waits) < timedelta(hours=1)


def test_some_decisions_are_reported_after_every_allowance_with_a_time_before_the_deadline() -> None:
    decided = [(step, event) for step in a_season().steps() for event in step.events]
    reported = [(step, event.report_until) for step, event in decided if isinstance(event, Approved | Rejected)]
    late = [(step, until) for step, until in reported if until is not None]
    assert late
    assert all(step.act.at < until < step.arrives for step, until in late)


@pytest.mark.parametrize(
    ("until", "days"), [(date(2024, 1, 20), 30), (date(2027, 12, 1), 30), (date(2031, 1, 1), 30)], ids=str
)
def test_days_that_no_calendar_knows_are_refused_with_those_that_it_does(until: date, days: int) -> None:
    with pytest.raises(NotSimulated, match="the calendars know 2024-01-01 until 2027-12-31"):
        a_plan(until=until, days=days)


@pytest.mark.parametrize(
    ("applications", "days"), [(-1, 30), (APPLICATIONS_MAX + 1, 30), (10, 0), (10, DAYS_MAX + 1)], ids=str
)
def test_sizes_out_of_bounds_are_refused(applications: int, days: int) -> None:
    with pytest.raises(NotSimulated, match="a simulation has"):
        a_plan(applications, days=days)


def test_without_services_there_is_nothing_to_simulate() -> None:
    nothing = Registry(calendars=country().calendars)
    with pytest.raises(NotSimulated, match="no example service"):
        list(Plan(seed=1, days=5, applications=1, until=UNTIL, registry=nothing).steps())


def test_a_day_past_the_calendars_becomes_their_last_that_can_be_simulated() -> None:
    assert latest(country(), UNTIL) == UNTIL
    a_plan(1, until=latest(country(), date(2040, 1, 1)))
    with pytest.raises(NotSimulated):
        a_plan(1, until=latest(country(), date(2040, 1, 1)) + timedelta(1))


def test_a_plan_cut_at_its_last_submission_is_whole_once_all_submissions_are_there() -> None:
    steps = list(a_plan().steps())
    cut = until_last_submission(steps)
    assert cut == steps[: len(cut)]
    assert isinstance(cut[-1].command, SubmitApplication)
    assert not any(isinstance(step.command, SubmitApplication) for step in steps[len(cut) :])


def test_lives_are_read_only_when_their_time_has_come() -> None:
    """So that a plan of any size takes the room of the lives under way."""
    read: list[datetime] = []

    def lives() -> Iterator[Life]:
        for life in a_season().lives():
            read.append(life.arrival.arrives)
            yield life

    for count, step in enumerate(merged(lives())):
        if count == 2000:
            assert len([arrives for arrives in read if arrives > step.arrives]) <= 1
            break


def test_no_person_is_a_real_one() -> None:
    """A serial of 0000 is never given out."""
    made = [person(ordinal)["applicant"] for ordinal in range(500)]
    assert all(one["nik"].endswith("0000") and len(one["nik"]) == 16 for one in made)
    assert all("contoh" in one["name"] for one in made)
