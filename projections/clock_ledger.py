"""This module converts the clock ledger to JSON values. A row stores the marks, from which the ledger is computed."""

from collections.abc import Iterable, Mapping, Sequence
from functools import lru_cache
from typing import Any, TypedDict

from domain.clocks.ledger import (
    Clock,
    HolderSpan,
    LedgerEntry,
    LegalSpan,
    Mark,
    MarkKind,
    Party,
    Span,
    ledger,
    outcome_of,
)
from domain.json_values import instant, parse_instant

KeptMark = list[Any]
"""The fields of a mark as JSON values, always in the same order. Empty fields at the end are left out."""


class ShownEntry(TypedDict):
    """A line of the ledger.

    `kind` is one of the five words start, pause, resume, stop and restart. `event` is the name of the event that caused
    the line, and `version` is the version of this event.
    """

    clock: str
    kind: str
    at: str
    version: int
    event: str
    ground: str | None
    office: str


class ShownSpan(TypedDict):
    """A span of time. `until` is None while the span is open."""

    since: str
    until: str | None


class ShownLegalSpan(ShownSpan):
    running: bool


class ShownHolderSpan(ShownSpan):
    holder: str
    office: str


class ShownCounts(TypedDict):
    returns: int
    last_minute_returns: int
    restarts: int
    pauses: int


class ShownLedger(TypedDict):
    """The ledger that a row shows. `citizen` is None if the application was never submitted."""

    entries: list[ShownEntry]
    legal: list[ShownLegalSpan]
    citizen: ShownSpan | None
    holders: list[ShownHolderSpan]
    counts: ShownCounts


NOTHING = tuple(Mark._field_defaults.get(name) for name in Mark._fields)
KINDS = {str(kind): kind for kind in MarkKind}
CLOCKS: Mapping[str | None, Clock | None] = {None: None, **{str(clock): clock for clock in Clock}}
PARTIES: Mapping[str | None, Party | None] = {None: None, **{str(party): party for party in Party}}
MARKS_MAX = 20_000
"""The maximum number of marks in the cache. A new event of an application is often folded soon after the last one."""
OF_OUTCOMES = (MarkKind.STOP.value, MarkKind.MOVED.value)
"""Only marks of these kinds change the outcome in force or its time."""


def empty() -> ShownLedger:
    return {
        "entries": [],
        "legal": [],
        "citizen": None,
        "holders": [],
        "counts": {"returns": 0, "last_minute_returns": 0, "restarts": 0, "pauses": 0},
    }


def kept(marks: Iterable[Mark]) -> list[KeptMark]:
    return [_kept(mark) for mark in marks]


def _kept(mark: Mark) -> KeptMark:
    kind, at, version, cause, office, clock, name, ground, holder, due_at, percent, amends, corrected_at = mark
    values: KeptMark = [
        kind.value,
        instant(at),
        version,
        cause,
        office,
        clock and clock.value,
        name,
        ground,
        holder and holder.value,
        due_at and instant(due_at),
        percent,
        amends,
        corrected_at and instant(corrected_at),
    ]
    while values[-1] in ("", None):
        del values[-1]
    return values


def read(marks: Iterable[KeptMark]) -> list[Mark]:
    """Return the marks that the JSON values in `marks` stand for. The function `kept` makes these values."""
    return [_mark(tuple(mark)) for mark in marks]


@lru_cache(maxsize=MARKS_MAX)
def _mark(values: tuple[Any, ...]) -> Mark:
    whole = (*values, *NOTHING[len(values) :])
    kind, at, version, cause, office, clock, name, ground, holder, due_at, percent, amends, corrected_at = whole
    return Mark(
        KINDS[kind],
        parse_instant(at),
        version,
        cause,
        office,
        CLOCKS[clock],
        name,
        ground,
        PARTIES[holder],
        due_at and parse_instant(due_at),
        percent,
        amends,
        corrected_at and parse_instant(corrected_at),
    )


def outcome(marks: Iterable[KeptMark]) -> Mark | None:
    """Return the outcome in force."""
    return outcome_of(read(mark for mark in marks if mark[0] in OF_OUTCOMES))


def shown(marks: Sequence[Mark]) -> ShownLedger:
    """Return the ledger of these marks. An open span has no end, so the ledger does not depend on the present time."""
    whole = ledger(marks)
    counts = whole.counts
    return {
        "entries": [_entry(entry) for entry in whole.entries],
        "legal": [_legal(span) for span in whole.legal],
        "citizen": _span(whole.citizen) if whole.citizen else None,
        "holders": [_holder(span) for span in whole.holders],
        "counts": {
            "returns": counts.returns,
            "last_minute_returns": counts.last_minute_returns,
            "restarts": counts.restarts,
            "pauses": counts.pauses,
        },
    }


def _entry(entry: LedgerEntry) -> ShownEntry:
    mark = entry.mark
    return {
        "clock": entry.clock.value,
        "kind": entry.kind.value,
        "at": instant(mark.at),
        "version": mark.version,
        "event": mark.cause,
        "ground": mark.ground or None,
        "office": mark.office,
    }


def _span(span: Span) -> ShownSpan:
    return {"since": instant(span.since), "until": instant(span.until) if span.until else None}


def _legal(span: LegalSpan) -> ShownLegalSpan:
    return {**_span(span), "running": span.running}


def _holder(span: HolderSpan) -> ShownHolderSpan:
    return {**_span(span), "holder": span.holder.value, "office": span.office}
