"""Runs: this module stores and reads the runs of imports. Each run has its own stream (domain/import_runs.py)."""

import hashlib
import os
import pwd
import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from itertools import groupby
from pathlib import Path
from typing import Any, cast
from uuid import UUID

import msgspec

from domain.application.events import Recorded, Submitted
from domain.application.standing import runs as runs_of
from domain.codes import Channel, Role
from domain.import_runs import MAPPING_LONGEST, Run, RunCompleted, RunEvent, RunStarted, RunState, evolve
from domain.provenance import Act
from feeds.history.mapping import Mapping
from feeds.history.source import Log
from infra.eventstore.envelope import b64, canonical, command_id, commitment, digest
from infra.eventstore.history import STREAM, entry_of, recorded_of
from infra.eventstore.identifiers import registry_id
from infra.eventstore.recorder import Recorder, Save
from infra.eventstore.rows import rows_of
from infra.postgres.connections import LONG_SECONDS, connect
from service_layer.handlers.imports import RunOfImport

STREAMS_PER_READ = 250
ACCOUNT = re.compile(r"[a-z_][a-z0-9_.-]{0,31}")
CHUNK = 1 << 20

RUNS = """
SELECT originator_id, originator_version, topic, state, notification_id, recorded_at FROM stored_events
WHERE topic NOT LIKE 'application.%%' AND topic NOT LIKE 'satisfaction.%%' AND topic NOT LIKE 'intake.%%'
    AND topic LIKE 'import.%%' ORDER BY notification_id
"""
OF_RUN = """
SELECT DISTINCT originator_id FROM stored_events
WHERE notification_id > %s AND starts_with(topic, 'application.') AND position(%s::bytea IN state) > 0
"""
SUBMITTED = """
SELECT originator_id FROM stored_events
WHERE notification_id > %s AND topic = 'application.submitted.v1'
    AND EXISTS (SELECT FROM unnest(%s::bytea[]) AS run WHERE position(run IN state) > 0)
"""
HISTORIES = """
SELECT originator_id, originator_version, topic, state, notification_id, recorded_at FROM stored_events
WHERE originator_id = ANY(%s::uuid[]) ORDER BY originator_id, originator_version
"""


