"""Whom an event concerns: which agencies are told of it, in what capacity, and how much of it they see.

    shares : Concern, Recorded, Agencies -> [Share], Concern

Pure and in the order of the log: the same events give the same shares, however they are cut into batches. An agency is
told of what concerns its offices (it holds the file, or was asked for advice) and of the services that it owns; of
each it sees what its part in it needs, and no more.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from enum import StrEnum
from typing import Any, assert_never

from domain.application.events import (
    ApplicationEvent,
    Cancelled,
    DeemedApproved,
    Lapsed,
    RecordAmended,
    Recorded,
    ReferralAnswered,
    Referred,
    Rejected,
    Submitted,
    Transferred,
    Withdrawn,
)
from domain.application.status import Status, status_after
from domain.json_values import data_of


class Capacity(StrEnum):
    """Why an agency is told. The first that applies counts."""

    HOLDER = "holder"
    OWNER = "owner"
    ASKED = "asked"


ASKED_SEES = (Referred, ReferralAnswered, RecordAmended, Rejected, DeemedApproved, Withdrawn, Lapsed, Cancelled)
"""What an agency that was asked for advice must know: its own referral, and that nobody waits for it any more."""
NEVER = frozenset({"officer"})
"""Fields that no agency sees: the acting officer is known only to the office (docs/event-format.md, The state)."""
NOT_FOR_OWNERS = NEVER | {"number", "district", "regency"}
"""The tracking number opens the citizen's page; where the applicant lives is not needed to own a service."""
FOR_ASKED = frozenset({"referral", "to", "advice", "amends", "amendment", "corrected_at"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Agency:
    """`since`: what was recorded before that instant (UTC) is not in its feed. `owns`: services, each since when."""

    code: str
    since: datetime | None = None
    owns: Mapping[str, datetime | None] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Agencies:
    """Those that have a feed, and of which agency each office is, by code."""

    feeds: Mapping[str, Agency]
    offices: Mapping[str, str] = field(default_factory=dict)

    def of_office(self, office: str) -> str | None:
        """The agency of an office, if it has a feed."""
        agency = self.offices.get(office)
        return agency if agency in self.feeds else None


@dataclass(frozen=True, slots=True, kw_only=True)
class Concern:
    """What is known of an application after `version` of its events.

    `holder` is an office; `asked` the offices whose advice is awaited, by referral; `told` the version of the last
    event that each agency was told of.
    """

    version: int = 0
    service: str = ""
    standard: int = 0
    holder: str = ""
    asked: Mapping[int, str] = field(default_factory=dict)
    status: Status | None = None
    before: Status = Status.SUBMITTED
    told: Mapping[str, int] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Share:
    """An agency's part of an event. `previous`: the version of what it was told before of this application, else 0."""

    agency: str
    capacity: Capacity
    previous: int


def shares(concern: Concern, recorded: Recorded, agencies: Agencies) -> tuple[list[Share], Concern]:
    """Who is told of the next event, by code, and what is known after it."""
    after = _after(concern, recorded)
    told = dict(concern.told)
    found = []
    for code, capacity in sorted(_concerned(concern, after, recorded, agencies).items()):
        found.append(Share(agency=code, capacity=capacity, previous=told.get(code, 0)))
        told[code] = recorded.version
    return found, replace(after, told=told)


def facts(event: ApplicationEvent, capacity: Capacity) -> dict[str, Any]:
    """What of the event's `data` an agency sees in that capacity."""
    return {name: value for name, value in data_of(event).items() if seen(name, capacity)}


def seen(field: str, capacity: Capacity) -> bool:
    match capacity:
        case Capacity.HOLDER:
            return field not in NEVER
        case Capacity.OWNER:
            return field not in NOT_FOR_OWNERS
        case Capacity.ASKED:
            return field in FOR_ASKED
        case _:
            assert_never(capacity)


def capacities(event: type[ApplicationEvent]) -> tuple[Capacity, ...]:
    """In which an agency is told of such events at all."""
    asked = (Capacity.ASKED,) if issubclass(event, ASKED_SEES) else ()
    return (Capacity.HOLDER, Capacity.OWNER, *asked)


def _after(concern: Concern, recorded: Recorded) -> Concern:
    event = recorded.event
    status, before = status_after(concern.status, concern.before, event)
    known = replace(concern, version=recorded.version, status=status, before=before)
    match event:
        case Submitted():
            return replace(known, service=event.service, standard=event.standard, holder=recorded.act.office)
        case Transferred():
            return replace(known, holder=event.to)
        case Referred():
            return replace(known, asked={**concern.asked, event.referral: event.to})
        case ReferralAnswered():
            left = {number: office for number, office in concern.asked.items() if number != event.referral}
            return replace(known, asked=left)
        case _:
            return known


def _concerned(before: Concern, after: Concern, recorded: Recorded, agencies: Agencies) -> dict[str, Capacity]:
    """Both holders learn of a transfer; who was asked, of the answer that closes its referral."""
    found: dict[str, Capacity] = {}
    if isinstance(recorded.event, ASKED_SEES):
        for office in _asked(before, after, recorded.event):
            if code := agencies.of_office(office):
                found[code] = Capacity.ASKED
    for code, agency in agencies.feeds.items():
        if after.service in agency.owns and _in_time(agency.owns[after.service], recorded):
            found[code] = Capacity.OWNER
    for office in (before.holder, after.holder):
        if code := agencies.of_office(office):
            found[code] = Capacity.HOLDER
    return {code: capacity for code, capacity in found.items() if _in_time(agencies.feeds[code].since, recorded)}


def _asked(before: Concern, after: Concern, event: ApplicationEvent) -> list[str]:
    """A referral and its answer are told to its own office alone; the rest to all that still work on one."""
    match event:
        case Referred():
            return [event.to]
        case ReferralAnswered():
            return [office for number, office in before.asked.items() if number == event.referral]
        case _:
            return list(after.asked.values())


def _in_time(since: datetime | None, recorded: Recorded) -> bool:
    return since is None or (recorded.recorded_at is not None and recorded.recorded_at >= since)
