"""What comes in the way of an application, as its row shows it: referrals, obstacles, inspections, disputes, links.

An instant `x_at` is that of the event whose version `x_by` names; a corrected time corrects it.
"""

from domain.application.events import (
    DecisionReportedLate,
    DeemedApproved,
    Disputed,
    DisputeDismissed,
    Recorded,
    ReferralAnswered,
    Referred,
    Reopened,
)
from domain.application.incident_events import (
    InspectionDone,
    InspectionScheduled,
    Linked,
    ObstacleCleared,
    ObstacleReported,
)
from domain.json_values import data_of, instant, plain
from projections.promises_and_payments import with_facts
from projections.view import Row

TOLD_BY = frozenset(
    {
        Referred,
        ReferralAnswered,
        ObstacleReported,
        ObstacleCleared,
        InspectionScheduled,
        InspectionDone,
        Disputed,
        DisputeDismissed,
        Reopened,
        Linked,
        DeemedApproved,
        DecisionReportedLate,
    }
)
BLANK: Row = {
    "referrals": [],
    "obstacles": [],
    "inspections": [],
    "dispute": None,
    "links": [],
    "deemed": None,
    "late_decision": None,
}


def incidents(row: Row, recorded: Recorded) -> Row:
    """What of them `recorded` changes."""
    event, at, version = recorded.event, instant(recorded.act.at), recorded.version
    match event:
        case Referred():
            asked = {"referral": event.referral, "to": event.to, "asked_at": at, "asked_by": version}
            unanswered = dict.fromkeys(("answered_at", "answered_by", "advice"))
            return {"referrals": [*row["referrals"], asked | unanswered]}
        case ReferralAnswered():
            answer = {"answered_at": at, "answered_by": version, "advice": plain(event.advice)}
            return {"referrals": with_facts(row["referrals"], "referral", event.referral, answer)}
        case ObstacleReported():
            told = {"obstacle": event.obstacle, "code": plain(event.code), "reported_at": at, "reported_by": version}
            return {"obstacles": [*row["obstacles"], told | {"cleared_at": None, "cleared_by": None}]}
        case ObstacleCleared():
            cleared = {"cleared_at": at, "cleared_by": version}
            return {"obstacles": with_facts(row["obstacles"], "obstacle", event.obstacle, cleared)}
        case InspectionScheduled():
            planned = {"inspection": event.inspection, "on": plain(event.on), "scheduled_at": at}
            not_done = {"scheduled_by": version, "done_at": None, "done_by": None}
            return {"inspections": [*row["inspections"], planned | not_done]}
        case InspectionDone():
            done = {"done_at": at, "done_by": version}
            return {"inspections": with_facts(row["inspections"], "inspection", event.inspection, done)}
        case Disputed():
            opened = {"state": "open", "reason": plain(event.reason), "disputed_at": at, "disputed_by": version}
            return {"dispute": opened | dict.fromkeys(("dismissal", "settled_at", "settled_by"))}
        case DisputeDismissed():
            return _settled(row, "dismissed", at, version, plain(event.reason))
        case Reopened():
            return _settled(row, "reopened", at, version)
        case Linked():
            shared = {name: data_of(event)[name] for name in ("link", "life_event", "others", "supplied")}
            return {"links": [*row["links"], {**shared, "linked_at": at, "linked_by": version}]}
        case DeemedApproved():
            evidence = {name: value for name, value in data_of(event).items() if name != "deviates"}
            return {"deemed": {**evidence, "deemed_at": at, "deemed_by": version}}
        case DecisionReportedLate():
            said = {"decision": plain(event.decision), "reason": plain(event.reason), "remedy": plain(event.remedy)}
            return {"late_decision": {**said, "decided_at": at, "decided_by": version}}
        case _:
            return {}


def _settled(row: Row, state: str, at: str, version: int, dismissal: str | None = None) -> Row:
    if row["dispute"] is None:
        return {}
    settled = {"state": state, "dismissal": dismissal, "settled_at": at, "settled_by": version}
    return {"dispute": row["dispute"] | settled}
