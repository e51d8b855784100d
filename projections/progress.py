"""What a citizen sees of an application: its status, its promise, its stages, its timeline.

    project : Row | None, id, Recorded -> Row

A row is plain JSON values. It reads events alone: no registry, no calendar, no key, no clock; what depends on today or
on the reader's language is the page's. The timeline is sorted by `at`, then stream version.
"""

from bisect import insort
from collections.abc import Mapping
from typing import Any
from uuid import UUID

from domain.application import ENDS, Status, status_after
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
    ReferralAnswered,
    Referred,
    Rejected,
    ReturnedForCorrection,
    StageCompleted,
    StageEntered,
    Submitted,
    Transferred,
)
from projections.view import Row, View

ROW = "SELECT body FROM views.progress WHERE application_id = %(id)s"
BY_NUMBER = "SELECT body FROM views.progress WHERE number = %(number)s ORDER BY application_id DESC LIMIT 1"


def project(row: Row | None, application: UUID, recorded: Recorded) -> Row:
    """The row after `recorded`. Pure: neither `row` nor what it holds is changed."""
    before = row or _blank(application)
    after = {**before, **_facts(before, recorded)}
    status, underlying = status_after(
        Status(before["status"]) if before["status"] else None, Status(before["underlying"]), recorded.event
    )
    if status in ENDS and before["ended_at"] is None:
        after["ended_at"] = instant(recorded.act.at)
    after["status"] = plain(status)
    after["underlying"] = plain(underlying)
    after["version"] = recorded.version
    after["offices"] = sorted({*after["offices"], recorded.act.office} - {""})
    after["timeline"] = _timeline(before["timeline"], recorded)
    return after


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
        "submitted_at": None,
        "complete_at": None,
        "ended_at": None,
        "promise": None,
        "documents_complete": None,
        "to_correct": [],
        "stages": [],
        "referrals": [],
        "rejection": None,
        "imported": False,
        "pin_resets": 0,
        "timeline": [],
    }


def _facts(row: Row, recorded: Recorded) -> Row:
    """What `recorded` changes, beside status and timeline."""
    event, act = recorded.event, recorded.act
    data, at = data_of(event), instant(act.at)
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
                "promise": data.get("promise"),
                "imported": act.by == "import",
            }
        case DocumentsChecked():
            return {"documents_complete": event.complete}
        case ReturnedForCorrection():
            return {"to_correct": data["documents"]}
        case CorrectionSupplied():
            return {"to_correct": [], "documents_complete": None}
        case DeclaredComplete():
            return {"complete_at": at, "promise": data.get("promise", row["promise"])}
        case StageEntered():
            return {"stages": [*row["stages"], _stage(event.stage, at, act.office, recorded.version)]}
        case StageCompleted():
            return {"stages": _completed(row["stages"], event.stage, at, act.office, recorded.version)}
        case Referred():
            asked = {"referral": event.referral, "to": event.to, "asked_at": at, "answered_at": None, "advice": None}
            return {"referrals": [*row["referrals"], asked], "offices": [*row["offices"], event.to]}
        case ReferralAnswered():
            answer = {"answered_at": at, "advice": plain(event.advice)}
            return {"referrals": [r | answer if r["referral"] == event.referral else r for r in row["referrals"]]}
        case Transferred():
            return {"office": event.to, "officer": None, "offices": [*row["offices"], event.to]}
        case Reassigned():
            return {"officer": str(event.officer)}
        case Rejected():
            return {"rejection": {"reason": plain(event.reason), "remedy": plain(event.remedy)}}
        case RecordAmended(amendment=Amendment.ENTERED_IN_ERROR):
            return {"stages": _taken_back(row["stages"], event.amends)}
        case PinReset():
            return {"pin_resets": row["pin_resets"] + 1}
        case _:
            return {}


def _stage(code: str, entered_at: str | None, office: str, version: int) -> Row:
    return {
        "stage": code,
        "office": office,
        "entered_at": entered_at,
        "completed_at": None,
        "entered_by": version,
        "completed_by": None,
    }


def _completed(stages: list[Row], code: str, at: str, office: str, version: int) -> list[Row]:
    """Closes the open entry of that stage; imported history may complete a stage that nobody entered."""
    done = {"completed_at": at, "completed_by": version}
    for place, stage in enumerate(stages):
        if stage["stage"] == code and stage["completed_at"] is None:
            return [*stages[:place], stage | done, *stages[place + 1 :]]
    return [*stages, _stage(code, None, office, 0) | done]


def _taken_back(stages: list[Row], version: int) -> list[Row]:
    """A stage completed in error is open again; one of which nothing stands any more goes."""
    not_entered, open_again = {"entered_at": None, "entered_by": 0}, {"completed_at": None, "completed_by": None}
    stages = [stage | not_entered if stage["entered_by"] == version else stage for stage in stages]
    stages = [stage | open_again if stage["completed_by"] == version else stage for stage in stages]
    return [stage for stage in stages if stage["entered_by"] or stage["completed_by"]]


def _timeline(timeline: list[Row], recorded: Recorded) -> list[Row]:
    event, act = recorded.event, recorded.act
    entry = {
        "version": recorded.version,
        "event": event.topic.removeprefix("application.").rpartition(".")[0],
        "at": instant(act.at),
        "at_quality": plain(act.at_quality),
        "recorded_at": instant(recorded.recorded_at) if recorded.recorded_at else None,
        "by": plain(act.by),
        "office": act.office,
        "channel": plain(act.channel),
        "data": data_of(event),
        "amended": None,
    }
    entries = [_marked(known, recorded.version, event) for known in timeline]
    entries.sort(key=_place)
    insort(entries, entry, key=_place)
    return entries


def _marked(entry: Row, by: int, event: object) -> Row:
    """The amended entry keeps what it said; what corrected it stands beside it."""
    match event:
        case RecordAmended() if event.amends == entry["version"]:
            corrected = instant(event.corrected_at) if event.corrected_at else None
            return entry | {"amended": {"by": by, "amendment": plain(event.amendment), "corrected_at": corrected}}
        case _:
            return entry


def _place(entry: Mapping[str, Any]) -> tuple[str, int]:
    amended = entry["amended"]
    return (amended and amended["corrected_at"]) or entry["at"], entry["version"]


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
