"""Satisfaction queries: this module reads the numbers of questionnaires. The satisfaction index is computed from these
numbers.
"""

from datetime import datetime
from typing import cast

from psycopg.rows import dict_row

from infra.postgres.connections import FIGURES_SECONDS
from infra.postgres.pool import Pool
from infra.queries.view_reader import reading
from projections.disclosure import SHOWN_FROM
from projections.satisfaction import SERVED
from projections.satisfaction_figures import CELLS, ZONE, CellCounts, periods


class PostgresSatisfaction:
    """Implements `service_layer.ports.SatisfactionQueries`."""

    def __init__(self, pool: Pool) -> None:
        self.pool = pool

    async def cells(self, as_of: datetime) -> list[CellCounts]:
        """Implements `SatisfactionQueries.cells`. Raises ViewBehind and Unavailable."""
        semesters = sorted({semester for period in periods(as_of) for semester in period.semesters})
        values = {
            "as_of": as_of,
            "since": semesters[0].begins,
            "statuses": list(SERVED),
            "step": SHOWN_FROM,
            "zone": ZONE,
        }
        async with (
            reading(self.pool, seconds=FIGURES_SECONDS) as connection,
            connection.cursor(row_factory=dict_row) as cursor,
        ):
            return cast("list[CellCounts]", await (await cursor.execute(CELLS, values)).fetchall())
