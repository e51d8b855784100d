"""Statistics queries: this module reads exact figures and public figures.

The public figures come from a stored result that all processes share. This result is called a cut. Public figures
change only when a new cut is made. So a person who watches the page cannot notice a single submission. A new cut is due
when the last cut is more than an hour old. A new cut is also due when the last cut is more than a minute old and the
log has at least a hundred newer events. Because a new cut adds a hundred events at once, nobody can recognize a single
event.
"""

import asyncio
from collections.abc import Callable
from dataclasses import asdict
from datetime import UTC, datetime, timedelta
from fractions import Fraction
from typing import Any

import msgspec
import orjson
from psycopg import AsyncConnection
from psycopg.rows import dict_row

from domain.registry.registry import Registry
from domain.rounding import rounded
from infra.eventstore.editions import Editions
from infra.postgres.connections import FIGURES_SECONDS
from infra.postgres.pool import Pool, borrowed
from infra.queries.view_reader import reading
from projections.disclosure import protect
from projections.figures import COUNTS, DAYS, NOTHING, TABLES, Figures, Statistics
from projections.statistics import CUT

LATE = timedelta(hours=1)
SOON = timedelta(minutes=1)
MANY_EVENTS = 100
MICROSECONDS_OF_A_DAY = 24 * 60 * 60 * 10**6

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
        self.cutting = asyncio.Lock()  # so that one connection at most waits for the lock in the database

    async def exact(self, as_of: datetime | None = None) -> Statistics:
        registry = await self.editions.registry()
        async with reading(self.pool, seconds=FIGURES_SECONDS) as connection:
            return await _exact(connection, registry, as_of or datetime.now(UTC), days=_hundredths)

    async def public(self) -> Statistics:
        """Returns the newest cut of the public figures. If a new cut is due, makes the new cut first.

        If another task of this process is already making the new cut, returns the last cut.
        """
        async with reading(self.pool, seconds=FIGURES_SECONDS) as connection:
            row = await (await connection.execute(NEWEST)).fetchone()
        cut = _read(row[2]) if row else None
        if row and cut and (not _due(*row) or self.cutting.locked()):
            return cut
        registry = await self.editions.registry()
        async with self.cutting, reading(self.pool, seconds=FIGURES_SECONDS) as connection:
            await connection.execute("SELECT pg_advisory_xact_lock(hashtext('jejak figures'))")
            row = await (await connection.execute(NEWEST)).fetchone()
            cut = _read(row[2]) if row else None
            if row and cut and not _due(*row):
                return cut
            end = await (await connection.execute(END)).fetchone()
            exact = await _exact(connection, registry, datetime.now(UTC), days=float)
            cut = protect(exact, registry.services, registry.offices, registry.malls)
            await connection.execute(KEEP, (cut.as_of, end[0] if end else 0, orjson.dumps(asdict(cut))))
            return cut


async def _exact(
    connection: AsyncConnection, registry: Registry, as_of: datetime, *, days: Callable[[Fraction], float]
) -> Statistics:
    """Computes the exact figures. `days` is the function that rounds an exact number of days."""
    zones = {code: office.zone for code, office in registry.offices.items()}
    values = {"as_of": as_of, "offices": list(zones), "zones": list(zones.values())}
    async with connection.cursor(row_factory=dict_row) as cursor:
        rows = await (await cursor.execute(CUT, values)).fetchall()
    tables: dict[str, dict[str, Figures]] = {name: {} for name in (*TABLES, "total")}
    for row in rows:
        tables[row["place"]][row["key"]] = _figures(row, days)
    total = tables.pop("total").get("", NOTHING)
    return Statistics(as_of=as_of, total=total, tables={name: dict(sorted(tables[name].items())) for name in TABLES})


async def forget(pool: Pool) -> None:
    """Deletes the public cut.

    Call this function after an import, so that the next figures include the imported events.
    """
    async with borrowed(pool) as connection:
        await connection.execute("DELETE FROM public_figures")


def _due(cut_at: datetime, position: int, _figures: bytes, end: int) -> bool:
    age = datetime.now(UTC) - cut_at
    return age > LATE or (age > SOON and end - position >= MANY_EVENTS)


def _figures(row: dict[str, Any], days: Callable[[Fraction], float]) -> Figures:
    counts_and_days: dict[str, Any] = {name: row[name] for name in COUNTS}
    counts_and_days |= {name: _days(row[name], days) for name in DAYS}
    return Figures(
        **counts_and_days,
        on_time_percent=_share(row["on_time"], row["late"]),
        on_time_recorded_percent=_share(row["on_time_recorded"], row["late_recorded"]),
        without_deadline_percent=_share(row["without_deadline"], row["on_time"] + row["late"]),
        reported_late_percent=_share(row["reported_late"], row["on_time"] + row["late"] - row["reported_late"]),
    )


def _share(part: int, rest: int) -> float | None:
    return float(rounded(Fraction(100 * part, part + rest), places=1)) if part + rest else None


def _days(microseconds: float | None, days: Callable[[Fraction], float]) -> float | None:
    """Converts a quantile in microseconds into a number of days.

    The exact quantile has at most one decimal place. The database computes with floating-point numbers, so its result
    is rounded to one decimal place.
    """
    return None if microseconds is None else days(rounded(Fraction(microseconds), places=1) / MICROSECONDS_OF_A_DAY)


def _hundredths(days: Fraction) -> float:
    return float(rounded(days, places=2))


def _read(stored: bytes) -> Statistics | None:
    """Decodes a cut. Returns None if another release made the cut with other fields."""
    try:
        return msgspec.json.decode(stored, type=Statistics)
    except msgspec.ValidationError:
        return None
