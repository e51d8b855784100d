"""Marks and the clock ledger as plain JSON values: what a row keeps of the clocks, and what it shows of them."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from domain.clocks.ledger import Clock, LedgerEntry, Mark, MarkKind, Party, Span, ledger, outcome_of
from domain.json_values import data_of, instant, parse_instant, plain
from projections.view import Row

EMPTY: Row = {
    "entries": [],
    "legal": [],
    "citizen": None,
    "holders": [],
    "counts": {"returns": 0, "last_minute_returns": 0, "restarts": 0, "pauses": 0},
}


NOTHING = tuple(Mark._field_defaults.get(name) for name in Mark._fields)
KINDS = {str(kind): kind for kind in MarkKind}
CLOCKS: Mapping[str | None, Clock | None] = {None: None, **{str(clock): clock for clock in Clock}}
PARTIES: Mapping[str | None, Party | None] = {None: None, **{str(party): party for party in Party}}
OF_OUTCOMES = (MarkKind.STOP.value, MarkKind.MOVED.value)
"""The kinds of mark that say which outcome stands, and when."""


def kept(marks: Iterable[Mark]) -> list[list[Any]]:
    """As a row keeps them: the values of each in their order, without the empty ones at the end."""
    return [_kept(mark) for mark in marks]


def _kept(mark: Mark) -> list[Any]:
    kind, at, version, cause, office, clock, name, ground, holder, due_at, percent, amends, corrected_at = mark
    values = [
        plain(kind),
        instant(at),
        version,
        cause,
        office,
        clock and plain(clock),
        name,
        ground,
        holder and plain(holder),
        due_at and instant(due_at),
        percent,
        amends,
        corrected_at and instant(corrected_at),
    ]
    while values[-1] in ("", None):
        del values[-1]
    return values


def read(marks: Iterable[list[Any]]) -> list[Mark]:
    return [_mark(mark) for mark in marks]


def _mark(values: list[Any]) -> Mark:
    whole = [*values, *NOTHING[len(values) :]]
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


def outcome(marks: Iterable[list[Any]]) -> Mark | None:
    """The outcome that stands, of marks as they are kept."""
    return outcome_of(read(mark for mark in marks if mark[0] in OF_OUTCOMES))


def shown(marks: Sequence[Mark]) -> Row:
    """`until` null: still open. Nothing here knows today."""
    found = ledger(marks)
    return {
        "entries": [_entry(entry) for entry in found.entries],
        "legal": [_span(span) | {"running": span.running} for span in found.legal],
        "citizen": _span(found.citizen) if found.citizen else None,
        "holders": [_span(span) | {"holder": plain(span.holder), "office": span.office} for span in found.holders],
        "counts": data_of(found.counts),
    }


def _entry(entry: LedgerEntry) -> Row:
    mark = entry.mark
    return {
        "clock": plain(entry.clock),
        "kind": plain(entry.kind),
        "at": instant(mark.at),
        "version": mark.version,
        "event": mark.cause,
        "ground": mark.ground or None,
        "office": mark.office,
    }


def _span(span: Span) -> Row:
    return {"since": instant(span.since), "until": instant(span.until) if span.until else None}
