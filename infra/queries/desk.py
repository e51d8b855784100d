"""The desk of an office, read page by page."""

from uuid import UUID

import psycopg

from domain.json_values import instant
from infra.postgres.pool import Pool, borrowed
from infra.projector.views import read_row
from projections.desk import QUEUE, VIEW, DeskRow
from service_layer.faults import Unavailable
from service_layer.ports import DeskPage


class PostgresDesk:
    def __init__(self, pool: Pool) -> None:
        self.pool = pool

    async def queue(self, asked: DeskPage) -> list[DeskRow]:
        due_at, after = asked.after or (None, UUID(int=0))
        values = {
            "office": asked.office,
            "status": asked.status,
            "officer": asked.officer,
            "place": "-infinity" if asked.after is None else instant(due_at) if due_at else "infinity",
            "after": after,
            "limit": asked.limit,
        }
        try:
            async with borrowed(self.pool) as connection:
                rows = await (await connection.execute(QUEUE, values)).fetchall()
        except psycopg.errors.UndefinedTable as lost:  # the view was dropped: the runner makes it anew
            raise Unavailable from lost
        return [read_row(VIEW, stored) for stored in rows]
