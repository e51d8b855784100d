"""Shared parts of events: the act of an event, the base class of events, and the promise that some events carry."""

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
    """An act states who acted, where and when. All events that one act causes have the same `Act`.

    `at` is aware and in UTC. `actor` is a random reference to the person who acted. A person has one reference in each
    office. `actor` is None for the system and for imports. `office` is "" if no office acted.
    """

    at: datetime
    by: Role
    channel: Channel
    at_quality: Quality = Quality.SERVER
    actor: UUID | None = None
    office: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Event:
    """The base class of all events.

    If the procedure would have refused the corresponding command, `deviates` is the code of this refusal.

    Only events of imported history have the field `deviates`.
    """

    topic: ClassVar[str]
    deviates: RefusalCode | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Promise:
    """A promised date, stored as a fact.

    `due_at` is in UTC. `n` is the number of units. `n` is 0 if an import's source states the deadline. `standard` and
    `calendar` name the editions from which the date was computed. `rule` names the settings by which the days were
    counted. `counted_from` is set only if the file was declared complete after closing time or on a closed day. A later
    local day is then used as the day of completeness, and `counted_from` names this day.
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
    """A closed pause of the legal clock. The beginning and the end are in UTC."""

    since: datetime
    until: datetime
