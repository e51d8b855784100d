"""The courses that lives take: smooth most of the time, and all that may go otherwise, at known odds."""

from collections.abc import Iterator
from datetime import datetime, timedelta
from enum import Enum, auto

from domain import commands
from domain.application import Status
from domain.codes import (
    Advice,
    Amendment,
    CancellationReason,
    Channel,
    Defect,
    Receiver,
    RejectionReason,
    Remedy,
    StagePhase,
)
from domain.commands import Command
from domain.events import DefectiveDocument, DocumentsChecked, Received, StageEntered
from domain.guards import IN_WORK, UNDECIDED
from domain.registry import Stage, StandardPublished
from simulation.life import Life, Move
from simulation.mall import Arrival, Mall

RETURNED = (0.16, 0.25)
"""Odds of a first return, and of a second one after it."""
SILENT = 0.1
TRANSFERRED, COMPLAINT_TRANSFERRED = 0.04, 0.5
DECLARED_APART = 0.3
SUSPENDED = 0.15
REFERRED, ADVICE_LOST, ADVICE_AGAINST = 0.1, 0.12, 0.15
LAST_MINUTE = 0.03
LATE = 0.12
"""How often a decision is meant to fall after the promised date."""
REJECTED = 0.05
HANDED_OVER_EARLY = 0.1
NOT_COLLECTED, LAPSES_THEN = 0.05, 0.4
BY_PROXY = 0.1


class Fate(Enum):
    """What strikes a life under way."""

    NONE = auto()
    WITHDRAWN = auto()
    DUPLICATE = auto()
    FORGOTTEN = auto()
    REASSIGNED = auto()
    PIN_RESET = auto()
    AMENDED = auto()


FATES = {
    Fate.NONE: 78.5,
    Fate.WITHDRAWN: 3.0,
    Fate.DUPLICATE: 1.5,
    Fate.FORGOTTEN: 3.0,
    Fate.REASSIGNED: 8.0,
    Fate.PIN_RESET: 4.0,
    Fate.AMENDED: 2.0,
}


def lived(arrival: Arrival, mall: Mall) -> Life:
    """One life, as far as it has come by the end of the plan."""
    life = Life(arrival, mall)
    life.live(fated(life))
    return life


def fated(life: Life) -> Iterator[Move]:
    """Its course, and what strikes it after one of the first moves."""
    [fate] = life.dice.choices(list(FATES), list(FATES.values()))
    turn = life.dice.randint(2, 7)
    for count, move in enumerate(course(life), start=1):
        yield move
        if count == turn:
            if fate is Fate.FORGOTTEN:
                return
            yield from struck(life, fate)


def struck(life: Life, fate: Fate) -> Iterator[Move]:
    if life.application.status not in UNDECIDED:
        return
    soon = life.hence(0.1, 20)
    match fate:
        case Fate.WITHDRAWN:
            yield life.applicant(commands.Withdraw(), soon)
        case Fate.DUPLICATE:
            yield life.officer(commands.Cancel(reason=CancellationReason.DUPLICATE), soon, supervisor=True)
        case Fate.REASSIGNED:
            yield life.officer(commands.Reassign(officer=life.colleague()), soon, supervisor=True)
        case Fate.PIN_RESET:
            yield life.officer(commands.ResetPin(), soon)
        case Fate.AMENDED:
            yield from amended(life)
        case _:
            pass


def amended(life: Life) -> Iterator[Move]:
    """A wrong time of an act that settles nothing, or a stage entered too soon, and then again."""
    last = life.application.entries[-1]
    if isinstance(last.event, StageEntered):
        error = commands.AmendRecord(amends=last.version, amendment=Amendment.ENTERED_IN_ERROR)
        yield life.officer(error, life.hence(0.05, 0.5), supervisor=True)
        yield life.officer(commands.EnterStage(stage=last.event.stage), life.hence(0.1, 3))
    elif isinstance(last.event, Received | DocumentsChecked):
        right = last.act.at - timedelta(minutes=1)
        wrong_time = commands.AmendRecord(amends=last.version, amendment=Amendment.TIME, corrected_at=right)
        yield life.officer(wrong_time, life.hence(0.05, 2), supervisor=True)


def course(life: Life) -> Iterator[Move]:
    yield from taken_in(life)
    yield from made_complete(life)
    yield from reviewed(life)
    if life.application.status is Status.APPROVED:
        yield from produced(life)


def taken_in(life: Life) -> Iterator[Move]:
    arrival = life.arrival
    region = life.mall.registry.offices[arrival.office].region
    district = f"{region}.{life.dice.randint(1, 5):02}" if region and "." in region else None
    submit = commands.SubmitApplication(service=arrival.standard.service, number="", district=district)
    yield life.at_the_door(submit, arrival.at, arrives=arrival.arrives)
    if arrival.channel is Channel.MOBILE:
        at = min(arrival.at + timedelta(minutes=life.dice.uniform(3, 15)), arrival.arrives)
        yield life.at_the_door(commands.Receive(), at, arrives=arrival.arrives)
    else:
        yield life.officer(commands.Receive(), life.hence(0.05, 40) if life.chance(0.1) else life.hence(0.02, 0.6))
    if others := _others(life):
        odds = COMPLAINT_TRANSFERRED if len(arrival.standard.offices) > len(others) + 1 else TRANSFERRED
        if life.chance(odds):
            yield life.officer(commands.Transfer(to=life.dice.choice(others)), life.hence(0.2, 20))


