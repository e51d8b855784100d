"""The truth of a plan: expected facts and statistics, with which tests compare the facts and statistics of the product.

The truth is computed from the planned events only, with code that is independent of the views.
"""

from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from domain.application import events, incident_events
from domain.application.commands import DeemApproved
from domain.application.events import ApplicationEvent
from domain.json_values import data_of, instant
from simulation.life import Life, PlanStep
from simulation.plan import Plan
from simulation.questionnaires import expected, questionnaire_of
from simulation.sums import MARKED, OUTCOMES, SILENCE, MeantFact, statistics

NOT_TOLD = ("number", "officer", "link", "others")
"""Fields of an event's data that differ between installations: random values and ids."""
ENDS = (events.HandedOver, events.Rejected, events.Withdrawn, events.Lapsed, events.Cancelled, events.Revoked)
ANSWERS = (*ENDS, events.Approved, events.DeemedApproved, events.Issued, events.MadeReady)
OPENS = (events.ReturnedForCorrection, events.Suspended, events.Referred, incident_events.PaymentRequested)
"""Events after which the office waits, or the legal clock stands still, until another event."""

Happened = list[tuple[PlanStep, ApplicationEvent]]


def truth(plan: Plan) -> Iterator[dict[str, Any]]:
    """Yield one row with the plan's parameters. Then yield one row for each application, sorted by ordinal. Finally,
    yield one row with the statistics and the number of links at the end of the plan.

    `earlier` holds the statistics at half of the plan's time. `earlier` leaves out everything that happened later.
    """
    about = {"seed": plan.seed, "days": plan.days, "applications": plan.applications, "until": plan.until.isoformat()}
    yield {"simulation": about}
    facts, earlier, filled, links = [], [], [], set[UUID]()
    middle = plan.mall.begins + (plan.mall.ends - plan.mall.begins) / 2
    for life in plan.lives():
        if life.steps:
            fact = fact_of(life)
            facts.append(fact)
            if fact.submitted_at <= middle:
                earlier.append(fact_of(life, middle))
            answered = questionnaire_of(life)
            if answered is not None and answered.act.at < plan.mall.ends:
                filled.append(answered)
            linked = [each for step in life.steps for each in step.events if isinstance(each, incident_events.Linked)]
            links.update(each.link for each in linked)
            others = sorted(other.int for each in linked for other in each.others)
            yield {**_fact_row(fact), "linked": others, "events": told(life.steps)}
    yield {
        "statistics": {"as_of": instant(plan.mall.ends), **statistics(facts, plan.mall.ends)},
        "earlier": {"as_of": instant(middle), **statistics(earlier, middle)},
        "satisfaction": expected(filled),
        "links": len(links),
    }


def fact_of(life: Life, as_of: datetime | None = None) -> MeantFact:
    """Return the expected facts of a life. If `as_of` is given, use only the events up to this time. But `status` is
    always the status at the end of the life.

    The life must have a step, and the first step must have happened by `as_of`.
    """
    happened = [(step, event) for step in life.steps for event in step.events if not as_of or step.act.at <= as_of]
    submitted, stays = happened[0][0], _holders(happened)
    answer, ended = _first(happened, *ANSWERS), _first_event(_since_reopened(happened), *ENDS)
    complete, back = _first(happened, events.DeclaredComplete), _hand_over(happened)
    due_at = _promised(happened)
    first = {**marks(happened), "returned": _first_at(happened, events.ReturnedForCorrection)}
    moments = {
        "submitted": submitted.act.at,
        "answered": answer.act.at if answer else None,
        "due": min(due_at, answer.act.at) if answer and due_at else due_at,
        "handed_over": back.act.at if back else None,
        **first,
    }
    zone = ZoneInfo(life.mall.registry.offices[submitted.act.office].zone)
    return MeantFact(
        ordinal=submitted.ordinal,
        service=life.application.service,
        office=stays[-1][1],
        channel=submitted.act.channel.value,
        month=f"{submitted.act.at.astimezone(zone):%Y-%m}",
        submitted_at=submitted.act.at,
        complete_at=complete.act.at if complete else None,
        due_at=due_at,
        answered_at=answer.act.at if answer else None,
        ended_at=ended[0].act.at if ended else None,
        status=str(life.application.status),
        outcome=outcome(answer, ended[1] if ended else None) if answer else None,
        returns=sum(isinstance(event, events.ReturnedForCorrection) for _, event in happened),
        answer_known_at=answer.arrives if answer else None,
        marks=frozenset(mark for mark in MARKED if first[mark]),
        mall=next((event.mall or "" for _, event in happened if isinstance(event, events.Submitted)), ""),
        reported_late=reported_late(happened, answer),
        handed_over_at=moments["handed_over"],
        paused_since=paused_since(happened),
        own_time=own_time(happened, answer.act.at) if answer else None,
        places={name: _holder(stays, at) for name, at in moments.items() if at},
    )


def outcome(answer: PlanStep, end: ApplicationEvent | None) -> str:
    """Return the outcome. After a deemed approval, the outcome is `SILENCE`. If the application ended without a
    product, the outcome is the name of this end, for example rejected. Otherwise, the outcome is granted.
    """
    if isinstance(answer.command, DeemApproved):
        return SILENCE
    name = type(end).__name__.lower()
    return name if name in OUTCOMES else "granted"


