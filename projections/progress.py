"""What a citizen sees of an application: its status, its promise, its clocks, its stages, its timeline.

    project : Row | None, id, Recorded -> Row

A row is plain JSON values. It reads events alone: no registry, no calendar, no key, no clock; what depends on today or
on the reader's language is the page's. The timeline is sorted by `at`, then stream version; the ledger is that of the
marks of all events, so a corrected time moves it too.
"""

from collections.abc import Sequence
from typing import Any
from uuid import UUID

from domain.application.events import (
    CorrectionSupplied,
    DeclaredComplete,
    DocumentsChecked,
    PinReset,
    Reassigned,
    RecordAmended,
    Recorded,
    Referred,
    Rejected,
    ReturnedForCorrection,
    Submitted,
    Transferred,
)
from domain.application.status import ENDS, Status, status_after
from domain.clocks.marks import marks_of
from domain.codes import Amendment
from domain.json_values import data_of, instant, plain
from projections import clock_ledger, incidents, promises_and_payments
from projections.stages import stages
from projections.timeline import timeline
from projections.view import Row, View

BY_NUMBER = "SELECT body FROM views.progress WHERE number = %(number)s ORDER BY application_id DESC LIMIT 1"


def project(row: Row | None, application: UUID, recorded: Recorded) -> Row:
    """The row after one event more."""
    return fold(row, application, (recorded,))


def fold(row: Row | None, application: UUID, events: Sequence[Recorded]) -> Row:
    """The row after `events`, in the order of their versions. Pure: neither `row` nor what it holds is changed.

    What is computed from all events (ledger, timeline) is computed once for all of `events`.
    """
    after = dict(row) if row else _blank(application)
    status = Status(after["status"]) if after["status"] else None
    underlying = Status(after["underlying"])
    for recorded in events:
        kind = type(recorded.event)
        status, underlying = status_after(status, underlying, recorded.event)
        after |= _facts(after, recorded)
        if kind in promises_and_payments.TOLD_BY:
            after |= promises_and_payments.dues(after, recorded)
        if kind in incidents.TOLD_BY:
            after |= incidents.incidents(after, recorded)
        after["stages"] = stages(after["stages"], recorded)
        if status not in ENDS:
            after |= {"ended_at": None, "ended_by": None}
        elif after["ended_by"] is None:
            after |= {"ended_at": instant(recorded.act.at), "ended_by": recorded.version}
        if isinstance(recorded.event, RecordAmended):
            after = _corrected(after, recorded.event)
    after |= {"status": plain(status), "underlying": plain(underlying), "version": events[-1].version}
    after["offices"] = sorted({*after["offices"], *(recorded.act.office for recorded in events)} - {""})
    return after | _clocked(after, events)


def _clocked(row: Row, events: Sequence[Recorded]) -> Row:
    new = [mark for recorded in events for mark in marks_of(recorded)]
    kept = [*row["marks"], *clock_ledger.kept(new)]
    clocks = {"marks": kept, "ledger": clock_ledger.shown([*clock_ledger.read(row["marks"]), *new])} if new else {}
    return clocks | {"timeline": timeline(row["timeline"], events, clock_ledger.outcome(kept))}


def _corrected(row: Row, event: RecordAmended) -> Row:
    """Each instant `x_at` whose event, named by `x_by`, is the one amended."""
    if event.amendment is not Amendment.TIME or event.corrected_at is None:
        return row
    version, at = event.amends, instant(event.corrected_at)
    return {name: _moved(value, version, at) for name, value in _moved(row, version, at).items()}


def _moved(value: Any, version: int, at: str) -> Any:  # noqa: ANN401 - JSON is any value
    match value:
        case list():
            return [_moved(item, version, at) for item in value]
        case dict():
            stated = [name for name, by in value.items() if name.endswith("_by") and by == version]
            return value | {f"{name.removesuffix('_by')}_at": at for name in stated}
        case _:
            return value


def _blank(application: UUID) -> Row:
    """All keys are always present."""
    return {
        "application_id": str(application),
        "tracking_number": "",
        "version": 0,
        "status": None,
        "underlying": Status.RECEIVED.value,
        "service": "",
        "standard": 0,
        "channel": None,
        "office": "",
        "offices": [],
        "officer": None,
        "district": None,
        "regency": None,
        **dict.fromkeys(("submitted_at", "submitted_by", "complete_at", "complete_by", "ended_at", "ended_by")),
        "documents_complete": None,
        "to_correct": [],
        "stages": [],
        "rejection": None,
        "imported": False,
        "pin_resets": 0,
        **promises_and_payments.BLANK,
        **incidents.BLANK,
        "ledger": clock_ledger.EMPTY,
        "marks": [],
        "timeline": [],
    }


def _facts(row: Row, recorded: Recorded) -> Row:
    """What `recorded` changes, beside status, dues, incidents, stages, clocks and timeline."""
    event, act = recorded.event, recorded.act
    at, version = instant(act.at), recorded.version
    match event:
        case Submitted():
            return {
                "tracking_number": event.number,
                "service": event.service,
                "standard": event.standard,
                "channel": plain(act.channel),
                "office": act.office,
                "district": event.district,
                "regency": event.regency,
                "submitted_at": at,
                "submitted_by": version,
                "imported": act.by == "import",
            }
        case DocumentsChecked():
            return {"documents_complete": event.complete}
        case ReturnedForCorrection():
            return {"to_correct": data_of(event)["documents"]}
        case CorrectionSupplied():
            return {"to_correct": [], "documents_complete": None}
        case DeclaredComplete():
            return {"complete_at": at, "complete_by": version}
        case Referred():
            return {"offices": [*row["offices"], event.to]}
        case Transferred():
            return {"office": event.to, "officer": None, "offices": [*row["offices"], event.to]}
        case Reassigned():
            return {"officer": str(event.officer)}
        case Rejected():
            return {"rejection": {"reason": plain(event.reason), "remedy": plain(event.remedy)}}
        case PinReset():
            return {"pin_resets": row["pin_resets"] + 1}
        case _:
            return {}


VIEW = View(
    name="progress",
    columns={
        "application_id": "uuid NOT NULL",
        "number": "text NOT NULL",
        "version": "bigint NOT NULL",
        "body": "bytea NOT NULL",
    },
    indexes=("number",),
    fold=fold,
    stored=lambda row: (UUID(row["application_id"]), row["tracking_number"], row["version"], row),
    loaded=lambda values: values[3],
)
