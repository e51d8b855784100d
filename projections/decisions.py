"""The official decision in an application's row: when it was taken, when it was recorded, and how it was corrected."""

from typing import TypedDict

from domain.application import events
from domain.codes import Amendment
from domain.json_values import instant
from domain.promises.late_reports import is_late


class DecisionEntry(TypedDict):
    """The first approval or rejection. `decided_at`: as corrected; `stated_at`: as first stated.

    `recorded_at`: when the decision was recorded; None if unknown. `report_until`: the last instant at which it could
    be recorded, or corrected, and still count as on time; None if that does not matter. `reported_late`: whether that
    instant had passed, so that the decision is late although its time is before the promised date. `amended_at`: when
    the office corrected the time.
    """

    decision: str
    decided_at: str
    decided_by: int
    stated_at: str
    recorded_at: str | None
    report_until: str | None
    reported_late: bool
    amended_at: str | None
    amended_by: int | None


def decision(known: DecisionEntry | None, recorded: events.Recorded) -> DecisionEntry | None:
    """Return the entry after one more event."""
    event, version = recorded.event, recorded.version
    match event:
        case events.Approved() | events.Rejected() if known is None:
            at = instant(recorded.act.at)
            return {
                "decision": "approved" if isinstance(event, events.Approved) else "rejected",
                "decided_at": at,
                "decided_by": version,
                "stated_at": at,
                "recorded_at": instant(recorded.recorded_at) if recorded.recorded_at else None,
                "report_until": instant(event.report_until) if event.report_until else None,
                "reported_late": is_late(recorded.known_at, event.report_until),
                "amended_at": None,
                "amended_by": None,
            }
        case events.RecordAmended(amendment=Amendment.TIME) if known and known["decided_by"] == event.amends:
            return _corrected(known, recorded, event)
        case _:
            return known


def _corrected(known: DecisionEntry, recorded: events.Recorded, event: events.RecordAmended) -> DecisionEntry:
    """The correction itself is a late report where it makes a late decision early."""
    after: DecisionEntry = {**known, "amended_at": instant(recorded.known_at), "amended_by": recorded.version}
    if event.report_until is None:
        return after
    late = is_late(recorded.known_at, event.report_until)
    return {**after, "report_until": instant(event.report_until), "reported_late": late}
