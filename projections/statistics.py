"""Statistics view: one row of facts per application, from which figures are cut. It is folded from events alone.

    project : StatisticsRow | None, id, Recorded -> StatisticsRow

The query that cuts the figures is in statistics.sql.
"""

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any, Literal, TypedDict, cast
from uuid import UUID

from domain.application import events, incident_events
from domain.application.status import ENDS, OUTCOMES, Status, status_after
from domain.clocks.marks import MarkKind, marks_of
from domain.codes import Amendment, Role
from domain.provenance import Promise
from projections import clock_ledger
from projections.clock_ledger import KeptMark
from projections.promises import promise_set_by
from projections.queries import queries
from projections.trail import Course, Trail
from projections.view import ViewOf, in_order

FactInstant = Literal[
    "submitted_at", "received_at", "complete_at", "answered_at", "ended_at", "obstructed_at", "deviating_at"
]
PlacedInstant = Literal[
    "due_at",
    "handed_over_at",
    "returned_at",
    "paused_at",
    "restarted_at",
    "last_minute_at",
    "obstructed_at",
    "deviating_at",
]
PlaceOfInstant = Literal[
    "office_at_due",
    "handed_over_office",
    "returned_office",
    "paused_office",
    "restarted_office",
    "last_minute_office",
    "obstructed_office",
    "deviating_office",
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
"""Facts that may happen more than once. The earliest time counts."""
PLACES: Mapping[PlacedInstant, PlaceOfInstant] = {
    "due_at": "office_at_due",
    "handed_over_at": "handed_over_office",
    "returned_at": "returned_office",
    "paused_at": "paused_office",
    "restarted_at": "restarted_office",
    "last_minute_at": "last_minute_office",
    "obstructed_at": "obstructed_office",
    "deviating_at": "deviating_office",
}
"""Each of these instants, and the column for the office that held the file then."""


class KeptMarks(TypedDict):
    kept: list[KeptMark]


class StatisticsRow(TypedDict):
    """Instants are aware, UTC.

    `answered_at`: when the legal clock stopped, by the decision or by an end without one; a source that issues without
    an approval answered when it issued. `answer_known_at`: when this system recorded the answer. The past of an
    imported application was recorded all at once, so there it is the time of the answer. `due_by`: the promise's unit.

    `office` holds the file now, `submitted_office` received it, `decided_office` held it at the answer, `office_at_due`
    when the promised date passed, `handed_over_office` at the hand-over that stands.

    `returned_at`, `paused_at`, `restarted_at`, `last_minute_at`, `obstructed_at`, `deviating_at`: when each happened
    for the first time; the office of the same name held the file then. `unlisted_transfers`: transfers to an office
    that the service does not list. `own_microseconds`: the time from the submission to the answer in which the office
    waited for nobody. `trail` gives the facts of an instant before `settled_at` (see `projections.trail`).

    `stated_in` maps each instant to the version of the event that states it, so that an amended time corrects the fact.
    `marks`: those of the clocks, from which `pauses`, `restarts` and `last_minute_returns` follow.
    """

    application_id: UUID
    version: int
    status: str | None
    underlying: str
    service: str
    standard: int
    office: str
    channel: str
    district: str | None
    regency: str | None
    imported: bool
    submitted_at: datetime | None
    received_at: datetime | None
    complete_at: datetime | None
    answered_at: datetime | None
    ended_at: datetime | None
    due_at: datetime | None
    due_by: str | None
    submitted_office: str
    decided_office: str | None
    office_at_due: str | None
    handed_over_at: datetime | None
    handed_over_office: str | None
    own_microseconds: int | None
    returned_at: datetime | None
    returned_office: str | None
    paused_at: datetime | None
    paused_office: str | None
    restarted_at: datetime | None
    restarted_office: str | None
    last_minute_at: datetime | None
    last_minute_office: str | None
    obstructed_at: datetime | None
    obstructed_office: str | None
    deviating_at: datetime | None
    deviating_office: str | None
    unlisted_transfers: int
    settled_at: datetime | None
    answer_known_at: datetime | None
    deemed: bool
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
    stated_in: dict[FactInstant, int]
    marks: KeptMarks
    trail: Trail


def project(row: StatisticsRow | None, application: UUID, recorded: events.Recorded) -> StatisticsRow:
    """Return the row after one more event."""
    return fold(row, application, (recorded,))


def fold(row: StatisticsRow | None, application: UUID, new: Sequence[events.Recorded]) -> StatisticsRow:
    """Return the row after the events `new`, in the order of their versions. Pure: `row` and its values stay."""
    after = row.copy() if row else _blank(application)
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
    after["status"] = status.value if status else None
    after["underlying"] = underlying.value
    after["version"] = new[-1].version
    _note_clocks(after, row, new)
    return after


def _note_clocks(row: StatisticsRow, before: StatisticsRow | None, new: Sequence[events.Recorded]) -> None:
    marks = [mark for recorded in new for mark in marks_of(recorded)]
    if not marks and before and all(row[name] == before[name] for name in EARLIEST):
        return
    known = row["marks"]["kept"]
    course = Course([*clock_ledger.read(known), *marks])
    counts = course.whole.counts
    row["marks"] = {"kept": [*known, *clock_ledger.kept(marks)]}
    row["pauses"] = counts.pauses
    row["restarts"] = counts.restarts
    row["last_minute_returns"] = counts.last_minute_returns
    row["returned_at"] = course.first_return
    row["paused_at"] = course.first(MarkKind.PAUSE)
    row["restarted_at"] = course.first(MarkKind.RESTART)
    row["last_minute_at"] = course.first_last_minute_return
    row["handed_over_at"] = course.handed_over_at
    own = course.own_time(row["answered_at"]) if row["answered_at"] else None
    row["own_microseconds"] = None if own is None else own // timedelta(microseconds=1)
    row["trail"] = course.trail
    row["settled_at"] = course.settled_at
    for name, office in PLACES.items():
        at = row[name]
        row[office] = course.office_at(at) if at else None


def _blank(application: UUID) -> StatisticsRow:
    """All keys are always present, in the order of the columns."""
    return {
        "application_id": application,
        "version": 0,
        "status": None,
        "underlying": Status.RECEIVED.value,
        "service": "",
        "standard": 0,
        "office": "",
        "channel": "unknown",
        "district": None,
        "regency": None,
        "imported": False,
        "submitted_at": None,
        "received_at": None,
        "complete_at": None,
        "answered_at": None,
        "ended_at": None,
        "due_at": None,
        "due_by": None,
        "submitted_office": "",
        "decided_office": None,
        "office_at_due": None,
        "handed_over_at": None,
        "handed_over_office": None,
        "own_microseconds": None,
        "returned_at": None,
        "returned_office": None,
        "paused_at": None,
        "paused_office": None,
        "restarted_at": None,
        "restarted_office": None,
        "last_minute_at": None,
        "last_minute_office": None,
        "obstructed_at": None,
        "obstructed_office": None,
        "deviating_at": None,
        "deviating_office": None,
        "unlisted_transfers": 0,
        "settled_at": None,
        "answer_known_at": None,
        "deemed": False,
        "returns": 0,
        "corrections": 0,
        "referrals": 0,
        "transfers": 0,
        "suspensions": 0,
        "obstacles": 0,
        "pauses": 0,
        "restarts": 0,
        "last_minute_returns": 0,
        "deviations": 0,
        "stated_in": {},
        "marks": {"kept": []},
        "trail": {"held": [], "promised": [], "handed_over": []},
    }


def _note(row: StatisticsRow, recorded: events.Recorded) -> None:
    """Sets what the event states, except its time."""
    event, act = recorded.event, recorded.act
    match event:
        case events.Submitted():
            row["service"] = event.service
            row["standard"] = event.standard
            row["office"] = act.office
            row["submitted_office"] = row["submitted_office"] or act.office
            row["channel"] = act.channel.value
            row["district"] = event.district
            row["regency"] = event.regency
            row["imported"] = act.by == Role.IMPORT
        case events.Transferred():
            row["office"] = event.to
            row["unlisted_transfers"] += event.unlisted is True
    if promise := _promise_in(event):
        row["due_at"] = promise.due_at
        row["due_by"] = promise.unit.value


def _promise_in(event: events.ApplicationEvent) -> Promise | None:
    """A grant by silence names the promise that was not kept: in imported history, perhaps for the first time."""
    return event.promise if isinstance(event, events.DeemedApproved) else promise_set_by(event)


def _note_instants(row: StatisticsRow, recorded: events.Recorded, status: Status | None) -> None:
    """The first event that states an instant sets it. An answer that history takes back is removed."""
    event, at = recorded.event, recorded.act.at
    if isinstance(event, events.RecordAmended):
        _correct(row, event)
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
            row["decided_office"] = row["office"]


def _correct(row: StatisticsRow, event: events.RecordAmended) -> None:
    if event.amendment is Amendment.TIME:
        for name, version in row["stated_in"].items():
            if version == event.amends:
                row[name] = event.corrected_at


def _take_answer_back(row: StatisticsRow) -> None:
    row["answered_at"] = None
    row["answer_known_at"] = None
    row["deemed"] = False
    row["decided_office"] = None
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
    "decided_office": "text",
    "office_at_due": "text",
    "handed_over_at": "timestamptz",
    "handed_over_office": "text",
    "own_microseconds": "bigint",
    "returned_at": "timestamptz",
    "returned_office": "text",
    "paused_at": "timestamptz",
    "paused_office": "text",
    "restarted_at": "timestamptz",
    "restarted_office": "text",
    "last_minute_at": "timestamptz",
    "last_minute_office": "text",
    "obstructed_at": "timestamptz",
    "obstructed_office": "text",
    "deviating_at": "timestamptz",
    "deviating_office": "text",
    "unlisted_transfers": "integer NOT NULL",
    "settled_at": "timestamptz",
    "answer_known_at": "timestamptz",
    "deemed": "boolean NOT NULL",
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
    "stated_in": "bytea NOT NULL",
    "marks": "bytea NOT NULL",
    "trail": "bytea NOT NULL",
}


def _stored(row: StatisticsRow) -> tuple[object, ...]:
    return in_order(COLUMNS, row)


def _loaded(values: tuple[Any, ...]) -> StatisticsRow:
    return cast("StatisticsRow", dict(zip(COLUMNS, values, strict=True)))


VIEW: ViewOf[StatisticsRow] = ViewOf(name="statistics", columns=COLUMNS, fold=fold, stored=_stored, loaded=_loaded)

CUT = queries("statistics")["FIGURES"]
"""Counts and days of every line, exact."""
