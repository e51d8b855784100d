"""Incidents: a simulated life can contain payments, inspections, obstacles, complaints and extensions."""

from collections.abc import Iterator, Mapping
from dataclasses import replace
from datetime import date, datetime, timedelta

from domain.application import commands
from domain.application.commands import Command, ReportObstacle
from domain.application.pauses import AWAITING_PAYMENT
from domain.codes import ComplaintKind, ObstacleCode, StagePhase
from simulation.life import Intention, Life

PAID_HERE, UNPAID = 0.7, 0.12
AMOUNTS = (50_000, 100_000, 350_000, 1_500_000)
"""Amounts in whole rupiah. These amounts are used if the standard states no single fee."""
TIME_TO_PAY = timedelta(days=7)
SURVEY = "survey"
OVERLAPPING, CLEARED = 0.25, 0.8
COMPLAINED = 0.02
EXTENDED = 0.4

HELD_UP = {StagePhase.REVIEW: 0.09, StagePhase.PRODUCTION: 0.06}
OBSTACLES: Mapping[StagePhase, Mapping[ObstacleCode, float]] = {
    StagePhase.REVIEW: {
        ObstacleCode.DOCUMENTS: 3.0,
        ObstacleCode.TECHNICAL_TEAM: 4.0,
        ObstacleCode.STAFF: 4.0,
        ObstacleCode.NETWORK: 3.0,
        ObstacleCode.SYSTEM: 2.0,
        ObstacleCode.DATA: 2.0,
        ObstacleCode.PAYMENT: 0.5,
        ObstacleCode.QUOTA: 1.0,
        ObstacleCode.ACCESS: 0.5,
        ObstacleCode.DISPUTED_LAND: 0.5,
        ObstacleCode.APPLICANT: 1.0,
        ObstacleCode.REGULATION: 0.5,
    },
    StagePhase.PRODUCTION: {ObstacleCode.BLANK_FORMS: 5.0, ObstacleCode.SIGNATURE: 4.0, ObstacleCode.SYSTEM: 1.0},
}
COMPLAINTS = {ComplaintKind.INFORMATION: 1.0, ComplaintKind.COMPLAINT: 3.0}
"""The relative frequency of each kind of complaint.

INVESTIGATION is left out, because its 60 working days could end after the last day of the calendars.
"""


def paid(life: Life) -> Iterator[Intention]:
    """Request a payment, and request it again each time it expires. Some applicants pay elsewhere, so no payment is
    requested.
    """
    standard = life.arrival.standard
    if not (standard.fee_idr or AWAITING_PAYMENT in standard.grounds) or not life.chance(PAID_HERE):
        return
    amount = standard.fee_idr or life.dice.choice(AMOUNTS)
    while True:
        at = life.settled(life.hence(0.1, 4), life.hours)
        expires_at = at + TIME_TO_PAY
        yield life.officer(commands.RequestPayment(amount_idr=amount, expires_at=expires_at), at)
        payment = life.application.counted.payments
        received = life.officer(commands.ReceivePayment(payment=payment, amount_idr=amount), life.hence(0.1, 30))
        if received.act.at < expires_at and not life.chance(UNPAID):
            yield received
            return
        yield life.system(commands.ExpirePayment(payment=payment), expires_at)


def inspection_scheduled(life: Life, halfway: datetime) -> Iterator[Intention]:
    """If the standard has a survey stage, schedule an inspection. The inspection is on the local day of the time
    `halfway`. If the act of scheduling is later, the inspection is on the day of this act.
    """
    if life.arrival.standard.stage(SURVEY) is None:
        return
    move = life.officer(commands.ScheduleInspection(on=date.max), life.hence(0.1, 4))
    on = life.mall.registry.local_day(max(halfway, move.act.at), life.office)
    yield replace(move, command=commands.ScheduleInspection(on=on))


def inspected(life: Life, acts: list[Command]) -> list[Command]:
    """Return the commands in `acts`. The record of the inspection is inserted before the command that completes the
    survey stage.
    """
    record = commands.RecordInspection(inspection=life.application.counted.inspections)
    surveyed = commands.CompleteStage(stage=SURVEY)
    return [each for act in acts for each in ((record, act) if act == surveyed else (act,))]


def obstacles(life: Life, phase: StagePhase) -> list[Command]:
    """Return commands that report obstacles and clear most of them.

    A second obstacle may be reported before the first obstacle is cleared.
    """
    if not life.chance(HELD_UP[phase]):
        return []
    odds, known = OBSTACLES[phase], life.application.counted.obstacles
    count = 2 if life.chance(OVERLAPPING) else 1
    reported = [ReportObstacle(code=code) for code in life.dice.choices(list(odds), list(odds.values()), k=count)]
    cleared = [commands.ClearObstacle(obstacle=known + n) for n in range(1, count + 1) if life.chance(CLEARED)]
    return [*reported, *cleared]


def complaints(life: Life) -> list[Command]:
    if not life.chance(COMPLAINED):
        return []
    [kind] = life.dice.choices(list(COMPLAINTS), list(COMPLAINTS.values()))
    return [commands.ReferComplaint(kind=kind)]


def extensions(life: Life) -> list[Command]:
    """Return one of the extensions that the standard lists. Only some of the applications with a promise get an
    extension.
    """
    listed = life.arrival.standard.extensions or ()
    if life.application.promise is None or not listed or not life.chance(EXTENDED):
        return []
    return [commands.ExtendDeadline(extension=life.dice.choice(listed).code)]
