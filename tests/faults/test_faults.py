"""Each process of `jejak serve` stands still or is killed, or others use up the connections of its database.

Nothing that was acknowledged is lost, and all goes on by itself.
"""

import asyncio
import os
import signal
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress

import psycopg
import pytest

from tests.faults.served import HEALED_SECONDS, Served, served
from tests.fire.accounting import accounted
from tests.fire.load import Load, loaded

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


OF_JEJAK = "usename LIKE 'jejak\\_%' AND backend_type = 'client backend'"


@contextmanager
def used_up(at: Served) -> Iterator[None]:
    """All connections of the server belong to others: whenever one becomes free, they take it."""
    others: list[psycopg.Connection] = []
    ended = threading.Event()

    def take() -> None:
        while not ended.is_set():
            with suppress(psycopg.OperationalError):
                others.append(psycopg.connect(at.owner(), autocommit=True))
                continue
            time.sleep(0.01)

    takers = [threading.Thread(target=take) for _ in range(4)]
    with psycopg.connect(at.owner(), autocommit=True) as killer:
        for taker in takers:
            taker.start()
        try:
            deadline, left = time.monotonic() + HEALED_SECONDS, 1
            while left or len(others) < 100:
                assert time.monotonic() < deadline
                killer.execute(f"SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE {OF_JEJAK}".encode())
                time.sleep(0.2)
                [(left,)] = killer.execute(
                    f"SELECT count(*) FROM pg_stat_activity WHERE {OF_JEJAK}".encode()
                ).fetchall()
            yield
        finally:
            ended.set()
            for taker in takers:
                taker.join()
            for other in others:
                other.close()


@pytest.mark.parametrize("seconds", [SHORT, pytest.param(LONG, marks=[pytest.mark.prove, pytest.mark.timeout(600)])])
async def test_while_others_use_up_all_connections_it_says_so(at: Served, seconds: float) -> None:
    async with loaded(at.running.port, at.token, CLIENTS) as load:
        await until_acknowledged(load)
        with used_up(at):
            await asyncio.sleep(1)  # what was stored before is still being answered
            before = load.acknowledged
            await asyncio.sleep(seconds)
            public = await asyncio.to_thread(at.running.request, "GET", "/readyz")
            told = await asyncio.to_thread(at.ready)
            assert (public.status, told.status) == (503, 503)
            assert load.acknowledged == before
        since = time.monotonic()
        healed = await at.well_again(since)
        await until_acknowledged(load)
    print(f"connections used up for {seconds:g} s: {told.json()['status']}; well again after {healed:.1f} s")
    assert load.wrong == []
    await accounted(at.running, at.token, load)
