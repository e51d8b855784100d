"""Statistics view: one row of facts for each application. The figures are computed from the rows.

    project : StatisticsRow | None, id, Recorded -> StatisticsRow

The query that computes the figures is in statistics.sql.
"""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any, Literal, cast
from uuid import UUID

from domain.application import events, import_events, incident_events
from domain.application.status import ENDS, OUTCOMES, Status, status_after
from domain.clocks.marks import marks_of
from domain.codes import Amendment, Role
from domain.json_values import parse_instant
from domain.promises.late_reports import is_late
from domain.provenance import Promise
from projections import clock_ledger, trail
from projections.clock_ledger import KeptMark
from projections.open_pauses import KeptPauses, note_pauses
from projections.promises import promise_set_by
from projections.queries import queries
from projections.trail import PlacedFacts
from projections.view import ViewOf, in_order

FactInstant = Literal[
    "submitted_at", "received_at", "complete_at", "answered_at", "ended_at", "obstructed_at", "deviating_at"
]
EventCount = Literal["returns", "corrections", "referrals", "transfers", "suspensions", "obstacles"]

COUNTED: Mapping[type[events.ApplicationEvent], EventCount] = {
    events.ReturnedForCorrection: "returns",
    events.CorrectionSupplied: "corrections",
    events.Referred: "referrals",
    events.Transferred: "transfers",
    events.Suspended: "suspensions",
    incident_events.ObstacleReported: "obstacles",
}
STATED_BY: Mapping[type[events.ApplicationEvent], FactInstant] = {
    events.Submitted: "submitted_at",
    events.Received: "received_at",
    events.DeclaredComplete: "complete_at",
    incident_events.ObstacleReported: "obstructed_at",
}
EARLIEST: tuple[FactInstant, ...] = ("obstructed_at", "deviating_at")
"""These facts may happen more than once. The row keeps the earliest time."""
OF_THE_TRAIL: tuple[FactInstant, ...] = ("answered_at", *EARLIEST)
"""An event that sets one of these instants may have no mark. So if one of these instants changes, the trail is computed
again.
"""
OF_THE_CLOCKS = ("pauses", "restarts", "last_minute_returns")


class KeptMarks(KeptPauses):
    kept: list[KeptMark]


class StatisticsRow(PlacedFacts):
    """The facts of one application for the statistics. Instants are aware and in UTC.

    `answered_at` is the time of the decision, or of an end without a decision. An import's source may say that the
    product was issued, and name no approval. Then `answered_at` is the time at which the product was issued.
    `answer_known_at` is the time at which this system recorded the answer. An import records the whole past of an
    application together. So for imported answers `answer_known_at` is the time of the answer. `due_by` holds the unit
    in which the promise was counted, for example working days. `reported_late` is true if a decision was stated as on
    time but recorded too late. A decision is recorded too late if the office's allowance for late reports has passed,
    or if the application was already deemed approved.

    `office` is the office that holds the file now. `submitted_office` is the office of the submission.
    `unlisted_transfers` counts the transfers to an office that the service does not list.

    The keys of `stated_in` are the names of instants. For each instant, the value is the stream version of the event
    that states the instant. If the time of that event is amended later, the fold finds the instant by this version.
    `marks` holds the marks of the clocks, from which `pauses`, `restarts`, `last_minute_returns` and the facts in
    `PlacedFacts` are computed. `paused_since` is the instant at which the legal clock stopped, and is computed from the
    open pauses.
    """

    application_id: UUID
    version: int
    status: str | None
    underlying: str
    service: str
    standard: int
    office: str
    channel: str
    mall: str | None
    district: str | None
    regency: str | None
    imported: bool
    submitted_at: datetime | None
    received_at: datetime | None
    complete_at: datetime | None
    ended_at: datetime | None
    due_by: str | None
    submitted_office: str
    unlisted_transfers: int
    answer_known_at: datetime | None
    deemed: bool
    reported_late: bool
    returns: int
    corrections: int
    referrals: int
    transfers: int
    suspensions: int
    obstacles: int
    pauses: int
    restarts: int
    last_minute_returns: int
    deviations: int
    paused_since: datetime | None
    stated_in: dict[FactInstant, int]
    marks: KeptMarks


def project(row: StatisticsRow | None, application: UUID, recorded: events.Recorded) -> StatisticsRow:
    """Fold one more event into the row, and return the new row."""
    return fold(row, application, (recorded,))


