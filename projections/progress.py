"""What a citizen sees of an application: its status, its promise, its clocks, its stages, its timeline.

    project : Row | None, id, Recorded -> Row

A row is plain JSON values. It reads events alone: no registry, no calendar, no key, no clock; what depends on today or
on the reader's language is the page's. The timeline is sorted by `at`, then stream version; the ledger is that of the
marks of all events, so a corrected time moves it too.
"""

from copy import deepcopy
from typing import Any
from uuid import UUID

from domain.clocks import outcome_of
from domain.codes import Amendment
from domain.data import data_of, instant, plain
from domain.events import (
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
from domain.status import ENDS, Status, status_after
from projections import dues, incidents, ledger
from projections.stages import stages
from projections.timeline import timeline
from projections.view import Row, View

ROW = "SELECT body FROM views.progress WHERE application_id = %(id)s"
BY_NUMBER = "SELECT body FROM views.progress WHERE number = %(number)s ORDER BY application_id DESC LIMIT 1"


def project(row: Row | None, application: UUID, recorded: Recorded) -> Row:
    """The row after `recorded`. Pure: neither `row` nor what it holds is changed."""
    before = row or _blank(application)
    after = before | _facts(before, recorded) | dues.dues(before, recorded) | incidents.incidents(before, recorded)
    after["stages"] = stages(before["stages"], recorded)
    status, underlying = status_after(
        Status(before["status"]) if before["status"] else None, Status(before["underlying"]), recorded.event
    )
    if status not in ENDS:
        after |= {"ended_at": None, "ended_by": None}
    elif before["ended_by"] is None:
        after |= {"ended_at": instant(recorded.act.at), "ended_by": recorded.version}
    after |= {"status": plain(status), "underlying": plain(underlying), "version": recorded.version}
    after["offices"] = sorted({*after["offices"], recorded.act.office} - {""})
    return _corrected(_clocked(after, recorded), recorded)


def _clocked(row: Row, recorded: Recorded) -> Row:
    new = ledger.kept(recorded)
    kept = [*row["marks"], *new]
    marks = ledger.read(kept)
    told = timeline(row["timeline"], recorded, outcome_of(marks))
    return row | {"marks": kept, "ledger": ledger.shown(marks) if new else row["ledger"], "timeline": told}


def _corrected(row: Row, recorded: Recorded) -> Row:
    """Each instant `x_at` whose event, named by `x_by`, is the one amended."""
    match recorded.event:
        case RecordAmended(amendment=Amendment.TIME, corrected_at=corrected, amends=version) if corrected:
            at = instant(corrected)
            return {name: _moved(value, version, at) for name, value in _moved(row, version, at).items()}
        case _:
            return row


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
        **dues.BLANK,
        **incidents.BLANK,
        "ledger": deepcopy(ledger.EMPTY),
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
    project=project,
    stored=lambda row: (row["application_id"], row["tracking_number"], row["version"], row),
    loaded=lambda values: values[3],
)
