"""Progress view: the status, promise, clocks, stages and timeline of an application, for the citizen's page.

    project : ProgressRow | None, id, Recorded -> ProgressRow

A row holds JSON values. A row is folded from events only, without the registry, calendars, encryption keys or the
present time. The citizen's page computes the parts that depend on the present day or on the reader's language. The
timeline is sorted by `at`, then by stream version. The clock ledger is computed from the marks of all events, so an
amended time also changes the ledger.
"""

from collections.abc import Sequence
from typing import TypedDict, cast
from uuid import UUID

from domain.application import events
from domain.application.evolve import linked_elsewhere
from domain.application.status import Status, status_after
from domain.clocks.marks import marks_of
from domain.codes import Role
from projections import clock_ledger, decisions, file_facts, incidents
from projections.clock_ledger import KeptMark, ShownLedger
from projections.queries import queries
from projections.timeline import ShownEvent, timeline
from projections.view import ViewOf


class DefectEntry(TypedDict):
    """A document that the applicant must correct."""

    requirement: str
    defect: str


class RejectionEntry(TypedDict):
    reason: str
    remedy: str


class ProgressRow(file_facts.FileFacts, incidents.Incidents):
    """`offices` holds every office that acted, was asked for advice, or had the file.

    `marks` holds the marks of the clocks, from which `ledger` is computed.
    """

    application_id: str
    version: int
    status: str | None
    underlying: str
    service: str
    standard: int
    channel: str | None
    office: str
    offices: list[str]
    officer: str | None
    documents_complete: bool | None
    to_correct: list[DefectEntry]
    rejection: RejectionEntry | None
    decision: decisions.DecisionEntry | None
    imported: bool
    pin_resets: int
    ledger: ShownLedger
    marks: list[KeptMark]
    timeline: list[ShownEvent]


def project(row: ProgressRow | None, application: UUID, recorded: events.Recorded) -> ProgressRow:
    """Fold one more event into the row, and return the new row."""
    return fold(row, application, (recorded,))


def fold(row: ProgressRow | None, application: UUID, new: Sequence[events.Recorded]) -> ProgressRow:
    """Fold the events in `new` into the row, and return the new row. The events are sorted by version. The function
    does not change `row`.

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
        file_facts.note_facts(after, recorded, status)
        if kind in incidents.TOLD_BY:
            incidents.note_incidents(after, recorded)
        promise = after["promise"]
        after["decision"] = decisions.decision(after["decision"], recorded, promise["due_at"] if promise else None)
        after = file_facts.amended(after, recorded.event)
    after["payments"] = file_facts.settled_payments(after)
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


def _blank(application: UUID) -> ProgressRow:
    """Return the row before the first event. Every row has all dictionary keys."""
    return {
        "application_id": str(application),
        "version": 0,
        "status": None,
        "underlying": Status.RECEIVED.value,
        "service": "",
        "standard": 0,
        "channel": None,
        "office": "",
        "offices": [],
        "officer": None,
        "documents_complete": None,
        "to_correct": [],
        "rejection": None,
        "decision": None,
        "imported": False,
        "pin_resets": 0,
        **file_facts.blank(),
        **incidents.blank(),
        "ledger": clock_ledger.empty(),
        "marks": [],
        "timeline": [],
    }


def _note(row: ProgressRow, recorded: events.Recorded) -> None:
    """Set the facts that only this view has, except status, incidents, clocks and timeline."""
    event, act = recorded.event, recorded.act
    match event:
        case events.Submitted():
            row["service"] = event.service
            row["standard"] = event.standard
            row["channel"] = act.channel.value
            row["office"] = act.office
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
    version=1,
    columns={
        "application_id": "uuid NOT NULL",
        "number": "text NOT NULL",
        "version": "bigint NOT NULL",
        "body": "bytea NOT NULL",
    },
    indexes=("(number)",),
    fold=fold,
    stored=lambda row: (UUID(row["application_id"]), row["tracking_number"], row["version"], row),
    loaded=lambda values: cast("ProgressRow", values[3]),
)

_QUERIES = queries("progress", answers=VIEW.answers, answers_absent=VIEW.answers_absent)
BY_NUMBER = _QUERIES["BY_NUMBER"]
BY_ID = _QUERIES["BY_ID"]
BY_ID_OR_ABSENT = _QUERIES["BY_ID_OR_ABSENT"]
