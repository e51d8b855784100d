"""Asynchronous connections: a bounded pool, and one way to borrow from it that says when the database is away."""

import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import psycopg
import psycopg_pool
from psycopg import AsyncConnection
from psycopg_pool import AsyncConnectionPool

from service_layer.faults import Unavailable

Pool = AsyncConnectionPool[AsyncConnection]

CONNECTIONS_MAX = 10
WAITING_MAX = 500
WAIT_SECONDS = 3.0
ASK_SECONDS = 0.5
RECONNECT_SECONDS = 0.4
"""The pool waits twice as long after each failed connection. It is made to give up soon and asked again instead, so
that it finds the database within a second of its return."""
AWAY = (
    psycopg.OperationalError,
    psycopg.InterfaceError,
    psycopg_pool.PoolTimeout,
    psycopg_pool.PoolClosed,
    psycopg_pool.TooManyRequests,
)


@asynccontextmanager
async def pool(conninfo: str) -> AsyncIterator[Pool]:
    async with AsyncConnectionPool(
        conninfo,
        connection_class=AsyncConnection,
        min_size=1,
        max_size=CONNECTIONS_MAX,
        max_waiting=WAITING_MAX,
        reconnect_timeout=RECONNECT_SECONDS,
        check=AsyncConnectionPool.check_connection,
        open=False,
    ) as made:
        yield made


@asynccontextmanager
async def borrowed(pool: Pool) -> AsyncIterator[AsyncConnection]:
    """A connection in a transaction of its own. Raises Unavailable where the database cannot be reached."""
    try:
        connection = await _ask(pool)
        try:
            async with connection:
                yield connection
        finally:
            await pool.putconn(connection)
    except AWAY as away:
        raise Unavailable from away


async def _ask(pool: Pool) -> AsyncConnection:
    deadline = time.monotonic() + WAIT_SECONDS
    while True:
        try:
            return await pool.getconn(timeout=ASK_SECONDS)
        except psycopg_pool.PoolTimeout:
            if time.monotonic() > deadline:
                raise
