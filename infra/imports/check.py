"""The first pass of an import: reads the whole file and stores nothing.

The second pass begins only if the first pass has found no fault. So no record of a faulty file is stored. The second
pass is in `infra/imports/append.py`.
"""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from functools import reduce
from math import ceil
from typing import Any

from domain.json_values import instant
from domain.registry.editions import OfficeRegistered, RegistryEvent, StandardPublished
from domain.registry.registry import Registry, evolve
from feeds.history.file_format import read_cases
from feeds.history.mapping import Mapping
from feeds.history.records import Reader
from feeds.history.registry_editions import editions
from feeds.history.source import Log, SourceError
from feeds.history.spill import Spill, fingerprint
from feeds.history.time_policy import Replaced
from feeds.history.vocabulary import Unknown, lines_to_add, toml_text
from infra.eventstore.editions import Editions
from infra.eventstore.recorder import Recorder
from infra.imports.missing import MissingEvents
from infra.progress import Advance
from service_layer.handlers.imports import ImportTally
from service_layer.import_case import ImportCase


class MappingIncomplete(Exception):
    """The file has words that the mapping does not explain. `lines` has the lines of TOML to add to the mapping."""

    def __init__(self, lines: list[str]) -> None:
        super().__init__("the mapping does not know all words of the file")
        self.lines = lines


@dataclass(slots=True)
class Summary:
    """The counts of an import, such as the number of events in the file and the number of new events.

    `first` is the time (UTC) of the earliest event in the file. `last` is the time (UTC) of the latest event.
    `replaced` counts the times that the policies of the mapping have replaced.
    `restored` counts the duplicates that an undo had taken back. `new_applications` counts the applications that are
    new or restored. `missing` tells of the events of earlier imports that the file does not have. `split` holds the
    fingerprints of the cases with several traces.
    """

    applications: int = 0
    events: int = 0
    new_events: int = 0
    duplicates: int = 0
    rejected: Counter[str] = field(default_factory=Counter)
    first: datetime | None = None
    last: datetime | None = None
    dropped: tuple[str, ...] = ()
    replaced: Replaced = field(default_factory=Replaced)
    restored: int = 0
    new_applications: int = 0
    missing: MissingEvents = field(default_factory=MissingEvents)
    split: set[bytes] = field(default_factory=set)
    deviating: int = 0

    def see(self, case: ImportCase) -> None:
        times = [item.record.act.at for item in case.items]
        self.events += len(times) + case.left_out.total()
        self.rejected += case.left_out
        if times:
            self.first = min([*times, self.first] if self.first else times)
            self.last = max([*times, self.last] if self.last else times)

    def add(self, tally: ImportTally) -> None:
        """Adds the counts of one batch."""
        self.new_events += tally.new_events
        self.duplicates += tally.duplicates
        self.deviating += tally.deviating
        self.rejected += tally.rejected
        self.restored += tally.restored
        self.new_applications += tally.applications

    def as_json(self) -> dict[str, Any]:
        return {
            "applications": self.applications,
            "events": self.events,
            "new_events": self.new_events,
            "duplicates": self.duplicates,
            "rejected": self.rejected.total(),
            "first": instant(self.first) if self.first else None,
            "last": instant(self.last) if self.last else None,
            **({"replaced": self.replaced.counts.total()} if self.replaced.counts else {}),
            **({"restored": self.restored} if self.restored else {}),
            **({"missing": self.missing.count} if self.missing.count else {}),
        }


def check(file: Log, mapping: Mapping, registry: Registry, progress: Advance) -> Summary:
    """Reads the whole file and counts its contents. Raises SourceError, MappingIncomplete."""
    reader, summary = Reader(file, mapping, registry), Summary()
    keys = Spill()  # a case may have several traces, but is counted once
    for source in read_cases(file, mapping, progress=progress):
        case = reader.case(source)
        summary.see(case)
        key = fingerprint(case.key.encode())
        if keys.count(key) > 1:
            summary.split.add(key)
    summary.applications = len(keys)
    if reader.unknown:
        raise MappingIncomplete(_lines(reader.unknown, mapping))
    summary.dropped, summary.replaced = tuple(sorted(reader.dropped)), reader.replaced
    if reader.replaced.share > mapping.replaced_at_most:
        raise _too_many(file, reader.replaced)
    return summary


def _too_many(file: Log, replaced: Replaced) -> SourceError:
    count, reasons = replaced.counts.total(), "; ".join(replaced.lines())
    wrong = f"the mapping replaces {count} times in {replaced.rows} rows: {reasons}"
    bound = ceil(replaced.share * 1000) / 1000
    return SourceError(file, "the file", wrong, f"times in the file, or replaced_at_most = {bound} in the mapping")


def _lines(unknown: Unknown, mapping: Mapping) -> list[str]:
    """Returns the lines of TOML that must be added to the mapping."""
    tables = [
        ("[activities]", unknown.activities, '"stage"'),
        ("[offices.values]", unknown.offices, f'{{ code = "{mapping.source}-…", id = "…", en = "…" }}'),
        ("[channels.values]", unknown.channels, '"unknown"'),
        ("[events.transitions]", unknown.transitions, '"completed"'),
        *(
            (f"[times.values]  # of the column {toml_text(column)}", counts, '"concluded"')
            for column, counts in unknown.times.items()
        ),
    ]
    return [line for head, counts, meaning in tables if counts for line in (head, *lines_to_add(counts, meaning))]


def foreseen(mapping: Mapping, registry: Registry) -> tuple[Registry, Sequence[RegistryEvent]]:
    """Computes what `register` would do, but publishes nothing.

    Returns two values: the new registry, and the editions that `register` would publish.
    """
    new: list[RegistryEvent] = []
    for edition in editions(mapping):
        match edition:
            case OfficeRegistered() if edition.code not in registry.offices:
                new.append(replace(edition, edition=1))
            case StandardPublished():
                number = registry.last_number(edition.service)
                if not registry.has_published(edition):
                    new.append(replace(edition, standard=number + 1))
            case _:
                pass
    return reduce(evolve, new, registry), new


async def register(mapping: Mapping, known: Editions, recorder: Recorder, command_key: bytes) -> Registry:
    """Publishes those offices of the mapping, and its service, that the registry does not have yet.

    The new entries are marked as imported. An office that the registry already has is left unchanged. A service gets a
    new standard if the registry does not have the standard of the mapping. Returns the new registry.
    """
    _, new = foreseen(mapping, await known.registry())
    await known.publish(new, recorder, command_key)
    return await known.registry()
