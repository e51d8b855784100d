"""The simulated life of one application: its commands, with time and actor, until the end of the plan.

The domain decides each act during planning, so a plan contains no act that the procedure forbids.
"""

import random
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from domain.application.commands import Command
from domain.application.decide import decide
from domain.application.events import ApplicationEvent, Recorded
from domain.application.evolve import Application, evolve
from domain.application.status import ENDS, Status
from domain.codes import Channel, Quality, Role
from domain.provenance import Act
from simulation.families import Membership
from simulation.hours import Hours
from simulation.mall import OFFICERS, Arrival, Mall

LAST = ENDS - {Status.HANDED_OVER}


@dataclass(frozen=True, slots=True, kw_only=True)
class PlanStep:
    """One command of a plan, and the events of the command. `arrives` is the time, in UTC, of arrival in the log.

    `ordinal` is the number of the life in the plan, from 0. `number` is the number of the step in the life, from 0.
    `person` is the number of the person who applies. All applications of a family have the same `person`.
    """

    ordinal: int
    number: int
    person: int
    command: Command
    act: Act
    arrives: datetime
    events: tuple[ApplicationEvent, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Intention:
    """The next act that a person or the system intends.

    `arrives` is the time, in UTC, at which the act arrives in the log.
    """

    command: Command
    act: Act
    arrives: datetime


class Life:
    """One life. `live` adds steps to the life. `now` is the time, in UTC, at which the last act arrived in the log."""

    def __init__(self, arrival: Arrival, mall: Mall, membership: Membership | None = None) -> None:
        self.arrival = arrival
        self.membership = membership
        self.mall = mall
        self.dice = random.Random(f"{mall.seed}/life/{arrival.ordinal}")  # noqa: S311 - reproducible test data
        self.desk = self.dice.randrange(OFFICERS)
        self.application = Application(office=arrival.office)
        self.now = arrival.at
        self.steps: list[PlanStep] = []

    def live(self, moves: Iterable[Intention]) -> None:
        """Carry out the acts in `moves`. Stop after an act that ends the application, unless this act is the hand-over.

        Also stop at the first act after the end of the plan.
        """
        for move in moves:
            if move.arrives >= self.mall.ends:
                return
            self._take(move)
            if self.application.status in LAST:
                return

    def _take(self, move: Intention) -> None:
        events = decide(move.command, self.application, move.act, self.mall.registry)
        for event in events:
            recorded = Recorded(version=self.application.version + 1, act=move.act, event=event)
            self.application = evolve(self.application, recorded)
        step = PlanStep(
            ordinal=self.arrival.ordinal,
            number=len(self.steps),
            person=self.membership.person if self.membership else self.arrival.ordinal,
            command=move.command,
            act=move.act,
            arrives=move.arrives,
            events=tuple(events),
        )
        self.steps.append(step)
        self.now = move.arrives

    @property
    def office(self) -> str:
        """The office that holds the application now."""
        return self.application.office

    @property
    def hours(self) -> Hours:
        return self.mall.hours(self.office)

    def chance(self, odds: float) -> bool:
        return self.dice.random() < odds

    def hence(self, least: float, most: float) -> datetime:
        """Return an instant between `least` and `most` hours after `now`."""
        return self.now + timedelta(hours=self.dice.uniform(least, most))

    def grace(self) -> timedelta:
        return timedelta(minutes=self.dice.uniform(2, 75))

    def settled(self, at: datetime, hours: Hours) -> datetime:
        """Return `at` if the office is open. Otherwise return a time shortly before the office closed for the last time
        before `at`.

        If this time is not after `now`, return the next time after `now` at which the office is open.
        """
        at = hours.back(at, self.grace())
        soonest = self.now + timedelta(minutes=self.dice.uniform(0.5, 6))
        return at if at >= soonest and hours.is_open(at) else hours.forward(soonest, self.grace())

    def officer(self, command: Command, at: datetime, *, office: str = "", supervisor: bool = False) -> Intention:
        """Return an officer's act at a counter or a desk, during opening hours."""
        office = office or self.office
        staff = self.mall.staff(office)
        act = Act(
            at=self.settled(at, self.mall.hours(office)),
            by=Role.SUPERVISOR if supervisor else Role.OFFICER,
            channel=Channel.COUNTER,
            actor=staff[-1] if supervisor else staff[self.desk],
            office=office,
        )
        return Intention(command=command, act=act, arrives=act.at)

    def applicant(self, command: Command, at: datetime) -> Intention:
        """Return the applicant's act.

        If the application was submitted online, the applicant acts online at any hour. Otherwise the applicant acts at
        the counter.
        """
        if self.arrival.channel is not Channel.ELECTRONIC:
            return self.officer(command, at)
        at = max(at, self.now + timedelta(minutes=1))
        act = Act(at=at, by=Role.APPLICANT, channel=Channel.ELECTRONIC, office=self.office)
        return Intention(command=command, act=act, arrives=at)

    def at_the_door(self, command: Command, at: datetime, *, arrives: datetime) -> Intention:
        """Return an act in the same channel as the submission.

        At a counter or a mobile unit, an officer acts. In the other channels, the applicant or a proxy acts.
        """
        channel = self.arrival.channel
        served = channel in (Channel.COUNTER, Channel.MOBILE)
        act = Act(
            at=at,
            at_quality=Quality.DEVICE if channel is Channel.MOBILE else Quality.SERVER,
            by=Role.OFFICER if served else Role.PROXY if self.chance(0.1) else Role.APPLICANT,
            channel=channel,
            actor=self.mall.staff(self.office)[self.desk] if served else None,
            office=self.office,
        )
        return Intention(command=command, act=act, arrives=arrives)

    def in_mall(self) -> tuple[str | None, str | None]:
        """Return the mall and the counter at which the applicant is served now.

        Both are None if the application was not submitted at a counter, or if its office has no counter in a mall.
        """
        if self.arrival.channel is not Channel.COUNTER:
            return None, None
        found = (
            (mall.code, counter.code)
            for mall in self.mall.registry.malls.values()
            for counter in mall.counters
            if counter.office == self.office
        )
        return next(found, (None, None))

    def from_unit(self, command: Command, at: datetime) -> Intention:
        """Return an act of a mobile unit, with the time of its device.

        The act arrives in the log when the unit has a network again.
        """
        act = Act(
            at=at,
            at_quality=Quality.DEVICE,
            by=Role.OFFICER,
            channel=Channel.MOBILE,
            actor=self.mall.staff(self.office)[self.desk],
            office=self.office,
        )
        return Intention(command=command, act=act, arrives=self.hence(0.2, 48))

    def system(self, command: Command, at: datetime, *, arrives: datetime | None = None) -> Intention:
        """Return an act of the system at a due time."""
        return Intention(
            command=command, act=Act(at=at, by=Role.SYSTEM, channel=Channel.INTERNAL), arrives=arrives or at
        )

    def colleague(self) -> UUID:
        """Move the application to another officer's desk, and return that officer's reference."""
        self.desk = (self.desk + self.dice.randrange(1, OFFICERS)) % OFFICERS
        return self.mall.staff(self.office)[self.desk]


def person(number: int) -> dict[str, dict[str, Any]]:
    """Return made-up data of an applicant. The name and the NIK show that the person is an example.

    The applicant's NIK ends in 0000. No real NIK ends in 0000, so the NIK belongs to nobody.
    """
    dice = random.Random(number)  # noqa: S311 - reproducible test data
    name = f"{dice.choice(GIVEN)} {dice.choice(FAMILY)} (contoh)"
    born = f"{dice.randint(1, 28) + dice.choice((0, 40)):02}{dice.randint(1, 12):02}{dice.randint(0, 99):02}"
    return {"applicant": {"name": name, "nik": f"3374{dice.randint(1, 16):02}{born}0000"}}


GIVEN = ("Agus", "Ayu", "Bambang", "Citra", "Dewi", "Eko", "Fitri", "Gita", "Hendra", "Indah", "Joko", "Siti", "Wahyu")
FAMILY = ("Contoh", "Misalnya", "Umpama", "Seandainya", "Tiruan", "Andaian")
