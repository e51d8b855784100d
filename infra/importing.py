"""Brings an agency's past in: the whole file is checked first, then appended, at most 500 events a call.

Every record has its own command under a key that never changes, so the same file again, in another order or after a
kill, adds nothing, and a killed run is completed by the same call.
"""

from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from datetime import datetime
from pathlib import Path
from typing import Any
from uuid import UUID

import psycopg
from psycopg.rows import tuple_row

from domain.admission import admit
from domain.application import Application, evolve
from domain.data import instant
from domain.events import Recorded, Submitted
from domain.registry import OfficeRegistered, Registry
from feeds.mapping import Mapping, lines_to_add
from feeds.records import Case, Item, Reader
from feeds.source import SourceCase, SourceError
from feeds.xes import read_xes
from infra.identifiers import new_application_id
from infra.paper import Paper
from infra.store.editions import Editions
from infra.store.envelope import canonical, command_id, digest
from infra.store.history import History, history_of
from infra.store.recorder import Recorder, Save
from infra.store.writing import rows_of

EVENTS_PER_CALL = 500
CASES_PER_READ = 100
TRIES = 20

Progress = Callable[[int], None]


class MappingIncomplete(Exception):
    """The mapping lacks words of the file. `lines` is the TOML to add."""

    def __init__(self, lines: list[str]) -> None:
        super().__init__("the mapping does not know all words of the file")
        self.lines = lines


@dataclass(slots=True)
class Summary:
    """What a file states, and what of it was new. `first` and `last`: the earliest and latest `at`, UTC."""

    applications: int = 0
    events: int = 0
    new_events: int = 0
    duplicates: int = 0
    rejected: Counter[str] = field(default_factory=Counter)
    first: datetime | None = None
    last: datetime | None = None
    dropped: tuple[str, ...] = ()

    def see(self, case: Case) -> None:
        times = [item.record.act.at for item in case.items]
        self.events += len(times)
        self.first = min([*times, self.first] if self.first else times)
        self.last = max([*times, self.last] if self.last else times)

    def as_json(self) -> dict[str, Any]:
        return {
            "applications": self.applications,
            "events": self.events,
            "new_events": self.new_events,
            "duplicates": self.duplicates,
            "rejected": self.rejected.total(),
            "first": instant(self.first) if self.first else None,
            "last": instant(self.last) if self.last else None,
        }


def check(file: Path, mapping: Mapping, registry: Registry, progress: Progress) -> Summary:
    """The first pass: reads the whole file and stores nothing. Raises SourceError, MappingIncomplete."""
    reader, summary = Reader(file, mapping, registry), Summary()
    keys: set[int] = set()  # hashes: a case may stand in several traces, and its id may be long
    for source in read_xes(file, progress=progress):
        case = reader.case(source)
        summary.see(case)
        keys.add(hash(case.key))
    summary.applications = len(keys)
    if reader.unknown:
        raise MappingIncomplete(_lines(reader, mapping))
    summary.dropped = tuple(sorted(reader.dropped))
    return summary


def _lines(reader: Reader, mapping: Mapping) -> list[str]:
    """What to add to the mapping, ready to paste."""
    tables = (
        ("[activities]", reader.unknown.activities, '"stage"'),
        ("[offices.values]", reader.unknown.offices, f'{{ code = "{mapping.source}-…", id = "…", en = "…" }}'),
        ("[channels.values]", reader.unknown.channels, '"unknown"'),
    )
    return [line for head, counts, meaning in tables if counts for line in (head, *lines_to_add(counts, meaning))]


@dataclass(slots=True)
class Draft:
    """An application as far as this batch has come: its head, and the commands it holds with their digests."""

    stream: UUID
    application: Application
    prev: str
    commands: dict[str, str]


