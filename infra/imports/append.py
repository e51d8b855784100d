"""The second pass of an import: appends the events of a checked file to the log, at most 500 events in one call."""

from collections.abc import Container, Iterable, Iterator, Mapping, Sequence
from typing import Any
from uuid import UUID

import orjson
import psycopg

from domain.application.events import Submitted
from domain.application.standing import runs
from domain.codes import Role
from domain.registry.registry import Registry
from feeds.history.file_format import read_cases
from feeds.history.mapping import Mapping as LogMapping
from feeds.history.records import Reader
from feeds.history.source import Log, SourceCase, SourceError
from feeds.history.spill import Spill
from infra.eventstore.envelope import canonical, command_id, digest
from infra.eventstore.history import head_of, history_of, recorded_of
from infra.eventstore.identifiers import new_application_id
from infra.eventstore.recorder import Recorder, Save
from infra.eventstore.rows import rows_of
from infra.imports.check import Summary
from infra.imports.missing import Missing
from infra.imports.person_keys import PersonKeys
from infra.imports.runs import OpenRun
from infra.keys.key_store import DossierKey
from infra.keys.receipt_codes import ReceiptCodes
from infra.postgres.connections import connect
from infra.progress import Advance
from infra.projector.fold import REVISING_TOPICS
from service_layer.handlers.imports import Admitted, ImportedStream, ImportHandler, Undone
from service_layer.import_case import ImportCase, ImportItem
from service_layer.streams import CommandIdentity

EVENTS_PER_CALL = 500
CASES_PER_READ = 250


class PostgresImportStore:
    """Implements `service_layer.handlers.imports.ImportStore`.

    This class reads from `connection`, and appends with `recorder`.
    """

    def __init__(
        self,
        connection: psycopg.Connection[Any],
        recorder: Recorder,
        import_key: bytes,
        receipt_codes: ReceiptCodes,
        persons: PersonKeys,
        *,
        run: OpenRun,
    ) -> None:
        self.connection = connection
        self.recorder = recorder
        self.run = run
        self.key = import_key
        self.receipt_codes = receipt_codes
        self.persons = persons

    def new_number(self) -> str:
        return self.receipt_codes.new_number()

    def streams(self, source: str, keys: Sequence[str]) -> Mapping[str, ImportedStream]:
        """Implements `ImportStore.streams`.

        The table `claims` has a row for each submission. This row has the command id and the stream of the submission.
        """
        claims = {command_id(self.key, source, key).bytes: key for key in keys}
        found = self.connection.execute(CLAIMED, (list(claims),), prepare=True, binary=True).fetchall()
        streams = {claims[bytes(claim)]: stream for claim, stream in found}
        rows: dict[UUID, list[Any]] = {stream: [] for stream in streams.values()}
        for row in self.connection.execute(STREAMS, (list(rows),), prepare=True, binary=True) if rows else ():
            rows[row[0]].append(row[1:])
        return {
            key: _stream(streams[key], rows[streams[key]]) if key in streams else _stream(new_application_id(), [])
            for key in claims.values()
        }

    def identity(self, source: str, case: str, item: ImportItem, *, first: bool) -> CommandIdentity:
        key = case if first else _own_key(case, item)
        return CommandIdentity(command_id(self.key, source, key), digest(self.key, item.content))

    def restoring(self, stream: UUID, run: UUID, events: tuple[int, ...]) -> CommandIdentity:
        command = command_id(self.key, "import", f"restore\0{run}\0{stream}\0{self.run.times}\0{events}")
        return CommandIdentity(command, digest(self.key, {"events": list(events)}))

    def append(self, events: Sequence[tuple[ImportedStream, Admitted]]) -> int:
        if events:
            self.run.begin()
        stored = 0
        persons = {stream.stream: admitted.personal for stream, admitted in events if admitted.personal}
        keys = self.persons.keys_of(persons) if persons else {}
        for call in _calls(_by_stream(_saves(events, keys))):
            outcomes = self.recorder.append(call)
            stored += sum(len(save.events) for save, done in zip(call, outcomes, strict=True) if done.stored)
            if not all(done.stored for done in outcomes):
                break
        return stored


