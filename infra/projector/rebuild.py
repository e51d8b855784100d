"""Rebuild: builds a view again from the log, in a table beside the live table, and then swaps the two tables.

Readers never see an empty or half-built view. A rebuild has three steps:

1. The rebuild notes the end of the log. It reads the log stream by stream up to this end, and writes each row once by
   COPY.
2. The rebuild reads the events that were appended during step 1, in the order of positions.
3. Under a lock, the rebuild folds the remaining events and swaps the tables.

The progress is stored in `views.rebuilding`, in the transaction that writes the rows. A rebuild that was killed
continues from the stored progress, unless another release began the rebuild.
"""

import hashlib
from uuid import UUID

import psycopg
from psycopg import sql
from psycopg.rows import tuple_row

from infra.progress import Progress
from infra.projector.checkpoints import NOTIFY_LISTENERS, ensure, identifier, move_all, positions_of
from infra.projector.fold import PAGE, AnyCursor, Shard, apply, fill, pages, read_page, stored
from infra.projector.stream_scan import FIRST, events_until, finished_rows
from infra.settings import PROJECT
from projections.view import View

TABLE = """
CREATE TABLE IF NOT EXISTS views.rebuilding (
    view text PRIMARY KEY, release text NOT NULL, stream uuid, position bigint NOT NULL
)
"""
"""The progress of a rebuild. For each stream up to `stream`, all events up to `position` are written.

NULL in `stream` means all streams.
"""
FOLDS = [PROJECT / name for name in ("domain", "projections")]


def rebuild(view: View, conninfo: str, *, progress_of: Progress) -> int:
    """Rebuilds a view and returns the position that the view has reached.

    `progress_of` is called with the number of folded events and the number of all events. Raises Poisoned if an event
    cannot be folded. The live view is then unchanged.
    """
    with psycopg.connect(conninfo, row_factory=tuple_row) as connection, connection.cursor() as cursor:
        ensure(view, connection)
        cursor.execute("SELECT pg_advisory_lock(hashtext(%s))", (f"jejak rebuild {view.name}",))
        stream, position = _begun(view, cursor)
        connection.commit()
        if stream is not None:
            _by_stream(view, cursor, stream, position, progress_of)
        _by_position(view, cursor, position)
        return _swapped(view, cursor)


def _begun(view: View, cursor: AnyCursor) -> tuple[UUID | None, int]:
    """Returns the stream and the position at which the rebuild continues a half-built table, or begins a new table."""
    cursor.execute(
        "SELECT pg_advisory_xact_lock(hashtext('jejak views'))"
    )  # rebuilds of two views may begin at the same time
    cursor.execute(TABLE)
    release = _release(view)
    cursor.execute(
        "SELECT stream, position FROM views.rebuilding WHERE view = %s AND release = %s", (view.name, release)
    )
    known = cursor.fetchone()
    if known and known[1] <= _end(cursor):
        return known[0], known[1]
    cursor.execute(sql.SQL("DROP TABLE IF EXISTS {}").format(_new(view)))
    cursor.execute(fill(view.table, _new(view)))
    cursor.execute(
        "INSERT INTO views.rebuilding VALUES (%s, %s, %s, %s) ON CONFLICT (view) DO UPDATE"
        " SET release = EXCLUDED.release, stream = EXCLUDED.stream, position = EXCLUDED.position",
        (view.name, release, FIRST, end := _end(cursor)),
    )
    return FIRST, end


def _by_stream(view: View, cursor: AnyCursor, stream: UUID, position: int, progress_of: Progress) -> None:
    total = events_until(view, cursor, position)
    seen = events_until(view, cursor, position, stream=stream)
    for finished, more in finished_rows(view, cursor, after=stream, reached=[position]):
        if finished:
            with cursor.copy(fill(view.copied, _new(view))) as copy:
                copy.set_types(view.types)
                for _, row in finished:
                    copy.write_row(stored(view, row))
            _note(view, cursor, finished[-1][0], position)
            cursor.connection.commit()
        seen += more
        if more:
            progress_of(seen, total)
    _note(view, cursor, None, position)
    cursor.connection.commit()


def _by_position(view: View, cursor: AnyCursor, position: int) -> None:
    """Folds pages until a page is not full. The few events after the last page are folded under the lock."""
    full = True
    while full and (page := read_page(Shard(view), cursor, position, PAGE)):
        apply(view, _new(view), cursor, page)
        position, full = page[-1][4], len(page) == PAGE
        _note(view, cursor, None, position)
        cursor.connection.commit()


def _swapped(view: View, cursor: AnyCursor) -> int:
    cursor.execute("SELECT position FROM views.rebuilding WHERE view = %s", (view.name,))
    [reached] = cursor.fetchone() or (0,)
    cursor.execute(sql.SQL("LOCK TABLE {} IN ACCESS EXCLUSIVE MODE").format(identifier(view)))
    # The table is locked before the positions. A runner takes its locks in this order too, so no deadlock is possible.
    behind = max(*positions_of(view, cursor, locked=True), reached)
    for page in pages(view, cursor, reached, behind):
        apply(view, _new(view), cursor, page)
    cursor.execute(sql.SQL("DROP TABLE {}").format(identifier(view)))
    cursor.execute(sql.SQL("ALTER TABLE {} RENAME TO {}").format(_new(view), sql.Identifier(view.name)))
    move_all(view, cursor, behind)
    cursor.execute("DELETE FROM views.rebuilding WHERE view = %s", (view.name,))
    cursor.execute(NOTIFY_LISTENERS)
    cursor.connection.commit()
    return behind


def _new(view: View) -> sql.Identifier:
    return sql.Identifier("views", f"{view.name}_new")


def _note(view: View, cursor: AnyCursor, stream: UUID | None, position: int) -> None:
    cursor.execute(
        "UPDATE views.rebuilding SET stream = %s, position = %s WHERE view = %s", (stream, position, view.name)
    )


def _release(view: View) -> str:
    """Returns a hash of all code that makes the rows.

    Changed code may make different rows from an event, even if the columns are unchanged.
    """
    sources = sorted(path for folder in FOLDS for path in folder.rglob("*.py"))
    whole = view.table.encode() + b"".join(path.read_bytes() for path in sources)
    return hashlib.sha256(whole).hexdigest()


def _end(cursor: AnyCursor) -> int:
    cursor.execute("SELECT coalesce(max(notification_id), 0) FROM stored_events")
    row = cursor.fetchone()
    return int(row[0]) if row else 0
