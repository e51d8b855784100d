"""Routing decides which agencies receive an event in their feeds, for which reason, and with which fields.

    shares : Concern, Recorded, Agencies -> [Share], Concern
    so_far : Concern, Capacity -> the state of the file, for an agency that does not know the earlier events

The function is pure. The caller passes events in the order of the log. The shares do not depend on the way in which the
events are divided into batches. An agency receives the events of an application while an office of the agency holds the
file. If an office of the agency was asked for advice, the agency receives the events about this advice. An agency also
receives the events of the services that it owns. An agency sees only the fields that it needs in its capacity.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from enum import StrEnum
from functools import reduce
from typing import Any, NamedTuple, assert_never

from domain.application import events, import_events
from domain.application.standing import REVISING, standing
from domain.application.status import Status, status_after
from domain.json_values import data_of
from projections import file_facts


class Capacity(StrEnum):
    """The reason for which an agency receives an event. If several capacities apply, the first of them in this
    enumeration is used.
    """

    HOLDER = "holder"
    OWNER = "owner"
    ASKED = "asked"


ASKED_SEES = (
    events.Referred,
    events.ReferralAnswered,
    events.RecordAmended,
    events.Rejected,
    events.DeemedApproved,
    events.Withdrawn,
    events.Lapsed,
    events.Cancelled,
    *REVISING,
)
"""An agency that was asked for advice sees only these events: the referral, the answer to it, the events that correct a
record, the events that end the wait for advice, and the events that take back or bring again what an import brought.
"""
NEVER = frozenset({"officer"})
"""Fields that no agency sees. Only the office may know which officer acted (docs/event-format.md, The state)."""
NOT_FOR_OWNERS = NEVER | {"number", "district", "regency"}
"""The fields that the owner of a service does not see. The tracking number gives access to the citizen's page, and the
owner does not need the applicant's place.
"""
FOR_ASKED = frozenset({"referral", "to", "advice", "amends", "amendment", "corrected_at"})
FOR_ASKED_SO_FAR = frozenset({"submitted_at", "complete_at", "promise", "paused_since"})
"""The fields of the file's state for an agency that was asked for advice. The agency must know the applicant's promised
date.
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Agency:
    """An agency with a feed. Events recorded before the instant `since` (UTC) are not in the agency's feed.

    The keys of `owns` are the services that the agency owns. For each service, the value is an instant: the feed
    contains the events of the service from this instant on.
    """

    code: str
    since: datetime | None = None
    owns: Mapping[str, datetime | None] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Agencies:
    """`feeds` contains every agency that has a feed. The key is the code of the agency. `offices` maps each office to
    its agency.
    """

    feeds: Mapping[str, Agency]
    offices: Mapping[str, str] = field(default_factory=dict)

    def of_office(self, office: str) -> str | None:
        """Return the agency of an office. Return None if this agency has no feed."""
        agency = self.offices.get(office)
        return agency if agency in self.feeds else None


class Told(NamedTuple):
    """The last event that an agency received, and the capacity in which the agency received it."""

    version: int
    capacity: Capacity


@dataclass(frozen=True, slots=True, kw_only=True)
class Concern:
    """The facts that routing and messages need about an application, after the event with the version `version`.

    `holder` is the office that holds the file. The keys of `asked` are the open referrals. For each referral, the value
    is the office whose advice is awaited. `told` maps each agency to the last event that the agency received.
    """

    version: int = 0
    service: str = ""
    standard: int = 0
    holder: str = ""
    asked: Mapping[int, str] = field(default_factory=dict)
    status: Status | None = None
    before: Status = Status.SUBMITTED
    told: Mapping[str, Told] = field(default_factory=dict)
    file: file_facts.FileFacts = field(default_factory=file_facts.blank)


@dataclass(frozen=True, slots=True, kw_only=True)
class Share:
    """One delivery of an event to an agency.

    `previous` is the stream version of the agency's previous event of this application. If there is no previous event,
    `previous` is 0. `begins` says whether the agency needs the state of the file with this event.
    """

    agency: str
    capacity: Capacity
    previous: int
    begins: bool = False


