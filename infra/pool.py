"""Asynchronous connections: a bounded pool, and one way to borrow from it that says when the database is away."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import psycopg
import psycopg_pool
from psycopg import AsyncConnection
from psycopg_pool import AsyncConnectionPool

from domain.ports import Unavailable

Pool = AsyncConnectionPool[AsyncConnection]

CONNECTIONS_MAX = 10
WAITING_MAX = 500
WAIT_SECONDS = 3.0
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
        timeout=WAIT_SECONDS,
        max_waiting=WAITING_MAX,
        check=AsyncConnectionPool.check_connection,
        open=False,
    ) as made:
        yield made


@asynccontextmanager
async def borrowed(pool: Pool) -> AsyncIterator[AsyncConnection]:
    """A connection in a transaction of its own. Raises Unavailable where the database cannot be reached."""
    try:
        async with pool.connection() as connection:
            yield connection
    except AWAY as away:
        raise Unavailable from away
