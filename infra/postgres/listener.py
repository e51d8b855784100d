"""Listener: this module listens for notifications of PostgreSQL, on one asynchronous connection.

If the connection is lost, the listener connects again.
"""

from collections.abc import Awaitable, Callable, Sequence

import psycopg
from psycopg import AsyncConnection

from infra.service import Limits, Service

POLL_SECONDS = 0.5
"""The callback is called at least once in this number of seconds.

So the callback is also called without a notification. The reason is that a notification may be lost together with the
connection.
"""
LIMITS = Limits(pass_seconds=60.0, back_off_seconds=0.05, back_off_max_seconds=0.5, faults_max=100)

Heard = Callable[[AsyncConnection, Sequence[str]], Awaitable[None]]
"""A callback with two arguments. The first argument is the connection, which is in autocommit mode. The second argument
contains the payloads that arrived since the last call.

As soon as the connection listens, the callback is called without payloads. Later, the callback is also called without
payloads each time nothing arrives for POLL_SECONDS.
"""


class Listener:
    """Listens on `channels`, and passes the notifications to the function `heard`.

    The listener also passes its own connection to `heard`, and `heard` may use this connection. If `heard` raises an
    exception, the connection counts as lost. `down` is called each time the connection is lost, and when `run`
    ends. After a call of `down`, the data that `heard` has read may be wrong. For example, the database may have been
    restored from a backup that contains less data.
    """

    def __init__(self, conninfo: str, channels: Sequence[str], *, heard: Heard, down: Callable[[], None]) -> None:
        self.conninfo = conninfo
        self.channels = tuple(channels)
        self.is_up = False
        self.service = Service(f"listener {' '.join(self.channels)}", LIMITS, expected=(psycopg.Error, OSError))
        self._heard = heard
        self._down = down

    async def run(self) -> None:
        """Listens until the task is cancelled."""
        await self.service.run_async(self._listen)

    async def _listen(self) -> None:
        try:
            async with await AsyncConnection.connect(self.conninfo, autocommit=True) as connection:
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
            await self._heard(connection, [notification.payload async for notification in notifications])