def _others(life: Life) -> list[str]:
    """The offices of the same place that offer the service, too."""
    offices = life.mall.registry.offices
    region = offices[life.office].region
    offered = life.arrival.standard.offices
    return [code for code in offered if code != life.office and code in offices and offices[code].region == region]


def made_complete(life: Life) -> Iterator[Move]:
    """Checked, returned and corrected for a round or two, and declared complete; or silence, and it lapses."""
    for odds in RETURNED:
        if not life.arrival.standard.requirements or not life.chance(odds):
            break
        yield from returned(life, life.hence(0.1, 10))
        if life.chance(SILENT):
            yield life.officer(commands.Lapse(), life.hence(24 * 14, 24 * 30), supervisor=True)
            return
        yield life.applicant(commands.SupplyCorrection(), life.hence(2, 24 * 6))
    at = life.hence(0.1, 16)
    if life.chance(DECLARED_APART):
        yield life.officer(commands.CheckDocuments(complete=True), at)
        yield life.officer(commands.DeclareComplete(), life.hence(0.1, 4))
    else:
        yield life.officer(commands.CheckDocuments(complete=True, declare_complete=True), at)


def returned(life: Life, at: datetime) -> Iterator[Move]:
    requirement = life.dice.choice(life.arrival.standard.requirements).code
    defect = life.dice.choice(list(Defect))
    missing = (requirement,) if defect is Defect.MISSING else ()
    yield life.officer(commands.CheckDocuments(complete=False, missing=missing), at)
    document = DefectiveDocument(requirement=requirement, defect=defect)
    yield life.officer(commands.ReturnForCorrection(documents=(document,)), life.hence(0.02, 0.5))


def reviewed(life: Life) -> Iterator[Move]:
    """The stages before the decision, spread over the time until it; advice asked and given on the way."""
    decision = decision_time(life)
    work: list[tuple[Command, str]] = [(act, "") for act in stage_acts(life, StagePhase.REVIEW)]
    against = False
    if life.chance(REFERRED):
        asked = life.dice.choice(_advisers(life))
        against = life.chance(ADVICE_AGAINST)
        advice = Advice.UNFAVOURABLE if against else Advice.FAVOURABLE
        work.append((commands.Refer(to=asked), ""))
        if not life.chance(ADVICE_LOST):
            work.append(
                (commands.AnswerReferral(referral=life.application.counted.referrals + 1, advice=advice), asked)
            )
    elif life.arrival.standard.grounds and life.chance(SUSPENDED):
        ground = life.dice.choice(life.arrival.standard.grounds)
        work += [(commands.Suspend(ground=ground), ""), (commands.Resume(), "")]
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
    yield life.officer(_decision(life, against=against), decision)


def _decision(life: Life, *, against: bool) -> Command:
    if against:
        return commands.Reject(reason=RejectionReason.TECHNICAL_ADVICE_NEGATIVE, remedy=Remedy.OBJECTION)
    if life.chance(REJECTED):
        reason = life.dice.choice([RejectionReason.REQUIREMENT_NOT_MET, RejectionReason.NOT_ELIGIBLE])
        return commands.Reject(reason=reason, remedy=life.dice.choice([Remedy.APPLY_AGAIN, Remedy.OBJECTION]))
    return commands.Approve()


def _advisers(life: Life) -> list[str]:
    offices = life.mall.registry.offices
    return sorted(code for code, office in offices.items() if code != life.office and office.example)


def decision_time(life: Life) -> datetime:
    """Within the promise, or beyond it where it is meant to be late; without one, as long as such work takes."""
    promise = life.application.promise
    if promise is None:
        days = life.dice.gammavariate(1.5, 0.4 + 0.6 * len(life.arrival.standard.stages))
        return life.settled(life.now + timedelta(days=days), life.hours)
    if life.chance(LATE):
        return life.hours.forward(promise.due_at + timedelta(hours=life.dice.uniform(1, 90)), life.grace())
    share = life.dice.uniform(0.2, 0.95)
    return life.hours.back(life.now + (promise.due_at - life.now) * share, life.grace())


def stage_acts(life: Life, phase: StagePhase) -> list[Command]:
    return [
        act
        for stage in in_order(life.arrival.standard, phase)
        if not stage.optional or life.chance(0.5)
        for act in (commands.EnterStage(stage=stage.code), commands.CompleteStage(stage=stage.code))
    ]


def in_order(standard: StandardPublished, phase: StagePhase) -> list[Stage]:
    """What comes before a stage has fewer stages before it."""
    stages = [stage for stage in standard.stages if stage.phase is phase]
    return sorted(stages, key=lambda stage: len(standard.required_before(stage)))


def produced(life: Life) -> Iterator[Move]:
    """Issued, made, and into the citizen's hands; or it lies at the counter until it lapses."""
    yield life.officer(commands.Issue(), life.hence(0.1, 8))
    for act in stage_acts(life, StagePhase.PRODUCTION):
        yield life.officer(act, life.hence(0.1, 8))
    receiver = Receiver.PROXY if life.chance(BY_PROXY) else Receiver.APPLICANT
    if life.chance(HANDED_OVER_EARLY):
        yield life.officer(commands.HandOver(receiver=receiver), life.hence(0.1, 4))
        return
    yield life.officer(commands.MakeReady(), life.hence(0.1, 6))
    if not life.chance(NOT_COLLECTED):
        yield life.officer(commands.HandOver(receiver=receiver), life.hence(1, 24 * 6))
    elif life.chance(LAPSES_THEN):
        yield life.officer(commands.Lapse(), life.hence(24 * 30, 24 * 45), supervisor=True)