def fold(row: StatisticsRow | None, application: UUID, new: Sequence[events.Recorded]) -> StatisticsRow:
    """Fold the events in `new` into the row, and return the new row. The events are sorted by version. The function
    does not change `row`.
    """
    after = row.copy() if row else _blank(application)
    after["marks"] = after["marks"].copy()
    status = Status(after["status"]) if after["status"] else None
    underlying = Status(after["underlying"])
    for recorded in new:
        event = recorded.event
        status, underlying = status_after(status, underlying, event)
        _note(after, recorded)
        if count := COUNTED.get(type(event)):
            after[count] += 1
        after["deviations"] += event.deviates is not None
        _note_instants(after, recorded, status)
        note_pauses(after["marks"], event, recorded.act.at)
    since = after["marks"]["paused_since"]
    after["paused_since"] = parse_instant(since) if since else None
    after["status"] = status.value if status else None
    after["underlying"] = underlying.value
    after["version"] = new[-1].version
    _note_clocks(after, row, new)
    return after


def _note_clocks(row: StatisticsRow, before: StatisticsRow | None, new: Sequence[events.Recorded]) -> None:
    marks = [mark for recorded in new for mark in marks_of(recorded)]
    if not marks and before and all(row[name] == before[name] for name in OF_THE_TRAIL):
        return
    known = row["marks"]["kept"]
    whole = trail.note(row, [*clock_ledger.read(known), *marks], row["stated_in"].get("answered_at"))
    row["marks"] = {**row["marks"], "kept": [*known, *clock_ledger.kept(marks)]}
    row["pauses"] = whole.counts.pauses
    row["restarts"] = whole.counts.restarts
    row["last_minute_returns"] = whole.counts.last_minute_returns


def _blank(application: UUID) -> StatisticsRow:
    """Return the row before the first event. Every row has all dictionary keys, in the order of the columns."""
    counts: dict[str, Any] = dict.fromkeys((*COUNTED.values(), *OF_THE_CLOCKS, "unlisted_transfers", "deviations"), 0)
    facts: dict[str, Any] = {
        "application_id": application,
        "version": 0,
        "underlying": Status.RECEIVED.value,
        "service": "",
        "standard": 0,
        "office": "",
        "submitted_office": "",
        "channel": "unknown",
        "imported": False,
        "deemed": False,
        "reported_late": False,
        "stated_in": {},
        "marks": {"kept": [], "pausing": [], "paused_since": None},
        "trail": trail.empty(),
    }
    return cast("StatisticsRow", {**dict.fromkeys(COLUMNS), **counts, **facts})


def _note(row: StatisticsRow, recorded: events.Recorded) -> None:
    """Set the facts that the event states, except the time of the event."""
    event, act = recorded.event, recorded.act
    match event:
        case events.Submitted():
            row["service"] = event.service
            row["standard"] = event.standard
            row["office"] = act.office
            row["submitted_office"] = row["submitted_office"] or act.office
            row["channel"] = act.channel.value
            row["mall"] = event.mall
            row["district"] = event.district
            row["regency"] = event.regency
            row["imported"] = act.by == Role.IMPORT
        case events.Transferred():
            row["office"] = event.to
            row["unlisted_transfers"] += event.unlisted is True
        case import_events.ImportUndone():
            row["submitted_at"] = None  # an application that was not submitted is in no figure
    if promise := _promise_in(event):
        row["due_at"] = promise.due_at
        row["due_by"] = promise.unit.value


def _promise_in(event: events.ApplicationEvent) -> Promise | None:
    """Return the promise in this event. The event of a deemed approval names the promise that was not kept.

    In imported history, the deemed approval may be the only event that names this promise.
    """
    return event.promise if isinstance(event, events.DeemedApproved) else promise_set_by(event)


