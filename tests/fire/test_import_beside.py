"""A past comes in while people stand at the counter: none of their commands fails, and how long each takes is told."""

import asyncio
import json
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.api.installation import LICENSING, catalogued
from tests.conftest import PROJECT
from tests.feeds.history.xes_logs import ACTIVITIES, write_log
from tests.fire.client import RECEIVED_AND_RESET, Client
from tests.infra.imports.test_memory import CONTAINERS, EVENTS_PER_CASE, MAPPING
from tests.running import JEJAK, Jejak

CLIENTS = 4
PAUSE_SECONDS = 0.02
"""Between two commands of one counter."""

pytestmark = pytest.mark.anyio


Beside = subprocess.Popen[str] | None


@pytest.fixture
def empty() -> Iterator[Jejak]:
    with catalogued() as made:
        yield made


def importing(running: Jejak, folder: Path, events: int) -> subprocess.Popen[str]:
    file, mapping = folder / "past.xes.gz", folder / "past.toml"
    write_log(file, events // EVENTS_PER_CASE, EVENTS_PER_CASE)
    _, columns = CONTAINERS["xes.gz"]
    mapping.write_text(columns + MAPPING + "".join(f'"{activity}" = "stage"\n' for activity in ACTIVITIES))
    return subprocess.Popen(
        [*JEJAK, "import", str(file), "--mapping", str(mapping)],
        env=running.environment(),
        cwd=PROJECT,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
    )


async def at_the_counter(client: Client, process: Beside, commands: int, took: list[float]) -> None:
    """Lives one after another until the import has ended, or so many commands without one; seconds of each command."""
    while (process.poll() is None) if process else len(took) < commands:
        begun = time.monotonic()
        answer = await client.submit()
        took.append(time.monotonic() - begun)
        assert answer.status == 201, answer.body
        for name in RECEIVED_AND_RESET:
            await asyncio.sleep(PAUSE_SECONDS)
            given, begun = answer.json(), time.monotonic()
            answer = await client.command(given["application_id"], name, given["version"])
            took.append(time.monotonic() - begun)
            assert answer.status == 200, answer.body


async def measured(running: Jejak, process: Beside, commands: int = 0) -> list[float]:
    took: list[float] = []
    clients = [Client(running.port, running.officer(LICENSING)) for _ in range(CLIENTS)]
    async with asyncio.TaskGroup() as tasks:
        for client in clients:
            tasks.create_task(at_the_counter(client, process, commands, took))
    for client in clients:
        await client.close()
    return sorted(took)


def shown(name: str, took: list[float]) -> str:
    middle, late = took[len(took) // 2], took[len(took) * 99 // 100]
    return f"{name}: {len(took)} commands, p50 {middle * 1000:.0f} ms, p99 {late * 1000:.0f} ms"


@pytest.mark.parametrize(
    "events",
    [
        pytest.param(4_000, id="4000"),
        pytest.param(500_000, id="500000", marks=[pytest.mark.prove, pytest.mark.timeout(3_600)]),
    ],
)
async def test_commands_go_on_beside_an_import(empty: Jejak, tmp_path: Path, events: int) -> None:
    alone = await measured(empty, None, 200)
    begun, process = time.monotonic(), importing(empty, tmp_path, events)
    try:
        beside = await measured(empty, process)
        said, _ = process.communicate()
    finally:
        process.kill()
        process.wait()
    seconds = time.monotonic() - begun
    print(shown("alone", alone), f"{shown('beside the import', beside)}; {events} events in {seconds:.0f} s", sep="\n")
    assert process.returncode == 0
    summary = json.loads(said.splitlines()[-1])
    assert (summary["applications"], summary["rejected"]) == (events // EVENTS_PER_CASE, 0)
