"""What all events share: the act they belong to, and the promise that some of them carry."""

from dataclasses import dataclass
from datetime import datetime
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
    """Who did it, where and when: what all events of one act share.

    `at` is aware, UTC; `actor` is a random reference per person and office, None for the system and for imports;
    `office` is "" where no office acted.
    """

    at: datetime
    by: Role
    channel: Channel
    at_quality: Quality = Quality.SERVER
    actor: UUID | None = None
    office: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Event:
    """`deviates`: the code of the refusal that a command would have met. Only imported history has it."""

    topic: ClassVar[str]
    deviates: RefusalCode | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Promise:
    """A promised date, as a fact: `due_at` in UTC, `n` counts `unit`; of a source's own deadline n is 0."""

    unit: Unit
    n: int
    due_at: datetime
    standard: EditionCode
    calendar: CalendarEditions
    rule: RuleCode


@dataclass(frozen=True, slots=True, kw_only=True)
class Pause:
    """A closed pause of the legal clock, both ends in UTC."""

    since: datetime
    until: datetime
