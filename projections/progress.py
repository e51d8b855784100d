"""Progress view: the status, promise, clocks, stages and timeline of an application, for the citizen's page.

    project : ProgressRow | None, id, Recorded -> ProgressRow

A row holds JSON values. A row is folded from events only, without the registry, calendars, encryption keys or the
present time. The citizen's page computes the parts that depend on the present day or on the reader's language. The
timeline is sorted by `at`, then by stream version. The clock ledger is computed from the marks of all events, so an
amended time also changes the ledger.
"""

from collections.abc import Sequence
from typing import Any, TypedDict, cast
from uuid import UUID

from domain.application import events
from domain.application.evolve import linked_elsewhere
from domain.application.status import ENDS, Status, status_after
from domain.clocks.marks import marks_of
from domain.codes import Amendment, Role
from domain.json_values import instant
from projections import clock_ledger, decisions, incidents, promises_and_payments
from projections.clock_ledger import KeptMark, ShownLedger
from projections.open_pauses import KeptPauses, note_pauses
from projections.queries import queries
from projections.stages import StageEntry, stages
from projections.timeline import ShownEvent, timeline
from projections.view import ViewOf

BY_NUMBER = queries("progress")["BY_NUMBER"]


class DefectEntry(TypedDict):
    """A document that the applicant must correct."""

    requirement: str
    defect: str


class RejectionEntry(TypedDict):
    reason: str
    remedy: str


class ProgressRow(promises_and_payments.Dues, incidents.Incidents, KeptPauses):
    """For each field `x_at` there is a field `x_by`, which holds the stream version of an event.

    `x_at` is the time of this event in UTC, after amendments.

    `offices` holds every office that acted, was asked for advice, or had the file. `ended_at` is the time at which the
    application ended. If the end was undone, `ended_at` is None. `marks` holds the marks of the clocks, from which
    `ledger` is computed.
    """

    application_id: str
    tracking_number: str
    version: int
    status: str | None
    underlying: str
    service: str
    standard: int
    channel: str | None
    office: str
    offices: list[str]
    officer: str | None
    district: str | None
    regency: str | None
    submitted_at: str | None
    submitted_by: int | None
    complete_at: str | None
    complete_by: int | None
    ended_at: str | None
    ended_by: int | None
    documents_complete: bool | None
    to_correct: list[DefectEntry]
    stages: list[StageEntry]
    rejection: RejectionEntry | None
    decision: decisions.DecisionEntry | None
    imported: bool
    pin_resets: int
    ledger: ShownLedger
    marks: list[KeptMark]
    timeline: list[ShownEvent]


def project(row: ProgressRow | None, application: UUID, recorded: events.Recorded) -> ProgressRow:
    """Return the row after one more event."""
    return fold(row, application, (recorded,))


def fold(row: ProgressRow | None, application: UUID, new: Sequence[events.Recorded]) -> ProgressRow:
    """Return the row after the events `new`, which are sorted by version. The function does not change `row`.

    The ledger and the timeline depend on all events. So the function computes the ledger and the timeline once, after
    the last event of `new`.
    """
    after = row.copy() if row else _blank(application)
    status = Status(after["status"]) if after["status"] else None
    underlying = Status(after["underlying"])
    offices = set[str]()
    for recorded in new:
        kind = type(recorded.event)
        status, underlying = status_after(status, underlying, recorded.event)
        _note(after, recorded)
        if not linked_elsewhere(recorded, after["office"]):
            offices.add(recorded.act.office)
        if kind in promises_and_payments.TOLD_BY:
            promises_and_payments.note_dues(after, recorded)
        if kind in incidents.TOLD_BY:
            incidents.note_incidents(after, recorded)
        after["stages"] = stages(after["stages"], recorded)
        note_pauses(after, recorded.event, recorded.act.at)
        promise = after["promise"]
        after["decision"] = decisions.decision(after["decision"], recorded, promise["due_at"] if promise else None)
        if status not in ENDS:
            after["ended_at"], after["ended_by"] = None, None
        elif after["ended_by"] is None:
            after["ended_at"], after["ended_by"] = instant(recorded.act.at), recorded.version
        if isinstance(recorded.event, events.RecordAmended):
            after = _corrected(after, recorded.event)
    ended_at, ended_by = after["ended_at"], after["ended_by"]
    ended = (ended_at, ended_by) if ended_at is not None and ended_by is not None else None
    after["payments"] = promises_and_payments.settled(after["payments"], ended)
    after["status"] = status.value if status else None
    after["underlying"] = underlying.value
    after["version"] = new[-1].version
    after["offices"] = sorted({*after["offices"], *offices} - {""})
    _note_clocks(after, new)
    return after


