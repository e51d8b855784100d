"""Storing: this module finds out whether the database can store events now. `/readyz` uses the result."""

import asyncio
import time

import psycopg

from infra.database_faults import noted
from infra.eventstore.group_commit import GroupCommit
from infra.metrics import STORING
from infra.postgres.pool import Pool, borrowed
from service_layer.faults import Unavailable

KNOWN_SECONDS = 1.0
"""The result is kept for this number of seconds, so that frequent readers of `/readyz` cost little."""
LIMIT_SECONDS = 3.0

WRITE = "SELECT pg_logical_emit_message(true, 'jejak readyz', '')"
"""Writes a few bytes to PostgreSQL's write-ahead log, and changes no table.

The commit waits until the bytes are on the disk.
"""
GROW = "CREATE TEMPORARY TABLE readyz ON COMMIT DROP AS SELECT repeat('x', 1000) FROM generate_series(1, 100)"
"""Makes PostgreSQL allocate new space on the disk of the tables.

On a full disk, this statement fails, although a small write may still succeed.
"""
APPEND_NOTHING = "SELECT FROM append_events('{}', '{}', '{}', '{}', '{}', '{}', '{}', '{}')"
"""Takes the append lock and reads the log. If another session has locked one of the two, this statement waits."""


class Storing:
    """Checks whether events can be stored.

    If the last append failed, this class also tries a larger write and an empty append.
    """

    def __init__(self, pool: Pool, writer: GroupCommit) -> None:
        self.pool = pool
        self.writer = writer
        self._known: tuple[bool, float] | None = None
        self._asking = asyncio.Lock()

    async def __call__(self) -> bool:
        async with self._asking:
            if self._known is None or time.monotonic() - self._known[1] > KNOWN_SECONDS:
                self._known = await self._tried(), time.monotonic()
                STORING.set(self._known[0])
            return self._known[0]

    async def _tried(self) -> bool:
        try:
            async with asyncio.timeout(LIMIT_SECONDS), borrowed(self.pool) as connection:
                await connection.execute(WRITE)
                if self.writer.failing:
                    await connection.execute(GROW)
                    await connection.execute(APPEND_NOTHING)
        except (Unavailable, TimeoutError):
            return False
        except psycopg.Error as fault:
            noted(fault)
            return False
        self.writer.failing = False
        return True
