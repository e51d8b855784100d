"""The verbs that import old records: `jejak import` and `jejak mapping`."""

import argparse
import asyncio
import json
import os
import sys
from collections.abc import Sequence
from pathlib import Path

from domain.registry.editions import OfficeRegistered, RegistryEvent, StandardPublished
from feeds.history.draft import PASSES, drafted
from feeds.history.mapping import Mapping
from feeds.history.mapping_file import read_mapping
from infra import logs
from infra.cli.serving import projecting
from infra.cli.terminal import EXIT_WRONG, bar, settings
from infra.cli.verb import Verb
from infra.composition import installation
from infra.imports.append import Importer
from infra.imports.check import MappingIncomplete, Summary, check, foreseen, register
from infra.imports.listing import as_json, table
from infra.imports.runs import ListedRun, Runs, content_of
from infra.imports.undo import TakenBack, undo
from infra.postgres.databases import Databases, databases
from infra.projector.runner import wait_until_caught_up
from infra.queries.statistics import forget

NAMED_MAX = 20
NICENESS = 10
"""The number by which the import lowers the priority of its own process. So the requests to the API are handled first.
"""


def import_file(options: argparse.Namespace) -> int:
    logs.configure()
    if options.list:
        return _list(options)
    if options.undo is not None:
        return _undo(options)
    mapping = read_mapping(options.mapping)
    with databases(settings()) as found:
        try:
            summary = asyncio.run(_import(options, mapping, found))
        except MappingIncomplete as incomplete:
            print(f"jejak: {options.mapping}: {incomplete}. Add these lines:\n", file=sys.stderr)
            print("\n".join(incomplete.lines), file=sys.stderr)
            return EXIT_WRONG
    _report(summary)
    if options.dry_run:
        print("dry run: nothing was stored; run the command without --dry-run to store the events", file=sys.stderr)
    print(json.dumps(summary.as_json()))
    return 0


async def _import(options: argparse.Namespace, mapping: Mapping, found: Databases) -> Summary:
    os.nice(NICENESS)  # the database server is already running, so its priority is not lowered
    async with installation(settings(), found) as made:
        registry = await made.editions.registry()
        with bar("checking", _size(options.file), "B") as advance:
            summary = await asyncio.to_thread(check, options.file, mapping, registry, advance)
        coming = summary.events - summary.rejected.total()
        importer = Importer(found.serving, made.recorder, made.named.imports, made.receipt_codes)
        text = options.mapping.read_text(encoding="utf-8")
        runs = Runs(found.serving, made.recorder, made.named.imports)
        run = runs.open(mapping.source, *await asyncio.to_thread(content_of, options.file), text)
        if options.dry_run:
            registry, new = foreseen(mapping, registry)
            with bar("comparing", coming, "ev") as advance:
                await asyncio.to_thread(importer.foresee, options.file, mapping, registry, summary, advance, run=run)
            _foretell(summary, new)
            return summary
        registry = await register(mapping, made.editions, made.recorder, made.named.commands[0])
        with projecting(found):
            with bar("importing", coming, "ev") as advance:
                await asyncio.to_thread(importer.append, options.file, mapping, registry, summary, advance, run=run)
            await asyncio.to_thread(wait_until_caught_up, found.serving)
        await forget(made.pool)
    return summary


def _undo(options: argparse.Namespace) -> int:
    with databases(settings()) as found:
        run, counted = asyncio.run(_taken_back(options, found))
    print(f"run {run.run.id}: {counted.events} events of {counted.applications} applications", file=sys.stderr)
    if counted.worked_on:
        print(f"of these applications, {counted.worked_on} also have events of offices or citizens", file=sys.stderr)
    if options.dry_run:
        print("dry run: nothing was taken back; run the command without --dry-run", file=sys.stderr)
    told = {"run": str(run.run.id), "applications": counted.applications, "events": counted.events}
    print(json.dumps({**told, "worked_on": counted.worked_on}))
    return 0


async def _taken_back(options: argparse.Namespace, found: Databases) -> tuple[ListedRun, TakenBack]:
    os.nice(NICENESS)
    async with installation(settings(), found) as made:
        runs = Runs(found.serving, made.recorder, made.named.imports)
        run = runs.named(options.undo)
        with projecting(found):
            with bar("taking back", run.run.applications, "app") as advance:
                counted = await asyncio.to_thread(undo, run, runs, advance, dry=options.dry_run)
            if not options.dry_run:
                await asyncio.to_thread(wait_until_caught_up, found.serving)
        await forget(made.pool)
    return run, counted


def _list(options: argparse.Namespace) -> int:
    with databases(settings()) as found:
        runs = asyncio.run(_listed_runs(found))
    if options.json:
        for each in runs:
            print(json.dumps(as_json(each)))
        return 0
    print("\n".join(table(list(map(as_json, runs)))) if runs else "no import has brought anything yet")
    return 0


