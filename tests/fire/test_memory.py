"""The memory of the API does not grow with the commands that it has done."""

import asyncio
import itertools
import math
import time
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.api.installation import LICENSING
from tests.fire.apart import apart
from tests.fire.client import RECEIVED_AND_RESET, Client
from tests.fire.processes import MEGABYTE, resident

CLIENTS = 32
GROWTH_MAX = 1.2

pytestmark = pytest.mark.anyio


@dataclass(frozen=True)
class Round:
    """Commands to warm up, and then: so many more, or as many as there is time for."""

    warm: int
    more: int
    seconds_max: float


SHORT, LONG = Round(5_500, 20_000, 60), Round(20_000, 1_000_000, 1_200)


async def lives(client: Client, numbers: "itertools.count[int]", until: int, deadline: float) -> None:
    """Commands one after another, as long as the number that all clients draw from is below `until`."""
    while True:
        answer = await client.submit()
        assert answer.status == 201
        for name in RECEIVED_AND_RESET:
            if next(numbers) >= until or time.monotonic() > deadline:
                return
            given = answer.json()
            answer = await client.command(given["application_id"], name, given["version"])
            assert answer.status == 200, answer.body
        next(numbers)


async def done(clients: list[Client], commands: int, deadline: float) -> int:
    """So many commands by all clients, or as many as the time allows; how many."""
    numbers = itertools.count()
    async with asyncio.TaskGroup() as tasks:
        for client in clients:
            tasks.create_task(lives(client, numbers, commands, deadline))
    return next(numbers)


@pytest.mark.skipif(not Path("/proc/self/status").exists(), reason="only Linux tells the memory of another process")
@pytest.mark.parametrize(
    "round_",
    [
        pytest.param(SHORT, id="short"),
        pytest.param(LONG, id="long", marks=[pytest.mark.prove, pytest.mark.timeout(3_600)]),
    ],
)
async def test_memory_stays_as_it_was_when_it_was_warm(round_: Round) -> None:
    async with apart() as made:
        clients = [Client(made.running.port, made.running.officer(LICENSING)) for _ in range(CLIENTS)]
        pid = made.processes["api"].pid
        warmed = await done(clients, round_.warm, math.inf)
        warm, begun = resident(pid), time.monotonic()
        more = await done(clients, round_.more, begun + round_.seconds_max)
        seconds, end = time.monotonic() - begun, resident(pid)
        for client in clients:
            await client.close()
    print(
        f"{warm / MEGABYTE:.0f} MB after {warmed} commands, {end / MEGABYTE:.0f} MB after {warmed + more}"
        f" ({more / seconds:.0f} a second; the round is {round_.more} commands or {round_.seconds_max:g} s)"
    )
    assert warmed >= round_.warm
    assert more > CLIENTS, "it had no time to grow"
    assert end <= warm * GROWTH_MAX