def _note_clocks(row: ProgressRow, new: Sequence[events.Recorded]) -> None:
    marks = [mark for recorded in new for mark in marks_of(recorded)]
    if marks:
        row["ledger"] = clock_ledger.shown([*clock_ledger.read(row["marks"]), *marks])
        row["marks"] = [*row["marks"], *clock_ledger.kept(marks)]
    row["timeline"] = timeline(row["timeline"], new, clock_ledger.outcome(row["marks"]))


def _corrected(row: ProgressRow, event: events.RecordAmended) -> ProgressRow:
    """Correct each instant that comes from the amended event.

    If `x_by` is the version of the amended event, then `x_at` is corrected.
    """
    if event.amendment is not Amendment.TIME or event.corrected_at is None:
        return row
    version, at = event.amends, instant(event.corrected_at)
    moved = {name: _moved(value, version, at) for name, value in _moved(row, version, at).items()}
    return cast("ProgressRow", moved)


def _moved(value: Any, version: int, at: str) -> Any:  # noqa: ANN401 - JSON is any value
    match value:
        case list():
            return [_moved(item, version, at) for item in value]
        case dict():
            stated = [name for name, by in value.items() if name.endswith("_by") and by == version]
            return value | {f"{name.removesuffix('_by')}_at": at for name in stated}
        case _:
            return value


def _blank(application: UUID) -> ProgressRow:
    """Return the row before the first event. Every row has all dictionary keys."""
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
        "submitted_at": None,
        "submitted_by": None,
        "complete_at": None,
        "complete_by": None,
        "ended_at": None,
        "ended_by": None,
        "documents_complete": None,
        "to_correct": [],
        "stages": [],
        "rejection": None,
        "decision": None,
        "imported": False,
        "pin_resets": 0,
        **promises_and_payments.blank(),
        **incidents.blank(),
        "pausing": [],
        "paused_since": None,
        "ledger": clock_ledger.empty(),
        "marks": [],
        "timeline": [],
    }


def _note(row: ProgressRow, recorded: events.Recorded) -> None:
    """Set the facts that the event states, except status, due dates, incidents, stages, clocks and timeline."""
    event, act = recorded.event, recorded.act
    at, version = instant(act.at), recorded.version
    match event:
        case events.Submitted():
            row["tracking_number"] = event.number
            row["service"] = event.service
            row["standard"] = event.standard
            row["channel"] = act.channel.value
            row["office"] = act.office
            row["district"] = event.district
            row["regency"] = event.regency
            row["submitted_at"] = at
            row["submitted_by"] = version
            row["imported"] = act.by == Role.IMPORT
        case events.DocumentsChecked():
            row["documents_complete"] = event.complete
        case events.ReturnedForCorrection():
            row["to_correct"] = [
                {"requirement": document.requirement, "defect": document.defect.value} for document in event.documents
            ]
        case events.CorrectionSupplied():
            row["to_correct"] = []
            row["documents_complete"] = None
        case events.DeclaredComplete():
            row["complete_at"] = at
            row["complete_by"] = version
        case events.Referred():
            row["offices"] = [*row["offices"], event.to]
        case events.Transferred():
            row["office"] = event.to
            row["officer"] = None
            row["offices"] = [*row["offices"], event.to]
        case events.Reassigned():
            row["officer"] = str(event.officer)
        case events.Rejected():
            row["rejection"] = {"reason": event.reason.value, "remedy": event.remedy.value}
        case events.PinReset():
            row["pin_resets"] += 1


VIEW: ViewOf[ProgressRow] = ViewOf(
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
    loaded=lambda values: cast("ProgressRow", values[3]),
)
