"""Readers of a feed at 5 KB a second slow nobody down and cost no memory; all streams end when the API does."""

import asyncio
import signal
import socket
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

import psycopg
import pytest

from bench.rig.installed import UNDISTRIBUTED
from domain.application.events import ApplicationEvent, PinReset, Received, Submitted, Withdrawn
from infra.eventstore.identifiers import new_application_id
from infra.eventstore.recorder import Save
from infra.eventstore.rows import rows_of
from infra.postgres.databases import databases
from infra.settings import settings_from
from tests.api.installation import OFFICES, SEMARANG
from tests.builders import INFORMATION, MONDAY, an_act
from tests.fire.apart import PATIENCE, Apart, apart
from tests.fire.processes import MEGABYTE, resident
from tests.infra.logs import COMMAND, PAPER, writing
from tests.running import Jejak

AGENCY = OFFICES[SEMARANG]
SAVES = 250
SLOWLY, PAUSE = 512, 0.1
"""Bytes at once, and seconds between: 5 KB a second."""
GROWTH_MAX = 24 * MEGABYTE
EVENT = b"\ndata: "

pytestmark = pytest.mark.anyio


@dataclass(frozen=True)
class Round:
    """Each life is four events."""

    lives: int
    slow: int
    fast: int


SHORT, LONG = Round(3_000, 10, 3), Round(50_000, 15, 3)
"""Fewer readers than one agency may have: who has just gone may still be counted."""


def fill(running: Jejak, lives: int) -> int:
    """Writes so many lives into the log, until the feeds have them; how many events they are."""
    with databases(settings_from(running.environment())) as found, writing(found.serving) as writer:
        for start in range(0, lives, SAVES):
            outcomes = writer.recorder.append([a_life() for _ in range(min(SAVES, lives - start))])
            assert all(outcome.stored for outcome in outcomes)
        with psycopg.connect(found.serving, autocommit=True) as connection:
            while connection.execute(UNDISTRIBUTED).fetchone() != (0,):  # before, an empty stream is 503
                time.sleep(0.1)
    return lives * 4


def a_life() -> Save:
    submitted = Submitted(service=INFORMATION, standard=1, number=PAPER.new_number())
    events: list[ApplicationEvent] = [submitted, Received(), PinReset(), Withdrawn()]
    return Save(tuple(rows_of(new_application_id(), 0, "", events, an_act(MONDAY), command=COMMAND, digest="")[0]))


@dataclass
class Reader:
    """One stream, by a socket whose buffers are as small as they can be."""

    running: Jejak
    events: int = 0
    head: bytes = b""
    tail: bytes = b""

    @asynccontextmanager
    async def opened(self) -> "AsyncIterator[Reader]":
        loop = asyncio.get_running_loop()
        with socket.socket() as self.socket:
            self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
            self.socket.setblocking(False)  # noqa: FBT003 - the socket module's own
            await loop.sock_connect(self.socket, ("127.0.0.1", self.running.port))
            token = self.running.token("--agency", AGENCY)
            head = f"GET /v1/feeds/{AGENCY} HTTP/1.1\r\nHost: jejak\r\nAccept: text/event-stream\r\n"
            await loop.sock_sendall(self.socket, f"{head}Authorization: Bearer {token}\r\n\r\n".encode())
            yield self

    async def take(self, most: int) -> bool:
        """False at the end."""
        piece = await asyncio.get_running_loop().sock_recv(self.socket, most)
        found = self.tail + piece
        self.events += found.count(EVENT)
        self.head = self.head or piece[:200]
        self.tail = found[-len(EVENT) + 1 :]
        return bool(piece)

    async def until(self, events: int) -> "Reader":
        async with asyncio.timeout(10 * PATIENCE):
            while self.events < events:
                assert await self.take(64 * 1024), f"ended after {self.events} events: {self.head!r}"
        return self


async def slowly(reader: Reader, begun: asyncio.Event) -> None:
    async with reader.opened():
        while await reader.take(SLOWLY):
            if reader.events:
                begun.set()
            await asyncio.sleep(PAUSE)


async def all_read(made: Apart, count: int, events: int) -> float:
    """So many fast readers read the whole feed at once; the seconds that it took."""
    begun = time.monotonic()

    async def read() -> None:
        async with Reader(made.running).opened() as reader:
            await reader.until(events)

    async with asyncio.TaskGroup() as tasks:
        for _ in range(count):
            tasks.create_task(read())
    return time.monotonic() - begun


@pytest.mark.skipif(not Path("/proc/self/status").exists(), reason="only Linux tells the memory of another process")
@pytest.mark.parametrize(
    "round_",
    [
        pytest.param(SHORT, id="short"),
        pytest.param(LONG, id="long", marks=[pytest.mark.prove, pytest.mark.timeout(3_600)]),
    ],
)
async def test_slow_readers_slow_nobody_and_cost_no_memory(round_: Round) -> None:
    async with apart() as made:
        events = await asyncio.to_thread(fill, made.running, round_.lives)
        await all_read(made, 1, events)  # once, so that all is warm, and told
        alone = await all_read(made, round_.fast, events)
        pid = made.processes["api"].pid
        before = resident(pid)
        async with asyncio.TaskGroup() as tasks:
            readers = [Reader(made.running) for _ in range(round_.slow)]
            begun = [asyncio.Event() for _ in readers]
            reading = [tasks.create_task(slowly(*each)) for each in zip(readers, begun, strict=True)]
            for each in begun:
                await each.wait()
            beside = [await all_read(made, round_.fast, events) for _ in range(2)]
            after = resident(pid)
            furthest = max(reader.events for reader in readers)
            for task in reading:
                task.cancel()
    print(f"{events} events to {round_.fast} fast readers: {alone:.1f} s alone, beside {round_.slow} slow ones")
    print(f"{beside[0]:.1f} s while their buffers filled, {beside[1]:.1f} s then; the furthest had {furthest} events;")
    print(f"{before / MEGABYTE:.0f} MB before, {after / MEGABYTE:.0f} MB with them")
    assert furthest < events
    assert after - before < GROWTH_MAX


async def test_streams_end_with_the_api_and_a_slow_one_does_not_hold_it() -> None:
    async with apart() as made:
        events = await asyncio.to_thread(fill, made.running, 1_500)
        async with Reader(made.running).opened() as waiting, Reader(made.running).opened() as stuck:
            await waiting.until(events)
            while not stuck.events:
                await stuck.take(SLOWLY)
            process = made.processes["api"]
            process.send_signal(signal.SIGTERM)
            begun = time.monotonic()
            async with asyncio.timeout(PATIENCE):
                while await waiting.take(SLOWLY):
                    pass
                ended = time.monotonic() - begun
                assert await asyncio.to_thread(process.wait, PATIENCE) == 0
            print(f"the waiting stream ended after {ended:.1f} s, the process after {time.monotonic() - begun:.1f} s")
            assert waiting.tail.endswith(b"\r\n"), "its last chunk was sent"
            assert stuck.events < events
