"""Access record: this module records each reading (who, what and when), and each search for a person.

The record contains references, and never a person's data. An access to sealed parts and a search for a person are
stored before the answer is sent. Other readings are collected in memory and stored about once a second, so that reading
stays cheap. If the process is killed, the readings of the last second are lost.

Every writer takes a shared lock before it gets an id for its row. A reader of the record first takes the exclusive lock
for a moment. So after the reader has seen an id, no new row with a lower id can appear.
"""

import asyncio
import contextlib
import math
import time
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any, LiteralString, Self
from uuid import UUID

import structlog
from psycopg import AsyncConnection

from domain.json_values import instant
from infra.metrics import READINGS_LOST
from infra.postgres.pool import Pool, borrowed
from service_layer.faults import Unavailable
from service_layer.rights import Bearer, Principal

FLUSH_SECONDS = 1.0
WAITING_MAX = 10_000
FORGET_SECONDS = 3600.0
SEARCH_WINDOW = timedelta(hours=1)
SEARCHES_OF_ACTOR, SEARCHES_OF_OFFICE = 60, 600
"""The maximum number of searches for persons in SEARCH_WINDOW: by one member of staff, and by one office."""

WRITING = "SELECT pg_advisory_xact_lock_shared(hashtextextended('public.accesses', 0))"
SETTLED = "SELECT pg_advisory_xact_lock(hashtextextended('public.accesses', 0))"
COLUMNS = (
    "id", "at", "operation", "role", "office", "agency", "actor", "application_id", "desk", "person", "purpose", "times"
)  # fmt: skip
PAGE: LiteralString = """
SELECT id, at, operation, role, office, agency, actor, application_id, desk, person, purpose, times
FROM accesses WHERE id > %s ORDER BY id LIMIT %s
"""
OF_APPLICATION = """
SELECT at, office, role, purpose FROM accesses
WHERE application_id = %s AND operation IN ('open-dossier', 'find-by-person') ORDER BY id LIMIT 1000
"""
STORE = """
INSERT INTO accesses (at, operation, role, office, agency, actor, application_id, desk, times, purpose)
SELECT *, '' FROM unnest(
    %s::timestamptz[], %s::text[], %s::text[], %s::text[], %s::text[], %s::uuid[], %s::uuid[], %s::text[], %s::integer[]
)
"""
OPENED = """
INSERT INTO accesses (application_id, operation, role, office, agency, actor, purpose)
SELECT unnest(%s::uuid[]), %s, %s, %s, %s, %s::uuid, %s
"""
SEARCHED = """
INSERT INTO accesses (operation, role, office, agency, actor, person, purpose)
VALUES ('find-by-person', %s, %s, %s, %s, %s, '')
"""
RECENT = """
SELECT at, actor IS NOT DISTINCT FROM %(actor)s FROM accesses
WHERE operation = 'find-by-person' AND application_id IS NULL AND office = %(office)s
    AND at > clock_timestamp() - %(window)s
ORDER BY at DESC
"""
NOW = "SELECT clock_timestamp()"

Reading = tuple[str, str, str, str, UUID | None, UUID | None, str | None]
"""The values that identify a reading: operation, role, office, agency, actor, application, desk."""

log = structlog.get_logger("jejak.accesses")


@dataclass(slots=True)
class Noted:
    """When a reading was first noted since it was last stored, and how many times it was noted since then."""

    first: datetime
    times: int = 1


