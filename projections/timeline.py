"""The timeline: every event at the time at which it happened, none overwritten, with what is odd about it as flags.

`late`: it happened before the outcome that stands, and was recorded after it; the outcome stays. `clock_ahead`: a
device says that it happened more than five minutes after we heard of it.
"""

from collections.abc import Mapping, Sequence
from datetime import timedelta
from typing import Any

from domain.application.events import RecordAmended, Recorded
from domain.clocks.ledger import Mark
from domain.clocks.marks import cause_of
from domain.codes import Quality
from domain.json_values import data_of, instant, plain
from projections.view import Row

LATE, CLOCK_AHEAD = "late", "clock_ahead"
AHEAD = timedelta(minutes=5)
"""How far a device's clock may be ahead of ours without a word about it: our choice."""


def timeline(told: list[Row], events: Sequence[Recorded], outcome: Mark | None) -> list[Row]:
    """With these events more. `outcome`: the one that stands, they counted."""
    entries = [*told, *map(_entry, events)]
    for recorded in events:
        if isinstance(recorded.event, RecordAmended):
            entries = [_marked(known, recorded.version, recorded.event) for known in entries]
    entries.sort(key=_place)
    return [_flagged(each, outcome) for each in entries] if outcome else entries


def _entry(recorded: Recorded) -> Row:
    event, act = recorded.event, recorded.act
    return {
        "version": recorded.version,
        "event": cause_of(recorded),
        "at": instant(act.at),
        "at_quality": plain(act.at_quality),
        "recorded_at": instant(recorded.recorded_at) if recorded.recorded_at else None,
        "by": plain(act.by),
        "office": act.office,
        "channel": plain(act.channel),
        "data": data_of(event),
        "amended": None,
        "flags": [CLOCK_AHEAD] if _ahead(recorded) else [],
    }


def happened_at(entry: Mapping[str, Any]) -> str:
    """The time of an entry, as corrected."""
    amended = entry["amended"]
    corrected: str | None = amended and amended["corrected_at"]
    at: str = entry["at"]
    return corrected or at


def _ahead(recorded: Recorded) -> bool:
    act, known_at = recorded.act, recorded.recorded_at
    return act.at_quality is Quality.DEVICE and known_at is not None and act.at - known_at > AHEAD


def _marked(entry: Row, by: int, event: RecordAmended) -> Row:
    """The amended entry keeps what it said; what corrected it stands beside it."""
    if entry["version"] != event.amends or entry["version"] >= by:
        return entry
    corrected = instant(event.corrected_at) if event.corrected_at else None
    return entry | {"amended": {"by": by, "amendment": plain(event.amendment), "corrected_at": corrected}}


def _flagged(entry: Row, outcome: Mark) -> Row:
    if entry["version"] <= outcome.version:
        return entry
    late = happened_at(entry) < instant(outcome.at)
    flags = [*([LATE] if late else []), *([CLOCK_AHEAD] if CLOCK_AHEAD in entry["flags"] else [])]
    return entry if flags == entry["flags"] else entry | {"flags": flags}


def _place(entry: Mapping[str, Any]) -> tuple[str, int]:
    return happened_at(entry), entry["version"]
