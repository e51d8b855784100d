"""The import handler compares the records of a source with the log. The handler turns each new record into an event,
and then appends this event.

Every record becomes a separate command. The idempotency key of this command never changes. So each record is stored
only once, even if the file is imported again or has another order. If a run was killed, a second run with the same file
completes the import.
"""

from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import Protocol
from uuid import UUID

from domain.application.admit import SourceRecord, admit
from domain.application.events import ApplicationEvent, Recorded, Submitted
from domain.application.evolve import Application, evolve
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


class ImportedStream:
    """An application while a batch is imported. `commands` maps the id of each command of the application's stream to
    the digest of the command. The state of the application is folded only if the batch adds an event. So no state is
    folded if the same file is imported again. `is_stored` says whether the log had the application before the batch.
    """

    def __init__(self, stream: UUID, commands: dict[str, str], load: Callable[[], StreamHistory]) -> None:
        self.stream = stream
        self.commands = commands
        self.is_stored = bool(commands)
        self._load = load

    @cached_property
    def history(self) -> StreamHistory:
        """Returns the application as it is stored in the log."""
        return self._load()

    @cached_property
    def application(self) -> Application:
        """Returns the application with the events that this batch adds."""
        return self.history.application

    def move(self, admitted: Admitted) -> None:
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

    def append(self, events: Sequence[tuple[ImportedStream, Admitted]]) -> int:
        """Appends the drafts in order. Stops at the first stream that another process has changed since the stream was
        read. Returns the number of stored events.
        """
        ...


@dataclass(slots=True)
class ImportTally:
    """The result of one batch. `rejected` counts the rejected records by reason."""

    new_events: int = 0
    duplicates: int = 0
    deviating: int = 0
    rejected: Counter[str] = field(default_factory=Counter)


class ImportHandler:
    """Imports the cases of a single source."""

    def __init__(self, store: ImportStore, source: str, registry: Registry) -> None:
        self.store = store
        self.source = source
        self.registry = registry

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
                tally.new_events = stored
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
                tally.new_events += 1
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
        """Yields the records that the log does not have yet. Each yielded record is added to `stream` before the next
        record is checked.
        """
        for place, item in enumerate(case.items):
            identity = self.store.identity(self.source, case.key, item, first=place == 0)
            known = stream.commands.get(str(identity.command))
            if known is None and seen is not None:
                known = seen.get(identity.command.bytes)
            if known == identity.digest or (stream.is_stored and self._stored_as_spelled(case, item, stream, place)):
                tally.duplicates += 1
            elif known is not None:
                tally.rejected[CHANGED] += 1
            else:
                record = self._numbered(item.record)
                event = admit(record, stream.application, self.registry)
                tally.deviating += event.deviates is not None
                admitted = Admitted(record, event, identity, item.personal)
                stream.move(admitted)
                yield admitted

    def _stored_as_spelled(self, case: ImportCase, item: ImportItem, stream: ImportedStream, place: int) -> bool:
        """Returns whether an earlier release stored the record. Earlier releases identified a record by its spelling in
        the file.
        """
        spelled = item.as_spelled()
        if spelled is None:
            return False
        identity = self.store.identity(self.source, case.key, spelled, first=place == 0)
        return stream.commands.get(str(identity.command)) == identity.digest

    def _numbered(self, record: SourceRecord) -> SourceRecord:
        if isinstance(record.event, Submitted):
            return replace(record, event=replace(record.event, number=self.store.new_number()))
        return record
