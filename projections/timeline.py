"""Timeline: the list of all events, each at the time at which the event happened. No entry is overwritten. Flags mark
unusual entries.

The flag `late` means that the event happened before the outcome in force, but was recorded after the outcome. A late
event does not change the outcome. The flag `clock_ahead` means that the reported time of the event is more than five
minutes after the time of recording. The flag `unlisted_office` means that the file was transferred to an office that
the service does not list.
"""

from collections.abc import Sequence
from datetime import timedelta
from typing import Any, TypedDict

from domain.application import events
from domain.clocks.ledger import Mark
from domain.clocks.marks import cause_of
from domain.codes import Quality
from domain.json_values import data_of, instant

LATE, CLOCK_AHEAD, UNLISTED = "late", "clock_ahead", "unlisted_office"
AHEAD = timedelta(minutes=5)
"""If a reported time is at most this much ahead of the server's clock, the event gets no flag. The project chose this
value.
"""


class AmendedEntry(TypedDict):
    """The amendment of an entry. The field `by` holds the stream version of the amending event."""

    by: int
    amendment: str
    corrected_at: str | None


class ShownEvent(TypedDict):
    """An event in the timeline. `event` is the event's name. `data` holds the event's fields as JSON values."""

    version: int
    event: str
    at: str
    at_quality: str
    recorded_at: str | None
    by: str
    office: str
    channel: str
    data: dict[str, Any]
    amended: AmendedEntry | None
    flags: list[str]


def timeline(known: list[ShownEvent], new: Sequence[events.Recorded], outcome: Mark | None) -> list[ShownEvent]:
    """Add the events in `new` to the timeline, and return the new timeline. `outcome` is the outcome in force after
    these events.
    """
    entries = [*known, *map(_entry, new)]
    for recorded in new:
        if isinstance(recorded.event, events.RecordAmended):
            entries = [_marked(entry, recorded.version, recorded.event) for entry in entries]
    entries.sort(key=_place)
    return [_flagged(entry, outcome) for entry in entries] if outcome else entries


def _entry(recorded: events.Recorded) -> ShownEvent:
    event, act = recorded.event, recorded.act
    return {
        "version": recorded.version,
        "event": cause_of(recorded),
        "at": instant(act.at),
        "at_quality": act.at_quality.value,
        "recorded_at": instant(recorded.recorded_at) if recorded.recorded_at else None,
        "by": act.by.value,
        "office": act.office,
        "channel": act.channel.value,
        "data": data_of(event),
        "amended": None,
        "flags": [*([CLOCK_AHEAD] if _ahead(recorded) else []), *([UNLISTED] if _unlisted(event) else [])],
    }


def happened_at(entry: ShownEvent) -> str:
    """Return the time of an entry. If the time was amended, return the corrected time."""
    amended = entry["amended"]
    return (amended and amended["corrected_at"]) or entry["at"]


def _ahead(recorded: events.Recorded) -> bool:
    act, known_at = recorded.act, recorded.recorded_at
    return act.at_quality is Quality.DEVICE and known_at is not None and act.at - known_at > AHEAD


def _unlisted(event: events.ApplicationEvent) -> bool:
    return isinstance(event, events.Transferred) and event.unlisted is True


def _marked(entry: ShownEvent, by: int, event: events.RecordAmended) -> ShownEvent:
    """An amended entry keeps its facts, and the amendment is added to the entry."""
    if entry["version"] != event.amends or entry["version"] >= by:
        return entry
    corrected = instant(event.corrected_at) if event.corrected_at else None
    return {**entry, "amended": {"by": by, "amendment": event.amendment.value, "corrected_at": corrected}}


def _flagged(entry: ShownEvent, outcome: Mark) -> ShownEvent:
    if entry["version"] <= outcome.version:
        return entry
    late = happened_at(entry) < instant(outcome.at)
    flags = [*([LATE] if late else []), *(flag for flag in entry["flags"] if flag != LATE)]
    return entry if flags == entry["flags"] else {**entry, "flags": flags}


def _place(entry: ShownEvent) -> tuple[str, int]:
    return happened_at(entry), entry["version"]
