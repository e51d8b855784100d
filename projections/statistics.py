"""One row of facts per application, from which figures are cut: folded from events alone.

    project : Row | None, id, Recorded -> Row

Instants are aware, UTC. `answered_at` is when the legal clock stopped: the decision, or an end without one; what a
source issues without approving was answered then. `answer_known_at` is when we recorded that: of an import, whose past
we learnt all at once, when it happened. `stated_in` names the event that each instant comes from, so that a corrected
time corrects the fact. `marks` are those of the clocks, which tell pauses, restarts and last-minute returns.
"""

from collections.abc import Mapping, Sequence
from typing import Any
from uuid import UUID

from domain.application.events import (
    ApplicationEvent,
    CorrectionSupplied,
    DeclaredComplete,
    DeemedApproved,
    Received,
    RecordAmended,
    Recorded,
    Referred,
    ReturnedForCorrection,
    Submitted,
    Suspended,
    Transferred,
)
from domain.application.incident_events import ObstacleReported
from domain.application.status import ENDS, OUTCOMES, Status, status_after
from domain.clocks.ledger import counted
from domain.clocks.marks import marks_of
from domain.codes import Amendment
from domain.json_values import plain
from domain.provenance import Promise
from projections import clock_ledger
from projections.view import Row, View

INSTANTS = ("submitted_at", "received_at", "complete_at", "answered_at", "ended_at")
COUNTED = {
    ReturnedForCorrection: "returns",
    CorrectionSupplied: "corrections",
    Referred: "referrals",
    Transferred: "transfers",
    Suspended: "suspensions",
    ObstacleReported: "obstacles",
}
STATED_BY: Mapping[type[ApplicationEvent], str] = {
    Submitted: "submitted_at",
    Received: "received_at",
    DeclaredComplete: "complete_at",
}
OF_THE_CLOCKS = ("pauses", "restarts", "last_minute_returns")


def project(row: Row | None, application: UUID, recorded: Recorded) -> Row:
    """The row after one event more."""
    return fold(row, application, (recorded,))


def fold(row: Row | None, application: UUID, events: Sequence[Recorded]) -> Row:
    """The row after `events`, in the order of their versions. Pure: neither `row` nor what it holds is changed."""
    after = dict(row) if row else _blank(application)
    status = Status(after["status"]) if after["status"] else None
    underlying = Status(after["underlying"])
    for recorded in events:
        event = recorded.event
        status, underlying = status_after(status, underlying, event)
        after |= _facts(recorded)
        counted = COUNTED.get(type(event))
        if counted:
            after[counted] += 1
        after["deviations"] += event.deviates is not None
        after |= _timed(after, recorded, status)
    after |= {"status": plain(status), "underlying": plain(underlying), "version": events[-1].version}
    return after | _clocked(after["marks"]["kept"], events)


def _clocked(known: list[Any], events: Sequence[Recorded]) -> Row:
    new = [mark for recorded in events for mark in marks_of(recorded)]
    if not new:
        return {}
    counts = counted([*clock_ledger.read(known), *new])
    return {
        "marks": {"kept": [*known, *clock_ledger.kept(new)]},
        **{name: getattr(counts, name) for name in OF_THE_CLOCKS},
    }


def _blank(application: UUID) -> Row:
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
        **dict.fromkeys(INSTANTS),
        "due_at": None,
        "due_by": None,
        "answer_known_at": None,
        "deemed": False,
        **dict.fromkeys((*COUNTED.values(), *OF_THE_CLOCKS), 0),
        "deviations": 0,
        "stated_in": {},
        "marks": {"kept": []},
    }


def _facts(recorded: Recorded) -> Row:
    """What the event says, beside its time."""
    event, act = recorded.event, recorded.act
    match event:
        case Submitted():
            return {
                "service": event.service,
                "standard": event.standard,
                "office": act.office,
                "channel": plain(act.channel),
                "district": event.district,
                "regency": event.regency,
                "imported": act.by == "import",
                **_promised(event.promise),
            }
        case Transferred():
            return {"office": event.to}
        case _:
            return _promised(getattr(event, "promise", None))


def _promised(promise: Promise | None) -> Row:
    return {"due_at": promise.due_at, "due_by": plain(promise.unit)} if promise else {}


