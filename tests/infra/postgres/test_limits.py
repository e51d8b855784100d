"""Time limits: whatever the database or the network does, nobody waits for ever, and all heals by itself."""

import asyncio
import contextlib
import os
import resource
import shutil
import signal
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path
from typing import TypeVar

import psycopg
import pytest
from psycopg import AsyncConnection
from psycopg.conninfo import conninfo_to_dict, make_conninfo
from psycopg.pq import PGconn, Ping
from structlog.testing import capture_logs

from domain.application.commands import Receive
from infra.composition import Installation, installation
from infra.postgres import databases
from infra.postgres.connections import connect, connect_async, limited
from infra.postgres.embedded import EmbeddedPostgres
from infra.postgres.listener import Listener
from infra.postgres.pool import borrowed
from infra.service import ServiceLimits
from service_layer.faults import Unavailable
from service_layer.handlers import retries
from tests.builders import EDITIONS
from tests.conftest import Fresh, new_folder
from tests.infra.eventstore.asking import ask, asked, submit, told, topics
from tests.infra.postgres.proxy import Proxy, proxied

T = TypeVar("T")
pytestmark = pytest.mark.anyio
WRITING_AGAIN, READING_AGAIN = 10.0, 3.5


@asynccontextmanager
async def behind_a_proxy(fresh: Fresh) -> AsyncIterator[tuple[Proxy, Installation]]:
    """An installation all of whose connections go through the proxy."""
    with proxied(fresh.databases) as (proxy, found):
        async with installation(fresh.settings, found) as made:
            await made.editions.publish(EDITIONS, made.recorder, made.named.commands[0])
            yield proxy, made


async def test_half_open_connections_heal_by_themselves(fresh: Fresh) -> None:
    """A command is answered within 10 s, is stored once, and a read within its limit."""
    async with behind_a_proxy(fresh) as (proxy, made):
        first = await submit(made, "k-1")
        proxy.swallow()
        began = time.monotonic()
        received, second = await asyncio.gather(
            made.commands.handle(first.application_id, asked(Receive())), submit(made, "k-2")
        )
        assert time.monotonic() - began < WRITING_AGAIN
        assert received.application.version == 2
        assert topics(made, first.application_id) == ["submitted", "received"]
        assert topics(made, second.application_id) == ["submitted"]
        assert told(await submit(made, "k-2")) == told(second)


async def test_reads_find_half_open_connections_within_their_limit(fresh: Fresh) -> None:
    """Through the pool, all of whose connections are half-open, and through a coalescer."""
    async with behind_a_proxy(fresh) as (proxy, made):
        async with AsyncExitStack() as all_at_once:
            for _ in range(5):
                await all_at_once.enter_async_context(borrowed(made.pool))
        first = await submit(made)
        proxy.swallow()
        began = time.monotonic()
        history = await made.streams.history(first.application_id)
        assert time.monotonic() - began < READING_AGAIN
        assert history.application.version == 1
        for _ in range(3):
            began = time.monotonic()
            async with borrowed(made.pool) as connection:
                await connection.execute("SELECT 1")
            assert time.monotonic() - began < READING_AGAIN


async def test_a_listener_finds_a_half_open_connection(fresh: Fresh) -> None:
    downs: list[float] = []

    async def heard(_connection: AsyncConnection, _payloads: Sequence[str]) -> None:
        pass

    with proxied(fresh.databases) as (proxy, found):
        listener = Listener(found.serving, ["one"], heard=heard, down=lambda: downs.append(time.monotonic()))
        task = asyncio.create_task(listener.run())
        await until(lambda: listener.is_up)
        proxy.swallow()
        await until(lambda: bool(downs) and listener.is_up, WRITING_AGAIN)
        task.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await task


async def until(condition: Callable[[], bool], seconds: float = 30.0) -> None:
    async with asyncio.timeout(seconds):
        while not condition():  # noqa: ASYNC110 - the condition sets no event
            await asyncio.sleep(0.05)


@pytest.mark.parametrize("fault", ["swallow", "mute", "refuse", "cut"])
async def test_every_wait_of_every_connection_ends(fresh: Fresh, fault: str) -> None:
    """Old connections and new ones, in threads and in the event loop: an OperationalError in time, then a new start."""
    with proxied(fresh.databases) as (proxy, found):
        conninfo = make_conninfo(found.serving, connect_timeout=2)
        with connect(conninfo, seconds=0.3, autocommit=True) as old:
            async with await connect_async(conninfo, seconds=0.3) as old_async:
                {"swallow": proxy.swallow, "cut": proxy.cut}.get(fault, lambda: None)()
                proxy.mute, proxy.refusing = fault == "mute", fault == "refuse"
                if fault in ("swallow", "cut"):
                    began = time.monotonic()
                    with pytest.raises(psycopg.OperationalError):
                        old.execute("SELECT 1")
                    with pytest.raises(psycopg.OperationalError):
                        await old_async.execute("SELECT 1")
                    assert time.monotonic() - began < 2.0
                    assert old.closed
                    assert old_async.closed
                else:
                    with pytest.raises(psycopg.OperationalError):
                        await asyncio.to_thread(connect, conninfo)
                    with pytest.raises(psycopg.OperationalError):
                        await connect_async(conninfo)
        proxy.mute = proxy.refusing = False
        with connect(conninfo) as new:
            assert new.execute("SELECT 1").fetchone() == (1,)
        async with await connect_async(conninfo) as new_async:
            assert await (await new_async.execute("SELECT 1")).fetchone() == (1,)


