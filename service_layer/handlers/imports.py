"""The import handler compares the records of a source with the log. The handler turns each new record into an event,
and then appends this event.

Every record becomes a separate command. The idempotency key of this command never changes. So each record is stored
only once, even if the file is imported again or has another order. If a run was killed, a second run with the same file
completes the import.
"""

from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from functools import cached_property
from typing import Protocol
from uuid import UUID

from domain.application.admit import SourceRecord, admit
from domain.application.events import ApplicationEvent, Recorded, Submitted
from domain.application.evolve import Application, evolve, fold
from domain.application.import_events import ImportRestored
from domain.application.standing import beginning_again
from domain.codes import Channel, Quality, Role
from domain.provenance import Act
from domain.registry.registry import Registry
from service_layer.event_store import PersonalParts
from service_layer.import_case import ImportCase, ImportItem
from service_layer.streams import CommandIdentity, StreamHistory

TRIES = 20
CHANGED = "changed since it was imported"


@dataclass(frozen=True, slots=True)
class Admitted:
    """A record that the log does not have yet, and the event that is made from this record."""

    record: SourceRecord
    event: ApplicationEvent
    identity: CommandIdentity
    personal: PersonalParts = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Undone:
    """An event that was taken back, and the digest of the record from which the event was made."""

    recorded: Recorded
    digest: str


@dataclass(frozen=True, slots=True)
class RunOfImport:
    """The run that brings the records. `at` is the time of its start, in UTC."""

    id: UUID
    at: datetime


class ImportedStream:
    """An application while a batch is imported. `commands` maps the id of each command of the application's stream to
    the digest of the command. The state of the application is folded only if the batch adds an event. So no state is
    folded if the same file is imported again. `is_stored` says whether the log had the application before the batch.

    `undone` holds the events that were taken back, by the id of their command. They are not in `commands`. `imported`
    holds the commands of the imported events that stand.
    """

    def __init__(
        self,
        stream: UUID,
        commands: dict[str, str],
        load: Callable[[], StreamHistory],
        undone: Mapping[str, Sequence[Undone]] | None = None,
        imported: frozenset[str] = frozenset(),
    ) -> None:
        self.stream = stream
        self.commands = commands
        self.undone = undone or {}
        self.imported = imported
        self.is_stored = bool(commands or undone)
        self._load = load
        self._restored: list[int] = []
        self._last_restored = 0
        self._has_new = False
        self._is_back = False

    @cached_property
    def history(self) -> StreamHistory:
        """Returns the application as it is stored in the log."""
        return self._load()

    @cached_property
    def application(self) -> Application:
        """Returns the application with the events that this batch adds, and with the events that it restores."""
        return fold(self._basis) if self.undone else self.history.application

    @cached_property
    def _basis(self) -> list[Recorded]:
        return beginning_again([entry.recorded for entry in self.history.entries])

    @property
    def number(self) -> str | None:
        """Returns the tracking number that the application already has, also if its submission was taken back."""
        events = [entry.recorded.event for entry in self.history.entries] if self.undone else []
        return next((event.number for event in events if isinstance(event, Submitted)), None)

    def restore(self, admitted: Admitted) -> bool:
        """If the same event was taken back, lets this event stand again, and returns True.

        The events that stand are in the order of the file. So after a new event, no earlier event is restored.
        """
        record, identity = admitted.record, admitted.identity
        for undone in () if self._has_new else self.undone.get(str(identity.command), ()):
            before = undone.recorded
            same_act = replace(record.act, actor=before.act.actor) == before.act
            if same_act and (before.event, undone.digest) == (admitted.event, identity.digest):
                if before.version <= self._last_restored:
                    continue
                self._restored.append(before.version)
                self._last_restored = before.version
                self.application = evolve(self.application, before)
                self.commands[str(identity.command)] = identity.digest
                return True
        return False

    def take_restored(self) -> tuple[int, ...] | None:
        """Returns the versions of the events that were restored since the last call. Returns None if there is nothing
        to say.

        If the whole application was taken back, new events need an event that says that the application is back.
        """
        is_back = bool(self.undone) and not self._basis and self._has_new and not self._is_back
        versions, self._restored = tuple(self._restored), []
        if not versions and not is_back:
            return None
        self._is_back = True
        return versions

    def move(self, admitted: Admitted) -> None:
        self._has_new = True
        version = self.application.version + 1
        recorded = Recorded(version=version, act=admitted.record.act, event=admitted.event)
        self.application = evolve(self.application, recorded)
        self.commands[str(admitted.identity.command)] = admitted.identity.digest


