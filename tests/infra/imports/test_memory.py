"""The memory that an import needs does not grow with the log."""

import json
import os
import subprocess
import time
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

import pytest

from tests.conftest import PROJECT, Fresh
from tests.feeds.history.csv_logs import write_table
from tests.feeds.history.xes_logs import ACTIVITIES, write_log
from tests.infra.imports.bringing import environment
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


CONTAINERS: dict[str, tuple[Callable[[Path, int, int], None], str]] = {
    "xes.gz": (write_log, 'events = { id = "concept:instance" }\n'),
    "csv.gz": (write_table, 'case = "case"\nevents = { activity = "activity", at = "at" }\n'),
}


def imported(fresh: Fresh, folder: Path, container: str, events: int) -> Measured:
    """Imports a generated log with so many events in a process of its own, whose runner works beside it."""
    cases = events // EVENTS_PER_CASE
    write, columns = CONTAINERS[container]
    file, mapping = folder / f"{events}.{container}", folder / "generated.toml"
    write(file, cases, EVENTS_PER_CASE)
    mapping.write_text(columns + MAPPING + "".join(f'"{activity}" = "stage"\n' for activity in ACTIVITIES))
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
@pytest.mark.parametrize("container", CONTAINERS)
@pytest.mark.parametrize(
    "sizes",
    [
        pytest.param((3_000, 15_000, 40 * MEGABYTE), id="short"),
        pytest.param(
            (10_000, 1_000_000, 100 * MEGABYTE), id="long", marks=[pytest.mark.prove, pytest.mark.timeout(5_400)]
        ),
    ],
)
def test_memory_does_not_grow_with_the_log(
    fresh: Fresh, tmp_path: Path, container: str, sizes: tuple[int, int, int]
) -> None:
    """Events of the short log and of the long one, and how much more memory the long one may take."""
    short, long, more = sizes
    little, much = imported(fresh, tmp_path, container, short), imported(fresh, tmp_path, container, long)
    print(f"\n{container}\n{little}\n{much}")
    assert little.peak > 0
    assert much.peak - little.peak <= more, (str(little), str(much))
