"""Missing events: an earlier import brought them, and the file that is imported now does not have them any more."""

from collections.abc import Collection
from dataclasses import dataclass
from uuid import UUID

from domain.application.events import Recorded
from domain.clocks.marks import cause_of
from domain.json_values import instant
from domain.tracking_number import grouped
from feeds.history.spill import Spill, fingerprint
from infra.imports.runs import OpenRun
from service_layer.handlers.imports import ImportedStream, ImportTally

EXAMPLES_MAX = 3


@dataclass(slots=True)
class MissingEvents:
    """The number of missing events, and the first of them: the tracking number, the event and its time."""

    count: int = 0
    examples: tuple[str, ...] = ()

    def add(self, number: str, events: Collection[Recorded]) -> None:
        self.count += len(events)
        if len(self.examples) < EXAMPLES_MAX:
            told = [f"{grouped(number)} {cause_of(each)} {instant(each.act.at)}" for each in events]
            self.examples = (*self.examples, *told)[:EXAMPLES_MAX]


class Missing:
    """Collects the missing events of one file. `split` holds the fingerprints of the cases with several traces: an
    event of such a case is missing if no trace has it.
    """

    def __init__(self, split: Collection[bytes]) -> None:
        self._split = split
        self._missing = MissingEvents()
        self._left: dict[bytes, tuple[ImportedStream, frozenset[str]]] = {}
        self._seen = Spill()
        self._known = 0

    def see(self, tally: ImportTally) -> None:
        """Notes the cases of one batch."""
        for case, stream, left in tally.missing:
            if stream.imported:
                self._known += self._seen.count(stream.stream.bytes) == 1
            key = fingerprint(case.encode())
            if key in self._split:
                _, left_before = self._left.get(key, (stream, left))
                self._left[key] = (stream, left & left_before)
            elif left:
                self._add(stream, left)

    def found(self, run: OpenRun) -> MissingEvents:
        """Returns what is missing, also the applications of earlier runs of the source that the file does not have."""
        if not run.is_whole:
            return MissingEvents()
        for stream, left in self._left.values():
            self._add(stream, left)
        for number, events in run.absent(self._known, self._is_seen):
            self._missing.add(number, events)
        return self._missing

    def _is_seen(self, stream: UUID) -> bool:
        return self._seen.get(stream.bytes) is not None

    def _add(self, stream: ImportedStream, left: frozenset[str]) -> None:
        if left:
            entries = [entry.recorded for entry in stream.history.entries if entry.command in left]
            self._missing.add(stream.history.application.number, entries)
