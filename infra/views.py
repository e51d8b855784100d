"""Views: rows folded from the log and written with the position reached in one transaction, so each event counts once.

`jejak rebuild` makes a view anew beside the live one and swaps; `jejak fsck` compares with one made in a shadow.
"""

from collections.abc import Callable, Iterator, Sequence
from itertools import groupby
from typing import Any
from uuid import UUID

import orjson
import psycopg
from eventsourcing.persistence import Tracking
from eventsourcing.postgres import PostgresTrackingRecorder
from psycopg import Cursor, sql
from psycopg.rows import tuple_row

from infra.store.envelope import canonical
from infra.store.history import recorded_of
from infra.store.recorder import Datastore
from projections import desk, progress, satisfaction, statistics
from projections.view import Row, View

LOG = "stored"
"""The name under which the views track the log."""

PAGE = 500

NEWER = """
SELECT originator_id, originator_version, topic, state, notification_id, recorded_at
FROM stored_events WHERE notification_id > %s ORDER BY notification_id LIMIT %s
"""

AnyCursor = Cursor[Any]


VIEWS: dict[str, View] = {view.name: view for view in (progress.VIEW, statistics.VIEW, satisfaction.VIEW, desk.VIEW)}


class ViewRecorder(PostgresTrackingRecorder):
    """The library's tracking, whose row is written in our transaction."""

    def __init__(self, datastore: Datastore) -> None:
        super().__init__(datastore, tracking_table_name="tracking")

    def track(self, cursor: AnyCursor, view: View, position: int) -> None:
        """Raises the library's IntegrityError where a rival has come as far."""
        self._insert_tracking(cursor, Tracking(f"{LOG}-{view.name}", position))


def identifier(view: View) -> sql.Identifier:
    return sql.Identifier("views", view.name)


def fill(statement: str, table: sql.Composable) -> sql.Composed:
    return sql.SQL(statement).format(table=table)


def ensure(view: View, connection: psycopg.Connection[Any]) -> None:
    """The view's table, empty and at position 0 where it is missing: then the runner builds it from the log."""
    with connection.transaction():
        connection.execute("SELECT pg_advisory_xact_lock(hashtext('jejak views'))")
        connection.execute(
            "CREATE TABLE IF NOT EXISTS views.tracking (application_name text PRIMARY KEY, notification_id bigint)"
        )
        cursor = psycopg.Cursor(connection, row_factory=tuple_row)
        cursor.execute("SELECT 1 FROM pg_tables WHERE schemaname = 'views' AND tablename = %s", (view.name,))
        if cursor.fetchone() is None:
            connection.execute(fill(view.table, identifier(view)))
            connection.execute(
                "UPDATE views.tracking SET notification_id = 0 WHERE application_name = %s", (f"{LOG}-{view.name}",)
            )
        connection.execute("INSERT INTO views.tracking VALUES (%s, 0) ON CONFLICT DO NOTHING", (f"{LOG}-{view.name}",))


def position_of(view: View, cursor: AnyCursor) -> int:
    cursor.execute("SELECT notification_id FROM views.tracking WHERE application_name = %s", (f"{LOG}-{view.name}",))
    row = cursor.fetchone()
    return int(row[0]) if row else 0


def locked_position_of(view: View, cursor: AnyCursor) -> int:
    """The position, which nobody else moves until this transaction ends: what is read after it is folded once."""
    cursor.execute(
        "SELECT notification_id FROM views.tracking WHERE application_name = %s FOR UPDATE", (f"{LOG}-{view.name}",)
    )
    row = cursor.fetchone()
    return int(row[0]) if row else 0


def read_page(cursor: AnyCursor, after: int, limit: int = PAGE) -> list[tuple[Any, ...]]:
    """The next rows of the log. Reading goes by position, which is the order of commit: nothing comes in between."""
    cursor.execute(NEWER, (after, limit), prepare=True, binary=True)
    return cursor.fetchall()


