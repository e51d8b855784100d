"""Statistics queries: exact figures from the current facts, and public figures from a cut that all processes share.

Public figures are updated in batches, so watching the page does not reveal a single submission. A new cut is made when
the last cut is more than an hour old. It is also made when the last cut is more than a minute old and a hundred events
were appended after it: among so many events, no single event stands out.
"""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import asdict
from datetime import UTC, datetime, timedelta
from typing import Any

import msgspec
import orjson
import psycopg
from psycopg import AsyncConnection
from psycopg.rows import dict_row

from domain.registry.editions import Registry
from infra.eventstore.editions import Editions
from infra.postgres.pool import Pool, borrowed
from projections.disclosure import protect
from projections.figures import COUNTS, DAYS, NOTHING, TABLES, Figures, Statistics
from projections.statistics import CUT
from service_layer.faults import Unavailable

LATE = timedelta(hours=1)
SOON = timedelta(minutes=1)
MANY_EVENTS = 100

END = "SELECT coalesce(max(notification_id), 0) FROM stored_events"
NEWEST = f"SELECT cut_at, position, figures, ({END}) FROM public_figures"  # noqa: S608 - a constant
KEEP = """
INSERT INTO public_figures (cut_at, position, figures) VALUES (%s, %s, %s)
ON CONFLICT (only_one) DO UPDATE
SET cut_at = EXCLUDED.cut_at, position = EXCLUDED.position, figures = EXCLUDED.figures
"""


class PostgresStatistics:
    """Implements `service_layer.ports.StatisticsQueries`."""

    def __init__(self, pool: Pool, editions: Editions) -> None:
        self.pool = pool
        self.editions = editions
        self.cutting = asyncio.Lock()  # at most one connection of this process waits for the lock in the database

    async def exact(self, as_of: datetime | None = None) -> Statistics:
        registry = await self.editions.registry()
        async with self._borrowed() as connection:
            return await _exact(connection, registry, as_of or datetime.now(UTC))

    async def public(self) -> Statistics:
        """Returns the newest cut, and makes a new cut if it is due.

        While another task of this process makes the new cut, the last cut is returned.
        """
        async with self._borrowed() as connection:
            row = await (await connection.execute(NEWEST)).fetchone()
        if row and (not _due(*row) or self.cutting.locked()):
            return _read(row[2])
        registry = await self.editions.registry()
        async with self.cutting, self._borrowed() as connection:
            await connection.execute("SELECT pg_advisory_xact_lock(hashtext('jejak figures'))")
            row = await (await connection.execute(NEWEST)).fetchone()
            if row and not _due(*row):
                return _read(row[2])
            end = await (await connection.execute(END)).fetchone()
            cut = protect(await _exact(connection, registry, datetime.now(UTC)), registry.services, registry.offices)
            await connection.execute(KEEP, (cut.as_of, end[0] if end else 0, orjson.dumps(asdict(cut))))
            return cut

    @asynccontextmanager
    async def _borrowed(self) -> AsyncIterator[AsyncConnection]:
        try:
            async with borrowed(self.pool) as connection:
                yield connection
        except psycopg.errors.UndefinedTable as lost:  # the view was dropped, and the runner will rebuild it
            raise Unavailable from lost


async def _exact(connection: AsyncConnection, registry: Registry, as_of: datetime) -> Statistics:
    zones = {code: office.zone for code, office in registry.offices.items()}
    values = {"as_of": as_of, "offices": list(zones), "zones": list(zones.values())}
    async with connection.cursor(row_factory=dict_row) as cursor:
        rows = await (await cursor.execute(CUT, values)).fetchall()
    tables: dict[str, dict[str, Figures]] = {name: {} for name in (*TABLES, "total")}
    for row in rows:
        tables[row["place"]][row["key"]] = _figures(row)
    total = tables.pop("total").get("", NOTHING)
    return Statistics(as_of=as_of, total=total, tables={name: dict(sorted(tables[name].items())) for name in TABLES})


async def forget(pool: Pool) -> None:
    """Deletes the public cut. Call it after an import, so that the imported events show in the figures at once."""
    async with borrowed(pool) as connection:
        await connection.execute("DELETE FROM public_figures")


def _due(cut_at: datetime, position: int, _figures: bytes, end: int) -> bool:
    age = datetime.now(UTC) - cut_at
    return age > LATE or (age > SOON and end - position >= MANY_EVENTS)


def _figures(row: dict[str, Any]) -> Figures:
    counts_and_days: dict[str, Any] = {name: row[name] for name in COUNTS}
    counts_and_days |= {name: _rounded(row[name]) for name in DAYS}
    return Figures(
        **counts_and_days,
        on_time_percent=_share(row["on_time"], row["late"]),
        on_time_recorded_percent=_share(row["on_time_recorded"], row["late_recorded"]),
        without_deadline_percent=_share(row["without_deadline"], row["on_time"] + row["late"]),
    )


def _share(part: int, rest: int) -> float | None:
    return round(100 * part / (part + rest), 1) if part + rest else None


def _rounded(days: float | None) -> float | None:
    return None if days is None else round(float(days), 2)


def _read(stored: bytes) -> Statistics:
    return msgspec.json.decode(stored, type=Statistics)
