"""Mixed load for an hour: commands, feeds, timelines, statistics, desks, trackings and the scheduler. Nothing grows
but the log and what is made from it.
"""

import asyncio
import random
import time
from collections import deque
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any

import psycopg
import pytest

from bench.disk import MOST
from feeds.agencies.messages import MessageKind
from infra.postgres.databases import Databases, databases
from infra.postgres.pool import CONNECTIONS_MAX
from infra.settings import settings_from
from tests.api.installation import LICENSING, OFFICES, catalogued
from tests.api.lives import READY
from tests.fire.client import Answer, Client, chunks
from tests.fire.processes import MEGABYTE, family
from tests.fire.samples import Sample, growth, per_event, sample, table
from tests.fire.test_hostile_clients import shown
from tests.journeys.test_restart import eventually
from tests.running import Jejak

COMMANDS_A_SECOND = 150
CATCH_UP_MAX = 1.0
"""Seconds of commands that are made up for after a pause of the machine."""
SAMPLE_SECONDS = 10.0
CLIENTS, TIMELINES, STREAMS, PAGES = 24, 4, 2, 2
SCHEDULE_SECONDS = 10
LIFE = (*READY, ("hand-over", {"receiver": "proxy"}))
STAYING = 10
"""One of so many applications stays on the desk."""
AGENCY = OFFICES[LICENSING]
WARM_SHARE, WARM_EVENTS = 0.25, 10_000
"""Of the time, and events: until then, caches and connections may still grow. A process of the API keeps 5,000 events
of streams.
"""
WARM_SAMPLES_MIN = 12
MEMORY_RISE, MEMORY_RISE_BYTES = 0.05, 6 * MEGABYTE
DATABASE_RISE_BYTES = CONNECTIONS_MAX * 4 * MEGABYTE
"""Each connection of the pool may come to keep what the exact statistics need: PostgreSQL's `work_mem`."""
COUNT_RISE = 4

pytestmark = pytest.mark.anyio


class Pace:
    """So many turns a second, for all clients together."""

    def __init__(self, rate: float) -> None:
        self.step, self.next = 1 / rate, time.monotonic()

    async def turn(self) -> None:
        now = time.monotonic()
        self.next = max(self.next + self.step, now - CATCH_UP_MAX)
        await asyncio.sleep(max(0.0, self.next - now))