def _note_instants(row: StatisticsRow, recorded: events.Recorded, status: Status | None) -> None:
    """If several events state the same instant, the first of these events sets the instant.

    If a later event takes an answer back, the answer is removed.
    """
    event, at = recorded.event, recorded.act.at
    if isinstance(event, events.RecordAmended):
        _correct(row, event, recorded)
    if isinstance(event, events.DecisionReportedLate):
        row["reported_late"] = row["deemed"]
    decided = status in OUTCOMES
    if not decided and row["answered_at"]:
        _take_answer_back(row)
    if status not in ENDS and row["ended_at"]:
        row["ended_at"] = None
        row["stated_in"] = _without(row, "ended_at")
    stated: list[FactInstant] = [STATED_BY[type(event)]] if type(event) in STATED_BY else []
    if event.deviates is not None:
        stated.append("deviating_at")
    if decided:
        stated += ["answered_at", "ended_at"] if status in ENDS else ["answered_at"]
    for name in stated:
        known = row[name]
        if known is not None and not (name in EARLIEST and at < known):
            continue
        row[name] = at
        row["stated_in"] = {**row["stated_in"], name: recorded.version}
        if name == "answered_at":
            row["answer_known_at"] = at if row["imported"] else recorded.recorded_at
            row["deemed"] = isinstance(event, events.DeemedApproved)
            if isinstance(event, events.Approved | events.Rejected):
                row["reported_late"] = is_late(recorded.known_at, event.report_until)


def _correct(row: StatisticsRow, event: events.RecordAmended, recorded: events.Recorded) -> None:
    """A correction may change the time of a decision so that the decision is no longer late. If this correction is
    recorded after `report_until`, the decision still counts as late.
    """
    if event.amendment is Amendment.TIME:
        for name, version in row["stated_in"].items():
            if version == event.amends:
                row[name] = event.corrected_at
                if name == "answered_at" and event.report_until is not None:
                    row["reported_late"] = is_late(recorded.known_at, event.report_until)
                elif name == "answered_at" and _past_due(row):  # the corrected time is late
                    row["reported_late"] = False


def _past_due(row: StatisticsRow) -> bool:
    answered_at, due_at = row["answered_at"], row["due_at"]
    return answered_at is not None and due_at is not None and answered_at > due_at


def _take_answer_back(row: StatisticsRow) -> None:
    row["answered_at"] = None
    row["answer_known_at"] = None
    row["deemed"] = False
    row["reported_late"] = False
    row["stated_in"] = _without(row, "answered_at")


def _without(row: StatisticsRow, stated: FactInstant) -> dict[FactInstant, int]:
    return {name: version for name, version in row["stated_in"].items() if name != stated}


COLUMNS = {
    "application_id": "uuid NOT NULL",
    "version": "bigint NOT NULL",
    "status": "text",
    "underlying": "text NOT NULL",
    "service": "text NOT NULL",
    "standard": "integer NOT NULL",
    "office": "text NOT NULL",
    "channel": "text NOT NULL",
    "mall": "text",
    "district": "text",
    "regency": "text",
    "imported": "boolean NOT NULL",
    "submitted_at": "timestamptz",
    "received_at": "timestamptz",
    "complete_at": "timestamptz",
    "answered_at": "timestamptz",
    "ended_at": "timestamptz",
    "due_at": "timestamptz",
    "due_by": "text",
    "submitted_office": "text NOT NULL",
    "unlisted_transfers": "integer NOT NULL",
    "answer_known_at": "timestamptz",
    "deemed": "boolean NOT NULL",
    "reported_late": "boolean NOT NULL",
    "returns": "integer NOT NULL",
    "corrections": "integer NOT NULL",
    "referrals": "integer NOT NULL",
    "transfers": "integer NOT NULL",
    "suspensions": "integer NOT NULL",
    "obstacles": "integer NOT NULL",
    "pauses": "integer NOT NULL",
    "restarts": "integer NOT NULL",
    "last_minute_returns": "integer NOT NULL",
    "deviations": "integer NOT NULL",
    "paused_since": "timestamptz",
    "stated_in": "bytea NOT NULL",
    "marks": "bytea NOT NULL",
    **trail.COLUMNS,
}


def _stored(row: StatisticsRow) -> tuple[object, ...]:
    return in_order(COLUMNS, row)


def _loaded(values: tuple[Any, ...]) -> StatisticsRow:
    return cast("StatisticsRow", dict(zip(COLUMNS, values, strict=True)))


VIEW: ViewOf[StatisticsRow] = ViewOf(
    name="statistics",
    version=1,
    columns=COLUMNS,
    fold=fold,
    stored=_stored,
    loaded=_loaded,
    unpacked=frozenset({"trail"}),
)

OVERDUE = queries("statistics")["OVERDUE"]
"""The SQL condition for an overdue application, by the rule of `domain/promises/overdue.py`."""
CUT = queries("statistics", overdue=OVERDUE, answers=VIEW.answers)["FIGURES"]
"""The query for the exact counts and days of every line."""
