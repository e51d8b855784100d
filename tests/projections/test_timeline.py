"""The stages and the timeline that a citizen sees, also where the record was amended."""

from datetime import datetime
from typing import Any

from domain.application.events import (
    DocumentsChecked,
    Received,
    RecordAmended,
    Reopened,
    StageCompleted,
    StageEntered,
)
from domain.application.imported_events import StageEnded, StagePlanned
from domain.codes import Amendment
from tests.builders import (
    COMPLETE,
    HANDED_OVER,
    MAKASSAR,
    MONDAY,
    SEMARANG,
    SUBMITTED,
    TUESDAY,
    WEDNESDAY,
    on,
)
from tests.spec import given

AT_MONDAY, AT_TUESDAY, AT_WEDNESDAY = (
    "2026-03-09T03:00:00.000000Z",
    "2026-03-10T03:00:00.000000Z",
    "2026-03-11T03:00:00.000000Z",
)


def stage(**said: Any) -> dict[str, Any]:
    return {
        "stage": "verification",
        "office": SEMARANG,
        "entered_at": AT_MONDAY,
        "completed_at": None,
        "entered_by": len(COMPLETE) + 1,
        "completed_by": None,
        "undone_at": None,
        "undone_by": None,
    } | said


ENTERED = (*COMPLETE, StageEntered(stage="verification"))
DONE = (*ENTERED, on(TUESDAY, StageCompleted(stage="verification")))
ENTRY, COMPLETION = len(ENTERED), len(DONE)
FINISHED = stage(completed_at=AT_TUESDAY, completed_by=COMPLETION)
NOBODY_ENTERED = {"entered_at": None, "entered_by": 0}


def taken_back(version: int) -> RecordAmended:
    return RecordAmended(amends=version, amendment=Amendment.ENTERED_IN_ERROR)


def retimed(version: int, at: datetime) -> RecordAmended:
    return RecordAmended(amends=version, amendment=Amendment.TIME, corrected_at=at)


def test_stages_show_when_they_were_entered_and_completed() -> None:
    given(*ENTERED).shows(stages=[stage()])
    given(*DONE).shows(stages=[FINISHED])


def test_a_stage_may_be_done_at_another_office() -> None:
    elsewhere = on(MONDAY, StageEntered(stage="survey"), office=MAKASSAR)
    row = given(*DONE, elsewhere).row
    assert [(entry["stage"], entry["office"]) for entry in row["stages"]] == [
        ("verification", SEMARANG),
        ("survey", MAKASSAR),
    ]


def test_a_completion_closes_the_open_entry_of_its_own_stage() -> None:
    survey = StageEntered(stage="survey")
    row = given(*ENTERED, survey, on(TUESDAY, StageCompleted(stage="survey"))).row
    assert [entry["completed_at"] for entry in row["stages"]] == [None, AT_TUESDAY]


def test_a_stage_done_again_is_shown_again() -> None:
    row = given(*DONE, StageEntered(stage="verification"), StageCompleted(stage="verification")).row
    assert [entry["completed_by"] for entry in row["stages"]] == [COMPLETION, COMPLETION + 2]


def test_a_reopening_undoes_the_stages_that_are_to_be_done_again_and_no_others() -> None:
    survey = (StageEntered(stage="survey"), StageCompleted(stage="survey"))
    again = on(WEDNESDAY, Reopened(redo=("survey",)))
    row = given(*DONE, *survey, again, on(WEDNESDAY, Reopened(redo=("survey",)))).row
    undone = [(entry["stage"], entry["undone_at"], entry["undone_by"]) for entry in row["stages"]]
    assert undone == [("verification", None, None), ("survey", AT_WEDNESDAY, COMPLETION + 3)]


def test_a_stage_may_be_completed_that_nobody_entered() -> None:
    imported = (*COMPLETE, on(TUESDAY, StageCompleted(stage="verification")))
    given(*imported).shows(stages=[FINISHED | NOBODY_ENTERED | {"completed_by": len(imported)}])
    given(*imported, taken_back(len(imported))).shows(stages=[])


def test_what_was_entered_in_error_is_not_shown_as_a_stage() -> None:
    given(*ENTERED, taken_back(ENTRY)).shows(stages=[])
    given(*DONE, taken_back(COMPLETION)).shows(stages=[stage()])
    given(*DONE, taken_back(ENTRY)).shows(stages=[FINISHED | NOBODY_ENTERED])
    given(*DONE, taken_back(ENTRY), taken_back(COMPLETION)).shows(stages=[])
    given(*DONE, taken_back(COMPLETION), taken_back(ENTRY)).shows(stages=[])
    given(*DONE, taken_back(1)).shows(stages=[FINISHED])


def test_the_timeline_keeps_what_was_said_and_shows_beside_it_what_corrected_it() -> None:
    row = given(*ENTERED, taken_back(ENTRY)).row
    [wrong] = [entry for entry in row["timeline"] if entry["version"] == ENTRY]
    assert wrong["data"] == {"stage": "verification"}
    assert wrong["at"] == AT_MONDAY
    assert wrong["amended"] == {"by": ENTRY + 1, "amendment": "entered_in_error", "corrected_at": None}
    assert [entry["amended"] for entry in row["timeline"] if entry is not wrong] == [None] * ENTRY


def test_an_entry_whose_time_was_wrong_moves_to_its_place() -> None:
    history = (on(MONDAY, SUBMITTED[0]), on(WEDNESDAY, Received()), on(TUESDAY, DocumentsChecked(complete=True)))
    assert [entry["version"] for entry in given(*history).row["timeline"]] == [1, 3, 2]
    row = given(*history, on(WEDNESDAY, retimed(2, MONDAY))).row
    assert [entry["version"] for entry in row["timeline"]] == [1, 2, 3, 4]
    assert row["timeline"][1]["amended"] == {"by": 4, "amendment": "time", "corrected_at": AT_MONDAY}
    assert row["stages"] == []


def test_of_one_instant_the_timeline_keeps_the_order_of_arrival() -> None:
    assert [entry["version"] for entry in given(*HANDED_OVER).row["timeline"]] == list(range(1, len(HANDED_OVER) + 1))


def test_a_late_fact_stands_at_its_time_and_moves_no_outcome() -> None:
    row = given(*(on(TUESDAY, event) for event in HANDED_OVER), on(MONDAY, StageEntered(stage="survey"))).row
    assert row["timeline"][0]["event"] == "stage-entered"
    assert row["status"] == "handed_over"


def test_the_names_of_events_are_those_of_their_topics() -> None:
    assert [entry["event"] for entry in given(*COMPLETE).row["timeline"]] == [
        "submitted",
        "received",
        "documents-checked",
        "declared-complete",
    ]


def test_a_stage_may_end_without_being_completed_and_begin_again() -> None:
    ended = on(TUESDAY, StageEnded(stage="verification"))
    history = (*ENTERED, StageEntered(stage="survey"), ended)
    row = given(*history).row
    assert [(entry["stage"], entry["undone_at"]) for entry in row["stages"]] == [
        ("verification", AT_TUESDAY),
        ("survey", None),
    ]
    again = given(*history, on(WEDNESDAY, StageEntered(stage="verification"))).row
    assert [entry["entered_at"] for entry in again["stages"]] == [AT_MONDAY, AT_MONDAY, AT_WEDNESDAY]
    given(*COMPLETE, StagePlanned(stage="verification"), ended).shows(stages=[])
    given(*ENTERED, StageEnded(stage="survey")).shows(stages=[stage()])