@dataclass
class Mixed:
    """All clients of one round. `recent` has applications that were just written to; `took` the seconds of answers."""

    running: Jejak
    pace: Pace = field(default_factory=lambda: Pace(COMMANDS_A_SECOND))
    recent: deque[dict[str, Any]] = field(default_factory=lambda: deque(maxlen=200))
    took: dict[str, list[float]] = field(default_factory=dict)
    read: list[int] = field(default_factory=list)
    stopping: bool = False

    def client(self, token: str = "") -> Client:
        return Client(self.running.port, token)

    async def asked(self, name: str, status: int, send: Callable[[], Awaitable[Answer]]) -> Answer:
        begun = time.monotonic()
        answer = await send()
        self.took.setdefault(name, []).append(time.monotonic() - begun)
        assert answer.status == status, (name, answer)
        return answer

    async def live(self) -> None:
        """One application after another, from the submission to the hand-over."""
        async with self.client(self.running.supervisor(LICENSING)) as client:
            number = random.randrange(STAYING)
            while not self.stopping:
                await self.pace.turn()
                answer = await self.asked("command", 201, client.submit)
                paper = answer.json()
                number += 1
                for name, body in LIFE[:1] if number % STAYING == 0 else LIFE:
                    await self.pace.turn()
                    send = partial(client.command, paper["application_id"], name, answer.json()["version"], body=body)
                    answer = await self.asked("command", 200, send)
                self.recent.append({**paper, "version": answer.json()["version"], "sync": answer.headers["sync-token"]})

    async def every(self, seconds: float, token: str, ask: Callable[[Client], Awaitable[None]]) -> None:
        async with self.client(token) as client:
            while not self.stopping:
                await asyncio.sleep(seconds)
                if self.recent:
                    await ask(client)

    async def timeline(self, client: Client) -> None:
        one = random.choice(self.recent)
        path = f"/v1/applications/{one['application_id']}/timeline"
        send = partial(client.ask, "GET", path, sync_token=one["sync"], prefer="wait=10")
        answer = await self.asked("timeline", 200, send)
        assert answer.json()["items"][-1]["version"] >= one["version"]

    async def tracking(self, client: Client) -> None:
        """Of the oldest of the recent applications: the citizen is slower than the view."""
        body = {"number": self.recent[0]["tracking_number"], "pin": self.recent[0]["pin"]}
        await self.asked("track", 200, partial(client.ask, "POST", "/v1/track", body))

    async def figures(self, client: Client) -> None:
        for path in ("/v1/statistics", "/v1/statistics/exact", "/id/statistics"):
            await self.asked(path, 200, partial(client.ask, "GET", path))

    async def desk(self, client: Client) -> None:
        await self.asked("desk", 200, partial(client.ask, "GET", "/v1/desk"))

    async def stream(self, place: int) -> None:
        """Reads a feed as a stream until cancelled; after its end, goes on after the last event."""
        token, last = self.running.token("--agency", AGENCY), ""
        while True:
            reader, writer = await asyncio.open_connection("127.0.0.1", self.running.port)
            head = f"GET /v1/feeds/{AGENCY} HTTP/1.1\r\nHost: jejak\r\nAccept: text/event-stream\r\n"
            after = f"Last-Event-ID: {last}\r\n" if last else ""
            writer.write(f"{head}{after}Authorization: Bearer {token}\r\n\r\n".encode())
            try:
                answered = await reader.readuntil(b"\r\n\r\n")
                assert answered.startswith(b"HTTP/1.1 200"), answered
                async for chunk in chunks(reader):
                    events = [line[4:].decode() for line in chunk.split(b"\n") if line.startswith(b"id: ")]
                    self.read[place] += len(events)
                    last = events[-1] if events else last
            finally:
                writer.transport.abort()

    async def pages(self, place: int) -> None:
        """Reads a feed page by page until cancelled, and waits for news."""
        last = ""
        async with self.client(self.running.token("--agency", AGENCY)) as client:
            while True:
                path = f"/v1/feeds/{AGENCY}?timeout=5000&limit=100{f'&lastEventId={last}' if last else ''}"
                answer = await client.ask("GET", path)
                assert answer.status == 200, answer
                events = answer.json()
                self.read[place] += len(events)
                last = events[-1]["id"] if events else last

    async def all_read(self, owner: str) -> None:
        """Waits until each reader of the feed has read as much as there is."""
        query = "SELECT count(*) FROM feeds.messages WHERE agency = %s AND kind = %s"
        async with asyncio.timeout(60), await psycopg.AsyncConnection.connect(owner, autocommit=True) as connection:
            while True:
                cursor = await connection.execute(query, (AGENCY, MessageKind.EVENT))
                if await cursor.fetchone() == (max(self.read),) and len(set(self.read)) == 1:
                    return
                await asyncio.sleep(1)


@asynccontextmanager
async def mixed(running: Jejak, owner: str) -> AsyncIterator[Mixed]:
    load = Mixed(running)
    officer, auditor = running.officer(LICENSING), running.token("--role", "auditor")
    async with asyncio.TaskGroup() as following:
        followers = []
        for follow in [load.stream] * STREAMS + [load.pages] * PAGES:
            load.read.append(0)
            followers.append(following.create_task(follow(len(load.read) - 1)))
        async with asyncio.TaskGroup() as tasks:
            for _ in range(CLIENTS):
                tasks.create_task(load.live())
            for _ in range(TIMELINES):
                tasks.create_task(load.every(0.1, officer, load.timeline))
            tasks.create_task(load.every(0.5, "", load.tracking))
            tasks.create_task(load.every(2, auditor, load.figures))
            tasks.create_task(load.every(1, running.supervisor(LICENSING), load.desk))
            try:
                yield load
            finally:
                load.stopping = True
        await load.all_read(owner)
        for follower in followers:
            follower.cancel()