async def test_a_cancelled_caller_does_not_wait_for_the_database(fresh: Fresh) -> None:
    async with await connect_async(fresh.databases.serving, seconds=60.0) as connection:
        began = time.monotonic()
        with pytest.raises(TimeoutError):
            async with asyncio.timeout(0.2):
                await connection.execute("SELECT pg_sleep(30)")
        assert time.monotonic() - began < 2.0
        assert connection.closed


def test_the_server_keeps_the_limits_too_and_an_operator_may_choose_others(fresh: Fresh) -> None:
    with connect(fresh.databases.serving, seconds=0.2, autocommit=True) as connection:
        [(idle, check)] = connection.execute(
            "SELECT current_setting('idle_in_transaction_session_timeout'), "
            "current_setting('client_connection_check_interval')"
        ).fetchall()
        assert (idle, check) == ("1min", "1s")
        connection.seconds = 5.0  # type: ignore[attr-defined] # the limit of the client
        with pytest.raises(psycopg.errors.QueryCanceled):
            connection.execute("SELECT pg_sleep(5)")
    chosen = make_conninfo(fresh.databases.serving, connect_timeout=9, options="-c statement_timeout=77s")
    given = conninfo_to_dict(limited(chosen, 1.0))
    assert (given["connect_timeout"], given["keepalives_idle"]) == ("9", "4")
    with connect(chosen, seconds=1.0) as connection:
        assert connection.execute("SHOW statement_timeout").fetchone() == ("77s",)


async def test_when_others_use_all_connections_commands_are_unavailable_and_soon_possible_again(
    fresh: Fresh, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(retries, "SECONDS_MAX", 0.5)
    async with behind_a_proxy(fresh) as (proxy, made):
        first = await submit(made, "k-1")
        [(name,)] = ask(fresh.databases.owner, "SELECT current_database()")
        with psycopg.connect(fresh.databases.owner, autocommit=True) as owner:
            owner.execute(f"ALTER DATABASE {name} CONNECTION LIMIT 0".encode())
            proxy.cut()
            with pytest.raises(Unavailable):
                await submit(made, "k-1")
            owner.execute(f"ALTER DATABASE {name} CONNECTION LIMIT -1".encode())
        assert told(await by_and_by(lambda: submit(made, "k-1"))) == told(first)


async def by_and_by(attempt: Callable[[], Awaitable[T]]) -> T:
    """Tries as a client does, until the store is available again."""
    async with asyncio.timeout(WRITING_AGAIN):
        while True:
            with contextlib.suppress(Unavailable):
                return await attempt()


async def test_a_database_that_stands_still_for_seconds_costs_no_command(
    fresh: Fresh, postgres: EmbeddedPostgres, monkeypatch: pytest.MonkeyPatch
) -> None:
    """SIGSTOP of the server and of all its backends."""
    monkeypatch.setattr(retries, "SECONDS_MAX", 1.0)
    async with installation(fresh.settings, fresh.databases) as made:
        await made.editions.publish(EDITIONS, made.recorder, made.named.commands[0])
        await submit(made, "k-1")
        with stopped(postgres):
            sent = [asyncio.create_task(submit(made, f"k-{n}")) for n in range(2, 6)]
            told_by = await asyncio.wait_for(asyncio.gather(*sent, return_exceptions=True), 12.0)
            assert {type(each) for each in told_by} == {Unavailable}
        answers = [await by_and_by(lambda n=n: submit(made, f"k-{n}")) for n in range(2, 6)]  # type: ignore[misc]
        assert [topics(made, answer.application_id) for answer in answers] == [["submitted"]] * 4
    assert ask(fresh.databases.owner, "SELECT count(DISTINCT originator_id) FROM claims") == [(5,)]


@contextlib.contextmanager
def stopped(postgres: EmbeddedPostgres) -> Iterator[None]:
    server = int((postgres.folder / "pg18/postmaster.pid").read_text().split()[0])
    children = [int(pid) for pid in Path(f"/proc/{server}/task/{server}/children").read_text().split()]
    try:
        for process in (server, *children):
            os.kill(process, signal.SIGSTOP)
        yield
    finally:
        for process in (*children, server):
            with contextlib.suppress(ProcessLookupError):
                os.kill(process, signal.SIGCONT)


def test_the_watcher_survives_emfile_and_starts_the_server_again(monkeypatch: pytest.MonkeyPatch) -> None:
    """No descriptor is left when the server is killed. As soon as there are some, the server is there again."""
    monkeypatch.setattr(databases, "WATCH_SECONDS", 0.05)
    monkeypatch.setattr(databases, "LIMITS", ServiceLimits(back_off_seconds=0.05, back_off_max_seconds=0.1))
    folder = new_folder()
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    try:
        with EmbeddedPostgres(folder) as postgres, databases._kept_alive(postgres):
            server = int((folder / "pg18/postmaster.pid").read_text().split()[0])
            with capture_logs() as lines:
                resource.setrlimit(resource.RLIMIT_NOFILE, (3, hard))
                os.kill(server, signal.SIGKILL)
                time.sleep(0.5)
                resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))
            assert (lines[0]["event"], lines[0]["service"]) == ("service interrupted", "embedded PostgreSQL")
            deadline = time.monotonic() + 60
            while PGconn.ping(postgres.conninfo("postgres").encode()) != Ping.OK:
                assert time.monotonic() < deadline
                time.sleep(0.1)
    finally:
        resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))
        shutil.rmtree(folder, ignore_errors=True)
