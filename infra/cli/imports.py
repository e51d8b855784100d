"""The verbs that import old records: `jejak import`, `jejak follow` and `jejak mapping`."""

import argparse
import asyncio
import json
import os
import sys
from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any

from domain.registry.editions import OfficeRegistered, RegistryEvent, StandardPublished
from feeds.history.draft import PASSES, drafted
from feeds.history.mapping import Mapping
from feeds.history.mapping_file import read_mapping
from feeds.history.source import Log
from infra import logs
from infra.cli.schedule import interval
from infra.cli.terminal import EXIT_WRONG, bar, settings
from infra.cli.verb import OPS_PORT, Verb, whole
from infra.composition import Installation, installation
from infra.imports.check import MappingIncomplete, Summary, foreseen
from infra.imports.follow import Followed, follow, one_pass
from infra.imports.listing import as_json, table
from infra.imports.query import SourceQuery
from infra.imports.reading import read_database
from infra.imports.run import appended, checked, importer_of, open_run, runs_of
from infra.imports.runs import ListedRun
from infra.imports.source_url import SourceUrlWrong, is_source_url, source_url
from infra.imports.undo import TakenBack, undo
from infra.postgres.databases import Databases, databases
from infra.projector.runner import projecting, wait_until_caught_up
from infra.queries.statistics import forget
from infra.runtime.ops_server import ops_of
from infra.runtime.worker import run_worker
from infra.settings import SECONDS_A_DAY, Settings
from service_layer.zone import INSTALLATION_ZONE

NAMED_MAX = 20
NICENESS = 10
"""The number by which the import lowers the priority of its own process. So the requests to the API are handled first.
"""


def import_log(options: argparse.Namespace) -> int:
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
        if options.cursor and not options.dry_run:
            return await _import_since(made, _followed(options, mapping, made.settings), found)
        with _opened(options, made.settings) as log:
            summary = await checked(made, log, mapping, _size(log), bar)
            if options.dry_run:
                return await _foresee(made, log, mapping, summary)
            with projecting(found.serving):
                await appended(made, log, mapping, summary, bar)
                await asyncio.to_thread(wait_until_caught_up, found.serving)
        await forget(made.pool)
    return summary


async def _import_since(made: Installation, followed: Followed, found: Databases) -> Summary:
    """Imports what is new since the last import with a cursor."""
    with followed.alone(), projecting(found.serving):
        rows, summary = await one_pass(made, followed)
        await asyncio.to_thread(wait_until_caught_up, found.serving)
    await forget(made.pool)
    print(f"rows read from the database: {rows}", file=sys.stderr)
    return summary or Summary()


async def _foresee(made: Installation, log: Log, mapping: Mapping, summary: Summary) -> Summary:
    registry, new = foreseen(mapping, await made.editions.registry())
    with bar("comparing", summary.events - summary.rejected.total(), "ev") as advance:
        run = await asyncio.to_thread(open_run, made, log, mapping)
        await asyncio.to_thread(importer_of(made).foresee, log, mapping, registry, summary, advance, run=run)
    _foretell(summary, new)
    return summary


@contextmanager
def _opened(options: argparse.Namespace, wanted: Settings) -> Iterator[Log]:
    """Yields the file, or the rows of the query. Raises SourceError, SourceUrlWrong."""
    if not is_source_url(options.source):
        yield Path(options.source)
        return
    url = source_url(options.source, wanted.source_password)
    table, _ = read_database(url, SourceQuery(text=_query(options), seconds=options.timeout))
    with closing(table):
        yield table


def _query(options: argparse.Namespace) -> str:
    if options.query is None:
        raise SourceUrlWrong("a database needs --query: a file with one SELECT")
    try:
        text: str = options.query.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError):
        raise SourceUrlWrong(f"--query: {options.query} cannot be read") from None
    return text


def _followed(options: argparse.Namespace, mapping: Mapping, wanted: Settings) -> Followed:
    if not is_source_url(options.source):
        raise SourceUrlWrong("--cursor needs a database: postgresql://user@host/db or mysql://user@host/db")
    query = SourceQuery(text=_query(options), cursor=options.cursor, seconds=options.timeout)
    return Followed(
        url=source_url(options.source, wanted.source_password),
        query=query,
        mapping=mapping,
        folder=wanted.data_dir,
        interval=getattr(options, "every", None),
    )


def follow_database(options: argparse.Namespace) -> int:
    wanted, mapping = settings(), read_mapping(options.mapping)
    followed = _followed(options, mapping, wanted)

    async def work(made: Installation, stopping: asyncio.Event) -> None:
        print(f"following: {followed.url} every {options.every:g} seconds", flush=True)
        await follow(made, followed, stopping)

    run_worker(wanted, ops_of(wanted, "follow", port=options.ops_port), work)
    return 0


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
        runs = runs_of(made)
        run = runs.named(options.undo)
        with projecting(found.serving):
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
        return await asyncio.to_thread(runs_of(made).listed)


