"""The second pass of an import: a checked file is appended, at most 500 events a call.

Every record has its own command under a key that never changes, so the same file again, in another order or after a
kill, adds nothing, and a killed run is completed by the same call.
"""

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from pathlib import Path
from typing import Any
from uuid import UUID

import orjson
import psycopg
from psycopg.rows import tuple_row

from domain.application.admit import SourceRecord, admit
from domain.application.events import ApplicationEvent, Recorded, Submitted
from domain.application.evolve import Application, evolve
from domain.registry.editions import Registry
from feeds.history.file_format import read_cases
from feeds.history.import_case import ImportCase, Item
from feeds.history.mapping import Mapping
from feeds.history.records import Reader
from feeds.history.source import SourceCase, SourceError
from feeds.history.spill import Spill
from infra.eventstore.envelope import canonical, command_id, digest
from infra.eventstore.history import head_of, history_of
from infra.eventstore.identifiers import new_application_id
from infra.eventstore.recorder import Recorder, Save
from infra.eventstore.rows import rows_of
from infra.imports.check import Summary
from infra.keys.receipt_codes import ReceiptCodes
from infra.progress import Advance
from service_layer.streams import StreamHistory

EVENTS_PER_CALL = 500
CASES_PER_READ = 250
TRIES = 20


@dataclass(frozen=True, slots=True)
class Admitted:
    """A record that is not there yet, as the event that it becomes."""

    record: SourceRecord
    event: ApplicationEvent
    command: UUID
    digest: str


class ImportedStream:
    """An application as far as this batch has come: the commands it holds with their digests, and its head.

    The head is folded where an event is added, which a file that is imported again does not do.
    """

    def __init__(self, stream: UUID, rows: Sequence[Sequence[Any]]) -> None:
        self.stream = stream
        states = [orjson.loads(bytes(state)) for _, _, state, *_ in rows]
        self.commands: dict[str, str] = {state["command"]: state["digest"] for state in states}
        self._rows = rows

    @cached_property
    def _history(self) -> StreamHistory:
        return history_of(self.stream, self._rows)

    @cached_property
    def application(self) -> Application:
        return self._history.application

    @cached_property
    def prev(self) -> str:
        return head_of(self._history)

    def move(self, admitted: Admitted) -> None:
        version = self.application.version + 1
        recorded = Recorded(version=version, act=admitted.record.act, event=admitted.event)
        self.application = evolve(self.application, recorded)
        self.commands[str(admitted.command)] = admitted.digest


@dataclass(slots=True)
class Comparison:
    """One comparison of cases with the log: what they are compared by, and what was found.

    `seen`: commands with their digests beside those of the log.
    """

    source: str
    registry: Registry
    seen: Spill | None = None
    duplicates: int = 0
    deviating: int = 0
    rejected: Counter[str] = field(default_factory=Counter)

    def add_to(self, summary: Summary) -> None:
        summary.duplicates += self.duplicates
        summary.deviating += self.deviating
        summary.rejected += self.rejected

    def known(self, draft: ImportedStream, identity: UUID) -> str | None:
        """The digest under which this command is there already."""
        known = draft.commands.get(str(identity))
        return self.seen.get(identity.bytes) if known is None and self.seen is not None else known


