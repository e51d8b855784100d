"""Trail: for each time, the trail names the promised date, and the office that held the file.

A transfer does not change earlier figures: each figure belongs to the office that held the file when the counted fact
happened. So a row stores each of these facts together with the office that held the file at that time. To compute
figures for a time in the past, the statistics read the trail of the row.
"""

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Literal, TypedDict

from domain.application.pauses import RETURN
from domain.clocks.ledger import (
    WAITED_FOR,
    Clock,
    ClockTimes,
    LedgerEntry,
    Span,
    clock_times,
    holder_spans,
    in_order,
    last_minute_returns,
)
from domain.clocks.marks import Mark, MarkKind
from domain.json_values import instant

HAND_OVER = "handed-over"
"""The cause of the mark by which a hand-over stops the citizen clock."""


class Trail(TypedDict):
    """The trail as JSON values. Instants are in UTC.

    `held` lists the offices that held the file, in the order of time. Each entry contains the time at which an office
    got the file, and the office. `promised` gives each promised date, with the time of the event, in the order of the
    events. `paused` gives the beginning and the end of each pause. `handed_over` gives the time of each hand-over, and
    the time at which a reopening took the hand-over back.
    """

    held: list[list[str]]
    promised: list[list[str]]
    paused: list[list[str | None]]
    handed_over: list[list[str | None]]


class PlacedFacts(TypedDict):
    """Facts that belong to an office. For each instant, a field names the office that held the file at this instant.

    Six fields hold the time at which something first happened: `returned_at` (a return), `paused_at` (a pause),
    `restarted_at` (a restart), `last_minute_at` (a last-minute return), `obstructed_at` (an obstacle) and
    `deviating_at` (a deviation from the procedure). `handed_over_at` is the time of the hand-over in force.
    `own_microseconds` is the time from the submission to the answer, without the time in which the office waited for
    another party. For an instant before `settled_at`, the facts are computed from `trail`.
    """

    answered_at: datetime | None
    decided_office: str | None
    due_at: datetime | None
    office_at_due: str | None
    handed_over_at: datetime | None
    handed_over_office: str | None
    returned_at: datetime | None
    returned_office: str | None
    paused_at: datetime | None
    paused_office: str | None
    restarted_at: datetime | None
    restarted_office: str | None
    last_minute_at: datetime | None
    last_minute_office: str | None
    obstructed_at: datetime | None
    obstructed_office: str | None
    deviating_at: datetime | None
    deviating_office: str | None
    own_microseconds: int | None
    settled_at: datetime | None
    trail: Trail


PlacedInstant = Literal[
    "due_at",
    "handed_over_at",
    "returned_at",
    "paused_at",
    "restarted_at",
    "last_minute_at",
    "obstructed_at",
    "deviating_at",
]
PlaceOfInstant = Literal[
    "office_at_due",
    "handed_over_office",
    "returned_office",
    "paused_office",
    "restarted_office",
    "last_minute_office",
    "obstructed_office",
    "deviating_office",
]
PLACES: Mapping[PlacedInstant, PlaceOfInstant] = {
    "due_at": "office_at_due",
    "handed_over_at": "handed_over_office",
    "returned_at": "returned_office",
    "paused_at": "paused_office",
    "restarted_at": "restarted_office",
    "last_minute_at": "last_minute_office",
    "obstructed_at": "obstructed_office",
    "deviating_at": "deviating_office",
}
"""Maps each instant to the field that names the office of the instant. To find the office of the answer, the stream
version of the answer is needed too.
"""

COLUMNS = {
    "decided_office": "text",
    "office_at_due": "text",
    "handed_over_at": "timestamptz",
    "handed_over_office": "text",
    "returned_at": "timestamptz",
    "returned_office": "text",
    "paused_at": "timestamptz",
    "paused_office": "text",
    "restarted_at": "timestamptz",
    "restarted_office": "text",
    "last_minute_at": "timestamptz",
    "last_minute_office": "text",
    "obstructed_at": "timestamptz",
    "obstructed_office": "text",
    "deviating_at": "timestamptz",
    "deviating_office": "text",
    "own_microseconds": "bigint",
    "settled_at": "timestamptz",
    "trail": "bytea NOT NULL",
}
"""The columns that only `note` sets, except `obstructed_at` and `deviating_at`."""


def empty() -> Trail:
    return {"held": [], "promised": [], "paused": [], "handed_over": []}


