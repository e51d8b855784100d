"""Hostile clients of all kinds at once: everybody else is answered right meanwhile, and no process grows."""

import asyncio
import json
import resource
import sys
import time
from asyncio.subprocess import PIPE
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path

import pytest

from tests.api.installation import LICENSING, catalogued
from tests.conftest import PROJECT
from tests.fire import hostile
from tests.fire.client import SUBMISSION, Answer, Client
from tests.fire.processes import MEGABYTE, family, resident
from tests.journeys.test_restart import eventually
from tests.running import Jejak

CLIENTS = 8
PAUSE_SECONDS = 0.1
"""Between two requests of a client that behaves."""
LOOK_SECONDS = 0.5
GROWTH_MAX = 48 * MEGABYTE
"""For 1,000 connections, with a head of at most 16 KiB each and what their sockets hand over at once."""
OWN_DESCRIPTORS = 200

pytestmark = pytest.mark.anyio


@dataclass(frozen=True)
class Round:
    """The long one lasts longer than all time limits of a connection."""

    silent: int
    warm_seconds: float
    seconds: float


SHORT, LONG = Round(1_000, 3, 6), Round(5_000, 15, 90)


@dataclass
class Served:
    """How long each answer took, for clients that behave."""

    took: list[float] = field(default_factory=list)
    stopping: bool = False

    async def live(self, client: Client) -> None:
        """A life, what it shows, and pages; then a new connection."""
        while not self.stopping:
            given = (await self.asked(201, client.submit)).json()
            path = f"/v1/applications/{given['application_id']}"
            written = await self.asked(200, partial(client.command, given["application_id"], "receive", 1))
            told = {"sync_token": written.headers["sync-token"], "prefer": "wait=10"}
            shown = await self.asked(200, partial(client.ask, "GET", f"{path}/timeline", **told))
            assert [item["version"] for item in shown.json()["items"]] == [1, 2]
            for page in ("/id/", "/livez"):
                await self.asked(200, partial(client.ask, "GET", page))
            await client.close()

    async def asked(self, status: int, send: Callable[[], Awaitable[Answer]]) -> Answer:
        await asyncio.sleep(PAUSE_SECONDS)
        begun = time.monotonic()
        answer = await send()
        self.took.append(time.monotonic() - begun)
        assert answer.status == status, answer
        return answer


@asynccontextmanager
async def served(running: Jejak) -> AsyncIterator[Served]:
    """While clients that behave ask."""
    found = Served()
    clients = [Client(running.port, running.officer(LICENSING)) for _ in range(CLIENTS)]
    async with asyncio.TaskGroup() as tasks:
        for client in clients:
            tasks.create_task(found.live(client))
        try:
            yield found
        finally:
            found.stopping = True
    for client in clients:
        await client.close()


async def watched(running: Jejak, seconds: float) -> dict[str, list[int]]:
    """The memory of each process of Jejak, look by look."""
    assert running.process
    deadline, found = time.monotonic() + seconds, dict[str, list[int]]()
    while time.monotonic() < deadline:
        for name, pid in family(running.process.pid).items():
            found.setdefault(name, []).append(resident(pid))
        await asyncio.sleep(LOOK_SECONDS)
    return found


@asynccontextmanager
async def attacked(running: Jejak, silent: int) -> AsyncIterator[dict[str, dict[str, int]]]:
    """While hostile clients are at it, in a process of their own; then, what they met."""
    met: dict[str, dict[str, int]] = {}
    words = [sys.executable, "-m", hostile.__name__, str(running.port), running.officer(LICENSING), str(silent)]
    process = await asyncio.create_subprocess_exec(*words, stdin=PIPE, stdout=PIPE, cwd=PROJECT)
    assert process.stdin
    assert process.stdout
    try:
        assert await process.stdout.readline() == b"ready\n"
        yield met
        process.stdin.write(b"\n")
        met |= json.loads(await process.stdout.readline())
        await process.wait()
    finally:
        if process.returncode is None:
            process.kill()
            await process.wait()


def shown(name: str, took: list[float]) -> str:
    ordered = sorted(took)
    p50, p99, slowest = (ordered[int(share * (len(ordered) - 1))] * 1000 for share in (0.5, 0.99, 1))
    return f"{name}: {len(ordered)} answers, p50 {p50:.0f} ms, p99 {p99:.0f} ms, slowest {slowest:.0f} ms"


@pytest.fixture
def alone() -> Iterator[Jejak]:
    """Its view is whole: until then, a timeline is 503 `behind`."""
    with catalogued() as made:
        token = made.officer(LICENSING)
        path = f"/v1/applications/{made.submit(token, **SUBMISSION)['application_id']}"
        eventually(lambda: made.request("GET", path, token=token).status == 200)
        yield made


@pytest.mark.skipif(not Path("/proc/self/status").exists(), reason="only Linux tells the memory of another process")
@pytest.mark.parametrize(
    "round_",
    [
        pytest.param(SHORT, id="short"),
        pytest.param(LONG, id="long", marks=[pytest.mark.prove, pytest.mark.timeout(900)]),
    ],
)
async def test_among_hostile_clients_everybody_else_is_served_and_memory_stays_flat(
    alone: Jejak, round_: Round
) -> None:
    _, most = resource.getrlimit(resource.RLIMIT_NOFILE)
    silent = min(round_.silent, most - sum(hostile.KINDS.values()) - OWN_DESCRIPTORS)
    async with served(alone) as before:
        warm = await watched(alone, round_.warm_seconds)
    async with served(alone) as meanwhile, attacked(alone, silent) as met:
        under = await watched(alone, round_.seconds)
    print(shown("alone", before.took), shown(f"among {silent} silent and others", meanwhile.took), sep="\n")
    for name, answers in met.items():
        print(f"{name}: {answers}")
    for name, sizes in under.items():
        middle = len(sizes) // 2
        first, last = max(sizes[:middle]), max(sizes[middle:])
        print(f"{name}: {warm[name][-1] >> 20} MB before, at most {first >> 20} MB, then {last >> 20} MB")
        assert max(sizes) - warm[name][-1] < GROWTH_MAX, name
    for kind in hostile.KINDS:
        assert met[kind.__name__]["connected"], kind