def _size(log: Log) -> int:
    return log.stat().st_size if isinstance(log, Path) and log.exists() else 0


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
    for line in summary.replaced.lines():
        print(f"times replaced: {line}", file=sys.stderr)


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
    with _opened(options, settings()) as log, bar("reading", PASSES * _size(log), "B") as advance:
        draft = drafted(log, advance, INSTALLATION_ZONE, options.table)
    questions = sum("CHECK" in line for line in draft.splitlines())
    if questions:
        print(f"the draft asks {questions} questions: search for CHECK", file=sys.stderr)
    following = f"jejak import {options.source}" + (f" --query {options.query}" if options.query else "")
    if options.output is None:
        print(draft, end="")
        print("next: save the draft as MAP.toml, then run", _next_step(following, "MAP.toml"), file=sys.stderr)
        return 0
    try:
        with options.output.open("x", encoding="utf-8") as file:
            file.write(draft)
    except OSError as fault:
        print(f"jejak: {options.output} cannot be written ({fault.strerror}): name a new file", file=sys.stderr)
        return EXIT_WRONG
    print(f"next: read {options.output}, then run", _next_step(following, options.output), file=sys.stderr)
    return 0


def _next_step(command: str, mapping: Path | str) -> str:
    return f"`{command} --mapping {mapping} --dry-run`"


def disagreement(options: argparse.Namespace) -> str | None:
    """Returns an error message if options of `jejak import` are missing, or cannot be used together."""
    told = [options.source is not None or options.mapping is not None, options.list, options.undo is not None]
    if sum(told) != 1 or (options.source is None) != (options.mapping is None):
        return "import needs a FILE or URL and --mapping MAP.toml, or --list, or --undo RUN"
    if options.json and not options.list:
        return "--json belongs to --list"
    return None


SOURCE = (
    ("source",),
    {
        "metavar": "FILE|URL",
        "help": "a file (.xes, .csv, .xlsx, .ods, .json, .jsonl, .sql, .sqlite, or one of these as .gz or .zip), or a"
        " database (postgresql://user@host/db or mysql://user@host/db; its password: JEJAK_SOURCE_PASSWORD_FILE)",
    },
)
MAPPING = (
    ("--mapping",),
    {
        "type": Path,
        "required": True,
        "metavar": "MAP.toml",
        "help": "file that says what the columns and words of the log mean",
    },
)
QUERY = (("--query",), {"type": Path, "metavar": "QUERY.sql", "help": "file with one SELECT, for a database"})
TIMEOUT = (
    ("--timeout",),
    {
        "type": whole(1, SECONDS_A_DAY),
        "default": 600,
        "metavar": "SECONDS",
        "help": "limit of the query (default: 600)",
    },
)
CURSOR: tuple[tuple[str, ...], dict[str, Any]] = (
    ("--cursor",),
    {
        "metavar": "COLUMN",
        "help": "column of the query that grows with each change, for example updated_at: read only what is new",
    },
)

VERBS = (
    Verb(
        "import",
        "import and simulate",
        "import an event log of an agency; a mapping explains the log",
        import_log,
        "jejak import examples/small.xes --mapping examples/small.toml",
        "open one of the imported applications; a second run of the command adds nothing",
        (
            (SOURCE[0], {**SOURCE[1], "nargs": "?"}),
            (MAPPING[0], {**MAPPING[1], "required": False}),
            QUERY,
            CURSOR,
            TIMEOUT,
            (("--dry-run",), {"action": "store_true", "help": "show what the import would do, and store nothing"}),
            (("--list",), {"action": "store_true", "help": "list the runs of imports, instead of an import"}),
            (("--json",), {"action": "store_true", "help": "with --list: one JSON object for each run"}),
            (("--undo",), {"metavar": "RUN", "help": "take a run back; RUN is the beginning of its id in --list"}),
        ),
        disagreement,
    ),
    Verb(
        "follow",
        "import and simulate",
        "import what is new in an agency's database, again and again",
        follow_database,
        "jejak follow postgresql://jejak@db.contoh/perizinan --query q.sql --mapping map.toml --cursor updated_at",
        "watch the service of this name in `/readyz`; run `jejak import … --dry-run` if a pass is refused",
        (
            SOURCE,
            MAPPING,
            QUERY,
            (CURSOR[0], {**CURSOR[1], "required": True}),
            (
                ("--every",),
                {"type": interval, "default": 300.0, "metavar": "SECONDS", "help": "pause (default: 300 seconds)"},
            ),
            TIMEOUT,
            OPS_PORT,
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
            SOURCE,
            (
                ("--table",),
                {"metavar": "NAME", "help": "the sheet or the table, if the file has several of them"},
            ),
            QUERY,
            TIMEOUT,
            (("--output",), {"type": Path, "metavar": "MAP.toml", "help": "new file for the draft (default: stdout)"}),
        ),
    ),
)
