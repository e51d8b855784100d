"""Rebuild: this module builds a view again from the log, in a second table, and then swaps the two tables.

Readers never see an empty or incomplete view. A rebuild has three steps:

1. The rebuild notes the last position of the log. It reads the log stream by stream up to this position. It writes each
   row only once, with the SQL command COPY.
2. The rebuild reads the events that were appended during step 1, in the order of positions.
3. The rebuild locks the live table, folds the remaining events, and swaps the tables.

The progress is stored in `views.rebuilding`, in the same transaction as the rows. If a rebuild is killed, the next
rebuild continues from the stored progress. If the stored progress is from another version of the view's definition, the
rebuild begins again. The swap also stores the version of the new table (docs/adr/0030-versions-of-views.md).
"""

from uuid import UUID

from psycopg import sql

from infra.postgres.connections import LONG_SECONDS, connect
from infra.progress import Progress
from infra.projector import definitions
from infra.projector.checkpoints import (
    NOTIFY_LISTENERS,
    UNVERSIONED,
    ensure,
    identifier,
    log_end,
    move_all,
    positions_of,
)
from infra.projector.fold import PAGE, AnyCursor, Shard, apply, fill, pages, read_page, stored
from infra.projector.stream_scan import FIRST, events_until, finished_rows
from projections.view import View

TABLE = """
CREATE TABLE IF NOT EXISTS views.rebuilding (
    view text PRIMARY KEY, release text NOT NULL, stream uuid, position bigint NOT NULL
)
"""
"""The table for the progress of rebuilds. For each stream up to `stream`, all events up to `position` are written.

If `stream` is NULL, all streams are written.
"""
LOCK = "jejak rebuild {}"
FORGET_FIGURES = "DELETE FROM public_figures"
"""The public figures are computed from a view. Another version of the view may lead to other figures."""


def rebuild(view: View, conninfo: str, *, progress_of: Progress) -> int:
    """Rebuilds a view. Returns the position that the view has reached.

    `progress_of` is called with two numbers: the number of folded events, and the number of all events. If an event
    cannot be folded, raises Poisoned, and the live view stays unchanged.
    """
    with connect(conninfo, seconds=LONG_SECONDS) as connection, connection.cursor() as cursor:
        ensure(view, connection)
        cursor.execute("SELECT pg_advisory_lock(hashtext(%s))", (LOCK.format(view.name),))
        return _rebuilt(view, cursor, progress_of)


def upgrade(view: View, conninfo: str, *, progress_of: Progress) -> bool:
    """Rebuilds a view that an older release made. Returns True if the live table then has this release's version.

    Returns False if a newer release made the table, or if another process is rebuilding the view. Raises Poisoned.
    """
    with connect(conninfo, seconds=LONG_SECONDS) as connection, connection.cursor() as cursor:
        if cursor.execute("SELECT pg_try_advisory_lock(hashtext(%s))", (LOCK.format(view.name),)).fetchone() != (True,):
            return False
        if (definitions.version_of(view, connection) or 0) < view.version:
            _rebuilt(view, cursor, progress_of)
        return definitions.is_own(view, connection)


def _rebuilt(view: View, cursor: AnyCursor, progress_of: Progress) -> int:
    stream, position = _begun(view, cursor)
    cursor.connection.commit()
    if stream is not None:
        _by_stream(view, cursor, stream, position, progress_of)
    _by_position(view, cursor, position)
    return _swapped(view, cursor)


def _begun(view: View, cursor: AnyCursor) -> tuple[UUID | None, int]:
    """Returns two values: the stream and the position from which the rebuild continues.

    If an incomplete table of the same version exists, the rebuild continues with this table. Otherwise this function
    makes a new table, and the rebuild begins with the first stream.
    """
    cursor.execute(
        "SELECT pg_advisory_xact_lock(hashtext('jejak views'))"
    )  # rebuilds of two views may begin at the same time
    cursor.execute(TABLE)
    release = f"{view.version}-{view.form}"
    cursor.execute(
        "SELECT stream, position FROM views.rebuilding WHERE view = %s AND release = %s", (view.name, release)
    )
    known = cursor.fetchone()
    if known and known[1] <= log_end(cursor.connection):
        return known[0], known[1]
    cursor.execute(sql.SQL("DROP TABLE IF EXISTS {}").format(_new(view)))
    cursor.execute(fill(view.table, _new(view)))
    cursor.execute(
        "INSERT INTO views.rebuilding VALUES (%s, %s, %s, %s) ON CONFLICT (view) DO UPDATE"
        " SET release = EXCLUDED.release, stream = EXCLUDED.stream, position = EXCLUDED.position",
        (view.name, release, FIRST, end := log_end(cursor.connection)),
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
    """Folds pages until a page is not full. The few events after this page are folded later, under the lock."""
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
    # The table is locked first, and then the positions. A runner uses the same order, so no deadlock is possible.
    behind = max(*positions_of(view, cursor, locked=True), reached)
    for page in pages(view, cursor, reached, behind):
        apply(view, _new(view), cursor, page)
    cursor.execute(sql.SQL("DROP TABLE {}").format(identifier(view)))
    cursor.execute(sql.SQL("ALTER TABLE {} RENAME TO {}").format(_new(view), sql.Identifier(view.name)))
    move_all(view, cursor, behind)
    if not definitions.is_own(view, cursor.connection):
        cursor.execute(FORGET_FIGURES)
    definitions.set_own(view, cursor.connection, whole_from=behind)
    # A runner of a release without versions would write into the new table. If its checkpoint is missing, this runner
    # ends.
    cursor.execute(
        "DELETE FROM views.tracking WHERE split_part(application_name, '#', 1) = %s",
        (f"{UNVERSIONED}-{view.name}",),
    )
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
