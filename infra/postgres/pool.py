"""Connection pool: this module makes an asynchronous pool with a limited number of connections.

`borrowed` raises Unavailable if the database cannot be reached.
"""

import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import psycopg
import psycopg_pool
from psycopg import AsyncConnection
from psycopg.rows import TupleRow
from psycopg_pool import AsyncConnectionPool

from infra.database_faults import noted
from infra.postgres.connections import (
    ANSWER_SECONDS,
    FIGURES_SECONDS,
    PING_SECONDS,
    LimitedAsyncConnection,
    NoAnswer,
    limited,
)
from infra.service import BackgroundService, registered
from service_layer.faults import Unavailable

Pool = AsyncConnectionPool[LimitedAsyncConnection[TupleRow]]

CONNECTIONS_MAX = 10
WAITING_MAX = 500
WAIT_SECONDS = 3.0
ASK_SECONDS = 0.5
RECONNECT_SECONDS = 0.4
"""After this number of seconds without a connection, the pool stops trying to connect. `borrowed` then makes the pool
try again.

After each failed try, the pool doubles its pause. With this limit, the pauses stay short. So when the database is back,
the pool is connected in less than a second.
"""
AWAY = (
    psycopg.OperationalError,
    psycopg.InterfaceError,
    psycopg_pool.PoolTimeout,
    psycopg_pool.PoolClosed,
    psycopg_pool.TooManyRequests,
)


@asynccontextmanager
async def pool(conninfo: str, name: str = "events") -> AsyncIterator[Pool]:
    """Yields an open pool of at most CONNECTIONS_MAX connections. `name` is the name of the pool's service.

    The pool's worker threads make new connections in the background. The pool itself supervises these threads. Before
    the pool hands out a connection, it checks whether the connection still works. If the connection does not work, the
    other idle connections are probably lost too. So all idle connections are replaced.
    """
    service = BackgroundService(f"pool {name}", expected=(psycopg.OperationalError,))

    async def connected(_: AsyncConnection) -> None:
        service.succeeded()

    def not_connected(_: Pool) -> None:
        service.failed(psycopg.OperationalError())

    async def check(connection: LimitedAsyncConnection[TupleRow]) -> None:
        try:
            with connection.within(PING_SECONDS):
                await AsyncConnectionPool.check_connection(connection)
        except NoAnswer:
            await made.drain()
            raise

    with registered(service):
        async with AsyncConnectionPool(
            limited(conninfo, FIGURES_SECONDS),
            connection_class=LimitedAsyncConnection[TupleRow],
            min_size=1,
            max_size=CONNECTIONS_MAX,
            max_waiting=WAITING_MAX,
            reconnect_timeout=RECONNECT_SECONDS,
            reconnect_failed=not_connected,
            configure=connected,
            check=check,
            open=False,
        ) as made:
            yield made


@asynccontextmanager
async def borrowed(pool: Pool, *, seconds: float = ANSWER_SECONDS) -> AsyncIterator[AsyncConnection]:
    """Yields a connection in a new transaction. Each wait for the server lasts at most `seconds`.

    Raises Unavailable if the database cannot be reached or does not answer.
    """
    try:
        connection = await _ask(pool)
        try:
            with connection.within(seconds):
                async with connection:
                    yield connection
        finally:
            await pool.putconn(connection)
    except AWAY as away:
        noted(away)
        raise Unavailable from away
    except psycopg.Error as fault:
        noted(fault)
        raise


async def _ask(pool: Pool) -> LimitedAsyncConnection[TupleRow]:
    deadline = time.monotonic() + WAIT_SECONDS
    while True:
        try:
            return await pool.getconn(timeout=ASK_SECONDS)
        except psycopg_pool.PoolTimeout:
            if time.monotonic() > deadline:
                raise
