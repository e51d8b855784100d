"""Listener: one asynchronous connection that listens on channels of PostgreSQL and reconnects when it is lost."""

import asyncio
from collections.abc import Awaitable, Callable, Sequence

import psycopg
import structlog
from psycopg import AsyncConnection

POLL_SECONDS = 0.5
"""The longest time in seconds between two calls of the callback.

The callback is also called without a notification, because a notification may be lost with a connection.
"""
BACK_OFF_SECONDS, BACK_OFF_MAX_SECONDS = 0.05, 0.5
"""The first and the longest pause before the next try to connect."""

Heard = Callable[[AsyncConnection, Sequence[str]], Awaitable[None]]
"""A callback. Its arguments are the connection, in autocommit, and the payloads since the last call, in their order.

This callback is called without payloads as soon as the connection listens. It is also called without payloads each time
that nothing arrived for POLL_SECONDS.
"""

log = structlog.get_logger("jejak.listener")


class Listener:
    """Hands the notifications of `channels` to `heard`.

    `down` is called each time the connection is lost, and when `run` ends. Data that `heard` read from this connection
    may then be out of date, because the database may return from a backup with less data. `heard` runs on the listening
    connection. A psycopg.Error that `heard` raises counts as a lost connection.
    """

    def __init__(self, conninfo: str, channels: Sequence[str], *, heard: Heard, down: Callable[[], None]) -> None:
        self.conninfo = conninfo
        self.channels = tuple(channels)
        self.is_up = False
        self._heard = heard
        self._down = down

    async def run(self) -> None:
        """Listens until cancelled. Raises every exception that `heard` raises, except psycopg.Error."""
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
