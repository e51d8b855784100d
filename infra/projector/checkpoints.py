"""Checkpoints: the position that each view has reached, in tables of the schema `views`.

Checkpoints and views are built from the log. If the views are lost, the checkpoints are lost too.

A view may be divided into shards by application. Each shard has a separate position and a separate leader, and all
shards write one table. Each row stores its version, so an event that is folded twice changes nothing. Therefore all
shards of a new division can begin at the earliest position of the old shards.
"""

from typing import Any

import psycopg
from psycopg import sql
from psycopg.rows import tuple_row

from infra.projector.fold import AnyCursor, Poisoned, Shard, fill
from projections.view import View

LOG = "stored"
"""The name of the log in `views.tracking`: a shard's row is named `stored-` and the shard's name."""

TABLES = """
CREATE TABLE IF NOT EXISTS views.tracking (application_name text PRIMARY KEY, notification_id bigint);
CREATE TABLE IF NOT EXISTS views.stopped (
    name text PRIMARY KEY, view text NOT NULL, position bigint NOT NULL, application_id uuid NOT NULL,
    fault text NOT NULL, since timestamptz NOT NULL DEFAULT now()
);
"""
POSITION = "SELECT min(notification_id) FROM views.tracking WHERE split_part(application_name, '#', 1) = %(name)s"
"""The position of a view, which is the earliest position of its shards. NULL if no runner has projected the view."""
POSITIONS = """
SELECT notification_id, application_name FROM views.tracking WHERE split_part(application_name, '#', 1) = %(name)s
ORDER BY length(application_name), application_name
"""
"""The positions of a view's shards, in the order of the shards."""
REACH = "UPDATE views.tracking SET notification_id = %(to)s WHERE split_part(application_name, '#', 1) = %(name)s"
NOTIFY_LISTENERS = "SELECT pg_notify('views', '')"
"""Sends a notification without a position. The listeners then read the positions and the stopped views again."""
STOPPED = "SELECT view, position, application_id FROM views.stopped ORDER BY name"


def identifier(view: View) -> sql.Identifier:
    return sql.Identifier("views", view.name)


def ensure(view: View, connection: psycopg.Connection[Any]) -> None:
    """Makes the view's table and the view's checkpoint if they are missing.

    A new table is empty, and its checkpoint is 0. So the runner builds the view from the beginning of the log.
    """
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


def reshard(view: View, of: int, connection: psycopg.Connection[Any]) -> None:
    """Divides a view into `of` shards. All new shards begin at the earliest position of the old shards.

    A runner of the old division stops (see `infra.projector.step.Resharded`).
    """
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
            "INSERT INTO views.tracking SELECT name, %s FROM unnest(%s::text[]) AS shards (name)",
            (min(known.values()), wanted),
        )
        cursor.execute("DELETE FROM views.stopped WHERE view = %s", (view.name,))


def position_of(view: View, cursor: AnyCursor) -> int:
    """Returns the earliest position of the view's shards, or 0 if the view has no checkpoint."""
    cursor.execute(POSITION, {"name": f"{LOG}-{view.name}"})
    row = cursor.fetchone()
    return int(row[0] or 0) if row else 0


def positions_of(view: View, cursor: AnyCursor, *, locked: bool = False) -> list[int]:
    """Returns the position of each shard, in the order of the shards.

    With `locked`, no other process can move the positions until this transaction ends.
    """
    cursor.execute(POSITIONS + " FOR UPDATE" if locked else POSITIONS, {"name": f"{LOG}-{view.name}"})
    return [row[0] for row in cursor.fetchall()] or [0]


def move_all(view: View, cursor: AnyCursor, position: int) -> None:
    """Sets the position of every shard of the view, and clears the faults that stopped shards."""
    cursor.execute(REACH, {"name": f"{LOG}-{view.name}", "to": position})
    cursor.execute("DELETE FROM views.stopped WHERE view = %s", (view.name,))


def record_stopped(shard: Shard, poisoned: Poisoned, connection: psycopg.Connection[Any]) -> None:
    """Stores which event stops the shard, so that all processes can read this."""
    connection.execute(
        "INSERT INTO views.stopped (name, view, position, application_id, fault) VALUES (%s, %s, %s, %s, %s)"
        " ON CONFLICT (name) DO UPDATE SET position = EXCLUDED.position, application_id = EXCLUDED.application_id,"
        " fault = EXCLUDED.fault",
        (shard.name, shard.view.name, poisoned.position, poisoned.application, poisoned.fault),
    )
    connection.execute(NOTIFY_LISTENERS)


def clear_stopped(shard: Shard, connection: psycopg.Connection[Any]) -> None:
    """Removes the record of the event that stopped the shard."""
    connection.execute("DELETE FROM views.stopped WHERE name = %s", (shard.name,))
    connection.execute(NOTIFY_LISTENERS)
