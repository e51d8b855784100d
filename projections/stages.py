"""The stages of an application's row: entered, completed, and taken back where that was entered in error."""

from domain.application.events import RecordAmended, Recorded, StageCompleted, StageEntered
from domain.codes import Amendment
from domain.json_values import instant
from projections.view import Row


def stages(known: list[Row], recorded: Recorded) -> list[Row]:
    event, at, office = recorded.event, instant(recorded.act.at), recorded.act.office
    match event:
        case StageEntered():
            return [*known, _stage(event.stage, at, office, recorded.version)]
        case StageCompleted():
            return _completed(known, event.stage, at, office, recorded.version)
        case RecordAmended(amendment=Amendment.ENTERED_IN_ERROR):
            return _taken_back(known, event.amends)
        case _:
            return known


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
