"""The official decision in an application's row: the times at which the decision was made, recorded and corrected."""

from datetime import datetime
from typing import TypedDict

from domain.application import events
from domain.codes import Amendment
from domain.json_values import instant
from domain.promises.late_reports import is_late


class DecisionEntry(TypedDict):
    """The first approval or rejection.

    `decided_at` is the time of the decision, after corrections. `stated_at` is the time that was stated first.
    `recorded_at` is the time of recording, or None if this time is unknown. A decision that was recorded or corrected
    after `report_until` counts as late. `report_until` is None if the decision needs no allowance for late reports.
    `reported_late` is true if the decision was recorded or corrected after `report_until`. `amended_at` is the time at
    which the office corrected the time of the decision.
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


def decision(known: DecisionEntry | None, recorded: events.Recorded, due_at: str | None) -> DecisionEntry | None:
    """Return the entry after one more event. `due_at` is the promised instant, or None if nothing was promised."""
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
        case events.RecordAmended(amendment=Amendment.TIME, corrected_at=datetime() as at) if (
            known and known["decided_by"] == event.amends
        ):
            return _corrected(known, recorded, event, late_by_its_time=due_at is not None and instant(at) > due_at)
        case _:
            return known


def _corrected(
    known: DecisionEntry, recorded: events.Recorded, event: events.RecordAmended, *, late_by_its_time: bool
) -> DecisionEntry:
    """A correction may change the time of a decision so that the decision is no longer late. If this correction is
    recorded after `report_until`, the decision still counts as late. `decided_at` is corrected elsewhere, together with
    the other instants of the amended event.
    """
    after: DecisionEntry = {**known, "amended_at": instant(recorded.known_at), "amended_by": recorded.version}
    if event.report_until is not None:
        after["report_until"] = instant(event.report_until)
        after["reported_late"] = is_late(recorded.known_at, event.report_until)
    elif late_by_its_time:
        after["reported_late"] = False
    return after
