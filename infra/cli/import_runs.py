"""The runs of imports: `jejak import --list` lists the runs, and `jejak import --undo` takes a run back."""

import argparse
import asyncio
import json
import os
import sys
from collections.abc import Sequence
from typing import Any

from domain.json_values import instant
from infra.cli.serving import projecting
from infra.cli.terminal import bar, settings
from infra.composition import installation
from infra.imports.runs import ListedRun, Runs
from infra.imports.undo import TakenBack, undo
from infra.postgres.databases import Databases, databases
from infra.projector.runner import wait_until_caught_up
from infra.queries.statistics import forget

COLUMNS = ("run", "source", "state", "started", "applications", "events", "by", "file")
NICENESS = 10
"""The number by which the import lowers the priority of its own process. So the requests to the API are handled first.
"""


def undo_run(options: argparse.Namespace) -> int:
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


def list_runs(options: argparse.Namespace) -> int:
    with databases(settings()) as found:
        runs = asyncio.run(_listed_runs(found))
    if options.json:
        for each in runs:
            print(json.dumps(_as_json(each)))
        return 0
    print("\n".join(_table(runs)) if runs else "no import has brought anything yet")
    return 0


async def _listed_runs(found: Databases) -> list[ListedRun]:
    async with installation(settings(), found) as made:
        return await asyncio.to_thread(Runs(found.serving, made.recorder, made.named.imports).listed)


def _table(runs: Sequence[ListedRun]) -> list[str]:
    lines = [COLUMNS]
    for each in map(_as_json, runs):
        started = each["started_at"][:16].replace("T", " ") + "Z"
        counts = str(each["applications"]), str(each["events"])
        lines.append(
            (each["run"][:8], each["source"], each["state"], started, *counts, each["account"] or "", each["file"][:12])
        )
    widths = [max(map(len, column)) for column in zip(*lines, strict=True)]
    return ["  ".join(cell.ljust(width) for cell, width in zip(line, widths, strict=True)).rstrip() for line in lines]


def _as_json(listed: ListedRun) -> dict[str, Any]:
    """Returns the facts of a run. `applications` and `events` count what stands, or what the undo took back."""
    run = listed.run
    started = run.started
    return {
        "run": str(run.id),
        "state": run.state,
        "source": started.source if started else "",
        "file": started.file if started else "",
        "size": started.size if started else 0,
        "mapping": started.mapping if started else "",
        "mapping_text": started.text if started else None,
        "account": started.account if started else None,
        "started_at": instant(run.started_at) if run.started_at else "",
        "at": instant(run.at) if run.at else "",
        "applications": run.applications,
        "events": run.events,
    }