def shares(
    concern: Concern, recorded: events.Recorded, agencies: Agencies, history: Sequence[events.Recorded] = ()
) -> tuple[list[Share], Concern]:
    """Return two values: the shares of the next event, sorted by the agency's code, and the facts after that event.

    `history` has all events of the application up to `recorded`. It is needed only for an event of the classes
    REVISING.
    """
    told = dict(concern.told)
    after = _revised(recorded, told, history) if history else _after(concern, recorded, told)
    made = []
    for code, capacity in sorted(_concerned(concern, after, recorded, agencies).items()):
        known = told.get(code)
        begins = concern.version > 0 and _begins(known, capacity, concern.version, recorded.event)
        previous = known.version if known else 0
        made.append(Share(agency=code, capacity=capacity, previous=previous, begins=begins))
        told[code] = Told(recorded.version, capacity)
    return made, after


def _begins(known: Told | None, capacity: Capacity, before: int, event: events.ApplicationEvent) -> bool:
    """Tell whether the agency needs the state of the file, because the agency did not receive all earlier events.

    `before` is the version of the application's previous event. An agency that is asked for advice gets the state of
    the file with each referral. Every other agency gets the state in two cases: the agency did not receive the previous
    event, or the agency received the previous event in a capacity that sees fewer fields. After an event of the classes
    REVISING, the state is another one, so every agency gets it.
    """
    if known is None or isinstance(event, REVISING):
        return True
    if capacity is Capacity.ASKED:
        return isinstance(event, events.Referred)
    return known.version != before or _rank(capacity) < _rank(known.capacity)


_rank = tuple(Capacity).index


def so_far(concern: Concern, capacity: Capacity) -> dict[str, Any]:
    """Return the parts of the file's state that an agency with this capacity sees."""
    state = data_of(file_facts.so_far(concern.file))
    return {name: value for name, value in state.items() if seen_so_far(name, capacity)}


def seen_so_far(field: str, capacity: Capacity) -> bool:
    return field in FOR_ASKED_SO_FAR if capacity is Capacity.ASKED else seen(field, capacity)


def facts(event: events.ApplicationEvent, capacity: Capacity) -> dict[str, Any]:
    """Return the fields of the event's `data` that an agency with this capacity sees."""
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


def capacities(event: type[events.ApplicationEvent]) -> tuple[Capacity, ...]:
    """Return the capacities in which an agency can receive events of this class."""
    asked = (Capacity.ASKED,) if issubclass(event, ASKED_SEES) else ()
    return (Capacity.HOLDER, Capacity.OWNER, *asked)


def _after(concern: Concern, recorded: events.Recorded, told: Mapping[str, Told]) -> Concern:
    event = recorded.event
    status, before = status_after(concern.status, concern.before, event)
    file = concern.file.copy()
    file_facts.note_facts(file, recorded, status)
    changes: dict[str, Any] = {}
    match event:
        case events.Submitted():
            changes = {"service": event.service, "standard": event.standard, "holder": recorded.act.office}
        case events.Transferred():
            changes = {"holder": event.to}
        case events.Referred():
            changes = {"asked": {**concern.asked, event.referral: event.to}}
        case events.ReferralAnswered():
            left = {number: office for number, office in concern.asked.items() if number != event.referral}
            changes = {"asked": left}
    file = file_facts.amended(file, event)
    return replace(concern, version=recorded.version, status=status, before=before, file=file, told=told, **changes)


def _revised(recorded: events.Recorded, told: Mapping[str, Told], history: Sequence[events.Recorded]) -> Concern:
    """Return the facts that follow from the events that stand after `recorded`."""
    after = reduce(lambda concern, each: _after(concern, each, told), standing(history), Concern())
    return replace(after, version=recorded.version)


def _concerned(before: Concern, after: Concern, recorded: events.Recorded, agencies: Agencies) -> dict[str, Capacity]:
    """Both the old and the new holder receive the event of a transfer.

    An office that was asked for advice also receives the event with its own answer.
    """
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


def _asked(before: Concern, after: Concern, event: events.ApplicationEvent) -> list[str]:
    """The events of a referral and of its answer go only to the office that was asked.

    Other events go to all offices whose advice is awaited.
    """
    match event:
        case events.Referred():
            return [event.to]
        case events.ReferralAnswered():
            return [office for number, office in before.asked.items() if number == event.referral]
        case import_events.ImportUndone() | import_events.ImportRestored():
            return [*before.asked.values(), *after.asked.values()]
        case _:
            return list(after.asked.values())


def _in_time(since: datetime | None, recorded: events.Recorded) -> bool:
    return since is None or (recorded.recorded_at is not None and recorded.recorded_at >= since)
