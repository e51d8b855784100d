"""`import` and `rebuild`: a past brought in by the program itself, and each view made anew from it."""

import json
import os
import resource
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import psycopg

from bench.copying import copied_per_second
from bench.log import write_log
from bench.report import Measured
from infra.database import Databases, databases
from infra.settings import settings_from
from infra.views import VIEWS, rebuild

QUICK, FULL = 16_000, 200_000


def run(*, quick: bool, names: frozenset[str]) -> Iterator[tuple[Measured, str]]:
    """Each with the connection string of the database that it was measured on."""
    folder = Path(tempfile.mkdtemp(dir="/tmp", prefix="jejak-bench-"))
    folder.chmod(0o711)
    try:
        environment = {**os.environ, "JEJAK_DATA_DIR": str(folder)}
        with databases(settings_from(environment)) as found:
            file, mapping = write_log(folder, QUICK if quick else FULL)
            imported = _import(found, file, mapping, environment)
            if "import" in names:
                yield imported, found.owner
            if "rebuild" in names:
                for view in ("progress", "statistics"):
                    yield _rebuild(found, view), found.owner
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _import(found: Databases, file: Path, mapping: Path, environment: dict[str, str]) -> Measured:
    started = time.perf_counter()
    done = subprocess.run(
        [sys.executable, "-m", "infra.cli", "import", str(file), "--mapping", str(mapping)],
        env=environment,
        stdout=subprocess.PIPE,
        text=True,
        check=True,
    )
    seconds = time.perf_counter() - started
    summary = json.loads(done.stdout.splitlines()[-1])
    peak = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss // 1024
    return Measured(
        bench="import",
        value=summary["new_events"] / seconds,
        unit="events/s",
        baseline=copied_per_second(found.owner),
        rows=_rows(found),
        on=("chain", "claims", *VIEWS),
        more={"peak_mb": peak},
    )


def _rebuild(found: Databases, view: str) -> Measured:
    started = time.perf_counter()
    rebuild(VIEWS[view], found.serving, progress_of=lambda *_: None)
    seconds = time.perf_counter() - started
    rows = _rows(found)
    return Measured(
        bench=f"rebuild {view}",
        value=rows["events"] / seconds,
        unit="events/s",
        baseline=copied_per_second(found.owner),
        rows=rows,
        on=(view,),
    )


def _rows(found: Databases) -> dict[str, int]:
    with psycopg.connect(found.owner) as connection:
        row = connection.execute(
            "SELECT (SELECT count(*) FROM stored_events), (SELECT count(*) FROM views.progress),"
            " (SELECT count(*) FROM views.statistics)"
        ).fetchone()
    return dict(zip(("events", "progress", "statistics"), row or (), strict=True))
