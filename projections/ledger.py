"""Marks and the clock ledger as plain JSON values: what a row keeps of the clocks, and what it shows of them."""

from collections.abc import Iterable, Sequence
from typing import Any

from domain.clocks import Clock, Entry, Kind, Mark, Party, ledger, marks_of
from domain.data import data_of, instant, parse_instant, plain
from domain.events import Recorded
from projections.view import Row

EMPTY: Row = {
    "entries": [],
    "legal": [],
    "citizen": None,
    "holders": [],
    "counts": {"returns": 0, "last_minute_returns": 0, "restarts": 0, "pauses": 0},
}


def kept(recorded: Recorded) -> list[Row]:
    """The marks of an event as a row keeps them: what is empty is left out."""
    return [{name: value for name, value in data_of(mark).items() if value != ""} for mark in marks_of(recorded)]


def read(marks: Iterable[Row]) -> list[Mark]:
    return [_mark(mark) for mark in marks]


def _mark(row: Row) -> Mark:
    known: dict[str, Any] = dict(row)
    for name, kind in (("kind", Kind), ("clock", Clock), ("holder", Party)):
        if name in known:
            known[name] = kind(known[name])
    for name in ("at", "due_at", "corrected_at"):
        if name in known:
            known[name] = parse_instant(known[name])
    return Mark(**known)


def shown(marks: Sequence[Mark]) -> Row:
    """`until` null: still open. Nothing here knows today."""
    found = ledger(marks)
    return {
        "entries": [_entry(entry) for entry in found.entries],
        "legal": [_span(span) for span in found.legal],
        "citizen": _span(found.citizen) if found.citizen else None,
        "holders": [_span(span) for span in found.holders],
        "counts": data_of(found.counts),
    }


def _entry(entry: Entry) -> Row:
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


def _span(span: object) -> Row:
    return {"until": None, **data_of(span)}