async def _listed_runs(found: Databases) -> list[ListedRun]:
    async with installation(settings(), found) as made:
        return await asyncio.to_thread(Runs(found.serving, made.recorder, made.named.imports).listed)


def _size(file: Path) -> int:
    return file.stat().st_size if file.exists() else 0


def _report(summary: Summary) -> None:
    if summary.dropped:
        print(f"columns dropped because the mapping does not name them: {_listed(summary.dropped)}", file=sys.stderr)
    if summary.restored:
        print(f"events that were taken back and stand again: {summary.restored}", file=sys.stderr)
    if missing := summary.missing.count:
        some = "; ".join(summary.missing.examples)
        print(f"events of earlier imports that the file does not have: {missing}, for example {some}", file=sys.stderr)
    for reason, count in summary.rejected.items():
        print(f"events left out: {count} ({reason})", file=sys.stderr)


def _foretell(summary: Summary, new: Sequence[RegistryEvent]) -> None:
    offices = [edition.code for edition in new if isinstance(edition, OfficeRegistered)]
    if offices:
        print(f"would register offices: {_listed(offices)}", file=sys.stderr)
    for edition in new:
        if isinstance(edition, StandardPublished):
            stages = _listed([stage.code for stage in edition.stages]) or "none"
            print(f"would publish the service {edition.edition} with the stages: {stages}", file=sys.stderr)
    print(f"would store {summary.new_events} new events; {summary.duplicates} are already stored", file=sys.stderr)
    if summary.deviating:
        print(f"would mark {summary.deviating} of the new events as deviations from the procedure", file=sys.stderr)


def _listed(names: Sequence[str]) -> str:
    more = f" and {len(names) - NAMED_MAX} more" if len(names) > NAMED_MAX else ""
    return ", ".join(names[:NAMED_MAX]) + more


def draft_mapping(options: argparse.Namespace) -> int:
    with bar("reading", PASSES * _size(options.file), "B") as advance:
        draft = drafted(options.file, advance)
    if options.output is None:
        print(draft, end="")
        print("next: save the draft as MAP.toml, then run", _next_step(options.file, "MAP.toml"), file=sys.stderr)
        return 0
    try:
        with options.output.open("x", encoding="utf-8") as file:
            file.write(draft)
    except OSError as fault:
        print(f"jejak: {options.output} cannot be written ({fault.strerror}): name a new file", file=sys.stderr)
        return EXIT_WRONG
    print(f"next: read {options.output}, then run", _next_step(options.file, options.output), file=sys.stderr)
    return 0


def _next_step(file: Path, mapping: Path | str) -> str:
    return f"`jejak import {file} --mapping {mapping} --dry-run`"


def disagreement(options: argparse.Namespace) -> str | None:
    """Returns an error message if options of `jejak import` are missing, or cannot be used together."""
    told = [options.file is not None or options.mapping is not None, options.list, options.undo is not None]
    if sum(told) != 1 or (options.file is None) != (options.mapping is None):
        return "import needs a FILE and --mapping MAP.toml, or --list, or --undo RUN"
    if options.json and not options.list:
        return "--json belongs to --list"
    return None


VERBS = (
    Verb(
        "import",
        "import and simulate",
        "import an event log of an agency; a mapping explains the log",
        import_file,
        "jejak import examples/small.xes --mapping examples/small.toml",
        "open one of the imported applications; a second run of the command adds nothing",
        (
            (
                ("file",),
                {
                    "type": Path,
                    "nargs": "?",
                    "metavar": "FILE",
                    "help": "log in XES (.xes, .xes.gz) or CSV (.csv, .csv.gz)",
                },
            ),
            (
                ("--mapping",),
                {
                    "type": Path,
                    "metavar": "MAP.toml",
                    "help": "file that says what the columns and words of the log mean",
                },
            ),
            (("--dry-run",), {"action": "store_true", "help": "show what the import would do, and store nothing"}),
            (("--list",), {"action": "store_true", "help": "list the runs of imports, instead of an import"}),
            (("--json",), {"action": "store_true", "help": "with --list: one JSON object for each run"}),
            (("--undo",), {"metavar": "RUN", "help": "take a run back; RUN is the beginning of its id in --list"}),
        ),
    ),
    Verb(
        "mapping",
        "import and simulate",
        "draft a mapping for an event log",
        draft_mapping,
        "jejak mapping examples/small.csv --output small.toml",
        "run `jejak import FILE --mapping MAP.toml --dry-run`, then edit the draft",
        (
            (("file",), {"type": Path, "metavar": "FILE", "help": "log in XES (.xes, .xes.gz) or CSV (.csv, .csv.gz)"}),
            (("--output",), {"type": Path, "metavar": "MAP.toml", "help": "new file for the draft (default: stdout)"}),
        ),
    ),
)