class Importer:
    """Appends the records of a checked file, or says what that would do."""

    def __init__(self, conninfo: str, recorder: Recorder, import_key: bytes, paper: ReceiptCodes) -> None:
        self.conninfo = conninfo
        self.recorder = recorder
        self.key = import_key
        self.paper = paper

    def append(self, file: Path, mapping: Mapping, registry: Registry, summary: Summary, progress: Advance) -> None:
        """Counts what is new into `summary`. `progress` is told of events."""
        for connection, cases in self._batches(file, mapping, registry):
            self._append_batch(connection, cases, mapping.source, registry, summary)
            progress(sum(len(case.items) for case in cases))

    def foresee(self, file: Path, mapping: Mapping, registry: Registry, summary: Summary, progress: Advance) -> None:
        """As `append`, but stores nothing. `registry` is as it would be by then."""
        seen = Spill()  # a case may stand in several traces: what the first one brings is no longer new
        for connection, cases in self._batches(file, mapping, registry):
            drafts, found = self._drafts(connection, mapping.source, cases), Comparison(mapping.source, registry, seen)
            for case in cases:
                for admitted in self._admitted(case, drafts[case.key], found):
                    seen.put(admitted.command.bytes, admitted.digest)
                    summary.new_events += 1
            found.add_to(summary)
            progress(sum(len(case.items) for case in cases))

    def _batches(
        self, file: Path, mapping: Mapping, registry: Registry
    ) -> Iterator[tuple[psycopg.Connection[Any], list[ImportCase]]]:
        reader = Reader(file, mapping, registry)
        with psycopg.connect(self.conninfo, autocommit=True, row_factory=tuple_row) as connection:
            for sources in _some_at_a_time(read_cases(file, mapping)):
                cases = [case for case in map(reader.case, sources) if case.items]
                if reader.unknown:
                    raise SourceError(file, "the file", "it changed since it was checked", "the same file throughout")
                yield connection, cases

    def _append_batch(
        self,
        connection: psycopg.Connection[Any],
        cases: list[ImportCase],
        source: str,
        registry: Registry,
        summary: Summary,
    ) -> None:
        """Tried again from its reading where somebody else wrote in between: what is stored by then is a duplicate."""
        stored = 0
        for _ in range(TRIES):
            drafts, found = self._drafts(connection, source, cases), Comparison(source, registry)
            saves = _by_stream(
                self._save(admitted, drafts[case.key])
                for case in cases
                for admitted in self._admitted(case, drafts[case.key], found)
            )
            done = self._store(saves)
            stored += done
            if done == sum(len(save.events) for save in saves):
                summary.new_events += stored
                found.duplicates -= stored - done
                found.add_to(summary)
                return
        raise TimeoutError("somebody else keeps writing to the same applications: run the import again")

    def _store(self, saves: list[Save]) -> int:
        """Appends until a save is refused. Returns how many events are stored."""
        stored = 0
        for call in _calls(saves):
            outcomes = self.recorder.append(call)
            stored += sum(len(save.events) for save, done in zip(call, outcomes, strict=True) if done.stored)
            if not all(done.stored for done in outcomes):
                break
        return stored

    def _drafts(
        self, connection: psycopg.Connection[Any], source: str, cases: list[ImportCase]
    ) -> dict[str, ImportedStream]:
        """The applications of these cases as the log has them: the command of a submission is a claim."""
        claims = {command_id(self.key, source, case.key).bytes: case.key for case in cases}
        found = connection.execute(CLAIMED, (list(claims),), prepare=True, binary=True).fetchall()
        streams = {claims[bytes(claim)]: stream for claim, stream in found}
        rows: dict[UUID, list[Any]] = {stream: [] for stream in streams.values()}
        for row in connection.execute(STREAMS, (list(rows),), prepare=True, binary=True) if rows else ():
            rows[row[0]].append(row[1:])
        return {
            key: ImportedStream(streams[key], rows[streams[key]])
            if key in streams
            else ImportedStream(new_application_id(), [])
            for key in claims.values()
        }

    def _admitted(self, case: ImportCase, draft: ImportedStream, found: Comparison) -> Iterator[Admitted]:
        """What the log does not have yet. The draft moves on by each as it is taken."""
        for place, item in enumerate(case.items):
            identity = command_id(self.key, found.source, case.key if place == 0 else _own_key(case.key, item))
            body_digest = digest(self.key, item.content)
            known = found.known(draft, identity)
            if known == body_digest:
                found.duplicates += 1
            elif known is not None:
                found.rejected["changed since it was imported"] += 1
            else:
                admitted = self._admit(item.record, draft.application, found.registry, identity, body_digest)
                found.deviating += admitted.event.deviates is not None
                draft.move(admitted)
                yield admitted

    def _admit(
        self, record: SourceRecord, application: Application, registry: Registry, identity: UUID, body_digest: str
    ) -> Admitted:
        if isinstance(record.event, Submitted):
            record = replace(record, event=replace(record.event, number=self.paper.new_number()))
        return Admitted(record, admit(record, application, registry), identity, body_digest)

    def _save(self, admitted: Admitted, draft: ImportedStream) -> Save:
        """Its row, chained to the one before; the draft has moved on to it already."""
        event = admitted.event
        [row], draft.prev = rows_of(
            draft.stream,
            draft.application.version - 1,
            draft.prev,
            [event],
            admitted.record.act,
            command=admitted.command,
            digest=admitted.digest,
        )
        claims = (admitted.command.bytes, event.number.encode()) if isinstance(event, Submitted) else ()
        return Save((row,), claims)


CLAIMED = "SELECT claim, originator_id FROM claims WHERE claim = ANY(%s::bytea[])"
STREAMS = """
SELECT originator_id, originator_version, topic, state, notification_id, recorded_at FROM stored_events
WHERE originator_id = ANY(%s::uuid[]) ORDER BY originator_id, originator_version
"""


def _by_stream(saves: Iterable[Save]) -> list[Save]:
    """All of a stream together, at most EVENTS_PER_CALL to a save."""
    streams: dict[Any, list[Save]] = {}
    for save in saves:
        streams.setdefault(save.events[0].originator_id, []).append(save)
    return [
        Save(
            tuple(event for save in of_one[start : start + EVENTS_PER_CALL] for event in save.events),
            tuple(claim for save in of_one[start : start + EVENTS_PER_CALL] for claim in save.claims),
        )
        for of_one in streams.values()
        for start in range(0, len(of_one), EVENTS_PER_CALL)
    ]


def _calls(saves: Iterable[Save]) -> Iterator[list[Save]]:
    """Each with one save of a stream at the most, since a save with a successor fills its call.

    So where somebody else wrote to a stream in between, nothing is stored after a predecessor that is not.
    """
    call: list[Save] = []
    events = 0
    for save in saves:
        if call and events + len(save.events) > EVENTS_PER_CALL:
            yield call
            call, events = [], 0
        call.append(save)
        events += len(save.events)
    if call:
        yield call


def _own_key(case: str, item: Item) -> str:
    """The event's own id, or its content and ordinal among equals (docs/event-format.md, Commands and digests)."""
    if item.own_id:
        return f"{case}\0{item.own_id}"
    return f"{case}\0{canonical(item.content).decode()}\0{item.ordinal}"


def _some_at_a_time(sources: Iterable[SourceCase]) -> Iterator[list[SourceCase]]:
    """Bounded by cases and by events."""
    batch: list[SourceCase] = []
    events = 0
    for source in sources:
        batch.append(source)
        events += len(source.events) + len(source.rows) + 2
        if len(batch) == CASES_PER_READ or events >= EVENTS_PER_CALL:
            yield batch
            batch, events = [], 0
    if batch:
        yield batch
