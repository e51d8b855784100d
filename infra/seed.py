"""Some 200 example applications, over the real command path, for a first look. `jejak simulate` will replace it.

Deterministic but for numbers and ids; every key is its own, so a seed that was killed is completed by the next start.
"""

import asyncio
import random
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from domain import commands
from domain.codes import (
    Advice,
    CancellationReason,
    Channel,
    Defect,
    Quality,
    RejectionReason,
    Remedy,
    Role,
    StagePhase,
)
from domain.commands import Command
from domain.events import Act, DefectiveDocument
from domain.ports import Answer, Asked
from domain.registry import Registry, StandardPublished
from infra import catalogue
from infra.main import Installation

APPLICATIONS = 200
CLIENT = "examples"
AT_ONCE = 8
WEEKDAYS, OPENS, CLOSES = range(5), 8, 15
ACTOR = UUID("00000000-0000-4000-8000-000000000001")
NAMES = ("Contoh Satu", "Contoh Dua", "Contoh Tiga", "Contoh Empat", "Contoh Lima")

Step = tuple[Command, str, float]
"""What is asked, by which office, and how many hours later at the most."""


@dataclass(slots=True)
class Life:
    """One example: its place in the row, its dice, its standard and office, and the time it has come to."""

    ordinal: int
    dice: random.Random
    standard: StandardPublished
    office: str
    channel: Channel
    zone: ZoneInfo
    at: datetime
    steps: int = 0

    def later(self, hours: float) -> datetime:
        """Moves on, to a time at which a counter would be open."""
        self.at = self.open_from(self.at + timedelta(hours=self.dice.uniform(hours / 3, hours)))
        return self.at

    def open_from(self, at: datetime) -> datetime:
        local = at.astimezone(self.zone)
        while local.weekday() not in WEEKDAYS or not OPENS <= local.hour < CLOSES:
            local = (local + timedelta(hours=1)).replace(minute=self.dice.randrange(60))
        return local.astimezone(UTC)


async def seed(installation: Installation, now: datetime) -> None:
    """Publishes the catalogue and makes sure that all examples are there."""
    key = installation.named.commands[0]
    editions = [*catalogue.basics(), *catalogue.examples()]
    await installation.editions.publish(editions, installation.recorder, key)
    if await _complete(installation):
        return
    registry = await installation.editions.registry()
    gate = asyncio.Semaphore(AT_ONCE)

    async def live(ordinal: int) -> None:
        async with gate:
            await _live(installation, registry, ordinal, now)

    await live(0)  # the sample comes first, so that it is in place whatever happens after
    await asyncio.gather(*(live(ordinal) for ordinal in range(1, APPLICATIONS)))


async def sample(installation: Installation) -> tuple[UUID, str, str] | None:
    """The first example: application id, tracking number, PIN. None where there are no examples."""
    async with installation.pool.connection() as connection:
        cursor = await connection.execute(
            "SELECT originator_id FROM events WHERE topic = 'application.submitted.v1' AND state->>'by' <> 'import'"
            " ORDER BY position LIMIT 1"
        )
        row = await cursor.fetchone()
    if row is None:
        return None
    application = (await installation.streams.history(row[0])).application
    return row[0], application.number, installation.paper.pin(application.number, application.pin_resets)


async def _complete(installation: Installation) -> bool:
    async with installation.pool.connection() as connection:
        cursor = await connection.execute(
            "SELECT count(*) FROM"
            " (SELECT FROM stored_events WHERE topic = 'application.submitted.v1' LIMIT %s) AS submitted",
            (APPLICATIONS,),
        )
        row = await cursor.fetchone()
    return row is not None and row[0] == APPLICATIONS


