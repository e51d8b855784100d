"""The truth of a plan: expected facts and statistics, with which tests compare the facts and statistics of the product.

The truth is computed from the planned events only, with code that is independent of the views.
"""

from collections.abc import Iterator
from typing import Any
from zoneinfo import ZoneInfo

from domain.application import events, incident_events
from domain.application.commands import DeemApproved
from domain.application.events import ApplicationEvent
from domain.application.evolve import Application
from domain.json_values import data_of, instant
from simulation.life import Life, PlanStep
from simulation.plan import Plan
from simulation.questionnaires import expected, questionnaire_of
from simulation.sums import OUTCOMES, SILENCE, MeantFact, statistics

NOT_TOLD = ("number", "officer")
"""Fields of an event's data that differ between installations: random values and ids."""
ENDS = (events.HandedOver, events.Rejected, events.Withdrawn, events.Lapsed, events.Cancelled, events.Revoked)
ANSWERS = (*ENDS, events.Approved, events.DeemedApproved, events.Issued, events.MadeReady)

Happened = list[tuple[PlanStep, ApplicationEvent]]


def truth(plan: Plan) -> Iterator[dict[str, Any]]:
    """Yield the plan's parameters, then the applications by ordinal, and last the statistics at the plan's end."""
    about = {"seed": plan.seed, "days": plan.days, "applications": plan.applications, "until": plan.until.isoformat()}
    yield {"simulation": about}
    facts, filled = [], []
    for life in plan.lives():
        if life.steps:
            fact = fact_of(life)
            facts.append(fact)
            answered = questionnaire_of(life)
            if answered is not None and answered.act.at < plan.mall.ends:
                filled.append(answered)
            yield {**_fact_row(fact), "events": told(life.steps)}
    yield {
        "statistics": {"as_of": instant(plan.mall.ends), **statistics(facts, plan.mall.ends)},
        "satisfaction": expected(filled),
    }


def fact_of(life: Life) -> MeantFact:
    """Return the expected facts of a life. The life must have at least one step."""
    happened = [(step, event) for step in life.steps for event in step.events]
    submitted, application = life.steps[0], life.application
    zone = ZoneInfo(life.mall.registry.offices[application.office].zone)
    complete = _first(happened, events.DeclaredComplete)
    answer, end = _first(happened, *ANSWERS), _first(_since_reopened(happened), *ENDS)
    promise = application.promise
    return MeantFact(
        ordinal=submitted.ordinal,
        service=application.service,
        office=application.office,
        channel=submitted.act.channel.value,
        month=f"{submitted.act.at.astimezone(zone):%Y-%m}",
        submitted_at=submitted.act.at,
        complete_at=complete.act.at if complete else None,
        due_at=promise.due_at if promise else None,
        answered_at=answer.act.at if answer else None,
        ended_at=end.act.at if end else None,
        status=str(application.status),
        outcome=outcome(answer, application) if answer else None,
        returns=sum(isinstance(event, events.ReturnedForCorrection) for _, event in happened),
        answer_known_at=answer.arrives if answer else None,
        marks=frozenset(mark for mark, fits in marks(happened).items() if fits),
        mall=next((event.mall or "" for _, event in happened if isinstance(event, events.Submitted)), ""),
        reported_late=reported_late(happened, answer),
    )


def outcome(answer: PlanStep, application: Application) -> str:
    """Return the outcome: silence, the status of an end without a product, or granted."""
    if isinstance(answer.command, DeemApproved):
        return SILENCE
    status = str(application.status)
    return status if status in OUTCOMES else "granted"


def reported_late(happened: Happened, answer: PlanStep | None) -> bool:
    """Return whether a decision arrived too late: after silence had granted, or after the office's allowance."""
    if answer is None:
        return False
    if isinstance(answer.command, DeemApproved):
        return any(isinstance(event, events.DecisionReportedLate) for _, event in happened)
    until = [e.report_until for e in answer.events if isinstance(e, events.Approved | events.Rejected)]
    return any(each is not None and answer.arrives > each for each in until)


def marks(happened: Happened) -> dict[str, bool]:
    """Return, for each mark of sums.MARKED, whether it applies."""
    planned = [event for _, event in happened]
    return {
        "obstructed": any(isinstance(event, incident_events.ObstacleReported) for event in planned),
        "paused": any(getattr(event, "pauses", False) is True for event in planned),
        "restarted": any(isinstance(event, events.Reopened) for event in planned),
        "returned_last_minute": any(_in_last_minute(happened)),
    }


def _in_last_minute(happened: Happened) -> Iterator[bool]:
    """Yield, for each return, whether it came in the last fifth of the promised time.

    The promised time goes from completeness to the due date in force at the return.
    """
    complete_at = due_at = None
    for step, event in happened:
        if isinstance(event, events.DeclaredComplete):
            complete_at = step.act.at
        promise = getattr(event, "promise", None)
        due_at = promise.due_at if promise else due_at
        if isinstance(event, events.ReturnedForCorrection) and complete_at and due_at:
            yield due_at - (due_at - complete_at) / 5 <= step.act.at <= due_at


def told(steps: list[PlanStep]) -> list[dict[str, Any]]:
    """Return the events of one application, in the order of its stream, without the fields in NOT_TOLD."""
    happened = [(step, event) for step in steps for event in step.events]
    return [
        {
            "version": version,
            "topic": event.topic,
            "at": instant(step.act.at),
            "at_quality": step.act.at_quality.value,
            "by": step.act.by.value,
            "office": step.act.office,
            "channel": step.act.channel.value,
            "data": {name: value for name, value in data_of(event).items() if name not in NOT_TOLD},
        }
        for version, (step, event) in enumerate(happened, start=1)
    ]


def _since_reopened(happened: Happened) -> Happened:
    """Return the events from the last reopening on, because an end before the reopening does not count."""
    places = [place for place, (_, event) in enumerate(happened) if isinstance(event, events.Reopened)]
    return happened[places[-1] :] if places else happened


def _first(happened: Happened, *kinds: type[ApplicationEvent]) -> PlanStep | None:
    return next((step for step, event in happened if isinstance(event, kinds)), None)


def _fact_row(fact: MeantFact) -> dict[str, Any]:
    return {
        "ordinal": fact.ordinal,
        "service": fact.service,
        "office": fact.office,
        "channel": fact.channel,
        "mall": fact.mall or None,
        **{
            name: instant(at) if (at := getattr(fact, name)) else None
            for name in ("submitted_at", "complete_at", "due_at", "answered_at", "ended_at")
        },
        "status": fact.status,
        "outcome": fact.outcome,
        "returns": fact.returns,
    }