def reported_late(happened: Happened, answer: PlanStep | None) -> bool:
    """Return whether a decision arrived too late: after the deemed approval, or after the office's allowance for late
    reports.
    """
    if answer is None:
        return False
    if isinstance(answer.command, DeemApproved):
        return any(isinstance(event, events.DecisionReportedLate) for _, event in happened)
    until = [e.report_until for e in answer.events if isinstance(e, events.Approved | events.Rejected)]
    return any(each is not None and answer.arrives > each for each in until)


def marks(happened: Happened) -> dict[str, datetime | None]:
    """Map each mark of `sums.MARKED` to the time at which the mark first applied. If a mark never applied, its time is
    None.
    """
    pauses = (step.act.at for step, event in happened if getattr(event, "pauses", False) is True)
    return {
        "obstructed": _first_at(happened, incident_events.ObstacleReported),
        "paused": min(pauses, default=None),
        "restarted": _first_at(happened, events.Reopened),
        "returned_last_minute": min(_in_last_minute(happened), default=None),
    }


def own_time(happened: Happened, until: datetime) -> timedelta:
    """Return the time from the submission to `until`, without the time in which the office waits for somebody else.

    The office waits while the file is returned, a payment is requested, or a referral is open.
    """
    waits: list[tuple[datetime, datetime]] = []
    asked: dict[str, datetime] = {}
    for step, event in happened:
        at, hold = min(step.act.at, until), _hold(event)
        if hold in ("", "suspension"):
            continue
        if isinstance(event, OPENS):
            asked[hold] = at
        else:
            waits.append((asked.pop(hold), at))
    waits += [(since, until) for since in asked.values()]
    own, reached = until - happened[0][0].act.at, happened[0][0].act.at
    for since, end in sorted(waits):
        own -= max(end - max(since, reached), timedelta(0))
        reached = max(reached, end)
    return own


def paused_since(happened: Happened) -> datetime | None:
    """Return the time since which the legal clock stands still, because at least one pause is open."""
    since, pausing = None, set[str]()
    for step, event in happened:
        if isinstance(event, OPENS):
            pausing |= {_hold(event)} if getattr(event, "pauses", False) else set()
        else:
            pausing.discard(_hold(event))
        since = (since or step.act.at) if pausing else None
    return since


def _hold(event: ApplicationEvent) -> str:
    """Return the name of the pause or the wait that this event opens or closes. Return "" if the event opens and closes
    nothing.
    """
    match event:
        case events.ReturnedForCorrection() | events.CorrectionSupplied():
            return "return"
        case events.Suspended() | events.Resumed():
            return "suspension"
        case events.Referred() | events.ReferralAnswered():
            return f"referral {event.referral}"
        case incident_events.PaymentReceived(open_idr=int()):
            return ""
        case incident_events.PaymentRequested() | incident_events.PaymentReceived() | incident_events.PaymentExpired():
            return f"payment {event.payment}"
        case _:
            return ""


def _holders(happened: Happened) -> list[tuple[datetime, str]]:
    """Return the offices that held the file, in the order of the events. With each office, return the time at which the
    office received the file.
    """
    moves = [(step.act.at, event.to) for step, event in happened if isinstance(event, events.Transferred)]
    return [(happened[0][0].act.at, happened[0][0].act.office), *moves]


def _holder(stays: list[tuple[datetime, str]], at: datetime) -> str:
    return [office for since, office in stays if since <= at][-1]


def _promised(happened: Happened) -> datetime | None:
    promises = [promise for _, event in happened if (promise := getattr(event, "promise", None))]
    return promises[-1].due_at if promises else None


def _hand_over(happened: Happened) -> PlanStep | None:
    """Return the hand-over that no reopening has taken back."""
    return _first(_since_reopened(happened), events.HandedOver)


def _in_last_minute(happened: Happened) -> Iterator[datetime]:
    """Yield the times of the returns that came in the last fifth of the promised time.

    The promised time goes from completeness to the due date in force at the return.
    """
    complete_at = due_at = None
    for step, event in happened:
        if isinstance(event, events.DeclaredComplete):
            complete_at = step.act.at
        promise = getattr(event, "promise", None)
        due_at = promise.due_at if promise else due_at
        if not isinstance(event, events.ReturnedForCorrection) or not complete_at or not due_at:
            continue
        if due_at - (due_at - complete_at) / 5 <= step.act.at <= due_at:
            yield step.act.at


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
    """Return the last reopening and all events after it. An end before a reopening is ignored. If there is no
    reopening, return all events.
    """
    places = [place for place, (_, event) in enumerate(happened) if isinstance(event, events.Reopened)]
    return happened[places[-1] :] if places else happened


def _first(happened: Happened, *kinds: type[ApplicationEvent]) -> PlanStep | None:
    found = _first_event(happened, *kinds)
    return found[0] if found else None


def _first_event(happened: Happened, *kinds: type[ApplicationEvent]) -> tuple[PlanStep, ApplicationEvent] | None:
    return next(((step, event) for step, event in happened if isinstance(event, kinds)), None)


def _first_at(happened: Happened, *kinds: type[ApplicationEvent]) -> datetime | None:
    return min((step.act.at for step, event in happened if isinstance(event, kinds)), default=None)


def _fact_row(fact: MeantFact) -> dict[str, Any]:
    return {
        "ordinal": fact.ordinal,
        "service": fact.service,
        "office": fact.office,
        "submitted_office": fact.places["submitted"],
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
