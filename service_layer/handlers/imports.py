"""The import handler: what a source says happened is compared with the log, and what is new is admitted and appended.

Every record has a command of its own under a key that never changes. So the same file again, in another order or after
a kill, adds nothing, and the same call completes a killed run.
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
from domain.registry.editions import Registry
from service_layer.import_case import ImportCase, ImportItem
from service_layer.streams import CommandIdentity, StreamHistory

TRIES = 20
CHANGED = "changed since it was imported"


@dataclass(frozen=True, slots=True)
class Admitted:
    """A record that is new in the log, as the event that it becomes."""

    record: SourceRecord
    event: ApplicationEvent
    identity: CommandIdentity


class ImportedStream:
    """An application as far as this batch has come: the commands it holds, with their digests, and its state.

    The state is folded only where an event is added; a file that is imported again adds none.
    """

    def __init__(self, stream: UUID, commands: dict[str, str], load: Callable[[], StreamHistory]) -> None:
        self.stream = stream
        self.commands = commands
        self._load = load

    @cached_property
    def history(self) -> StreamHistory:
        """As the log has it."""
        return self._load()

    @cached_property
    def application(self) -> Application:
        """With what this batch adds."""
        return self.history.application

    def move(self, admitted: Admitted) -> None:
        version = self.application.version + 1
        recorded = Recorded(version=version, act=admitted.record.act, event=admitted.event)
        self.application = evolve(self.application, recorded)
        self.commands[str(admitted.identity.command)] = admitted.identity.digest


class SeenCommands(Protocol):
    """Commands with their digests, as many as a file holds."""

    def get(self, key: bytes) -> str | None: ...
    def put(self, key: bytes, value: str) -> None: ...


class ImportStore(Protocol):
    """The log as the import handler needs it. Every method raises Unavailable's causes of its driver."""

    def new_number(self) -> str:
        """A fresh tracking number."""
        ...

    def streams(self, source: str, keys: Sequence[str]) -> Mapping[str, ImportedStream]:
        """The application of each case, by the case's key; a new stream where the log has none."""
        ...

    def identity(self, source: str, case: str, item: ImportItem, *, first: bool) -> CommandIdentity:
        """The command of one record: of the case for the submission, else of the record's own id or content."""
        ...

    def append(self, events: Sequence[tuple[ImportedStream, Admitted]]) -> int:
        """Appends in order, and stops where somebody else wrote in between. Returns how many events are stored."""
        ...


@dataclass(slots=True)
class ImportTally:
    """What one batch came to. `rejected` counts by reason."""

    new_events: int = 0
    duplicates: int = 0
    deviating: int = 0
    rejected: Counter[str] = field(default_factory=Counter)


class ImportHandler:
    """Admits the cases of one source."""

    def __init__(self, store: ImportStore, source: str, registry: Registry) -> None:
        self.store = store
        self.source = source
        self.registry = registry

    def append(self, cases: Sequence[ImportCase]) -> ImportTally:
        """Appends what is new. After a conflict the batch is read again: what is stored by then is a duplicate.

        Raises TimeoutError where conflicts go on.
        """
        stored = 0
        for _ in range(TRIES):
            tally, streams = ImportTally(), self._streams(cases)
            new = [
                (streams[case.key], admitted)
                for case in cases
                for admitted in self._admitted(case, streams[case.key], tally, None)
            ]
            done = self.store.append(new)
            stored += done
            if done == len(new):
                tally.new_events = stored
                tally.duplicates -= stored - done
                return tally
        raise TimeoutError("somebody else keeps writing to the same applications: run the import again")

    def foresee(self, cases: Sequence[ImportCase], seen: SeenCommands) -> ImportTally:
        """As `append`, but stores nothing. `seen` holds what earlier batches would have stored."""
        tally, streams = ImportTally(), self._streams(cases)
        for case in cases:
            for admitted in self._admitted(case, streams[case.key], tally, seen):
                seen.put(admitted.identity.command.bytes, admitted.identity.digest)
                tally.new_events += 1
        return tally

    def _streams(self, cases: Sequence[ImportCase]) -> Mapping[str, ImportedStream]:
        return self.store.streams(self.source, [case.key for case in cases])

    def _admitted(
        self, case: ImportCase, stream: ImportedStream, tally: ImportTally, seen: SeenCommands | None
    ) -> Iterator[Admitted]:
        """What the log does not have yet. The stream moves on by each record as the caller takes it."""
        for place, item in enumerate(case.items):
            identity = self.store.identity(self.source, case.key, item, first=place == 0)
            known = stream.commands.get(str(identity.command))
            if known is None and seen is not None:
                known = seen.get(identity.command.bytes)
            if known == identity.digest:
                tally.duplicates += 1
            elif known is not None:
                tally.rejected[CHANGED] += 1
            else:
                record = self._numbered(item.record)
                event = admit(record, stream.application, self.registry)
                tally.deviating += event.deviates is not None
                admitted = Admitted(record, event, identity)
                stream.move(admitted)
                yield admitted

    def _numbered(self, record: SourceRecord) -> SourceRecord:
        if isinstance(record.event, Submitted):
            return replace(record, event=replace(record.event, number=self.store.new_number()))
        return record
