"""Due files: this module reads the applications that the scheduled jobs handle. The applications are read page by page
from the desk view.
"""

from collections.abc import AsyncIterator, Callable, Collection, Coroutine, Sequence
from datetime import UTC, datetime, time, timedelta
from typing import Any, Literal
from uuid import UUID

import structlog

from domain.registry.editions import CalendarPublished
from domain.registry.registry import Registry
from infra.postgres.pool import Pool, borrowed
from infra.projector.checkpoints import LOG, POSITION
from infra.projector.views import read_row
from infra.queries.view_reader import reading
from projections import desk
from projections.desk import DeskRow

DueKey = Literal["due_at", "payment_expires_at"]
PAGE = 200
COLUMNS = list(desk.VIEW.columns)
FIRST: tuple[datetime | None, UUID] = (datetime.min.replace(tzinfo=UTC), UUID(int=0))
"""A pair of a time and an id. Every row comes after this pair, so it is the start of the first page."""

log = structlog.get_logger("jejak.scheduler")


class PostgresDueFiles:
    """Implements `service_layer.scheduled_jobs.DueFiles`."""

    def __init__(self, pool: Pool, registry: Callable[[], Coroutine[Any, Any, Registry]]) -> None:
        self.pool = pool
        self.registry = registry

    async def log_end(self) -> int:
        async with borrowed(self.pool) as connection:
            row = await (await connection.execute(desk.LOG_END)).fetchone()
        return int(row[0]) if row else 0

    def silent(self, now: datetime, standards: Sequence[tuple[str, int]]) -> AsyncIterator[list[DeskRow]]:
        services, numbers = [service for service, _ in standards], [number for _, number in standards]
        values = {"now": now, "services": services, "standards": numbers}
        return self.pages(desk.SILENT, "due_at", values)

    def outdated(self, editions: Collection[str]) -> AsyncIterator[list[DeskRow]]:
        return self.pages(desk.OUTDATED, "due_at", {"editions": list(editions)})

    def not_counted_by(self, edition: CalendarPublished) -> AsyncIterator[list[DeskRow]]:
        since = datetime.combine(edition.first_day, time.min, UTC) - timedelta(days=1)  # covers every time zone
        values = {"offices": list(edition.offices or ()), "edition": edition.name, "since": since}
        return self.pages(desk.NOT_COUNTED_BY, "due_at", values)

    async def is_current(self) -> bool:
        end = await self.log_end()
        async with borrowed(self.pool) as connection:
            row = await (await connection.execute(POSITION, {"name": f"{LOG}-{desk.VIEW.name}"})).fetchone()
        return row is not None and row[0] is not None and row[0] >= end

    def unpaid(self, now: datetime) -> AsyncIterator[list[DeskRow]]:
        return self.pages(desk.UNPAID, "payment_expires_at", {"now": now})

    async def pages(self, query: str, key: DueKey, values: dict[str, Any]) -> AsyncIterator[list[DeskRow]]:
        """Yields the rows of the desk page by page.

        The rows are sorted by the column `key`, and then by the application's id.
        """
        at, after = FIRST
        while True:
            async with reading(self.pool) as connection:
                cursor = await connection.execute(query, {**values, "at": at, "id": after, "limit": PAGE})
                found = await cursor.fetchall()
            if not found:
                return
            yield [row for stored in found if (row := _readable(stored))]
            at, after = found[-1][COLUMNS.index(key)], found[-1][COLUMNS.index("application_id")]


def _readable(stored: Sequence[Any]) -> DeskRow | None:
    """Returns the row, or None if the row cannot be read.

    So one damaged row does not stop the jobs for the other applications.
    """
    try:
        return read_row(desk.VIEW, stored)
    except Exception as fault:  # noqa: BLE001 - whatever stands in the row
        log.error(  # noqa: TRY400 - the message may quote the row
            "a row of the desk cannot be read: run `jejak rebuild desk`",
            application=str(stored[COLUMNS.index("application_id")]),
            fault=type(fault).__name__,
        )
        return None
