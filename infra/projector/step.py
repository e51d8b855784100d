"""Steps: this module projects a shard of a view. Each step reads a page of events, folds the events, and writes the
rows.

The page and the rows are read without a lock (optimistic concurrency). Then one statement writes the rows and the new
position of the shard. In the meantime, another runner or a rebuild may have written the position, or another release
may have replaced the table (docs/adr/0030-versions-of-views.md). In these cases the statement writes nothing.
"""

from typing import Any

import psycopg
from psycopg.rows import tuple_row

from infra.projector import definitions
from infra.projector.checkpoints import LOG, identifier
from infra.projector.fold import PAGE, Poisoned, RawEvent, Shard, arrays, changed, fill, read_page

REACHED = f"""
SELECT notification_id, xmin::text, {definitions.IS_OWN} FROM views.tracking WHERE application_name = %(shard)s
"""  # noqa: S608 - a constant
MOVE = f"""
UPDATE views.tracking SET notification_id = %(to)s WHERE application_name = %(shard)s AND xmin = %(since)s::xid
    AND {definitions.IS_OWN}
RETURNING xmin::text, pg_notify('views', %(notice)s)
"""  # noqa: S608 - a constant
"""PostgreSQL changes `xmin` with every write of the row.

So a step notices every write of another process. For example, a rebuild may write the same position again.
"""
MOVE_AND_WRITE = f"WITH moved AS ({MOVE}), written AS ({{}}) SELECT * FROM moved"  # noqa: S608 - constants


class Resharded(Exception):
    """Another process has changed the number of the view's shards."""


class OtherVersion(Exception):
    """The live table has another version of the view's definition. So this release does not write into the table."""


class Steps:
    """Runs the steps of one shard. The connection is in autocommit mode. Commits do not wait for the disk (ADR 25)."""

    def __init__(self, shard: Shard, connection: psycopg.Connection[Any]) -> None:
        self.shard = shard
        self.cursor = psycopg.Cursor(connection, row_factory=tuple_row)
        self.known: tuple[int, str] | None = None
        """The last known position, and the id of the transaction that wrote this position.

        None means that the position must be read.
        """
        write = shard.view.upsert_from("moved")
        self._write = fill(MOVE_AND_WRITE.format(write), identifier(shard.view))

    def step(self) -> bool:
        """Folds one page. Returns True if the log may have more events.

        If an event cannot be folded, first folds and writes all earlier events, and then raises Poisoned. Raises
        Resharded and OtherVersion.
        """
        first: Poisoned | None = None
        while True:
            try:
                more = self._step(before=first.position if first else None)
            except Poisoned as poisoned:
                first, self.known = poisoned, None  # another stream may contain an earlier event that cannot be folded
                continue
            if first is None:
                return more
            if not more:
                raise first

    def _step(self, *, before: int | None) -> bool:
        reached, since = self.known = self.known or self._read()
        page = read_page(self.shard, self.cursor, reached, PAGE)
        full = len(page) == PAGE
        if before is not None:
            page = [event for event in page if event[4] < before]
        if not page:
            return False
        self.known = self._moved(since, page)
        return full or self.known is None

    def _read(self) -> tuple[int, str]:
        values = {"shard": f"{LOG}-{self.shard.name}", **definitions.values(self.shard.view)}
        row = self.cursor.execute(REACHED, values, prepare=True).fetchone()
        if row is None:
            raise Resharded(f"{self.shard.name} is no longer a shard of the view")
        if not row[2]:
            raise OtherVersion(f"another release made the view {self.shard.view.name}")
        return row[0], row[1]

    def _moved(self, since: str, page: list[RawEvent]) -> tuple[int, str] | None:
        """Writes the rows and the new position. Returns the new position and the id of the transaction. Raises
        Poisoned.

        If another process has written the position, this method writes nothing and returns None.
        """
        view = self.shard.view
        rows = changed(view, identifier(view), self.cursor, page)
        name, to = f"{LOG}-{self.shard.name}", page[-1][4]
        values = {"shard": name, "since": since, "to": to, "notice": f"{name} {to}", **definitions.values(view)}
        if rows:
            self.cursor.execute(self._write, {**values, **arrays(view, rows)}, prepare=True)
        else:
            self.cursor.execute(MOVE, values, prepare=True)
        moved = self.cursor.fetchone()
        return (to, moved[0]) if moved else None