@pytest.fixture
def serving(monkeypatch: pytest.MonkeyPatch) -> Iterator[tuple[Jejak, Databases]]:
    monkeypatch.setenv("JEJAK_SCHEDULE_SECONDS", str(SCHEDULE_SECONDS))
    with catalogued() as made, databases(settings_from(made.environment())) as found:
        feed, desk = made.token("--agency", AGENCY), made.supervisor(LICENSING)
        eventually(lambda: made.request("GET", f"/v1/feeds/{AGENCY}", token=feed).status == 200)
        eventually(lambda: made.request("GET", "/v1/desk", token=desk).status == 200)
        eventually(lambda: made.request("GET", "/v1/statistics").status == 200)
        yield made, found


@pytest.mark.skipif(not Path("/proc/self/status").exists(), reason="only Linux tells the memory of another process")
@pytest.mark.prove
@pytest.mark.timeout(5_400)
async def test_under_mixed_load_nothing_grows_but_the_log(
    serving: tuple[Jejak, Databases], request: pytest.FixtureRequest
) -> None:
    running, found = serving
    seconds = 60.0 * request.config.getoption("--minutes")
    samples: list[Sample] = []
    assert running.process
    processes = family(running.process.pid)
    async with mixed(running, found.owner) as load:
        begun = time.monotonic()
        while (now := time.monotonic() - begun) < seconds:
            samples.append(await asyncio.to_thread(sample, running, found, now))
            await asyncio.sleep(SAMPLE_SECONDS - (time.monotonic() - begun) % SAMPLE_SECONDS)
    fsck = await asyncio.to_thread(running.command, "fsck", check=False)
    assert fsck.returncode == 0, fsck.stdout
    print(table(samples))
    for name, took in load.took.items():
        print(shown(name, took))
    print(f"{len(load.took['command']) / seconds:.0f} commands a second; events read by each: {load.read}")
    warm = [
        each
        for each in samples
        if each.seconds >= WARM_SHARE * seconds and each.events >= samples[0].events + WARM_EVENTS
    ]
    assert len(warm) >= WARM_SAMPLES_MIN, f"only {samples[-1].events - samples[0].events} events: run it for longer"
    middle = len(warm) // 2
    first, then = (per_event(part, lambda each: each.wal) for part in (warm[: middle + 1], warm[middle:]))
    print(f"warm after {warm[0].seconds / 60:.1f} min; WAL: {first:.0f} bytes an event, then {then:.0f}")
    grown = []
    for name in samples[-1].memory:
        memory = growth(warm, lambda each, name=name: each.memory[name])  # type: ignore[misc]
        print(f"{name}: {memory.mean / MEGABYTE:.1f} MB, rises by {memory.rise / MEGABYTE:+.1f} MB")
        allowed = DATABASE_RISE_BYTES if name == "postgres" else max(MEMORY_RISE_BYTES, MEMORY_RISE * memory.mean)
        if memory.rise > allowed:
            grown.append(name)
    for name in samples[-1].files:
        files = growth(warm, lambda each, name=name: each.files[name])  # type: ignore[misc]
        print(f"{name}: {files.mean:.1f} open files, rises by {files.rise:+.1f}")
        if files.rise > COUNT_RISE:
            grown.append(f"files of {name}")
    connections = growth(warm, lambda each: each.connections)
    print(f"connections to PostgreSQL: {connections.mean:.1f}, rises by {connections.rise:+.1f}")
    if connections.rise > COUNT_RISE:
        grown.append("connections")
    disk = per_event([samples[0], samples[-1]], lambda each: each.disk)
    print(f"disk: {disk:.0f} bytes an event, of at most {MOST}")
    assert family(running.process.pid) == processes, "a process was started again"
    assert grown == []
    assert disk <= MOST
