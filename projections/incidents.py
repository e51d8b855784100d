"""Incidents in an application's row: referrals, obstacles, inspections, the dispute, links, deemed approval.

An entry has two fields for an event, for example `settled_at` and `settled_by`. A field `x_at` is the time of the
event. The field `x_by` is the stream version of the same event. An amendment of the event's time also corrects `x_at`.
Imported history may name an incident that the row does not have. An event about an unknown incident changes nothing.
"""

from typing import TypedDict, cast

from domain.application import events, incident_events
from domain.json_values import data_of, instant
from projections.promises import PlainPause, PlainPromise, plain_promise


class ReferralEntry(TypedDict):
    referral: int
    to: str
    asked_at: str
    asked_by: int
    answered_at: str | None
    answered_by: int | None
    advice: str | None


class ObstacleEntry(TypedDict):
    obstacle: int
    code: str
    reported_at: str
    reported_by: int
    cleared_at: str | None
    cleared_by: int | None


class InspectionEntry(TypedDict):
    """The field `on` holds the day of the inspection, in the office's time zone."""

    inspection: int
    on: str
    scheduled_at: str
    scheduled_by: int
    done_at: str | None
    done_by: int | None


class DisputeEntry(TypedDict):
    """The newest dispute. `state` is open, dismissed or reopened."""

    state: str
    reason: str
    disputed_at: str
    disputed_by: int
    dismissal: str | None
    settled_at: str | None
    settled_by: int | None


class LinkEntry(TypedDict):
    link: str
    life_event: str
    others: list[str]
    supplied: list[str]
    linked_at: str
    linked_by: int


class DeemedEntry(TypedDict):
    """The evidence that was recorded with a deemed approval."""

    basis: str
    promise: PlainPromise
    complete_at: str
    pauses: list[PlainPause]
    silent_until: int
    deemed_at: str
    deemed_by: int


class LateDecisionEntry(TypedDict):
    decision: str
    reason: str | None
    remedy: str | None
    decided_at: str
    decided_by: int


class Incidents(TypedDict):
    """The incidents of a row."""

    referrals: list[ReferralEntry]
    obstacles: list[ObstacleEntry]
    inspections: list[InspectionEntry]
    dispute: DisputeEntry | None
    links: list[LinkEntry]
    deemed: DeemedEntry | None
    late_decision: LateDecisionEntry | None


TOLD_BY = frozenset(
    {
        events.Referred,
        events.ReferralAnswered,
        incident_events.ObstacleReported,
        incident_events.ObstacleCleared,
        incident_events.InspectionScheduled,
        incident_events.InspectionDone,
        events.Disputed,
        events.DisputeDismissed,
        events.Reopened,
        incident_events.Linked,
        events.DeemedApproved,
        events.DecisionReportedLate,
    }
)
"""The events that may change an incident."""


def blank() -> Incidents:
    return {
        "referrals": [],
        "obstacles": [],
        "inspections": [],
        "dispute": None,
        "links": [],
        "deemed": None,
        "late_decision": None,
    }


def note_incidents(row: Incidents, recorded: events.Recorded) -> None:
    """Set the incidents that the event changes.

    An older row may share a list with this row, so a list is replaced and never changed in place.
    """
    event, at, version = recorded.event, instant(recorded.act.at), recorded.version
    match event:
        case events.Referred():
            row["referrals"] = [*row["referrals"], _referral(event, at, version)]
        case events.ReferralAnswered():
            row["referrals"] = [_answered(each, event, at, version) for each in row["referrals"]]
        case incident_events.ObstacleReported():
            row["obstacles"] = [*row["obstacles"], _obstacle(event, at, version)]
        case incident_events.ObstacleCleared():
            row["obstacles"] = [_cleared(each, event.obstacle, at, version) for each in row["obstacles"]]
        case incident_events.InspectionScheduled():
            row["inspections"] = [*row["inspections"], _inspection(event, at, version)]
        case incident_events.InspectionDone():
            row["inspections"] = [_done(each, event.inspection, at, version) for each in row["inspections"]]
        case events.Disputed():
            row["dispute"] = _dispute(event, at, version)
        case events.DisputeDismissed():
            row["dispute"] = _settled(row["dispute"], "dismissed", at, version, event.reason.value)
        case events.Reopened():
            row["dispute"] = _settled(row["dispute"], "reopened", at, version)
        case incident_events.Linked():
            row["links"] = [*row["links"], _link(event, at, version)]
        case events.DeemedApproved():
            row["deemed"] = _deemed(event, at, version)
        case events.DecisionReportedLate():
            row["late_decision"] = _late_decision(event, at, version)


def _referral(event: events.Referred, at: str, version: int) -> ReferralEntry:
    return {
        "referral": event.referral,
        "to": event.to,
        "asked_at": at,
        "asked_by": version,
        "answered_at": None,
        "answered_by": None,
        "advice": None,
    }


def _answered(entry: ReferralEntry, event: events.ReferralAnswered, at: str, version: int) -> ReferralEntry:
    if entry["referral"] != event.referral:
        return entry
    return {**entry, "answered_at": at, "answered_by": version, "advice": event.advice.value}


def _obstacle(event: incident_events.ObstacleReported, at: str, version: int) -> ObstacleEntry:
    return {
        "obstacle": event.obstacle,
        "code": event.code.value,
        "reported_at": at,
        "reported_by": version,
        "cleared_at": None,
        "cleared_by": None,
    }


def _cleared(entry: ObstacleEntry, obstacle: int, at: str, version: int) -> ObstacleEntry:
    return {**entry, "cleared_at": at, "cleared_by": version} if entry["obstacle"] == obstacle else entry


def _inspection(event: incident_events.InspectionScheduled, at: str, version: int) -> InspectionEntry:
    return {
        "inspection": event.inspection,
        "on": event.on.isoformat(),
        "scheduled_at": at,
        "scheduled_by": version,
        "done_at": None,
        "done_by": None,
    }


def _done(entry: InspectionEntry, inspection: int, at: str, version: int) -> InspectionEntry:
    return {**entry, "done_at": at, "done_by": version} if entry["inspection"] == inspection else entry


def _dispute(event: events.Disputed, at: str, version: int) -> DisputeEntry:
    return {
        "state": "open",
        "reason": event.reason.value,
        "disputed_at": at,
        "disputed_by": version,
        "dismissal": None,
        "settled_at": None,
        "settled_by": None,
    }


def _settled(
    dispute: DisputeEntry | None, state: str, at: str, version: int, dismissal: str | None = None
) -> DisputeEntry | None:
    if dispute is None:
        return None
    return {**dispute, "state": state, "dismissal": dismissal, "settled_at": at, "settled_by": version}


def _link(event: incident_events.Linked, at: str, version: int) -> LinkEntry:
    return {
        "link": str(event.link),
        "life_event": event.life_event.value,
        "others": [str(other) for other in event.others],
        "supplied": list(event.supplied),
        "linked_at": at,
        "linked_by": version,
    }


def _deemed(event: events.DeemedApproved, at: str, version: int) -> DeemedEntry:
    evidence = {name: value for name, value in data_of(event).items() if name != "deviates"}
    return cast(
        "DeemedEntry", {**evidence, "promise": plain_promise(event.promise), "deemed_at": at, "deemed_by": version}
    )


def _late_decision(event: events.DecisionReportedLate, at: str, version: int) -> LateDecisionEntry:
    return {
        "decision": event.decision.value,
        "reason": event.reason.value if event.reason else None,
        "remedy": event.remedy.value if event.remedy else None,
        "decided_at": at,
        "decided_by": version,
    }
