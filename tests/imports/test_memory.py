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


def imported(fresh: Fresh, folder: Path, events: int) -> Measured:
    """Imports a generated log with so many events in a process of its own, whose runner works beside it."""
    cases = events // EVENTS_PER_CASE
    file, mapping = folder / f"{events}.xes.gz", folder / "generated.toml"
    write_log(file, cases, EVENTS_PER_CASE)
    mapping.write_text(MAPPING + "".join(f'"{activity}" = "stage"\n' for activity in ACTIVITIES))
    started = time.monotonic()
    process = subprocess.Popen(
        [*JEJAK, "import", str(file), "--mapping", str(mapping)],
        env={**os.environ, **environment(fresh)},
        cwd=PROJECT,
        stdout=subprocess.PIPE,
        text=True,
    )
    assert process.stdout is not None
    with process.stdout:
        said = process.stdout.read()
    _, status, usage = os.wait4(process.pid, 0)  # of this process alone; RUSAGE_CHILDREN is of all there were
    process.returncode = os.waitstatus_to_exitcode(status)
    seconds = time.monotonic() - started
    assert process.returncode == 0
    summary = json.loads(said.splitlines()[-1])
    assert (summary["applications"], summary["rejected"]) == (cases, 0)
    assert summary["new_events"] + summary["duplicates"] == events + 2 * cases - cases // 10
    return Measured(summary["events"], usage.ru_maxrss * 1024, seconds)


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
    assert much.peak - little.peak <= more, (str(little), str(much))
