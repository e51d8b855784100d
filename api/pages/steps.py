"""The way of an application: what is done, what is done now, what comes next and last. Steps back stay visible."""

from collections.abc import Iterator
from dataclasses import dataclass, replace

from api.pages.language import Moment
from api.pages.reader import PageReader
from api.pages.words import N_
from domain.application.status import ENDS
from domain.codes import StagePhase
from projections.stages import StageEntry
from projections.timeline import TimelineEntry, happened_at

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
class WayStep:
    name: str
    state: str
    when: Moment | None = None
    office: str = ""
    word: str = ""


def steps(reading: PageReader) -> list[WayStep]:
    """An ended application has no further steps; where stages come in any order, nobody knows the next one."""
    standard = reading.standard
    if standard is None or standard.free_order:
        way = [_of_entry(reading, stage) for stage in reading.row["stages"]]
    elif reading.row["status"] in ENDS:
        way = [step for step in _way(reading) if step.state in (DONE, NOW)]
    else:
        way = _ahead(list(_way(reading)))
    return [replace(step, word=reading.language.say(STATES[step.state])) for step in way]


def _way(reading: PageReader) -> Iterator[WayStep]:
    yield _milestone(reading, N_("Submitted"), "submitted")
    yield _milestone(reading, N_("Received by the office"), "received")
    yield _milestone(reading, N_("File complete"), "declared-complete")
    yield from _stages(reading, StagePhase.REVIEW, "approved", "deemed-approved")
    yield _milestone(reading, N_("Decision"), "approved", "rejected", "deemed-approved")
    yield from _stages(reading, StagePhase.PRODUCTION, "ready")
    yield _milestone(reading, N_("Ready to collect"), "ready")
    yield _milestone(reading, N_("Handed over"), "handed-over")


def _milestone(reading: PageReader, name: str, *events: str) -> WayStep:
    entry = next((entry for entry in reading.row["timeline"] if entry["event"] in events), None)
    if entry is None:
        return WayStep(reading.language.say(name), LATER)
    return _reached(reading, reading.language.say(name), DONE, entry)


def _reached(reading: PageReader, name: str, state: str, entry: TimelineEntry) -> WayStep:
    when = reading.moment(happened_at(entry), entry["office"], entry["at_quality"])
    return WayStep(name, state, when, reading.office_name(entry["office"]))


def _stages(reading: PageReader, phase: StagePhase, *closed_by: str) -> Iterator[WayStep]:
    """The entered ones as often as they were entered, then those still ahead: none once one of `closed_by` happened."""
    standard = reading.standard
    of_phase = [stage for stage in standard.stages if stage.phase is phase] if standard else []
    codes = {stage.code for stage in of_phase}
    known = [stage for stage in reading.row["stages"] if stage["stage"] in codes]
    yield from (_of_entry(reading, stage) for stage in known)
    if any(entry["event"] in closed_by for entry in reading.row["timeline"]):
        return
    seen = {stage["stage"] for stage in known}
    for stage in of_phase:
        if stage.code not in seen:
            yield WayStep(reading.language.of(stage.names), OPTIONAL if stage.optional else LATER)


def _of_entry(reading: PageReader, stage: StageEntry) -> WayStep:
    version = stage["completed_by"] or stage["entered_by"]
    entry = next(entry for entry in reading.row["timeline"] if entry["version"] == version)
    return _reached(reading, reading.stage_name(stage["stage"]), DONE if stage["completed_by"] else NOW, entry)


def _ahead(way: list[WayStep]) -> list[WayStep]:
    """Name the next step and the last one of those ahead."""
    ahead = [place for place, step in enumerate(way) if step.state == LATER]
    named = dict.fromkeys(ahead[-1:], LAST) | dict.fromkeys(ahead[:1], NEXT)
    return [replace(step, state=named.get(place, step.state)) for place, step in enumerate(way)]
