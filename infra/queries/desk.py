"""Desk queries: this module reads the queue of an office page by page."""

from uuid import UUID

from domain.json_values import instant
from infra.postgres.pool import Pool
from infra.projector.views import read_row
from infra.queries.view_reader import reading
from projections.desk import QUEUE, VIEW, DeskRow
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
        async with reading(self.pool) as connection:
            rows = await (await connection.execute(QUEUE, values)).fetchall()
        return [read_row(VIEW, stored) for stored in rows]