class SeenCommands(Protocol):
    """The commands of a whole file, each with its digest."""

    def get(self, key: bytes) -> str | None: ...
    def put(self, key: bytes, value: str) -> None: ...


class ImportStore(Protocol):
    """The interface through which the import handler reads and changes the log. Every method may raise the errors of
    the database driver.
    """

    def new_number(self) -> str:
        """Returns a new tracking number."""
        ...

    def streams(self, source: str, keys: Sequence[str]) -> Mapping[str, ImportedStream]:
        """Maps the key of each case to its application. A case that is not in the log gets a new stream."""
        ...

    def identity(self, source: str, case: str, item: ImportItem, *, first: bool) -> CommandIdentity:
        """Returns the identity of the command for one record. For a submission, the identity is made from the case. For
        another record, the identity is made from the record's own id. If the record has no id, the identity is made
        from the record's content.
        """
        ...

    def restoring(self, stream: UUID, run: UUID, events: tuple[int, ...]) -> CommandIdentity:
        """Returns the identity of the command that restores these events of the stream."""
        ...

    def append(self, events: Sequence[tuple[ImportedStream, Admitted]]) -> int:
        """Appends the drafts in order. Stops at the first stream that another process has changed since the stream was
        read. Returns the number of stored events.
        """
        ...


@dataclass(slots=True)
class ImportTally:
    """The result of one batch. `rejected` counts the rejected records by reason. `duplicates` includes the restored
    events: they were taken back, and stand again. `applications` counts the new and the restored submissions. `missing`
    names each case, its application, and the commands of earlier imports that the records of the case do not have.
    """

    new_events: int = 0
    duplicates: int = 0
    restored: int = 0
    applications: int = 0
    deviating: int = 0
    rejected: Counter[str] = field(default_factory=Counter)
    missing: list[tuple[str, ImportedStream, frozenset[str]]] = field(default_factory=list)


