"""What may happen to a life besides the smooth course: each of it, as the law and the standard have it."""

from datetime import timedelta
from random import Random
from typing import TypeVar

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.application import commands, events, incident_events, promise_events
from domain.application.events import ApplicationEvent
from domain.application.guards import UNDECIDED
from domain.application.status import Status
from domain.codes import Channel, Decision, Quality, Role
from simulation.life import Life, PlanStep
from simulation.plan import Plan
from simulation.stages import woven
from tests.simulation.plans import a_season, country
from tests.simulation.test_plan import SOME, some_plans

E = TypeVar("E", bound=ApplicationEvent)


@pytest.fixture(scope="module")
def lives() -> list[Life]:
    return list(a_season().lives())


def those_of(life: Life, kind: type[E]) -> list[tuple[PlanStep, E]]:
    return [(step, event) for step in life.steps for event in step.events if isinstance(event, kind)]


def with_some(lives: list[Life], kind: type[ApplicationEvent]) -> list[Life]:
    found = [life for life in lives if those_of(life, kind)]
    assert found
    return found


@given(some_plans)
@SOME
def test_where_silence_grants_nothing_is_left_undecided_past_its_due_date(plan: Plan) -> None:
    """Else the scheduler of a running installation would act on it."""
    for life in plan.lives():
        application = life.application
        if life.arrival.standard.deemed_approval and application.promise and application.status in UNDECIDED:
            assert application.promise.due_at >= plan.mall.ends


def test_the_system_grants_by_silence_when_it_was_due_and_notices_soon_after(lives: list[Life]) -> None:
    for life in with_some(lives, events.DeemedApproved):
        [(step, granted)] = those_of(life, events.DeemedApproved)
        assert (step.act.by, step.act.channel, step.act.at) == (Role.SYSTEM, Channel.INTERNAL, granted.promise.due_at)
        assert timedelta(0) < step.arrives - step.act.at < timedelta(minutes=1)
        assert isinstance(step.command, commands.DeemApproved)
        assert step.command.now == step.arrives


def test_a_decision_that_a_unit_reports_after_silence_granted_was_taken_before(lives: list[Life]) -> None:
    decisions = set()
    for life in with_some(lives, events.DecisionReportedLate):
        [(granted, _)] = those_of(life, events.DeemedApproved)
        for step, late in those_of(life, events.DecisionReportedLate):
            assert step.act.at < granted.act.at < step.arrives
            assert (step.act.channel, step.act.at_quality) == (Channel.MOBILE, Quality.DEVICE)
            decisions.add(late.decision)
    assert decisions == set(Decision)


def test_what_silence_granted_is_issued(lives: list[Life]) -> None:
    assert any(those_of(life, events.Issued) for life in with_some(lives, events.DeemedApproved))


def test_a_payment_that_expired_is_asked_for_again(lives: list[Life]) -> None:
    for life in with_some(lives, incident_events.PaymentExpired):
        requests = {event.payment: event for _, event in those_of(life, incident_events.PaymentRequested)}
        for step, expired in those_of(life, incident_events.PaymentExpired):
            assert step.act.at == requests[expired.payment].expires_at
        assert len(requests) > 1 or not those_of(life, events.Approved)


def test_a_pause_moves_the_promise(lives: list[Life]) -> None:
    paid = [event.promise for life in lives for _, event in those_of(life, incident_events.PaymentReceived)]
    resumed = [event.promise for life in lives for _, event in those_of(life, events.Resumed)]
    assert any(paid)
    assert any(resumed)


def test_an_inspection_is_on_the_day_of_its_scheduling_or_later_and_before_the_survey_is_done(
    lives: list[Life],
) -> None:
    for life in with_some(lives, incident_events.InspectionScheduled):
        for step, scheduled in those_of(life, incident_events.InspectionScheduled):
            assert scheduled.on >= country().local_day(step.act.at, step.act.office)
        if any(event.stage == "survey" for _, event in those_of(life, events.StageCompleted)):
            assert those_of(life, incident_events.InspectionDone)


def test_obstacles_overlap_at_times_and_are_not_all_cleared(lives: list[Life]) -> None:
    held_up = with_some(lives, incident_events.ObstacleReported)
    open_at_once = 0
    for life in held_up:
        still_open = 0
        for step in life.steps:
            for event in step.events:
                still_open += isinstance(event, incident_events.ObstacleReported) - isinstance(
                    event, incident_events.ObstacleCleared
                )
            open_at_once = max(open_at_once, still_open)
    assert open_at_once > 1
    assert any(life.application.obstacles for life in held_up)
    assert any(not life.application.obstacles for life in held_up)


def test_a_deadline_is_extended_by_what_the_standard_lists_and_to_a_later_day(lives: list[Life]) -> None:
    for life in with_some(lives, promise_events.DeadlineExtended):
        [(_, extended)] = those_of(life, promise_events.DeadlineExtended)
        [(_, declared)] = those_of(life, events.DeclaredComplete)
        assert life.arrival.standard.service == "informasi-publik"
        assert declared.promise
        assert extended.promise.due_at > declared.promise.due_at


def test_a_dispute_is_dismissed_or_the_product_is_made_again(lives: list[Life]) -> None:
    disputed = with_some(lives, events.Disputed)
    assert with_some(disputed, events.DisputeDismissed)
    again = [len(those_of(life, events.HandedOver)) for life in with_some(disputed, events.Reopened)]
    assert max(again) > 1


def test_after_the_hand_over_some_are_looked_after_and_few_revoked(lives: list[Life]) -> None:
    observed = [life for life in lives if "observation" in life.application.completed]
    reporting = [life for life in lives if "six-month-report" in life.application.entered]
    assert observed
    assert reporting
    revoked = [life for life in lives if life.application.status is Status.REVOKED]
    assert 0 < len(revoked) < len(lives) / 50


@given(st.lists(st.integers()), st.lists(st.text()), st.integers())
def test_two_rows_woven_into_one_keep_their_orders(row: list[int], others: list[str], seed: int) -> None:
    whole = woven(Random(seed), [*row], [*others])
    assert [one for one in whole if isinstance(one, int)] == row
    assert [one for one in whole if isinstance(one, str)] == others