def note(facts: PlacedFacts, marks: Sequence[Mark], answered_by: int | None) -> ClockTimes:
    """Set the facts that follow from all marks of the application, and return the times of the clocks.

    Set `answered_at`, `due_at`, `obstructed_at` and `deviating_at` before you call this function. `answered_by` is the
    stream version of the event that states the answer.
    """
    ordered = in_order(marks)
    whole = clock_times(ordered)
    hand_overs = _hand_overs(whole)
    facts["handed_over_at"] = next((at for at, back in hand_overs if back is None), None)
    returns = (mark.at for mark in ordered if mark.kind is MarkKind.TAKEN and mark.name == RETURN)
    facts["returned_at"] = next(returns, None)
    facts["paused_at"] = _first(whole, MarkKind.PAUSE)
    facts["restarted_at"] = _first(whole, MarkKind.RESTART)
    facts["last_minute_at"] = last_minute_returns(ordered)[0] if whole.counts.last_minute_returns else None
    holders = [mark for mark in ordered if mark.kind is MarkKind.OFFICE]
    for name, office in PLACES.items():
        at = facts[name]
        facts[office] = _office_at(holders, at) if at else None
    answered_at = facts["answered_at"]
    facts["decided_office"] = _office_at(holders, answered_at, answered_by) if answered_at else None
    facts["own_microseconds"] = _own_microseconds(ordered, whole.citizen, answered_at) if answered_at else None
    facts["settled_at"] = _settled_at(ordered)
    facts["trail"] = _trail(ordered, whole, hand_overs)
    return whole


def _office_at(holders: Sequence[Mark], at: datetime, version: int | None = None) -> str:
    """Return the office that held the file at this instant. For an instant before the submission, return the office of
    the submission. If several events happened at this instant, ignore the events with a stream version above `version`.
    """

    def came(mark: Mark) -> bool:
        return mark.at < at or (mark.at == at and (version is None or mark.version <= version))

    return next((mark.office for mark in reversed(holders) if came(mark)), holders[0].office if holders else "")


def _first(whole: ClockTimes, kind: MarkKind) -> datetime | None:
    return next((entry.mark.at for entry in whole.entries if entry.kind is kind), None)


def _own_microseconds(ordered: Sequence[Mark], citizen: Span | None, until: datetime) -> int | None:
    """Return the time from the submission to `until`, without the time in which the office waited for another party.

    The office waits for the applicant while the file is returned, for a payment, or for the advice of another agency.
    """
    if citizen is None:
        return None
    own = [span for span in holder_spans(ordered, citizen) if span.holder not in WAITED_FOR]
    spans = (min(span.until or until, until) - span.since for span in own if span.since < until)
    return sum(spans, timedelta(0)) // timedelta(microseconds=1)


def _hand_overs(whole: ClockTimes) -> list[tuple[datetime, datetime | None]]:
    """Return the time of each hand-over, and the time at which a reopening took the hand-over back."""
    turns: list[tuple[datetime, datetime | None]] = []
    for entry in whole.entries:
        if _hands_over(entry):
            turns.append((entry.mark.at, None))
        elif entry.clock is Clock.CITIZEN and entry.kind is MarkKind.RESTART:
            turns[-1] = (turns[-1][0], entry.mark.at)
    return turns


def _hands_over(entry: LedgerEntry) -> bool:
    return entry.clock is Clock.CITIZEN and entry.kind is MarkKind.STOP and entry.mark.cause == HAND_OVER


def _settled_at(ordered: Sequence[Mark]) -> datetime | None:
    """Return the time of the last change in the trail. From this time on, the row states the same facts as the
    trail.
    """
    tells = (MarkKind.OFFICE, MarkKind.PROMISE)
    return max((mark.at for mark in ordered if mark.kind in tells or mark.clock), default=None)


def _trail(ordered: Sequence[Mark], whole: ClockTimes, hand_overs: list[tuple[datetime, datetime | None]]) -> Trail:
    promises = sorted((mark for mark in ordered if mark.due_at), key=lambda mark: mark.version)
    return {
        "held": [[instant(mark.at), mark.office] for mark in ordered if mark.kind is MarkKind.OFFICE],
        "promised": [[instant(mark.at), instant(mark.due_at)] for mark in promises if mark.due_at],
        "paused": [[instant(span.since), _instant(span.until)] for span in whole.legal if not span.running],
        "handed_over": [[instant(at), _instant(back)] for at, back in hand_overs],
    }


def _instant(at: datetime | None) -> str | None:
    return instant(at) if at else None
