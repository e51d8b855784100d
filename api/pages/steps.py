"""Steps of an application: the page lists the milestones and the stages, each with its state.

If a stage was entered twice, it is shown twice. So the citizen can see that the stage was repeated. A reopening starts
a new round of production. The page first shows the steps of the earlier round, and marks them as taken back. Then the
page shows the steps of the new round.
"""

from collections.abc import Iterator
from dataclasses import dataclass, replace

from api.pages.language import Moment
from api.pages.reader import PageReader
from api.pages.words import BY_LAW, N_
from domain.application.status import ENDS
from domain.codes import StagePhase
from projections.stages import StageEntry
from projections.timeline import ShownEvent, happened_at

DONE, NOW, NEXT, LATER, LAST, OPTIONAL = "done", "now", "next", "later", "last", "optional"
UNDONE, STOPPED = "undone", "stopped"
PAST = (DONE, UNDONE, STOPPED)

STATES = {
    DONE: N_("done"),
    NOW: N_("now"),
    NEXT: N_("next"),
    LATER: N_("later"),
    LAST: N_("last step"),
    OPTIONAL: N_("only if needed"),
    UNDONE: N_("taken back"),
    STOPPED: N_("not finished"),
}


@dataclass(frozen=True, slots=True)
class Step:
    """One step. `word` is the state in the reader's language. A step is either a stage or a milestone."""

    name: str
    state: str
    when: Moment | None = None
    office: str = ""
    word: str = ""
    milestone: bool = False


ALWAYS = range(2**31)
"""This range contains every version of an application."""


def steps(reading: PageReader) -> list[Step]:
    """Returns the steps in their order. If the application has ended, the list contains only past steps.

    The standard may allow any order of stages. Then the next stage is not known, and the list contains only entered
    stages.
    """
    standard = reading.standard
    ended = reading.row["status"] in ENDS
    if standard is None or standard.free_order:
        listed = [_of_entry(reading, stage, closed=ended) for stage in reading.row["stages"]]
    elif ended:
        listed = [step for step in _all_steps(reading) if step.state in PAST]
    else:
        listed = _ahead(list(_all_steps(reading)))
    return [replace(step, word=reading.language.say(STATES[step.state])) for step in listed]


def _all_steps(reading: PageReader) -> Iterator[Step]:
    reopened = [entry for entry in reading.row["timeline"] if entry["event"] == "reopened"]
    reopened.sort(key=lambda entry: entry["version"])
    starts = [0, *(entry["version"] for entry in reopened)]
    yield _milestone(reading, N_("Submitted"), "submitted")
    yield _milestone(reading, N_("Received by the office"), "received")
    yield _milestone(reading, N_("File complete"), "declared-complete")
    decided = _closed(reading, ALWAYS, "approved", "deemed-approved")
    yield from _stages(reading, StagePhase.REVIEW, ALWAYS, closed=decided)
    yield _milestone(reading, N_("Decision"), "approved", "rejected", "deemed-approved")
    last = range(starts[-1], reading.row["version"] + 1)
    closed = _closed(reading, last, "ready")
    for again, start, end in zip(reopened, starts, starts[1:], strict=False):
        yield from _round_taken_back(reading, range(start, end), closed=closed)
        yield _reached(reading, reading.language.say(N_("Reopened")), DONE, again)
    yield from _round(reading, last, closed=closed)


def _closed(reading: PageReader, versions: range, *events: str) -> bool:
    """Returns True if no further stage can follow. There are two cases: the application has ended, or one of the named
    events happened in the range `versions`.
    """
    happened = (entry["event"] in events and entry["version"] in versions for entry in reading.row["timeline"])
    return reading.row["status"] in ENDS or any(happened)


def _round(reading: PageReader, versions: range, *, closed: bool) -> Iterator[Step]:
    yield from _stages(reading, StagePhase.PRODUCTION, versions, closed=closed)
    yield _milestone(reading, N_("Ready to collect"), "ready", versions=versions)
    yield _milestone(reading, N_("Handed over"), "handed-over", versions=versions)


def _round_taken_back(reading: PageReader, versions: range, *, closed: bool) -> Iterator[Step]:
    """Returns the steps of an earlier round of production. A later reopening ended this round, so the product of this
    round is no longer valid.
    """
    for step in _round(reading, versions, closed=closed):
        if step.state == DONE and step.milestone:
            yield replace(step, state=UNDONE)
        elif step.state in (*PAST, NOW):
            yield step


def _milestone(reading: PageReader, name: str, *events: str, versions: range = ALWAYS) -> Step:
    happened = (entry for entry in reading.row["timeline"] if entry["event"] in events and entry["version"] in versions)
    entry = next(happened, None)
    if entry is None:
        return Step(reading.language.say(name), LATER, milestone=True)
    step = _reached(reading, reading.language.say(name), DONE, entry)
    return replace(step, milestone=True)


def _reached(reading: PageReader, name: str, state: str, entry: ShownEvent) -> Step:
    when = reading.moment(happened_at(entry), entry["office"], entry["at_quality"])
    by_law = entry["event"] == "deemed-approved"
    return Step(name, state, when, reading.language.say(BY_LAW) if by_law else reading.office_name(entry["office"]))


def _stages(reading: PageReader, phase: StagePhase, versions: range, *, closed: bool) -> Iterator[Step]:
    """Returns the stages of a phase. First come the entered stages. A stage counts as entered if the version of the
    event that entered it lies in `versions`. A stage is listed once for each time it was entered. After the entered
    stages, the other stages follow. If the phase is closed, the list contains no future stage and no current stage.
    """
    standard = reading.standard
    of_phase = [stage for stage in standard.stages if stage.phase is phase] if standard else []
    codes = {stage.code for stage in of_phase}
    entered = [stage for stage in reading.row["stages"] if stage["stage"] in codes]
    yield from (_of_entry(reading, stage, closed=closed) for stage in entered if _begun_by(stage) in versions)
    if closed:
        return
    seen = {stage["stage"] for stage in entered if not stage["undone_at"]}
    for stage in of_phase:
        if stage.code not in seen:
            yield Step(reading.language.of(stage.names), OPTIONAL if stage.optional else LATER)


def _begun_by(stage: StageEntry) -> int:
    return stage["entered_by"] or stage["completed_by"] or 0


def _of_entry(reading: PageReader, stage: StageEntry, *, closed: bool) -> Step:
    version = stage["completed_by"] or stage["entered_by"]
    timeline = {entry["version"]: entry for entry in reading.row["timeline"]}
    undone = timeline.get(stage["undone_by"] or 0)
    if undone:
        state = STOPPED if undone["event"] == "stage-ended" else UNDONE
    else:
        state = DONE if stage["completed_by"] else STOPPED if closed else NOW
    return _reached(reading, reading.stage_name(stage["stage"]), state, timeline[version or 0])


def _ahead(listed: list[Step]) -> list[Step]:
    """Gives the first future step the state NEXT, and the last future step the state LAST. If there is only one future
    step, its state is NEXT.
    """
    ahead = [place for place, step in enumerate(listed) if step.state == LATER]
    named = dict.fromkeys(ahead[-1:], LAST) | dict.fromkeys(ahead[:1], NEXT)
    return [replace(step, state=named.get(place, step.state)) for place, step in enumerate(listed)]
