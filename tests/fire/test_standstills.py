"""Each process of `jejak serve` stands still for a while, or is killed: nothing acknowledged is lost, all goes on."""

import asyncio
import os
import signal
import time
from collections.abc import Callable, Iterator

import pytest

from tests.fire.accounting import accounted
from tests.fire.load import Load, loaded
from tests.fire.served import HEALED_SECONDS, Served, served

CLIENTS, COMMANDS = 16, 16
SHORT, LONG = 3.0, 30.0

pytestmark = pytest.mark.anyio

VICTIMS: dict[str, Callable[[Served], list[int]]] = {
    "supervisor": lambda at: at.processes("serve"),
    "worker": lambda at: at.processes("api")[:1],
    "projector and outbox": lambda at: at.processes("project"),
    "scheduler": lambda at: at.processes("schedule"),
    "backend": lambda at: at.appending(),
    "postgres": lambda at: at.postgres(),
}
GO_ON = ("supervisor", "projector and outbox", "scheduler")
"""While these stand still, commands are stored."""


@pytest.fixture(scope="module")
def at() -> Iterator[Served]:
    with served() as made:
        yield made
        done = made.running.command("fsck", check=False)
        assert done.returncode == 0, done.stdout


async def until_acknowledged(load: Load, more: int = COMMANDS) -> None:
    wanted, deadline = load.acknowledged + more, time.monotonic() + HEALED_SECONDS
    while load.acknowledged < wanted:
        assert time.monotonic() < deadline, f"{load.acknowledged} of {wanted} acknowledged"
        await asyncio.sleep(0.01)


@pytest.mark.parametrize("seconds", [SHORT, pytest.param(LONG, marks=[pytest.mark.prove, pytest.mark.timeout(600)])])
@pytest.mark.parametrize("victim", VICTIMS)
async def test_a_process_that_stands_still_costs_nothing(at: Served, victim: str, seconds: float) -> None:
    children = [at.processes(verb) for verb in ("api", "project", "schedule")]
    async with loaded(at.running.port, at.token, CLIENTS) as load:
        await until_acknowledged(load)
        stopped, before = VICTIMS[victim](at), load.acknowledged
        assert stopped
        try:
            for process in stopped:
                os.kill(process, signal.SIGSTOP)
            await asyncio.sleep(seconds)
            meanwhile = load.acknowledged - before
        finally:
            for process in reversed(stopped):
                os.kill(process, signal.SIGCONT)
        since = time.monotonic()
        healed = await at.well_again(since)
        await until_acknowledged(load)
    print(f"{victim} stood still for {seconds:g} s: {meanwhile} commands meanwhile, well again after {healed:.1f} s")
    assert load.wrong == []
    assert meanwhile or victim not in GO_ON
    assert [at.processes(verb) for verb in ("api", "project", "schedule")] == children, "no process ended itself"
    await accounted(at.running, at.token, load)


@pytest.mark.parametrize("verb", ["api", "project", "schedule"])
async def test_a_killed_child_is_replaced_and_nothing_is_lost(at: Served, verb: str) -> None:
    """As the kernel kills a process when no memory is left."""
    async with loaded(at.running.port, at.token, CLIENTS) as load:
        await until_acknowledged(load)
        before = at.processes(verb)
        os.kill(before[0], signal.SIGKILL)
        since = time.monotonic()
        while len(at.processes(verb)) < len(before) or before[0] in at.processes(verb):
            assert time.monotonic() - since < HEALED_SECONDS
            await asyncio.sleep(0.05)
        replaced = time.monotonic() - since
        healed = await at.well_again(since)
        await until_acknowledged(load)
    print(f"{verb} killed: another one after {replaced:.1f} s, well again after {healed:.1f} s")
    assert load.wrong == []
    assert [line["code"] for line in at.log() if line["event"] == "a worker process ended"][-1] == -signal.SIGKILL
    await accounted(at.running, at.token, load)