class ImportHandler:
    """Imports the cases of a single source, as records of a run."""

    def __init__(self, store: ImportStore, source: str, registry: Registry, run: RunOfImport) -> None:
        self.store = store
        self.source = source
        self.registry = registry
        self.run = run

    def append(self, cases: Sequence[ImportCase]) -> ImportTally:
        """Appends the new records. After a conflict, the log is read again. If another process has already stored a
        record, this record counts as a duplicate.

        Raises TimeoutError if the conflicts do not end.
        """
        stored = 0
        for _ in range(TRIES):
            tally = ImportTally()
            new = [
                (stream, admitted)
                for case, stream in self._streams(cases)
                for admitted in self._admitted(case, stream, tally, None)
            ]
            done = self.store.append(new)
            stored += done
            if done == len(new):
                tally.new_events = stored - sum(isinstance(each.event, ImportRestored) for _, each in new)
                tally.duplicates -= stored - done
                return tally
        raise TimeoutError("another client keeps writing to the same applications: run the import again")

    def foresee(self, cases: Sequence[ImportCase], seen: SeenCommands) -> ImportTally:
        """Does the same as `append`, but stores nothing. `seen` holds the commands that earlier batches would have
        stored.
        """
        tally = ImportTally()
        for case, stream in self._streams(cases):
            for admitted in self._admitted(case, stream, tally, seen):
                seen.put(admitted.identity.command.bytes, admitted.identity.digest)
                tally.new_events += not isinstance(admitted.event, ImportRestored)
        return tally

    def _streams(self, cases: Sequence[ImportCase]) -> list[tuple[ImportCase, ImportedStream]]:
        """Returns each case with its application. A case that an earlier release stored keeps its earlier key."""
        spelled = [case.spelled_key for case in cases if case.spelled_key]
        streams = self.store.streams(self.source, [*(case.key for case in cases), *spelled])
        known = [
            replace(case, key=case.spelled_key)
            if case.spelled_key and streams[case.spelled_key].is_stored and not streams[case.key].is_stored
            else case
            for case in cases
        ]
        return [(case, streams[case.key]) for case in known]

    def _admitted(
        self, case: ImportCase, stream: ImportedStream, tally: ImportTally, seen: SeenCommands | None
    ) -> Iterator[Admitted]:
        """Yields the records that the log does not have yet. Each record is added to `stream` before the next record is
        checked. If records were taken back earlier and stand again, an event that says so comes first.
        """
        new = list(self._new(case, stream, tally, seen))
        restored = stream.take_restored()
        if restored is not None:
            yield self._restoring(stream, restored)
        yield from new

    def _restoring(self, stream: ImportedStream, versions: tuple[int, ...]) -> Admitted:
        by = Act(at=self.run.at, at_quality=Quality.SERVER, by=Role.IMPORT, channel=Channel.INTERNAL, actor=self.run.id)
        event = ImportRestored(run=self.run.id, events=versions)
        identity = self.store.restoring(stream.stream, self.run.id, versions)
        return Admitted(SourceRecord(act=by, event=event), event, identity)

    def _new(
        self, case: ImportCase, stream: ImportedStream, tally: ImportTally, seen: SeenCommands | None
    ) -> Iterator[Admitted]:
        told: set[str] = set()
        for place, item in enumerate(case.items):
            identity = self.store.identity(self.source, case.key, item, first=place == 0)
            told.add(str(identity.command))
            known = stream.commands.get(str(identity.command))
            if known is None and seen is not None:
                known = seen.get(identity.command.bytes)
            if known == identity.digest:
                tally.duplicates += 1
            elif stream.is_stored and (spelled := self._stored_as_spelled(case, item, stream, place)):
                told.add(spelled)
                tally.duplicates += 1
            elif known is not None:
                tally.rejected[CHANGED] += 1
            else:
                record = self._of_run(item.record, stream)
                event = admit(record, stream.application, self.registry)
                admitted = Admitted(record, event, identity, item.personal)
                tally.applications += isinstance(event, Submitted)
                if stream.restore(admitted):
                    tally.duplicates += 1
                    tally.restored += 1
                    if seen is not None:
                        seen.put(identity.command.bytes, identity.digest)
                    continue
                tally.deviating += event.deviates is not None
                stream.move(admitted)
                yield admitted
        tally.missing.append((case.key, stream, stream.imported - told))

    def _stored_as_spelled(self, case: ImportCase, item: ImportItem, stream: ImportedStream, place: int) -> str | None:
        """If an earlier release stored the record, returns the id of its command. Earlier releases identified a record
        by its spelling in the file.
        """
        spelled = item.as_spelled()
        if spelled is None:
            return None
        identity = self.store.identity(self.source, case.key, spelled, first=place == 0)
        command = str(identity.command)
        return command if stream.commands.get(command) == identity.digest else None

    def _of_run(self, record: SourceRecord, stream: ImportedStream) -> SourceRecord:
        """Returns the record with the run as its actor. A submission gets a tracking number."""
        record = replace(record, act=replace(record.act, actor=self.run.id))
        if isinstance(record.event, Submitted):
            return replace(record, event=replace(record.event, number=stream.number or self.store.new_number()))
        return record
