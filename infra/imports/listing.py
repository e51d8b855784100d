"""Listing: this module shows the runs of imports as a table and as JSON."""

from collections.abc import Sequence
from typing import Any

from domain.json_values import instant
from infra.imports.runs import ListedRun

COLUMNS = ("run", "source", "state", "started", "applications", "events", "by", "file")


def table(runs: Sequence[dict[str, Any]]) -> list[str]:
    """Returns the lines of the table of runs."""
    lines = [COLUMNS]
    for each in runs:
        started = each["started_at"][:16].replace("T", " ") + "Z"
        counts = str(each["applications"]), str(each["events"])
        lines.append(
            (each["run"][:8], each["source"], each["state"], started, *counts, each["account"] or "", each["file"][:12])
        )
    widths = [max(map(len, column)) for column in zip(*lines, strict=True)]
    return ["  ".join(cell.ljust(width) for cell, width in zip(line, widths, strict=True)).rstrip() for line in lines]


def as_json(listed: ListedRun) -> dict[str, Any]:
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