class Importer:
    """Appends the records of a checked file."""

    def __init__(self, conninfo: str, recorder: Recorder, import_key: bytes, paper: Paper) -> None:
        self.conninfo = conninfo
        self.recorder = recorder
        self.key = import_key
        self.paper = paper

    def append(self, file: Path, mapping: Mapping, registry: Registry, summary: Summary, progress: Progress) -> None:
        """The second pass. Counts what is new into `summary`."""
        reader = Reader(file, mapping, registry)
        with psycopg.connect(self.conninfo, autocommit=True, row_factory=tuple_row) as connection:
            for sources in _batches(read_xes(file, progress=progress)):
                cases = [reader.case(source) for source in sources]
                if reader.unknown:
                    raise SourceError(file, "the file", "it changed since it was checked", "the same file throughout")
                self._append_batch(connection, mapping.source, registry, cases, summary)

    def _append_batch(
        self,
        connection: psycopg.Connection[Any],
        source: str,
        registry: Registry,
        cases: list[Case],
        summary: Summary,
    ) -> None:
        """Tried again from its reading where somebody else wrote in between: what is stored by then is a duplicate."""
        stored = 0
        for _ in range(TRIES):
            drafts = self._drafts(connection, source, cases)
            counted = Summary()
            saves = [save for case in cases for save in self._saves(case, drafts[case.key], source, registry, counted)]
            done = self._store(saves)
            stored += done
            if done == len(saves):
                summary.new_events += stored
                summary.duplicates += counted.duplicates - (stored - done)
                summary.rejected += counted.rejected
                return
        raise TimeoutError("somebody else keeps writing to the same applications: run the import again")

    def _store(self, saves: list[Save]) -> int:
        """Appends until a save is refused. Returns how many are stored."""
        stored = 0
        for start in range(0, len(saves), EVENTS_PER_CALL):
            call = saves[start : start + EVENTS_PER_CALL]
            done = sum(outcome.stored for outcome in self.recorder.append(call))
            stored += done
            if done < len(call):
                break
        return stored

    def _drafts(self, connection: psycopg.Connection[Any], source: str, cases: list[Case]) -> dict[str, Draft]:
        """The applications of these cases as the log has them: the command of a submission is a claim."""
        claims = {command_id(self.key, source, case.key).bytes: case.key for case in cases}
        found = connection.execute(CLAIMED, (list(claims),), prepare=True, binary=True).fetchall()
        streams = {claims[bytes(claim)]: stream for claim, stream in found}
        rows: dict[UUID, list[Any]] = {stream: [] for stream in streams.values()}
        for row in connection.execute(STREAMS, (list(rows),), prepare=True, binary=True) if rows else ():
            rows[row[0]].append(row[1:])
        drafts = {}
        for key in claims.values():
            stream = streams.get(key)
            history = history_of(stream, rows[stream]) if stream else History(new_application_id(), (), Application())
            commands = {entry.command: entry.state["digest"] for entry in history.entries}
            drafts[key] = Draft(history.application_id, history.application, history.prev(), commands)
        return drafts

    def _saves(self, case: Case, draft: Draft, source: str, registry: Registry, counted: Summary) -> Iterator[Save]:
        for place, item in enumerate(case.items):
            identity = command_id(self.key, source, case.key if place == 0 else _own_key(case.key, item))
            body_digest = digest(self.key, item.content)
            known = draft.commands.get(str(identity))
            if known is not None:
                if known == body_digest:
                    counted.duplicates += 1
                else:
                    counted.rejected["changed since it was imported"] += 1
                continue
            yield self._save(item, draft, registry, identity, body_digest)

    def _save(self, item: Item, draft: Draft, registry: Registry, identity: UUID, body_digest: str) -> Save:
        """Admits the record and moves the draft on by one event."""
        record = item.record
        claims: tuple[bytes, ...] = ()
        if isinstance(record.event, Submitted):
            number = self.paper.new_number()
            record = replace(record, event=replace(record.event, number=number))
            claims = (identity.bytes, number.encode())
        event = admit(record, draft.application, registry)
        [row], draft.prev = rows_of(
            draft.stream,
            draft.application.version,
            draft.prev,
            [event],
            record.act,
            command=identity,
            digest=body_digest,
        )
        recorded = Recorded(version=row.originator_version, act=record.act, event=event)
        draft.application = evolve(draft.application, recorded)
        draft.commands[str(identity)] = body_digest
        return Save((row,), claims)


CLAIMED = "SELECT claim, originator_id FROM claims WHERE claim = ANY(%s::bytea[])"
STREAMS = """
SELECT originator_id, originator_version, topic, state, notification_id, recorded_at FROM stored_events
WHERE originator_id = ANY(%s::uuid[]) ORDER BY originator_id, originator_version
"""


def _own_key(case: str, item: Item) -> str:
    """Event-format, section 4: the event's own id, or else its content and its ordinal among equals."""
    if item.own_id:
        return f"{case}\0{item.own_id}"
    return f"{case}\0{canonical(item.content).decode()}\0{item.ordinal}"


def _batches(sources: Iterator[SourceCase]) -> Iterator[list[SourceCase]]:
    """Some cases at a time, bounded by cases and by events."""
    batch: list[SourceCase] = []
    events = 0
    for source in sources:
        batch.append(source)
        events += len(source.events) + 2
        if len(batch) == CASES_PER_READ or events >= EVENTS_PER_CALL:
            yield batch
            batch, events = [], 0
    if batch:
        yield batch


async def register(mapping: Mapping, editions: Editions, recorder: Recorder, command_key: bytes) -> Registry:
    """What the mapping names and the registry lacks becomes known, marked as imported."""
    registry = await editions.registry()
    wanted = [edition for edition in mapping.editions() if not _known(edition, registry)]
    await editions.publish(wanted, recorder, command_key)
    return await editions.registry()


def _known(edition: object, registry: Registry) -> bool:
    """An office that the registry has is not registered over; a service's stages may have become more."""
    return isinstance(edition, OfficeRegistered) and edition.code in registry.offices
