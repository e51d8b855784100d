"""The official decision in an application's row: when the decision was made, recorded and corrected."""

from datetime import datetime
from typing import TypedDict

from domain.application import events
from domain.codes import Amendment
from domain.json_values import instant
from domain.promises.late_reports import is_late


class DecisionEntry(TypedDict):
    """The first approval or rejection.

    `decided_at` is the time of the decision as corrected. `stated_at` is the time as first stated. `recorded_at` is the
    time of recording, and None if this time is unknown. `report_until` is the last instant at which the decision could
    be recorded, or corrected, and still count as on time. `report_until` is None if the decision needs no allowance for
    late reports. `reported_late` says that the decision counts as late, because its recording or its correction came
    after `report_until`. `amended_at` is the time at which the office corrected the time of the decision.
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
    """Return the entry after one more event. `due_at` is the promised instant, and None if nothing was promised."""
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
    """If the first time of a decision was late and the corrected time is not, the correction is a report.

    This report may be late.

    The row corrects `decided_at`, like all instants of the amended event.
    """
    after: DecisionEntry = {**known, "amended_at": instant(recorded.known_at), "amended_by": recorded.version}
    if event.report_until is not None:
        after["report_until"] = instant(event.report_until)
        after["reported_late"] = is_late(recorded.known_at, event.report_until)
    elif late_by_its_time:
        after["reported_late"] = False
    return after
