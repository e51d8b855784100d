"""An import that is taken back is gone from every figure, and an import again leaves the views as they were."""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import psycopg

from infra.postgres.packing import unpack
from infra.projector.views import VIEWS
from tests.conftest import Fresh
from tests.infra.imports.bringing import (
    bring,
    command,
    counts,
    faults,
    project,
    stored,
    told,
    trace,
    written,
)

A = trace("A", ("Terima", "2026-03-02T09:00:00"), ("Periksa", "2026-03-04T10:00:00"), masuk="2026-03-01")
B = trace("B", ("Terima", "2026-03-03T09:00:00"), selesai="2026-03-05", unit="Utara", jalur="loket", masuk="2026-03-02")
LATER_A = trace("A", *A.events, ("Saran", "2026-03-09T10:00:00"), masuk="2026-03-01")


def views(fresh: Fresh) -> dict[str, list[tuple[Any, ...]]]:
    """All rows of all views, without the stream versions."""
    found: dict[str, list[tuple[Any, ...]]] = {}
    with psycopg.connect(fresh.databases.auditor) as connection:
        for view in VIEWS.values():
            rows = connection.execute(f"SELECT {view.names} FROM views.{view.name} ORDER BY 1").fetchall()
            found[view.name] = [tuple(map(_plain, zip(view.columns, row, strict=True))) for row in rows]
    return found


def _plain(cell: tuple[str, Any]) -> Any:
    name, value = cell
    if name == "version":
        return None
    if isinstance(value, bytes):
        read = json.loads(unpack(value))
        return {**read, "version": None} if name == "body" else read
    return value


def take_back(fresh: Fresh, run: str) -> Mapping[str, Any]:
    done = command(fresh, "import", "--undo", run)
    assert done.returncode == 0, done.stderr
    return told(done.stdout)


def listed(fresh: Fresh) -> list[dict[str, Any]]:
    done = command(fresh, "import", "--list", "--json")
    assert done.returncode == 0, done.stderr
    return [json.loads(line) for line in done.stdout.splitlines()]


def figures(fresh: Fresh) -> int:
    with psycopg.connect(fresh.databases.auditor) as connection:
        [(count,)] = connection.execute("SELECT count(*) FROM views.statistics WHERE submitted_at IS NOT NULL")
    return int(count)


def test_an_import_again_after_an_undo_leaves_the_views_as_they_were(fresh: Fresh, tmp_path: Path) -> None:
    files = written(tmp_path, [A, B])
    assert counts(bring(fresh, *files)) == (6, 0, 0)
    project(fresh)
    before, log = views(fresh), stored(fresh.databases.auditor)
    [run] = listed(fresh)
    assert (run["state"], run["applications"], run["events"], run["source"]) == ("completed", 2, 6, "uji")

    assert take_back(fresh, run["run"][:8]) == {"run": run["run"], "applications": 2, "events": 6, "worked_on": 0}
    assert figures(fresh) == 0
    with psycopg.connect(fresh.databases.auditor) as connection:
        assert connection.execute("SELECT DISTINCT status, open FROM views.desk").fetchall() == [
            ("import_undone", False)
        ]
    assert faults(fresh) == []
    assert [each["state"] for each in listed(fresh)] == ["undone"]

    again = bring(fresh, *files)
    assert (counts(again), again.restored) == ((0, 6, 0), 6)
    project(fresh)
    assert views(fresh) == before
    assert faults(fresh) == []
    [run] = listed(fresh)
    assert (run["state"], run["applications"], run["events"]) == ("completed", 2, 6)
    assert stored(fresh.databases.auditor) == log + 2 + 2  # nothing was deleted
