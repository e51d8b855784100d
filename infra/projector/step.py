"""Steps: this module projects a shard of a view. Each step reads a page of events, folds the events, and writes the
rows.

The page and the rows are read without a lock (optimistic concurrency). Then one statement writes the rows and the new
position of the shard. In the meantime, another runner or a rebuild may have written the position, or another release
may have replaced the table (docs/adr/0030-versions-of-views.md). In these cases the statement writes nothing.
"""

from itertools import islice
from typing import Any
from uuid import UUID

import psycopg
from psycopg.rows import tuple_row

from infra.projector import definitions
from infra.projector.checkpoints import LOG, identifier
from infra.projector.fold import (
    PAGE,
    AnyCursor,
    LogPage,
    Poisoned,
    Shard,
    arrays,
    changed,
    fill,
    in_key_order,
    read_page,
)
from projections.view import Row

ROWS_MAX = 1000
"""The maximum number of rows that a shard keeps in memory after they were stored."""

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
    """Runs the steps of one shard. The connection is in autocommit mode. Commits do not wait for the disk (ADR 25).

    A step has two parts. `fold` changes rows in memory. `write` stores the changed rows and the position. Rows stay in
    memory after they were stored, because the next events often belong to the same applications.
    """

    def __init__(self, shard: Shard, connection: psycopg.Connection[Any]) -> None:
        self.shard = shard
        self.cursor = psycopg.Cursor(connection, row_factory=tuple_row)
        self.known: tuple[int, str] | None = None
        """The last position that was read or written, and the id of the transaction that wrote this position.

        If the value is None, the position must be read.
        """
        self.folded = 0
        """The position up to which the events are folded in memory."""
        self.rows: dict[UUID, Row] = {}
        """The rows that were used last, with their newest values."""
        self.unwritten: set[UUID] = set()
        self._stored: tuple[int, str] | None = None
        """The value of `known` when the rows in memory were last equal to the rows of the table."""
        write = shard.view.upsert_from("moved")
        self._definition = definitions.values(shard.view)
        self._write = fill(MOVE_AND_WRITE.format(write), identifier(shard.view))

    def step(self) -> bool:
        """Folds and writes one page. Returns True if the log may have more events.

        If an event cannot be folded, first folds and writes all earlier events, and then raises Poisoned. Raises
        Resharded and OtherVersion.
        """
        first: Poisoned | None = None
        while True:
            try:
                more = self._step(before=first.position if first else None)
            except Poisoned as poisoned:
                first = poisoned  # another stream may have an earlier poisoned event
                self.forget()
                continue
            if first is None:
                return more
            if not more:
                raise first

    def _step(self, *, before: int | None) -> bool:
        page = read_page(self.shard, self.cursor, self.begin(), PAGE)
        full = len(page) == PAGE
        if before is not None:
            page = [event for event in page if event[4] < before]
        self.fold(LogPage(page))
        return not self.write() or full

    def begin(self) -> int:
        """Returns the position up to which the events are folded. Reads the position if it is not known."""
        if self.known is None:
            self.known = self._read()
            self.folded = self.known[0]
            if self.known != self._stored:
                self.rows.clear()
        return self.folded

    def forget(self) -> None:
        """Drops everything that is not stored. The next step reads the position again."""
        if self.unwritten:
            self.rows.clear()
            self.unwritten.clear()
        self.known = None

    def _read(self) -> tuple[int, str]:
        values = {"shard": f"{LOG}-{self.shard.name}", **self._definition}
        row = self.cursor.execute(REACHED, values, prepare=True).fetchone()
        if row is None:
            raise Resharded(f"{self.shard.name} is no longer a shard of the view")
        if not row[2]:
            raise OtherVersion(f"another release made the view {self.shard.view.name}")
        return row[0], row[1]

    def fold(self, page: LogPage, cursor: AnyCursor | None = None) -> None:
        """Folds the events of a page that are not folded yet. Raises Poisoned, and then keeps nothing of the page.

        `cursor` reads the rows that are not in memory.
        """
        if not page.events:
            return
        view = self.shard.view
        rows = changed(view, identifier(view), cursor or self.cursor, page, self.rows, after=self.folded)
        for key, row in rows.items():
            self.rows.pop(key, None)  # the rows that were used last are the last ones of the dict
            self.rows[key] = row
        self.unwritten.update(rows)
        self.folded = max(self.folded, page.events[-1][4])

    @property
    def is_written(self) -> bool:
        """Whether everything that was folded is stored."""
        return self.known is not None and self.known[0] == self.folded

    def write(self, cursor: AnyCursor | None = None) -> bool:
        """Stores the changed rows and the position. `begin` was called before.

        Returns False if another process has written the position. In this case, this method writes nothing.
        """
        if self.known is None or self.is_written:
            return self.known is not None
        cursor, view = cursor or self.cursor, self.shard.view
        name = f"{LOG}-{self.shard.name}"
        values = self._definition | {
            "shard": name,
            "since": self.known[1],
            "to": self.folded,
            "notice": f"{name} {self.folded}",
        }
        if self.unwritten:
            rows = [self.rows[key] for key in in_key_order(self.unwritten)]
            cursor.execute(self._write, {**values, **arrays(view, rows)}, prepare=True)
        else:
            cursor.execute(MOVE, values, prepare=True)
        moved = cursor.fetchone()
        if moved is None:
            self.forget()
            return False
        self.known = self._stored = (self.folded, moved[0])
        self.unwritten.clear()
        for key in list(islice(self.rows, max(len(self.rows) - ROWS_MAX, 0))):
            del self.rows[key]
        return True
