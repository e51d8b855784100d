"""A shard of a view on its way along the log: a page is read, folded, and written with the position it ends at.

The page and the rows are read without a lock. They are written only if nobody has written the position since it was
read (one statement, so all of it or nothing): whoever did meanwhile, a rival or a rebuild, has the last word.
"""

from typing import Any

import psycopg
from psycopg.rows import tuple_row

from infra.projector.checkpoints import LOG, identifier
from infra.projector.fold import PAGE, Poisoned, RawEvent, Shard, arrays, changed, fill, read_page

REACHED = "SELECT notification_id, xmin::text FROM views.tracking WHERE application_name = %s"
MOVE = """
UPDATE views.tracking SET notification_id = %(to)s WHERE application_name = %(shard)s AND xmin = %(since)s::xid
RETURNING xmin::text, pg_notify('views', %(said)s)
"""
"""`xmin` is another one whenever somebody has written the row, be it the same position: a rebuild that swaps does."""
MOVE_AND_WRITE = f"WITH moved AS ({MOVE}), written AS ({{}}) SELECT * FROM moved"  # noqa: S608 - texts of ours


class CutOtherwise(Exception):
    """Another process has cut the view into another number of shards since."""


class Steps:
    """Over a connection that commits each statement by itself. Nothing of it is waited for: see ADR 25."""

    def __init__(self, shard: Shard, connection: psycopg.Connection[Any]) -> None:
        self.shard = shard
        self.cursor = psycopg.Cursor(connection, row_factory=tuple_row)
        self.known: tuple[int, str] | None = None
        """The position as it was read or written last, and by which transaction; None: to be read."""
        write = shard.view.upsert_from("moved")
        self._write = fill(MOVE_AND_WRITE.format(write), identifier(shard.view))

    def step(self) -> bool:
        """One page. True if there may be more.

        Raises Poisoned, CutOtherwise; before the first it has folded all that stands before that event.
        """
        first: Poisoned | None = None
        while True:
            try:
                more = self._step(before=first.position if first else None)
            except Poisoned as poisoned:
                first, self.known = poisoned, None  # there may be an earlier one, of another stream
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
        row = self.cursor.execute(REACHED, (f"{LOG}-{self.shard.name}",)).fetchone()
        if row is None:
            raise CutOtherwise(f"{self.shard.name} is no shard of the view any more")
        return row[0], row[1]

    def _moved(self, since: str, page: list[RawEvent]) -> tuple[int, str] | None:
        """None where somebody has written the position meanwhile: nothing is written then. Raises Poisoned."""
        rows = changed(self.shard.view, identifier(self.shard.view), self.cursor, page)
        name, to = f"{LOG}-{self.shard.name}", page[-1][4]
        values = {"shard": name, "since": since, "to": to, "said": f"{name} {to}"}
        if rows:
            self.cursor.execute(self._write, {**values, **arrays(self.shard.view, rows)}, prepare=True)
        else:
            self.cursor.execute(MOVE, values, prepare=True)
        moved = self.cursor.fetchone()
        return (to, moved[0]) if moved else None