class NoSuchRun(Exception):
    """No run, or more than one run, has an id that begins like this."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ListedRun:
    """A run, and the position of its first event in the log. No event of the run is before this position."""

    run: Run
    position: int
    starts: int = 0


class Runs:
    """The runs of an installation. `key` is the key of the identities of imports."""

    def __init__(self, conninfo: str, recorder: Recorder, key: bytes) -> None:
        self.conninfo = conninfo
        self.recorder = recorder
        self.key = key

    def listed(self) -> list[ListedRun]:
        """Returns all runs, in the order in which they were started."""
        found: dict[UUID, ListedRun] = {}
        with connect(self.conninfo) as connection:
            rows = connection.execute(RUNS).fetchall()
        for stream, *row in rows:
            known = found.get(stream) or ListedRun(run=Run(id=stream), position=row[3] - 1)
            recorded = recorded_of(row)
            event = cast("RunEvent", recorded.event)
            run = evolve(known.run, event, recorded.act.at)
            found[stream] = replace(known, run=run, starts=known.starts + isinstance(event, RunStarted))
        return list(found.values())

    def named(self, beginning: str) -> ListedRun:
        """Returns the run whose id begins with these characters. Raises NoSuchRun."""
        found = [each for each in self.listed() if str(each.run.id).startswith(beginning.lower())]
        if len(found) != 1 or not beginning:
            what = "no run has" if not found else f"{len(found)} runs have"
            raise NoSuchRun(f"{what} an id that begins with {beginning!r}: `jejak import --list` lists the runs")
        return found[0]

    def open(self, log: Log, mapping: Mapping) -> "OpenRun":
        """Returns the run of this file with this mapping. Stores nothing yet.

        All imports of one query of a database with one mapping are one run.
        """
        content, size = content_of(log)
        text = canonical(msgspec.to_builtins(mapping)).decode()
        source = mapping.source
        started = RunStarted(
            source=source,
            file=content,
            size=size,
            mapping=hashlib.sha256(text.encode()).hexdigest(),
            text=text if len(text) <= MAPPING_LONGEST else None,
            account=account(),
        )
        run_id = registry_id("import", f"{source}/{started.file}/{started.mapping}")
        all_runs = self.listed()
        known = next((each for each in all_runs if each.run.id == run_id), None)
        of_source = [each for each in all_runs if each.run.started and each.run.started.source == source]
        found = known or ListedRun(run=Run(id=run_id), position=0)
        return OpenRun(self, found, started, of_source, is_whole=isinstance(log, Path))

    def append(self, run: UUID, event: RunEvent) -> None:
        """Appends an event to the stream of the run."""
        with connect(self.conninfo) as connection:
            last = [entry_of(row) for row in connection.execute(STREAM, (run,)).fetchall()][-1:]
        version = last[0].recorded.version if last else 0
        prev = b64(commitment(run, version, last[0].topic, last[0].state)) if last else ""
        rows, _ = rows_of(
            run,
            version,
            prev,
            [event],
            Act(at=datetime.now(UTC), by=Role.SYSTEM, channel=Channel.INTERNAL),
            command=command_id(self.key, "import", f"run\0{run}\0{version + 1}"),
            digest=digest(self.key, {}),
        )
        [outcome] = self.recorder.append([Save(tuple(rows))])
        if not outcome.stored:
            raise TimeoutError("another process works on the same run of an import: try again later")

    def histories(self, streams: Sequence[UUID]) -> Iterator[tuple[UUID, list[tuple[Any, ...]], list[Recorded]]]:
        """Yields each stream with its rows and its events."""
        with connect(self.conninfo, seconds=LONG_SECONDS, autocommit=True) as connection:
            for start in range(0, len(streams), STREAMS_PER_READ):
                some = list(streams[start : start + STREAMS_PER_READ])
                rows = connection.execute(HISTORIES, (some,), binary=True).fetchall()
                for stream, own in groupby(rows, key=lambda row: row[0]):
                    of_stream = [row[1:] for row in own]
                    yield stream, of_stream, [recorded_of(row) for row in of_stream]

    def streams(self, listed: ListedRun) -> list[UUID]:
        """Returns the applications with an event that the run brought or restored."""
        with connect(self.conninfo, seconds=LONG_SECONDS) as connection:
            found = connection.execute(OF_RUN, (listed.position, str(listed.run.id).encode())).fetchall()
        return [stream for (stream,) in found]

    def submitted(self, runs: Sequence[ListedRun]) -> list[UUID]:
        """Returns the applications whose submissions these runs have ever brought."""
        ids, position = [str(each.run.id).encode() for each in runs], min(each.position for each in runs)
        with connect(self.conninfo, seconds=LONG_SECONDS) as connection:
            found = connection.execute(SUBMITTED, (position, ids)).fetchall()
        return sorted({stream for (stream,) in found})

    def standing_of(self, listed: ListedRun) -> tuple[int, int]:
        """Counts the applications and the events that stand because of the run."""
        applications = events = 0
        for _, _, history in self.histories(self.streams(listed)):
            own = runs_of(history)
            mine = [each for each in history if own.get(each.version) == listed.run.id]
            applications += any(isinstance(each.event, Submitted) for each in mine)
            events += len(mine)
        return applications, events


class OpenRun:
    """The run of the file that is imported now. `of_source` holds the runs of the same source before the import.
    `is_whole` is false for a database, because a query may give only the newest rows.
    """

    def __init__(
        self, runs: Runs, known: ListedRun, started: RunStarted, of_source: Sequence[ListedRun], *, is_whole: bool
    ) -> None:
        self.is_whole = is_whole
        self.runs = runs
        self.known = known
        self.of_source = of_source
        self.of_import = RunOfImport(known.run.id, datetime.now(UTC))
        self.times = known.starts + (known.run.state is not RunState.STARTED)
        self._started = started
        self._has_begun = known.run.state in (RunState.STARTED, RunState.COMPLETED)
        self._is_new = known.run.state is RunState.STARTED

    def begin(self) -> None:
        """Stores the start of the run, before the first event of the run."""
        if not self._has_begun:
            self.runs.append(self.known.run.id, self._started)
        self._has_begun = self._is_new = True

    def complete(self, *, applications: int, events: int, duplicates: int, rejected: int) -> None:
        """Stores the end of the run. Does nothing if the run has brought nothing.

        `applications` and `events` count what this process has brought or restored.
        """
        if not self._is_new:
            return
        before = self.known.run
        if before.state is RunState.STARTED:  # an earlier process was killed, so its share must be counted in the log
            applications, events = self.runs.standing_of(self.known)
        elif before.state is RunState.COMPLETED:
            applications, events = before.applications + applications, before.events + events
        completed = RunCompleted(applications=applications, events=events, duplicates=duplicates, rejected=rejected)
        self.runs.append(before.id, completed)

    def absent(self, known: int, is_seen: Callable[[UUID], bool]) -> Iterator[tuple[str, list[Recorded]]]:
        """Yields the applications of the source's earlier runs that the file does not have: the number, and the events.

        `known` counts the applications of the file that the log already had.
        """
        stand = [each for each in self.of_source if each.run.state is not RunState.UNDONE]
        others = any(each.run.state is RunState.STARTED and each.run.id != self.known.run.id for each in stand)
        if not others and sum(each.run.applications for each in stand) <= known:
            return
        ids = {each.run.id for each in self.of_source}
        streams = [stream for stream in self.runs.submitted(self.of_source) if not is_seen(stream)]
        for _, _, history in self.runs.histories(streams):
            own = runs_of(history)
            events = [each for each in history if own.get(each.version) in ids]
            numbers = [each.event.number for each in events if isinstance(each.event, Submitted)]
            if numbers:
                yield numbers[-1], events


def content_of(file: Log) -> tuple[str, int]:
    """Returns the SHA-256 of a file, and its size in bytes. For a database, returns the SHA-256 of its address."""
    found, size = hashlib.sha256(), 0
    if not isinstance(file, Path):
        return hashlib.sha256(str(file).encode()).hexdigest(), 0
    with file.open("rb") as opened:
        while chunk := opened.read(CHUNK):
            found.update(chunk)
            size += len(chunk)
    return found.hexdigest(), size


def account() -> str | None:
    """Returns the account of the operating system that runs this process, if its name has the usual form."""
    try:
        name = pwd.getpwuid(os.getuid()).pw_name
    except KeyError:
        return None
    return name if ACCOUNT.fullmatch(name) else None
