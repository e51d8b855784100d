"""View reader: this module gives connections to every query over a view.

If the view is behind, the query fails, and the module raises ViewBehind. A query over a view has the condition
`ViewOf.answers`. The SQL function `view_state` (migration 0019) decides whether the view is behind. The check and the
query use one snapshot, so no view can be replaced between them.
"""

from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager

import psycopg
from psycopg import AsyncConnection

from infra.postgres.connections import ANSWER_SECONDS
from infra.postgres.pool import Pool, borrowed
from service_layer.faults import ViewBehind

BEHIND = "JV503"
"""The SQLSTATE of the SQL function `view_answers`."""


@contextmanager
def behind_told() -> Iterator[None]:
    """Raises ViewBehind if the view is behind, has no table, or has a table with the columns of another release."""
    try:
        yield
    except (psycopg.errors.UndefinedTable, psycopg.errors.UndefinedColumn) as lost:
        raise ViewBehind from lost
    except psycopg.DatabaseError as fault:
        if fault.sqlstate == BEHIND:
            raise ViewBehind from fault
        raise


@asynccontextmanager
async def reading(pool: Pool, *, seconds: float = ANSWER_SECONDS) -> AsyncIterator[AsyncConnection]:
    """Yields a connection for queries over views. Each wait for the server lasts at most `seconds`.

    Raises ViewBehind and Unavailable. ViewBehind is raised inside `borrowed`, so a view that is behind is not counted
    as a fault of the database.
    """
    async with borrowed(pool, seconds=seconds) as connection:
        with behind_told():
            yield connection