def _timed(row: Row, recorded: Recorded, status: Status | None) -> Row:
    """Each instant is the first event's that states it; an answer that history takes back is none."""
    event, version = recorded.event, recorded.version
    if isinstance(event, RecordAmended):
        if event.amendment is not Amendment.TIME:
            return {}
        wrong = [name for name, stated_in in row["stated_in"].items() if stated_in == event.amends]
        return dict.fromkeys(wrong, event.corrected_at)
    decided = status in OUTCOMES
    if not decided and row["answered_at"]:
        left = {name: stated_in for name, stated_in in row["stated_in"].items() if name != "answered_at"}
        return {"answered_at": None, "answer_known_at": None, "deemed": False, "stated_in": left}
    states = [STATED_BY[type(event)]] if type(event) in STATED_BY else []
    if decided:
        states += ["answered_at", "ended_at"] if status in ENDS else ["answered_at"]
    new = [name for name in states if row[name] is None]
    if not new:
        return {}
    at = recorded.act.at
    known = {}
    if "answered_at" in new:
        known_at = at if row["imported"] else recorded.recorded_at
        known = {"answer_known_at": known_at, "deemed": isinstance(event, DeemedApproved)}
    return dict.fromkeys(new, at) | known | {"stated_in": row["stated_in"] | dict.fromkeys(new, version)}


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
    **dict.fromkeys(INSTANTS, "timestamptz"),
    "due_at": "timestamptz",
    "due_by": "text",
    "answer_known_at": "timestamptz",
    "deemed": "boolean NOT NULL",
    **dict.fromkeys((*COUNTED.values(), *OF_THE_CLOCKS), "integer NOT NULL"),
    "deviations": "integer NOT NULL",
    "stated_in": "bytea NOT NULL",
    "marks": "bytea NOT NULL",
}


def _stored(row: Row) -> tuple[Any, ...]:
    return tuple(row[name] for name in COLUMNS)


def _loaded(values: tuple[Any, ...]) -> Row:
    return dict(zip(COLUMNS, values, strict=True))


VIEW = View(name="statistics", columns=COLUMNS, fold=fold, stored=_stored, loaded=_loaded)

FIGURES = """
WITH facts AS (
    SELECT s.service, s.office, s.channel, s.status, s.answered_at, s.due_at, s.returns, s.deviations,
        s.answer_known_at, s.deemed, s.pauses, s.restarts, s.last_minute_returns, s.obstacles,
        to_char(s.submitted_at AT TIME ZONE coalesce(z.zone, 'Asia/Jakarta'), 'YYYY-MM') AS month,
        extract(epoch FROM s.answered_at - s.submitted_at) / 86400 AS days,
        extract(epoch FROM %(as_of)s - s.submitted_at) / 86400 AS age
    FROM views.statistics s
    LEFT JOIN (SELECT office, zone FROM unnest(%(offices)s::text[], %(zones)s::text[]) AS named(office, zone)
               WHERE zone IN (SELECT name FROM pg_timezone_names)) z USING (office)
    WHERE s.submitted_at IS NOT NULL
)
SELECT CASE WHEN grouping(service) = 0 THEN 'service' WHEN grouping(office) = 0 THEN 'office'
            WHEN grouping(channel) = 0 THEN 'channel' WHEN grouping(month) = 0 THEN 'month' ELSE 'total' END AS place,
    coalesce(service, office, channel, month, '') AS key,
    count(*) AS submitted,
    count(*) FILTER (WHERE answered_at IS NULL) AS open,
    count(*) FILTER (WHERE answered_at IS NULL AND due_at < %(as_of)s) AS overdue,
    count(answered_at) AS answered,
    count(*) FILTER (WHERE answered_at <= due_at AND NOT deemed) AS on_time,
    count(*) FILTER (WHERE answered_at > due_at OR (answered_at <= due_at AND deemed)) AS late,
    count(answered_at) FILTER (WHERE due_at IS NULL) AS without_deadline,
    count(*) FILTER (WHERE NOT deemed AND status IN ('approved', 'issued', 'ready', 'handed_over', 'revoked'))
        AS granted,
    count(*) FILTER (WHERE status = 'rejected') AS rejected,
    count(*) FILTER (WHERE status = 'withdrawn') AS withdrawn,
    count(*) FILTER (WHERE status = 'lapsed') AS lapsed,
    count(*) FILTER (WHERE status = 'cancelled') AS cancelled,
    count(*) FILTER (WHERE status = 'concluded') AS concluded,
    count(*) FILTER (WHERE returns > 0) AS returned,
    count(*) FILTER (WHERE deviations > 0) AS deviating,
    count(*) FILTER (WHERE answer_known_at <= due_at AND NOT deemed) AS on_time_recorded,
    count(answered_at) FILTER (WHERE due_at IS NOT NULL
        AND (answer_known_at > due_at OR answer_known_at IS NULL OR deemed)) AS late_recorded,
    count(*) FILTER (WHERE deemed AND answered_at IS NOT NULL) AS deemed_approved,
    count(*) FILTER (WHERE pauses > 0) AS paused,
    count(*) FILTER (WHERE restarts > 0) AS restarted,
    count(*) FILTER (WHERE last_minute_returns > 0) AS returned_last_minute,
    count(*) FILTER (WHERE obstacles > 0) AS obstructed,
    percentile_cont(0.5) WITHIN GROUP (ORDER BY age) FILTER (WHERE answered_at IS NULL) AS open_age_days_median,
    percentile_cont(0.5) WITHIN GROUP (ORDER BY days) AS days_median,
    percentile_cont(0.9) WITHIN GROUP (ORDER BY days) AS days_p90
FROM facts GROUP BY GROUPING SETS ((), (service), (office), (channel), (month))
"""
"""Counts and days of every line, exact. `offices` and `zones` go together: a month is one where the office is."""