async def _live(installation: Installation, registry: Registry, ordinal: int, now: datetime) -> None:
    """One life, as far as it has come by now."""
    dice = random.Random(ordinal)  # noqa: S311 - examples, not secrets
    sample_life = ordinal == 0
    offered = sorted(code for code, editions in registry.services.items() if editions[-1].example)
    service = "sip" if sample_life else dice.choice(offered)
    standard = registry.services[service][-1]
    office = standard.offices[0] if sample_life else dice.choice(standard.offices)
    channel = dice.choice([c for c in standard.channels if c is not Channel.INTERNAL])
    start = now - timedelta(days=9 if sample_life else dice.uniform(0.5, 45))
    zone = ZoneInfo(registry.offices[office].zone)
    life = Life(ordinal, dice, standard, office, Channel.COUNTER if sample_life else channel, zone, start)
    if life.later(1) > now:
        life.at = start
    submit = commands.SubmitApplication(service=service, number="", district="33.74.01")
    person = {"applicant": {"name": NAMES[ordinal % len(NAMES)]}}
    answer = await _ask(installation, life, None, submit, office, personal=person)
    for command, acting, hours in _steps(life, registry):
        if life.later(hours) > now:
            return
        answer = await _ask(installation, life, answer.application_id, command, acting)


async def _ask(
    installation: Installation,
    life: Life,
    application_id: UUID | None,
    command: Command,
    office: str,
    *,
    personal: dict[str, Any] | None = None,
) -> Answer:
    act = Act(at=life.at, at_quality=Quality.SERVER, by=Role.OFFICER, actor=ACTOR, office=office, channel=life.channel)
    key = f"{life.ordinal}-{life.steps}"
    life.steps += 1
    asked = Asked(command=command, act=act, client=CLIENT, key=key, personal=personal or {})
    return await installation.applications.handle(application_id, asked)


def _steps(life: Life, registry: Registry) -> list[Step]:
    """A plausible course: most go well, some come back, some end early."""
    dice, standard, office = life.dice, life.standard, life.office
    steps: list[Step] = [(commands.Receive(), office, 6)]
    requirement = standard.requirements[0].code if standard.requirements else None
    if requirement and (life.ordinal == 0 or dice.random() < 0.25):
        steps += _correction(dice, requirement, office)
        if isinstance(steps[-1][0], commands.Lapse):
            return steps
    steps.append((commands.CheckDocuments(complete=True, declare_complete=True), office, 20))
    if dice.random() < 0.05:
        return [*steps, (commands.Withdraw(), office, 60)]
    if dice.random() < 0.02:
        return [*steps, (commands.Cancel(reason=CancellationReason.DUPLICATE), office, 40)]
    stages = _stages(standard, StagePhase.REVIEW, office)
    others = [code for code in sorted(registry.offices) if code != office and registry.offices[code].example]
    if life.ordinal == 0:
        return [*steps, *stages[:1], (commands.Refer(to="pemda-3374-dinkes"), office, 4)]
    steps += stages
    if others and dice.random() < 0.15:
        asked = dice.choice(others)
        answered = commands.AnswerReferral(referral=1, advice=Advice.FAVOURABLE)
        steps += [(commands.Refer(to=asked), office, 10), (answered, asked, 90)]
    if dice.random() < 0.08:
        rejection = commands.Reject(reason=RejectionReason.REQUIREMENT_NOT_MET, remedy=Remedy.APPLY_AGAIN)
        return [*steps, (rejection, office, 30)]
    steps += [(commands.Approve(), office, 20), (commands.Issue(), office, 6)]
    steps += _stages(standard, StagePhase.PRODUCTION, office)
    return [*steps, (commands.MakeReady(), office, 6), (commands.HandOver(), office, 120)]


def _correction(dice: random.Random, requirement: str, office: str) -> list[Step]:
    """Incomplete, back to the applicant; most mend it, a few stay silent."""
    checked = commands.CheckDocuments(complete=False, missing=(requirement,))
    defect = DefectiveDocument(requirement=requirement, defect=Defect.ILLEGIBLE)
    returned = commands.ReturnForCorrection(documents=(defect,))
    last: Command = commands.Lapse() if dice.random() < 0.1 else commands.SupplyCorrection()
    return [(checked, office, 8), (returned, office, 1), (last, office, 72)]


def _stages(standard: StandardPublished, phase: StagePhase, office: str) -> list[Step]:
    return [
        step
        for stage in standard.stages
        if stage.phase is phase
        for step in (
            (commands.EnterStage(stage=stage.code), office, 8),
            (commands.CompleteStage(stage=stage.code), office, 16),
        )
    ]
