"""How far each view has come, in tables that the views own: built from the log like them, and lost with them.

A view may be cut into shards by application, each with a position and a leader of its own; they write one table. A row
knows its version, so an event that comes again changes nothing: a new cut begins at the old one's earliest position.
"""

from typing import Any

import psycopg
from psycopg import sql
from psycopg.rows import tuple_row

from infra.projector.fold import AnyCursor, Poisoned, Shard, fill
from projections.view import View

LOG = "stored"
"""The name under which the views track the log."""

TABLES = """
CREATE TABLE IF NOT EXISTS views.tracking (application_name text PRIMARY KEY, notification_id bigint);
CREATE TABLE IF NOT EXISTS views.stopped (
    name text PRIMARY KEY, view text NOT NULL, position bigint NOT NULL, application_id uuid NOT NULL,
    fault text NOT NULL, since timestamptz NOT NULL DEFAULT now()
);
"""
POSITION = "SELECT min(notification_id) FROM views.tracking WHERE split_part(application_name, '#', 1) = %(name)s"
"""Of a view: that of its last shard. NULL where nobody has projected it yet."""
POSITIONS = """
SELECT notification_id, application_name FROM views.tracking WHERE split_part(application_name, '#', 1) = %(name)s
ORDER BY length(application_name), application_name
"""
"""Of its shards, in their order."""
REACH = "UPDATE views.tracking SET notification_id = %(to)s WHERE split_part(application_name, '#', 1) = %(name)s"
SAY_SO = "SELECT pg_notify('views', '')"
"""Who listens reads positions, and what is stopped, anew."""
STOPPED = "SELECT view, position, application_id FROM views.stopped ORDER BY name"


def identifier(view: View) -> sql.Identifier:
    return sql.Identifier("views", view.name)


def ensure(view: View, connection: psycopg.Connection[Any]) -> None:
    """The view's table, empty and at position 0 where it is missing: then the runner builds it from the log."""
    name = f"{LOG}-{view.name}"
    with connection.transaction():
        connection.execute("SELECT pg_advisory_xact_lock(hashtext('jejak views'))")
        connection.execute(TABLES)
        if is_missing(view, connection):
            connection.execute(fill(view.table, identifier(view)))
            connection.execute(REACH, {"name": name, "to": 0})
        if connection.execute(POSITIONS, {"name": name}).fetchone() is None:
            connection.execute("INSERT INTO views.tracking VALUES (%s, 0)", (name,))


def is_missing(view: View, connection: psycopg.Connection[Any]) -> bool:
    cursor = psycopg.Cursor(connection, row_factory=tuple_row)
    cursor.execute("SELECT 1 FROM pg_tables WHERE schemaname = 'views' AND tablename = %s", (view.name,))
    return cursor.fetchone() is None


def cut(view: View, of: int, connection: psycopg.Connection[Any]) -> None:
    """Into so many shards, from the earliest position on that any had reached. Who projects another cut then stops."""
    name = f"{LOG}-{view.name}"
    wanted = sorted(f"{LOG}-{Shard(view, number, of).name}" for number in range(of))
    with connection.transaction():
        cursor = psycopg.Cursor(connection, row_factory=tuple_row)
        cursor.execute("SELECT pg_advisory_xact_lock(hashtext('jejak views'))")
        cursor.execute(POSITIONS + " FOR UPDATE", {"name": name})
        known = {shard: position for position, shard in cursor.fetchall()}
        if sorted(known) == wanted:
            return
        cursor.execute("DELETE FROM views.tracking WHERE application_name = ANY(%s)", (list(known),))
        cursor.execute(
            "INSERT INTO views.tracking SELECT name, %s FROM unnest(%s::text[]) AS cut (name)",
            (min(known.values()), wanted),
        )
        cursor.execute("DELETE FROM views.stopped WHERE view = %s", (view.name,))


def position_of(view: View, cursor: AnyCursor) -> int:
    cursor.execute(POSITION, {"name": f"{LOG}-{view.name}"})
    row = cursor.fetchone()
    return int(row[0] or 0) if row else 0


def positions_of(view: View, cursor: AnyCursor, *, locked: bool = False) -> list[int]:
    """Of each of its shards, in their order. `locked`: nobody else moves them until this transaction ends."""
    cursor.execute(POSITIONS + " FOR UPDATE" if locked else POSITIONS, {"name": f"{LOG}-{view.name}"})
    return [row[0] for row in cursor.fetchall()] or [0]


def all_reach(view: View, cursor: AnyCursor, position: int) -> None:
    """Every shard has come to `position`, past whatever stopped it."""
    cursor.execute(REACH, {"name": f"{LOG}-{view.name}", "to": position})
    cursor.execute("DELETE FROM views.stopped WHERE view = %s", (view.name,))


def stop(shard: Shard, poisoned: Poisoned, connection: psycopg.Connection[Any]) -> None:
    """Says for all processes where the shard stands still."""
    connection.execute(
        "INSERT INTO views.stopped (name, view, position, application_id, fault) VALUES (%s, %s, %s, %s, %s)"
        " ON CONFLICT (name) DO UPDATE SET position = EXCLUDED.position, application_id = EXCLUDED.application_id,"
        " fault = EXCLUDED.fault",
        (shard.name, shard.view.name, poisoned.position, poisoned.application, poisoned.fault),
    )
    connection.execute(SAY_SO)


def go_on(shard: Shard, connection: psycopg.Connection[Any]) -> None:
    connection.execute("DELETE FROM views.stopped WHERE name = %s", (shard.name,))
    connection.execute(SAY_SO)
