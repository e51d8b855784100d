"""Desk queries: this module reads the queue of an office page by page."""

from uuid import UUID

import psycopg

from domain.json_values import instant
from infra.postgres.pool import Pool, borrowed
from infra.projector.views import read_row
from projections.desk import QUEUE, VIEW, DeskRow
from service_layer.faults import Unavailable
from service_layer.ports import DeskPage


class PostgresDesk:
    """Implements `service_layer.ports.Desk`."""

    def __init__(self, pool: Pool) -> None:
        self.pool = pool

    async def queue(self, page: DeskPage) -> list[DeskRow]:
        due_at, after = page.after or (None, UUID(int=0))
        values = {
            "office": page.office,
            "status": page.status,
            "officer": page.officer,
            "place": "-infinity" if page.after is None else instant(due_at) if due_at else "infinity",
            "after": after,
            "limit": page.limit,
        }
        try:
            async with borrowed(self.pool) as connection:
                rows = await (await connection.execute(QUEUE, values)).fetchall()
        except psycopg.errors.UndefinedTable as lost:  # the view was dropped, and the runner will rebuild it
            raise Unavailable from lost
        return [read_row(VIEW, stored) for stored in rows]