def apply(view: View, table: sql.Composable, cursor: AnyCursor, page: Sequence[tuple[Any, ...]]) -> None:
    """Folds a page of the log into the rows of `table`. Events of other topics are not for this view."""
    events = sorted((row for row in page if row[2].startswith(view.topics)), key=lambda row: (row[0].bytes, row[4]))
    if not events:
        return
    cursor.execute(fill(view.rows, table), {"ids": sorted({row[0] for row in events})}, binary=True)
    known = {values[0]: read_row(view, values) for values in cursor.fetchall()}
    folded: dict[UUID, Row] = {}
    for key, rows in groupby(events, key=lambda row: row[0]):
        row = known.get(key)
        folded_to = row["version"] if row else 0  # beyond it: somebody took the position away, and not the row
        new = [recorded_of(event[1:]) for event in rows if event[1] > folded_to]
        if new:
            folded[key] = view.fold(row, key, new)
    if not folded:
        return
    columns = zip(*(view.stored(row) for row in folded.values()), strict=True)
    written = {name: [_written(value) for value in values] for name, values in zip(view.columns, columns, strict=True)}
    cursor.execute(fill(view.upsert, table), written)


def _written(value: object) -> object:
    return canonical(value) if isinstance(value, dict) else value


def read_row(view: View, values: Sequence[Any]) -> Row:
    """The row as it was folded, from its columns as they are stored."""
    columns = zip(view.columns.values(), values, strict=True)
    return view.loaded(
        tuple(orjson.loads(bytes(value)) if kind.startswith("bytea") else value for kind, value in columns)
    )


def pages(cursor: AnyCursor, after: int, until: int | None = None) -> Iterator[list[tuple[Any, ...]]]:
    """The log from `after` to its end, or to `until`."""
    while page := read_page(cursor, after):
        if until is not None:
            page = [row for row in page if row[4] <= until]
            if not page:
                return
        yield page
        after = page[-1][4]


def rebuild(view: View, conninfo: str, *, progress_of: Callable[[int, int], None]) -> int:
    """Builds the view from position 0 beside the live one and swaps it in, in one transaction. Returns the position.

    Readers never see an empty or half-built view: the last pages and the swap happen under a lock on the live table.
    `progress_of` is told the position reached and the log's end.
    """
    new = sql.Identifier("views", f"{view.name}_new")
    with psycopg.connect(conninfo, row_factory=tuple_row) as connection, connection.cursor() as cursor:
        ensure(view, connection)
        cursor.execute("SELECT pg_advisory_lock(hashtext(%s))", (f"jejak rebuild {view.name}",))
        cursor.execute(sql.SQL("DROP TABLE IF EXISTS {}").format(new))
        cursor.execute(fill(view.table, new))
        connection.commit()
        reached = 0
        for page in pages(cursor, 0):
            apply(view, new, cursor, page)
            connection.commit()
            reached = page[-1][4]
            progress_of(reached, _end(cursor))
        behind = max(locked_position_of(view, cursor), reached)  # the row, then the table: in the runner's order
        cursor.execute(sql.SQL("LOCK TABLE {} IN ACCESS EXCLUSIVE MODE").format(identifier(view)))
        for page in pages(cursor, reached, behind):
            apply(view, new, cursor, page)
        cursor.execute(sql.SQL("DROP TABLE {}").format(identifier(view)))
        cursor.execute(sql.SQL("ALTER TABLE {} RENAME TO {}").format(new, sql.Identifier(view.name)))
        cursor.execute(
            "INSERT INTO views.tracking VALUES (%s, %s)"
            " ON CONFLICT (application_name) DO UPDATE SET notification_id = EXCLUDED.notification_id",
            (f"{LOG}-{view.name}", behind),
        )
        cursor.execute("SELECT pg_notify('views', '')")
        connection.commit()
    return behind


def differences(view: View, conninfo: str, *, progress_of: Callable[[int, int], None]) -> list[UUID]:
    """The rows that a rebuild would make differently, by id: all in one snapshot, in a shadow that nobody else sees."""
    shadow = sql.Identifier(f"shadow_{view.name}")
    with psycopg.connect(conninfo, row_factory=tuple_row) as connection, connection.cursor() as cursor:
        connection.isolation_level = psycopg.IsolationLevel.REPEATABLE_READ
        reached = position_of(view, cursor)
        cursor.execute(fill(view.table.replace("CREATE TABLE", "CREATE TEMPORARY TABLE"), shadow))
        for page in pages(cursor, 0, reached):
            apply(view, shadow, cursor, page)
            progress_of(page[-1][4], reached)
        cursor.execute(fill(view.differences, shadow))
        found = [row[0] for row in cursor.fetchall()]
        connection.rollback()
    return found


def _end(cursor: AnyCursor) -> int:
    cursor.execute("SELECT coalesce(max(notification_id), 0) FROM stored_events")
    row = cursor.fetchone()
    return int(row[0]) if row else 0
