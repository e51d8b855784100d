"""`import` and `rebuild`: import a file with the program `jejak`, and then rebuild two views from the log."""

import json
import resource
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

from bench.baselines.copying import copied_per_second
from bench.rig.installed import Installed, installed
from bench.rig.log import write_log
from bench.rig.report import Measured
from bench.rig.size import Size
from infra.projector.views import VIEWS, rebuild

QUICK, USUAL = 16_000, 200_000


def run(*, size: Size, names: frozenset[str]) -> Iterator[Measured]:
    with installed() as where:
        file, mapping = write_log(where.folder, size.pick(QUICK, USUAL))
        imported = _import(where, file, mapping)
        if "import" in names:
            yield imported
        if "rebuild" in names:
            for view in ("progress", "statistics"):
                yield _rebuild(where, view)


def _import(where: Installed, file: Path, mapping: Path) -> Measured:
    started = time.perf_counter()
    done = subprocess.run(
        [sys.executable, "-m", "infra.cli", "import", str(file), "--mapping", str(mapping)],
        env=where.environment,
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
        baseline=copied_per_second(where.databases.owner),
        rows=where.rows("progress", "statistics"),
        on=("chain", "claims", *VIEWS),
        more={"peak_mb": peak},
        postgres=where.postgres,
    )


def _rebuild(where: Installed, view: str) -> Measured:
    started = time.perf_counter()
    rebuild(VIEWS[view], where.databases.serving, progress_of=lambda *_: None)
    seconds = time.perf_counter() - started
    rows = where.rows("progress", "statistics")
    return Measured(
        bench=f"rebuild {view}",
        value=rows["events"] / seconds,
        unit="events/s",
        baseline=copied_per_second(where.databases.owner),
        rows=rows,
        on=(view,),
        postgres=where.postgres,
    )
