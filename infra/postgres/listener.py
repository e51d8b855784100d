"""Listener: this module listens for notifications of PostgreSQL, on one asynchronous connection.

If the connection is lost, the listener connects again. If no notification arrives for POLL_SECONDS, the listener sends
an empty statement (a ping). So a half-open connection is detected within POLL_SECONDS + ANSWER_SECONDS.
"""

from collections.abc import Awaitable, Callable, Sequence

import psycopg
from psycopg import AsyncConnection

from infra.postgres.connections import connect_async
from infra.service import BackgroundService, ServiceLimits

POLL_SECONDS = 0.5
"""The callback is called at least once in this number of seconds, even if no notification arrives.

The reason is that a notification may be lost together with the connection.
"""
LIMITS = ServiceLimits(pass_seconds=60.0, back_off_seconds=0.05, back_off_max_seconds=0.5, faults_max=100)

Heard = Callable[[AsyncConnection, Sequence[str]], Awaitable[None]]
"""A callback with two arguments. The first argument is the connection, which is in autocommit mode. The second argument
contains the payloads that arrived since the last call.

As soon as the connection listens, the callback is called without payloads. Later, the callback is also called without
payloads each time nothing arrives for POLL_SECONDS.
"""


class Listener:
    """Listens on `channels`, and passes the notifications to the callback `heard`.

    The listener also passes its connection to `heard`, and `heard` may run queries on this connection. If `heard`
    raises an exception, the connection counts as lost. `down` is called each time the connection is lost, and when
    `run` ends. After a call of `down`, data that `heard` has read earlier may be wrong. For example, the database may
    have been restored from a backup that contains less data.
    """

    def __init__(self, conninfo: str, channels: Sequence[str], *, heard: Heard, down: Callable[[], None]) -> None:
        self.conninfo = conninfo
        self.channels = tuple(channels)
        self.is_up = False
        self.service = BackgroundService(
            f"listener {' '.join(self.channels)}", LIMITS, expected=(psycopg.Error, OSError)
        )
        self._heard = heard
        self._down = down

    async def run(self) -> None:
        """Listens until the task is cancelled."""
        await self.service.run_async(self._listen)

    async def _listen(self) -> None:
        try:
            async with await connect_async(self.conninfo) as connection:
                for channel in self.channels:
                    await connection.execute(f"LISTEN {channel}".encode())
                await self._heard(connection, ())
                self.is_up = True
                await self._follow(connection)
        finally:
            self.is_up = False
            self._down()

    async def _follow(self, connection: AsyncConnection) -> None:
        while True:
            self.service.succeeded()
            notifications = connection.notifies(timeout=POLL_SECONDS, stop_after=1)
            payloads = [notification.payload async for notification in notifications]
            if not payloads:  # if nothing arrives, the connection may be half-open
                await connection.execute("")
            await self._heard(connection, payloads)
