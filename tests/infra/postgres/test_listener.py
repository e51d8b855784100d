"""The listener: it hands over payloads in order, says when it is down, and returns after a lost connection."""

import asyncio
import contextlib
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager

import psycopg
import pytest
from psycopg import AsyncConnection

from infra.postgres.listener import Listener
from tests.conftest import Fresh

pytestmark = pytest.mark.anyio
GENEROUS = 30.0
KILL = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE usename = 'jejak_serving'"


class Ear:
    """Keeps what the listener hands over."""

    def __init__(self) -> None:
        self.payloads: list[str] = []
        self.calls = self.downs = 0
        self.fault: Exception | None = None
        self._changed = asyncio.Event()

    async def heard(self, connection: AsyncConnection, payloads: Sequence[str]) -> None:
        await connection.execute("SELECT 1")
        self.payloads += payloads
        self.calls += 1
        self._changed.set()
        if self.fault:
            fault, self.fault = self.fault, None
            raise fault

    def down(self) -> None:
        self.downs += 1
        self._changed.set()

    async def until(self, condition: Callable[[], bool]) -> None:
        async with asyncio.timeout(GENEROUS):
            while not condition():
                self._changed.clear()
                await self._changed.wait()


@asynccontextmanager
async def listening(conninfo: str, ear: Ear) -> AsyncIterator[Listener]:
    listener = Listener(conninfo, ["one", "two"], heard=ear.heard, down=ear.down)
    task = asyncio.create_task(listener.run())
    try:
        await ear.until(lambda: listener.is_up or ear.calls > 1)
        yield listener
    finally:
        task.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await task


def notify(fresh: Fresh, channel: str, payload: str) -> None:
    with psycopg.connect(fresh.databases.owner, autocommit=True) as connection:
        connection.execute("SELECT pg_notify(%s, %s)", (channel, payload))


async def test_payloads_of_all_channels_are_handed_over_in_order(fresh: Fresh) -> None:
    ear = Ear()
    async with listening(fresh.databases.serving, ear) as listener:
        for number in range(6):
            notify(fresh, ("one", "two", "three")[number % 3], str(number))
        await ear.until(lambda: len(ear.payloads) >= 4)
        assert listener.is_up
    assert ear.payloads == ["0", "1", "3", "4"]
    assert (ear.downs, listener.is_up) == (1, False), "the end of listening is an end of knowledge too"


async def test_silence_calls_back_too(fresh: Fresh) -> None:
    ear = Ear()
    async with listening(fresh.databases.serving, ear):
        await ear.until(lambda: ear.calls >= 3)
    assert ear.payloads == []


async def test_a_lost_connection_is_reported_and_made_again(fresh: Fresh) -> None:
    ear = Ear()
    async with listening(fresh.databases.serving, ear) as listener:
        with psycopg.connect(fresh.databases.owner, autocommit=True) as killer:
            killer.execute(KILL)
        await ear.until(lambda: ear.downs == 1)
        await ear.until(lambda: listener.is_up)
        notify(fresh, "two", "again")
        await ear.until(lambda: ear.payloads == ["again"])


async def test_a_fault_of_the_callback_s_query_counts_as_a_lost_connection(fresh: Fresh) -> None:
    ear = Ear()
    ear.fault = psycopg.errors.UndefinedTable()
    async with listening(fresh.databases.serving, ear):
        assert ear.downs == 1


async def test_any_other_fault_of_the_callback_counts_and_listening_goes_on(fresh: Fresh) -> None:
    ear = Ear()
    ear.fault = KeyError("a defect")
    async with listening(fresh.databases.serving, ear) as listener:
        await ear.until(lambda: listener.is_up)
        notify(fresh, "one", "again")
        await ear.until(lambda: ear.payloads == ["again"])
        assert listener.service.state.last_fault.startswith("KeyError at test_listener.py:")
        assert ear.downs == 1
