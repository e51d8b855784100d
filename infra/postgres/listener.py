"""Listener: one asynchronous connection that listens on channels of PostgreSQL and reconnects when it is lost."""

import asyncio
from collections.abc import Awaitable, Callable, Sequence

import psycopg
import structlog
from psycopg import AsyncConnection

POLL_SECONDS = 0.5
"""The longest time between two calls of the callback. A notification may be lost with its connection."""
BACK_OFF_SECONDS, BACK_OFF_MAX_SECONDS = 0.05, 0.5
"""The first and the longest pause before the next try to connect."""

Heard = Callable[[AsyncConnection, Sequence[str]], Awaitable[None]]
"""Gets the connection, in autocommit, and the payloads that arrived since the last call, in their order.

It is called without payloads once the connection listens, and each time that nothing arrived for POLL_SECONDS.
"""

log = structlog.get_logger("jejak.listener")


class Listener:
    """Hands the notifications of `channels` to `heard`.

    `down` is called each time the connection is lost, and when `run` ends. What the callbacks learnt from this
    connection may then be out of date: the database may return from a backup, with less data. `heard` runs on the
    listening connection. A psycopg.Error that `heard` raises counts as a lost connection.
    """

    def __init__(self, conninfo: str, channels: Sequence[str], *, heard: Heard, down: Callable[[], None]) -> None:
        self.conninfo = conninfo
        self.channels = tuple(channels)
        self.is_up = False
        self._heard = heard
        self._down = down

    async def run(self) -> None:
        """Listens until cancelled. Raises what `heard` raises, other than psycopg.Error."""
        pause = BACK_OFF_SECONDS
        while True:
            try:
                async with await AsyncConnection.connect(self.conninfo, autocommit=True) as connection:
                    for channel in self.channels:
                        await connection.execute(f"LISTEN {channel}".encode())
                    await self._heard(connection, ())
                    self.is_up, pause = True, BACK_OFF_SECONDS
                    await self._follow(connection)
            except psycopg.Error as lost:
                log.warning("listening again", channels=self.channels, fault=type(lost).__name__)
            finally:
                self.is_up = False
                self._down()
            await asyncio.sleep(pause)
            pause = min(2 * pause, BACK_OFF_MAX_SECONDS)

    async def _follow(self, connection: AsyncConnection) -> None:
        while True:
            notifications = connection.notifies(timeout=POLL_SECONDS, stop_after=1)
            await self._heard(connection, [notification.payload async for notification in notifications])