class Importer:
    """Appends the records of a checked file, or only counts the events that would be appended."""

    def __init__(
        self,
        conninfo: str,
        recorder: Recorder,
        import_key: bytes,
        receipt_codes: ReceiptCodes,
        persons: PersonKeys,
    ) -> None:
        self.conninfo = conninfo
        self.recorder = recorder
        self.key = import_key
        self.receipt_codes = receipt_codes
        self.persons = persons

    def append(
        self,
        file: Log,
        mapping: LogMapping,
        registry: Registry,
        summary: Summary,
        advance: Advance,
        *,
        run: OpenRun,
    ) -> None:
        """Appends the records of the file as events of `run`, and adds the counts of the results to `summary`.

        `advance` is called with the number of events of each batch. Raises SourceError if the file has changed since
        the check.
        """
        missing = Missing(summary.split)
        for handler, cases in self._batches(file, mapping, registry, run):
            tally = handler.append(cases)
            summary.add(tally)
            missing.see(tally)
            advance(sum(len(case.items) for case in cases))
        run.complete(
            applications=summary.new_applications,
            events=summary.new_events + summary.restored,
            duplicates=summary.duplicates,
            rejected=summary.rejected.total(),
        )
        summary.missing = missing.found(run)

    def foresee(
        self,
        file: Log,
        mapping: LogMapping,
        registry: Registry,
        summary: Summary,
        advance: Advance,
        *,
        run: OpenRun,
    ) -> None:
        """Stores nothing, but adds the same counts to `summary` as the method `append`.

        `registry` must already contain the editions that the import would publish. Raises SourceError if the file has
        changed since the check.
        """
        seen = Spill()  # a record may be in several traces of a case, but counts as new only in the first trace
        missing = Missing(summary.split)
        for handler, cases in self._batches(file, mapping, registry, run):
            tally = handler.foresee(cases, seen)
            summary.add(tally)
            missing.see(tally)
            advance(sum(len(case.items) for case in cases))
        summary.missing = missing.found(run)

    def _batches(
        self, file: Log, mapping: LogMapping, registry: Registry, run: OpenRun
    ) -> Iterator[tuple[ImportHandler, list[ImportCase]]]:
        reader = Reader(file, mapping, registry)
        with connect(self.conninfo, autocommit=True) as connection:
            store = PostgresImportStore(connection, self.recorder, self.key, self.receipt_codes, self.persons, run=run)
            handler = ImportHandler(store, mapping.source, registry, run.of_import)
            for sources in _some_at_a_time(read_cases(file, mapping)):
                cases = [case for case in map(reader.case, sources) if case.items]
                if reader.unknown:
                    raise SourceError(file, "the file", "the file changed after the check", "the file that was checked")
                yield handler, cases


def _stream(stream: UUID, rows: Sequence[Sequence[Any]]) -> ImportedStream:
    states = [orjson.loads(bytes(state)) for _, _, state, *_ in rows]
    stands: Container[int] = {version for version, *_ in rows}
    undone: dict[str, list[Undone]] = {}
    if any(topic in REVISING_TOPICS for _, topic, *_ in rows):
        history = [recorded_of(row) for row in rows]
        stands = runs(history)
        for recorded, state in zip(history, states, strict=True):
            if recorded.version not in stands:
                undone.setdefault(state["command"], []).append(Undone(recorded, state["digest"]))
    known = [state for (version, *_), state in zip(rows, states, strict=True) if version in stands]
    return ImportedStream(
        stream,
        {state["command"]: state["digest"] for state in known},
        lambda: history_of(stream, rows),
        undone,
        frozenset(state["command"] for state in known if state["by"] == Role.IMPORT),
    )


def _saves(
    events: Sequence[tuple[ImportedStream, Admitted]], keys: Mapping[UUID, Mapping[str, DossierKey]]
) -> Iterator[Save]:
    """Yields one `Save` for each event. Each event contains the commitment to the previous event of its stream."""
    heads: dict[UUID, tuple[int, str]] = {}
    for stream, admitted in events:
        version, prev = heads.get(stream.stream) or (stream.history.application.version, head_of(stream.history))
        event, identity = admitted.event, admitted.identity
        [row], prev = rows_of(
            stream.stream,
            version,
            prev,
            [event],
            admitted.record.act,
            command=identity.command,
            digest=identity.digest,
            personal=admitted.personal,
            keys=keys.get(stream.stream),
        )
        heads[stream.stream] = (version + 1, prev)
        claims: tuple[bytes, ...] = ()
        if isinstance(event, Submitted) and version == 0:  # a stream that was taken back has its claims already
            claims = (identity.command.bytes, event.number.encode())
        yield Save((row,), claims)


CLAIMED = "SELECT claim, originator_id FROM claims WHERE claim = ANY(%s::bytea[])"
STREAMS = """
SELECT originator_id, originator_version, topic, state, notification_id, recorded_at FROM stored_events
WHERE originator_id = ANY(%s::uuid[]) ORDER BY originator_id, originator_version
"""


def _by_stream(saves: Iterable[Save]) -> list[Save]:
    """Joins the `Save` objects of each stream into larger objects, which have at most EVENTS_PER_CALL events."""
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
    """Divides the `Save` objects into groups. Each group is passed to the recorder in one call.

    A call has at most one `Save` of each stream. If a stream has several `Save` objects, each of them except the last
    one is alone in its call. If another writer has appended to the stream, the recorder refuses the `Save`, and the
    caller stops. So the log never has later events of a stream without the earlier events.
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


def _own_key(case: str, item: ImportItem) -> str:
    """Returns the idempotency key of an event. If the event has an id in the file, the key contains this id.

    Otherwise the key contains the content of the event and a number. Events with equal content have different numbers.
    See docs/event-format.md, Commands and digests.
    """
    if item.own_id:
        return f"{case}\0{item.own_id}"
    return f"{case}\0{canonical(item.content).decode()}\0{item.ordinal}"


def _some_at_a_time(sources: Iterable[SourceCase]) -> Iterator[list[SourceCase]]:
    """Yields the cases in batches.

    A batch is complete when it has CASES_PER_READ cases or about EVENTS_PER_CALL events.
    """
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