class PostgresAccesses:
    """Implements `service_layer.ports.Accesses`.

    Use this class as an asynchronous context manager: on exit, all collected readings are stored. `days` is the number
    of days for which readings and searches are kept. Accesses to sealed parts are never deleted.
    """

    def __init__(self, pool: Pool, days: int) -> None:
        self.pool = pool
        self.days = days
        self._waiting: dict[Reading, Noted] = {}
        self._flushing: asyncio.Task[None] | None = None
        self._ending = asyncio.Event()
        self._forgot_at = -math.inf

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        self._ending.set()
        if self._flushing:
            await self._flushing
        self._lose(len(self._waiting))

    def note(
        self, operation: str, principal: Principal, *, application_id: UUID | None = None, desk: str | None = None
    ) -> None:
        if principal.bearer in (Bearer.CITIZEN, Bearer.PUBLIC):
            return
        reading = (operation, *_who(principal), application_id, desk)
        noted = self._waiting.get(reading)
        if noted is not None:
            noted.times += 1
        elif len(self._waiting) < WAITING_MAX:
            self._waiting[reading] = Noted(datetime.now(UTC))
        else:
            self._lose(1)
            return
        if self._flushing is None or self._flushing.done():
            self._flushing = asyncio.create_task(self._flush())

    async def search(self, principal: Principal, person: UUID | None) -> int:
        who = _who(principal)
        async with borrowed(self.pool) as connection:
            # With this lock, the searches of an office are counted one after another. So parallel searches cannot
            # exceed a limit.
            await connection.execute("SELECT pg_advisory_xact_lock(hashtextextended(%s, 1))", (principal.office,))
            values = {"actor": principal.actor, "office": principal.office, "window": SEARCH_WINDOW}
            recent = await (await connection.execute(RECENT, values)).fetchall()
            own = [at for at, by_actor in recent if by_actor]
            for ats, most in ((own, SEARCHES_OF_ACTOR), ([at for at, _ in recent], SEARCHES_OF_OFFICE)):
                if len(ats) >= most:
                    [(now,)] = await (await connection.execute(NOW)).fetchall()
                    return max(1, math.ceil(timedelta.total_seconds(ats[most - 1] + SEARCH_WINDOW - now)))
            await connection.execute(WRITING)
            await connection.execute(SEARCHED, (*who, person))
        return 0

    async def record(self, operation: str, applications: Sequence[UUID], principal: Principal, purpose: str) -> None:
        async with borrowed(self.pool) as connection:
            await connection.execute(WRITING)
            await connection.execute(OPENED, (list(applications), operation, *_who(principal), purpose))

    async def of_application(self, application_id: UUID) -> list[dict[str, Any]]:
        async with borrowed(self.pool) as connection:
            rows = await (await connection.execute(OF_APPLICATION, (application_id,))).fetchall()
        return [{"at": instant(at), "office": o, "role": role, "purpose": purpose} for at, o, role, purpose in rows]

    async def page(self, after: int, limit: int) -> list[dict[str, Any]]:
        async with borrowed(self.pool) as connection:
            await connection.execute(SETTLED)
            rows = await (await connection.execute(PAGE, (after, limit))).fetchall()
        return [entry(row) for row in rows]

    async def _flush(self) -> None:
        """Stores the collected readings, until none is left. While the database cannot be reached, the readings wait.
        When the process ends, the method tries only once more.
        """
        ending = False
        while self._waiting and not ending:
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(self._ending.wait(), FLUSH_SECONDS)
            ending = self._ending.is_set()
            try:
                await self._store()
            except Unavailable:
                log.warning("the record of readings is interrupted", waiting=len(self._waiting))
            except Exception as fault:  # noqa: BLE001 - the next readings must be recorded
                log.error("readings cannot be recorded", fault=type(fault).__name__)  # noqa: TRY400 - no traceback
                self._lose(len(self._waiting))
                self._waiting.clear()

    async def _store(self) -> None:
        batch = [(reading, noted.first, noted.times) for reading, noted in self._waiting.items()]
        if not batch:
            return
        async with borrowed(self.pool) as connection:
            await _insert(connection, batch)
            if time.monotonic() - self._forgot_at > FORGET_SECONDS:
                await connection.execute("SELECT forget_readings(%s)", (self.days,))
                self._forgot_at = time.monotonic()
        for reading, _, stored in batch:
            self._waiting[reading].times -= stored
            if not self._waiting[reading].times:  # else this reading was counted again during the insert
                del self._waiting[reading]

    def _lose(self, number: int) -> None:
        if number:
            READINGS_LOST.inc(number)


async def _insert(connection: AsyncConnection, batch: Iterable[tuple[Reading, datetime, int]]) -> None:
    await connection.execute(WRITING)
    rows = [(at, *reading, times) for reading, at, times in batch]
    await connection.execute(STORE, [list(column) for column in zip(*rows, strict=True)], prepare=True)


def _who(principal: Principal) -> tuple[str, str, str, UUID | None]:
    return principal.bearer.value, principal.office, principal.agency, principal.actor


def entry(row: Sequence[Any]) -> dict[str, Any]:
    """Converts a row of the record to values that JSON can represent."""
    plain = dict(zip(COLUMNS, row, strict=True))
    return {
        name: instant(value) if isinstance(value, datetime) else str(value) if isinstance(value, UUID) else value
        for name, value in plain.items()
    }
