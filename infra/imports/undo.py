"""Undo: this module takes a run of an import back. An `ImportUndone` is appended to each application with an event of
the run. Nothing is deleted.

An undo that was killed is completed by a second undo of the same run.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, cast
from uuid import UUID

from domain.application.events import PinReset, Recorded, Submitted
from domain.application.import_events import ImportUndone
from domain.application.standing import REVISING, runs
from domain.codes import Channel, Role
from domain.import_runs import RunState, RunUndone
from domain.provenance import Act
from infra.eventstore.envelope import command_id, digest
from infra.eventstore.history import head_of, history_of
from infra.eventstore.recorder import Save
from infra.eventstore.rows import rows_of
from infra.imports.runs import STREAMS_PER_READ, ListedRun, Runs, account
from infra.progress import Advance

TRIES = 20


@dataclass(slots=True)
class TakenBack:
    """What an undo takes back. `worked_on` counts the applications that also have events of offices or citizens."""

    applications: int = 0
    events: int = 0
    worked_on: int = 0


def undo(run: ListedRun, of: Runs, advance: Advance, *, dry: bool = False) -> TakenBack:
    """Takes the run back. With `dry`, only counts. Raises TimeoutError if other processes keep writing."""
    streams = of.streams(run)
    counted = TakenBack()
    left = _pass(run, of, streams, counted, advance, dry=dry)
    for _ in range(TRIES):
        if not left:
            break
        left = _pass(run, of, left, TakenBack(), _silent, dry=dry)
    else:
        raise TimeoutError("another process keeps writing to the same applications: run the undo again")
    if not dry and run.run.state is not RunState.UNDONE:
        done = RunUndone(applications=counted.applications, events=counted.events, account=account())
        of.append(run.run.id, done)
    return counted


def _pass(
    run: ListedRun, of: Runs, streams: Sequence[UUID], counted: TakenBack, advance: Advance, *, dry: bool
) -> list[UUID]:
    """Takes back the events of the run in these streams. Returns the streams that another process has changed."""
    changed: list[UUID] = []
    for start in range(0, len(streams), STREAMS_PER_READ):
        some = streams[start : start + STREAMS_PER_READ]
        saves = []
        for stream, rows, history in of.histories(some):
            mine, is_undone = _of_run(history, run.run.id)
            if mine:
                counted.applications += 1
                counted.events += len(mine)
                counted.worked_on += _is_worked_on(history, mine)
                if not is_undone and not dry:
                    saves.append(_save(stream, rows, run.run.id, of.key))
        outcomes = of.recorder.append(saves) if saves else []
        pairs = zip(saves, outcomes, strict=True)
        changed += [cast("UUID", save.events[0].originator_id) for save, outcome in pairs if not outcome.stored]
        advance(len(some))
    return changed


def _of_run(history: Sequence[Recorded], run: UUID) -> tuple[list[Recorded], bool]:
    """Returns the events of the run that stand. If none stand because the run was taken back, returns those events and
    True.
    """
    for end in (len(history), *_undone_at(history, run)):
        own = runs(history[:end])
        if mine := [each for each in history[:end] if own.get(each.version) == run]:
            return mine, end < len(history)
    return [], False


def _undone_at(history: Sequence[Recorded], run: UUID) -> list[int]:
    places = [n for n, each in enumerate(history) if isinstance(each.event, ImportUndone) and each.event.run == run]
    return places[-1:]


def _is_worked_on(history: Sequence[Recorded], mine: Sequence[Recorded]) -> bool:
    own = runs(history)
    return any(isinstance(each.event, Submitted) for each in mine) and any(
        each.act.by is not Role.IMPORT and not isinstance(each.event, (PinReset, *REVISING))
        for each in history
        if each.version in own
    )


def _save(stream: UUID, rows: Sequence[tuple[Any, ...]], run: UUID, key: bytes) -> Save:
    history = history_of(stream, rows)
    version = history.application.version
    made, _ = rows_of(
        stream,
        version,
        head_of(history),
        [ImportUndone(run=run)],
        Act(at=datetime.now(UTC), by=Role.IMPORT, channel=Channel.INTERNAL),
        command=command_id(key, "import", f"undo\0{run}\0{stream}\0{version + 1}"),
        digest=digest(key, {}),
    )
    return Save(tuple(made))


def _silent(_count: int) -> None:
    pass
