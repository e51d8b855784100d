"""An import from its first pass to its last event: this module checks a source, registers its offices and its service,
and appends its events.
"""

import asyncio
from collections.abc import Callable
from contextlib import AbstractContextManager

from feeds.history.mapping import Mapping
from feeds.history.source import Log
from infra.composition import Installation
from infra.imports.append import Importer
from infra.imports.check import Summary, check, register
from infra.imports.person_keys import PersonKeys
from infra.imports.runs import OpenRun, Runs
from infra.progress import Advance

Bar = Callable[[str, int, str], AbstractContextManager[Advance]]
"""Shows the progress of one step: what is done, how many units there are, and the name of a unit."""


async def checked(made: Installation, log: Log, mapping: Mapping, size: int, bar: Bar) -> Summary:
    """Reads the whole source and stores nothing. Raises SourceError, MappingIncomplete."""
    registry = await made.editions.registry()
    with bar("checking", size, "B") as advance:
        return await asyncio.to_thread(check, log, mapping, registry, advance)


async def appended(made: Installation, log: Log, mapping: Mapping, summary: Summary, bar: Bar) -> None:
    """Appends the events of a checked source, and adds the counts of the results to `summary`. Raises SourceError."""
    registry = await register(mapping, made.editions, made.recorder, made.named.commands[0])
    importer, run = importer_of(made), await asyncio.to_thread(open_run, made, log, mapping)
    with bar("importing", summary.events - summary.rejected.total(), "ev") as advance:
        await asyncio.to_thread(importer.append, log, mapping, registry, summary, advance, run=run)


def runs_of(made: Installation) -> Runs:
    return Runs(made.databases.serving, made.recorder, made.named.imports)


def open_run(made: Installation, log: Log, mapping: Mapping) -> OpenRun:
    """Returns the run of this source with this mapping. Stores nothing."""
    return runs_of(made).open(log, mapping)


def importer_of(made: Installation) -> Importer:
    persons = PersonKeys(made.keys, asyncio.get_running_loop())
    return Importer(made.databases.serving, made.recorder, made.named.imports, made.receipt_codes, persons)
