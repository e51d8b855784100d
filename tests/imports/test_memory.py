"""The memory that an import needs does not grow with the log."""

import json
import os
import subprocess
import time
from pathlib import Path
from typing import NamedTuple

import pytest

from tests.conftest import PROJECT, Fresh
from tests.feeds.xes_logs import ACTIVITIES, write_log
from tests.imports.bringing import environment
from tests.running import JEJAK

EVENTS_PER_CASE = 8
MEGABYTE = 1024 * 1024

MAPPING = """
source = "generated"
zone = "Europe/Amsterdam"
service = { code = "generated-permit", id = "Buatan", en = "Generated" }
submitted = { column = "startdate" }
deadline = { column = "deadline" }
concluded = { column = "enddate" }
events = { id = "concept:instance" }
[offices]
agency = "generated"
column = "department"
[offices.values]
"General" = { code = "generated-general", id = "Umum", en = "General" }
"Customer contact" = { code = "generated-contact", id = "Layanan", en = "Customer contact" }
"Experts" = { code = "generated-experts", id = "Ahli", en = "Experts" }
[channels]
column = "channel"
values = { "Internet" = "electronic", "Desk" = "counter", "Post" = "post", "e-mail" = "email" }
[activities]
"""


class Measured(NamedTuple):
    events: int
    peak: int
    seconds: float

    def __str__(self) -> str:
        rate = self.events / self.seconds
        return f"{self.events} events: {self.peak / MEGABYTE:.0f} MB, {self.seconds:.0f} s, {rate:.0f} events/s"


def peak_of(pid: int) -> int:
    """The most memory that it held so far; 0 once it has ended. (ru_maxrss would begin with pytest's own.)"""
    lines = Path(f"/proc/{pid}/status").read_text(encoding="ascii", errors="replace").splitlines()
    return next((int(line.split()[1]) * 1024 for line in lines if line.startswith("VmHWM:")), 0)


def imported(fresh: Fresh, folder: Path, events: int) -> Measured:
    """Imports a generated log with so many events in a process of its own, whose runner works beside it."""
    cases = events // EVENTS_PER_CASE
    file, mapping = folder / f"{events}.xes.gz", folder / "generated.toml"
    write_log(file, cases, EVENTS_PER_CASE)
    mapping.write_text(MAPPING + "".join(f'"{activity}" = "stage"\n' for activity in ACTIVITIES))
    started, peak = time.monotonic(), 0
    with subprocess.Popen(
        [*JEJAK, "import", str(file), "--mapping", str(mapping)],
        env={**os.environ, **environment(fresh)},
        cwd=PROJECT,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
    ) as process:
        while process.poll() is None:
            peak = peak_of(process.pid) or peak
            time.sleep(0.02)
        said, _ = process.communicate()
    seconds = time.monotonic() - started
    assert process.returncode == 0
    summary = json.loads(said.splitlines()[-1])
    assert (summary["applications"], summary["rejected"]) == (cases, 0)
    assert summary["new_events"] + summary["duplicates"] == events + 2 * cases - cases // 10
    return Measured(summary["events"], peak, seconds)


@pytest.mark.skipif(not Path("/proc/self/status").exists(), reason="only Linux tells the peak of another process")
@pytest.mark.parametrize(
    ("short", "long", "more"),
    [
        pytest.param(5_000, 60_000, 40 * MEGABYTE, id="short"),
        pytest.param(
            10_000, 1_000_000, 100 * MEGABYTE, id="long", marks=[pytest.mark.prove, pytest.mark.timeout(3_600)]
        ),
    ],
)
def test_memory_does_not_grow_with_the_log(fresh: Fresh, tmp_path: Path, short: int, long: int, more: int) -> None:
    little, much = imported(fresh, tmp_path, short), imported(fresh, tmp_path, long)
    print(f"\n{little}\n{much}")
    assert little.peak > 0
    assert much.peak - little.peak <= more, (str(little), str(much))
