"""Shared parts of events: the act that an event belongs to, the base class, and the promise that some events carry."""

from dataclasses import dataclass
from datetime import date, datetime
from typing import ClassVar
from uuid import UUID

from domain.codes import (
    CalendarEditions,
    Channel,
    EditionCode,
    Quality,
    RefusalCode,
    Role,
    RuleCode,
)
from domain.registry.calendar import Unit


@dataclass(frozen=True, slots=True, kw_only=True)
class Act:
    """An act: who acted, where and when. All events of one act share it.

    `at`: aware, in UTC. `actor`: a random reference for each person and office; None for the system and for imports.
    `office`: "" if no office acted.
    """

    at: datetime
    by: Role
    channel: Channel
    at_quality: Quality = Quality.SERVER
    actor: UUID | None = None
    office: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Event:
    """`deviates`: the code of the refusal that the same command would have met. Only imported history has it."""

    topic: ClassVar[str]
    deviates: RefusalCode | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Promise:
    """A promised date, stored as a fact.

    `due_at`: UTC. `n`: the number of units; 0 for a source's own deadline. `standard`, `calendar`: the editions that
    the date was computed from. `rule`: the name of the settings of the count. `counted_from`: the local day on which
    the completeness counts, only if that is a later day than the day of completeness itself (after closing time, a
    closed day).
    """

    unit: Unit
    n: int
    due_at: datetime
    standard: EditionCode
    calendar: CalendarEditions
    rule: RuleCode
    counted_from: date | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Pause:
    """A closed pause of the legal clock, both ends in UTC."""

    since: datetime
    until: datetime
