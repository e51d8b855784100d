"""Steps of an application: milestones and stages, each with its state (done, now, next, later, last, optional).

A stage that was entered twice is shown twice, so the citizen sees each step back.
"""

from collections.abc import Iterator
from dataclasses import dataclass, replace

from api.pages.language import Moment
from api.pages.reader import PageReader
from api.pages.words import N_
from domain.application.status import ENDS
from domain.codes import StagePhase
from projections.stages import StageEntry
from projections.timeline import ShownEvent, happened_at

DONE, NOW, NEXT, LATER, LAST, OPTIONAL = "done", "now", "next", "later", "last", "optional"

STATES = {
    DONE: N_("done"),
    NOW: N_("now"),
    NEXT: N_("next"),
    LATER: N_("later"),
    LAST: N_("last step"),
    OPTIONAL: N_("only if needed"),
}


@dataclass(frozen=True, slots=True)
class Step:
    """One step. `word` is the state in the reader's language."""

    name: str
    state: str
    when: Moment | None = None
    office: str = ""
    word: str = ""


def steps(reading: PageReader) -> list[Step]:
    """The steps in their order. An ended application shows no steps ahead.

    If the standard allows any order of stages, the next stage is not known, and only entered stages are shown.
    """
    standard = reading.standard
    if standard is None or standard.free_order:
        listed = [_of_entry(reading, stage) for stage in reading.row["stages"]]
    elif reading.row["status"] in ENDS:
        listed = [step for step in _all_steps(reading) if step.state in (DONE, NOW)]
    else:
        listed = _ahead(list(_all_steps(reading)))
    return [replace(step, word=reading.language.say(STATES[step.state])) for step in listed]


def _all_steps(reading: PageReader) -> Iterator[Step]:
    yield _milestone(reading, N_("Submitted"), "submitted")
    yield _milestone(reading, N_("Received by the office"), "received")
    yield _milestone(reading, N_("File complete"), "declared-complete")
    yield from _stages(reading, StagePhase.REVIEW, "approved", "deemed-approved")
    yield _milestone(reading, N_("Decision"), "approved", "rejected", "deemed-approved")
    yield from _stages(reading, StagePhase.PRODUCTION, "ready")
    yield _milestone(reading, N_("Ready to collect"), "ready")
    yield _milestone(reading, N_("Handed over"), "handed-over")


def _milestone(reading: PageReader, name: str, *events: str) -> Step:
    entry = next((entry for entry in reading.row["timeline"] if entry["event"] in events), None)
    if entry is None:
        return Step(reading.language.say(name), LATER)
    return _reached(reading, reading.language.say(name), DONE, entry)


def _reached(reading: PageReader, name: str, state: str, entry: ShownEvent) -> Step:
    when = reading.moment(happened_at(entry), entry["office"], entry["at_quality"])
    return Step(name, state, when, reading.office_name(entry["office"]))


def _stages(reading: PageReader, phase: StagePhase, *closed_by: str) -> Iterator[Step]:
    """The stages of a phase. The entered stages come first, once for each entry. The stages that lie ahead follow.

    After an event in `closed_by`, the phase is closed, so no stage of the phase lies ahead.
    """
    standard = reading.standard
    of_phase = [stage for stage in standard.stages if stage.phase is phase] if standard else []
    codes = {stage.code for stage in of_phase}
    entered = [stage for stage in reading.row["stages"] if stage["stage"] in codes]
    yield from (_of_entry(reading, stage) for stage in entered)
    if any(entry["event"] in closed_by for entry in reading.row["timeline"]):
        return
    seen = {stage["stage"] for stage in entered}
    for stage in of_phase:
        if stage.code not in seen:
            yield Step(reading.language.of(stage.names), OPTIONAL if stage.optional else LATER)


def _of_entry(reading: PageReader, stage: StageEntry) -> Step:
    version = stage["completed_by"] or stage["entered_by"]
    entry = next(entry for entry in reading.row["timeline"] if entry["version"] == version)
    return _reached(reading, reading.stage_name(stage["stage"]), DONE if stage["completed_by"] else NOW, entry)


def _ahead(listed: list[Step]) -> list[Step]:
    """Marks the nearest step ahead as next, and the last step ahead as last."""
    ahead = [place for place, step in enumerate(listed) if step.state == LATER]
    named = dict.fromkeys(ahead[-1:], LAST) | dict.fromkeys(ahead[:1], NEXT)
    return [replace(step, state=named.get(place, step.state)) for place, step in enumerate(listed)]
