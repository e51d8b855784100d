"""An import that is killed and run again ends as one that nobody disturbed."""

import os
import signal
import subprocess
import time
from pathlib import Path

import psycopg
import pytest

from tests.conftest import PROJECT
from tests.infra.imports.bringing import multiset
from tests.infra.imports.conftest import RECEIPT_MAPPING, Imported, conninfo_of
from tests.running import JEJAK, Jejak, jejak

ALL = 11_340
SECONDS = 150


def events_in(conninfo: str) -> int:
    """How many are in the log; none as long as there is no log."""
    try:
        with psycopg.connect(conninfo, connect_timeout=2) as connection:
            row = connection.execute("SELECT count(*) FROM stored_events").fetchone()
    except psycopg.Error:
        return 0
    return int(row[0]) if row else 0


def killed(running: Jejak, file: Path, at_events: int) -> tuple[int, int, int]:
    """`kill -9` to an import once the log holds so many events: pid, wait status, events found afterwards."""
    process = subprocess.Popen(
        [*JEJAK, "import", str(file), "--mapping", str(RECEIPT_MAPPING)],
        env=running.environment(),
        cwd=PROJECT,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    conninfo, deadline = conninfo_of(running), time.monotonic() + SECONDS
    while process.poll() is None and events_in(conninfo) < at_events and time.monotonic() < deadline:
        time.sleep(0.005)
    if process.poll() is None:
        os.kill(process.pid, signal.SIGKILL)
    return process.pid, process.wait(), events_in(conninfo)


@pytest.mark.parametrize(
    "kills",
    [
        pytest.param([1, ALL // 3, ALL * 3 // 4], id="3"),
        pytest.param(
            [1, *(ALL * n // 16 for n in range(1, 15))],
            id="15",
            marks=[pytest.mark.prove, pytest.mark.timeout(900)],
        ),
    ],
)
def test_a_killed_import_run_again_equals_an_undisturbed_one(receipt: Imported, kills: list[int]) -> None:
    with jejak(start=False) as running:
        seen = [killed(running, receipt.file, at_events) for at_events in kills]
        report = ", ".join(f"pid {pid}: wait status {status}, {count} events" for pid, status, count in seen)
        print(report)
        assert [status for _, status, _ in seen] == [-signal.SIGKILL] * len(kills), report
        assert all(at <= count < ALL for at, (_, _, count) in zip(kills, seen, strict=True)), report
        running.command("import", str(receipt.file), "--mapping", str(RECEIPT_MAPPING))
        running.start()
        assert multiset(conninfo_of(running)) == multiset(receipt.conninfo), report
        fsck = running.command("fsck", check=False)
        assert fsck.returncode == 0, (report, fsck.stdout)
