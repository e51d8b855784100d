"""Satisfaction queries: reads the counts of questionnaires from which the satisfaction index is computed."""

from datetime import datetime
from typing import cast

import psycopg
from psycopg.rows import dict_row

from infra.postgres.pool import Pool, borrowed
from projections.disclosure import SHOWN_FROM
from projections.satisfaction import SERVED, UNITS, UnitCounts
from service_layer.faults import Unavailable


class PostgresSatisfaction:
    """Implements `service_layer.ports.SatisfactionQueries`."""

    def __init__(self, pool: Pool) -> None:
        self.pool = pool

    async def units(self, as_of: datetime) -> list[UnitCounts]:
        """Implements `SatisfactionQueries.units`. Raises Unavailable while the view is being rebuilt."""
        values = {"as_of": as_of, "statuses": list(SERVED), "step": SHOWN_FROM}
        try:
            async with borrowed(self.pool) as connection, connection.cursor(row_factory=dict_row) as cursor:
                return cast("list[UnitCounts]", await (await cursor.execute(UNITS, values)).fetchall())
        except psycopg.errors.UndefinedTable as lost:
            raise Unavailable from lost
