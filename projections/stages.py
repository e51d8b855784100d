"""Stages in an application's row: when each stage was entered, completed or taken back."""

from typing import TypedDict

from domain.application import events, imported_events
from domain.codes import Amendment
from domain.json_values import instant


class StageEntry(TypedDict):
    """One pass through a stage.

    In imported history, a stage may be completed although no event entered the stage. Then `entered_at` is None and
    `entered_by` is 0.

    `undone_at` is the time at which a reopening took the stage back, or at which the work on the stage ended although
    the stage was not completed. If the office then repeats the stage, the list has another entry for this stage.
    """

    stage: str
    office: str
    entered_at: str | None
    completed_at: str | None
    entered_by: int
    completed_by: int | None
    undone_at: str | None
    undone_by: int | None


def stages(known: list[StageEntry], recorded: events.Recorded) -> list[StageEntry]:
    """Return the stages after the event. The function does not change the list `known`."""
    event, at, office = recorded.event, instant(recorded.act.at), recorded.act.office
    match event:
        case events.StageEntered():
            return [*known, _stage(event.stage, at, office, recorded.version)]
        case events.StageCompleted():
            return _completed(known, event.stage, at, office, recorded.version)
        case imported_events.StageEnded():
            return _ended(known, event.stage, at, recorded.version)
        case events.Reopened():
            return [_undone(stage, event, at, recorded.version) for stage in known]
        case events.RecordAmended(amendment=Amendment.ENTERED_IN_ERROR):
            return _taken_back(known, event.amends)
        case _:
            return known


def _stage(code: str, entered_at: str | None, office: str, version: int) -> StageEntry:
    return {
        "stage": code,
        "office": office,
        "entered_at": entered_at,
        "completed_at": None,
        "entered_by": version,
        "completed_by": None,
        "undone_at": None,
        "undone_by": None,
    }


def _completed(stages: list[StageEntry], code: str, at: str, office: str, version: int) -> list[StageEntry]:
    """Complete the stage's open entry. If no entry is open, add a completed entry.

    In imported history, a stage may be completed although no event entered the stage.
    """
    for place, stage in enumerate(stages):
        if stage["stage"] == code and stage["completed_at"] is None and stage["undone_at"] is None:
            return [*stages[:place], {**stage, "completed_at": at, "completed_by": version}, *stages[place + 1 :]]
    return [*stages, {**_stage(code, None, office, 0), "completed_at": at, "completed_by": version}]


def _ended(stages: list[StageEntry], code: str, at: str, version: int) -> list[StageEntry]:
    """End the stage's open entry. In imported history, a stage may end although no event entered the stage."""
    for place, stage in enumerate(stages):
        if stage["stage"] == code and stage["completed_at"] is None and stage["undone_at"] is None:
            return [*stages[:place], {**stage, "undone_at": at, "undone_by": version}, *stages[place + 1 :]]
    return stages


def _undone(stage: StageEntry, event: events.Reopened, at: str, version: int) -> StageEntry:
    if stage["stage"] not in event.redo or stage["undone_at"]:
        return stage
    return {**stage, "undone_at": at, "undone_by": version}


def _taken_back(stages: list[StageEntry], version: int) -> list[StageEntry]:
    """A stage that was completed in error is open again.

    If neither `entered_by` nor `completed_by` of the entry then holds a version, the entry is removed.
    """
    kept = [_without(stage, version) for stage in stages]
    return [stage for stage in kept if stage["entered_by"] or stage["completed_by"]]


def _without(stage: StageEntry, version: int) -> StageEntry:
    if stage["entered_by"] == version:
        stage = {**stage, "entered_at": None, "entered_by": 0}
    if stage["completed_by"] == version:
        stage = {**stage, "completed_at": None, "completed_by": None}
    return stage
