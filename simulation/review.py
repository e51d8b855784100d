"""The middle part of a simulated life: the office works on the file, and decides."""

import random
from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime, timedelta

from domain.application import commands
from domain.application.commands import Command
from domain.application.guards import IN_WORK
from domain.application.pauses import AWAITING_PAYMENT
from domain.codes import Advice, Quality, RejectionReason, Remedy, StagePhase, TransferReason
from simulation.incidents import complaints, extensions, inspected, inspection_scheduled, obstacles, paid
from simulation.intake import others_listed, returned
from simulation.life import Intention, Life
from simulation.stages import stage_acts, woven

SUSPENDED = 0.15
REFERRED, ADVICE_LOST, ADVICE_AGAINST = 0.1, 0.12, 0.15
LAST_MINUTE = 0.03
LATE = 0.12
"""The probability that a decision is planned after the promised date."""
REJECTED = 0.05
HANDED_ON, UNLISTED = 0.04, 0.4
"""HANDED_ON is the probability of a transfer shortly before the decision. UNLISTED is the probability that the service
does not list the new office.
"""
REPORTED_LATE = 0.03
"""The probability that a decision is made in time but recorded very late. Very late means after the allowance for late
reports of every office.
"""

Work = list[tuple[Command, str]]
"""A list of commands. Each command has the code of the office that gives the command. If the code is empty, the office
that holds the file gives the command.
"""


def reviewed(life: Life) -> Iterator[Intention]:
    """Yield the acts for the payment. Then yield the review stages with all incidents, spread over the time until the
    decision. Last, yield the decision.
    """
    yield from paid(life)
    extension = extensions(life)
    decision = decision_time(life, late=bool(extension) or life.chance(LATE))
    yield from inspection_scheduled(life, life.now + (decision - life.now) / 2)
    advice = _advice(life)
    work: Work = [(act, "") for act in inspected(life, stage_acts(life, StagePhase.REVIEW))]
    work += advice or _suspension(life)
    for others in (obstacles(life, StagePhase.REVIEW), complaints(life), extension):
        work = woven(life.dice, work, [(act, "") for act in others])
    begun = life.now
    for place, (act, office) in enumerate(work, start=1):
        share = (place - life.dice.uniform(0.1, 0.9)) / (len(work) + 1)
        yield life.officer(act, begun + (decision - begun) * share, office=office)
    if life.chance(LAST_MINUTE) and life.arrival.standard.requirements:
        yield from returned(life, decision - timedelta(hours=2))
        yield life.applicant(commands.SupplyCorrection(), life.hence(1, 48))
        yield life.officer(commands.CheckDocuments(complete=True), life.hence(0.5, 8))
    if life.application.referrals or life.application.status not in IN_WORK:
        return
    yield from _handed_on(life)
    against = any(isinstance(act, commands.AnswerReferral) and act.advice is Advice.UNFAVOURABLE for act, _ in advice)
    yield reported_late(life, life.officer(judged(life, against=against), decision))


def reported_late(life: Life, decision: Intention) -> Intention:
    """Return the decision. In some lives, the office decides in time, but the decision is recorded long after the
    promised date.

    This choice uses separate dice, so that it changes no other random choice of the plan. If the standard has deemed
    approval, the deemed approval comes before such a late report.
    """
    promise, dice = life.application.promise, random.Random(f"{life.mall.seed}/report/{life.arrival.ordinal}")  # noqa: S311
    if promise is None or decision.act.at > promise.due_at or dice.random() >= REPORTED_LATE:
        return decision
    act = replace(decision.act, at_quality=Quality.DEVICE)
    return replace(decision, act=act, arrives=promise.due_at + timedelta(days=dice.uniform(16, 30)))


def _handed_on(life: Life) -> Iterator[Intention]:
    """Transfer some files to another office. Sometimes a supervisor transfers a file to an office that the service does
    not list.

    The transfer uses separate dice. So a file without a transfer has the same life, whatever the probability of a
    transfer is.
    """
    dice = random.Random(f"{life.mall.seed}/transfer/{life.arrival.ordinal}")  # noqa: S311 - reproducible test data
    if dice.random() >= HANDED_ON:
        return
    known, offices = life.arrival.standard.offices, life.mall.registry.offices
    elsewhere = sorted(code for code, office in offices.items() if office.example and code not in known)
    listed = others_listed(life)
    if listed and dice.random() >= UNLISTED:
        yield life.officer(commands.Transfer(to=dice.choice(listed)), life.hence(0.1, 4))
    elif elsewhere:
        transfer = commands.Transfer(to=dice.choice(elsewhere), reason=dice.choice(list(TransferReason)))
        yield life.officer(transfer, life.hence(0.1, 4), supervisor=True)


def _advice(life: Life) -> Work:
    """Refer the application to another office. Sometimes the other office does not answer."""
    if not life.chance(REFERRED):
        return []
    offices = life.mall.registry.offices
    asked = life.dice.choice(sorted(code for code, office in offices.items() if code != life.office and office.example))
    advice = Advice.UNFAVOURABLE if life.chance(ADVICE_AGAINST) else Advice.FAVOURABLE
    answer = commands.AnswerReferral(referral=life.application.counted.referrals + 1, advice=advice)
    return [(commands.Refer(to=asked), ""), *([] if life.chance(ADVICE_LOST) else [(answer, asked)])]


def _suspension(life: Life) -> Work:
    """Suspend the application on a ground that the standard lists, and resume it.

    The ground AWAITING_PAYMENT is left out, because payment requests already pause the clock.
    """
    grounds = [ground for ground in life.arrival.standard.grounds if ground != AWAITING_PAYMENT]
    if not grounds or not life.chance(SUSPENDED):
        return []
    return [(commands.Suspend(ground=life.dice.choice(grounds)), ""), (commands.Resume(), "")]


def judged(life: Life, *, against: bool) -> Command:
    if against:
        return commands.Reject(reason=RejectionReason.TECHNICAL_ADVICE_NEGATIVE, remedy=Remedy.OBJECTION)
    if life.chance(REJECTED):
        reason = life.dice.choice([RejectionReason.REQUIREMENT_NOT_MET, RejectionReason.NOT_ELIGIBLE])
        return commands.Reject(reason=reason, remedy=life.dice.choice([Remedy.APPLY_AGAIN, Remedy.OBJECTION]))
    return commands.Approve()


def decision_time(life: Life, *, late: bool) -> datetime:
    """Return the planned time of the decision, in UTC.

    If there is a promise, the decision is planned before the due date. If `late` is true, the decision is planned after
    the due date. Without a promise, the decision is planned after a random number of days. A standard with more stages
    leads to a longer time on average.
    """
    promise = life.application.promise
    if promise is None:
        days = life.dice.gammavariate(1.5, 0.4 + 0.6 * len(life.arrival.standard.stages))
        return life.settled(life.now + timedelta(days=days), life.hours)
    if late:
        return life.hours.forward(promise.due_at + timedelta(hours=life.dice.uniform(1, 90)), life.grace())
    share = life.dice.uniform(0.2, 0.95)
    return life.hours.back(life.now + (promise.due_at - life.now) * share, life.grace())
