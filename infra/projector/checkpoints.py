"""Checkpoints: a checkpoint is the position that a view has reached. Checkpoints are stored in the schema `views`.

Checkpoints and views are in the same schema, so if the schema is lost, both are lost together. Both can be built again
from the log.

The applications of a view may be divided into shards. Each shard has its own position and its own active runner. All
shards write to one table. Each row stores its version. So if an event is folded a second time, nothing changes.
Therefore all new shards can begin at the lowest position of the old shards when the number of shards is changed.
"""

from typing import Any

import psycopg
from psycopg import sql
from psycopg.rows import tuple_row

from infra.projector import definitions
from infra.projector.fold import AnyCursor, Poisoned, Shard, fill
from projections.view import View

LOG = "view"
"""The prefix of names in `views.tracking`. The row of a shard is named `view-`, followed by the name of the shard."""
UNVERSIONED = "stored"
"""Releases without versions of views used this prefix. A runner of such a release ends if its row is missing."""

TABLES = f"""
{definitions.TABLE};
CREATE TABLE IF NOT EXISTS views.tracking (application_name text PRIMARY KEY, notification_id bigint);
CREATE TABLE IF NOT EXISTS views.stopped (
    name text PRIMARY KEY, view text NOT NULL, position bigint NOT NULL, application_id uuid NOT NULL,
    fault text NOT NULL, since timestamptz NOT NULL DEFAULT now()
);
"""
POSITION = "SELECT min(notification_id) FROM views.tracking WHERE split_part(application_name, '#', 1) = %(name)s"
"""Selects the position of a view. This is the lowest position of its shards.

The result is NULL if no runner has projected the view.
"""
POSITIONS = """
SELECT notification_id, application_name FROM views.tracking WHERE split_part(application_name, '#', 1) = %(name)s
ORDER BY length(application_name), application_name
"""
"""Selects the position of each shard of a view, in the order of the shards."""
REACH = "UPDATE views.tracking SET notification_id = %(to)s WHERE split_part(application_name, '#', 1) = %(name)s"
NOTIFY_LISTENERS = "SELECT pg_notify('views', '')"
"""Sends a notification without a position. Each listener then reads all positions and all stopped views again."""
STOPPED = "SELECT view, position, application_id FROM views.stopped ORDER BY name"


def identifier(view: View) -> sql.Identifier:
    return sql.Identifier("views", view.name)


def ensure(view: View, connection: psycopg.Connection[Any]) -> None:
    """Makes the table and the checkpoint of the view if they do not exist.

    A new table is empty, and its checkpoint is 0. So the runner builds the view from the beginning of the log. Queries
    can use the view when it has reached the present end of the log. If a newer release made the view, this function
    makes no table.
    """
    name = f"{LOG}-{view.name}"
    with connection.transaction():
        connection.execute("SELECT pg_advisory_xact_lock(hashtext('jejak views'))")
        connection.execute(TABLES)
        version = definitions.version_of(view, connection)
        if not is_missing(view, connection):
            if version is None:
                definitions.set_unversioned(view, connection)
        elif version is None or version <= view.version:
            connection.execute(fill(view.table, identifier(view)))
            connection.execute(REACH, {"name": name, "to": 0})
            definitions.set_own(view, connection, whole_from=log_end(connection))
        if connection.execute(POSITIONS, {"name": name}).fetchone() is None:
            connection.execute("INSERT INTO views.tracking VALUES (%s, 0)", (name,))


def log_end(connection: psycopg.Connection[Any]) -> int:
    """Returns the position of the newest event, or 0."""
    row = psycopg.Cursor(connection, row_factory=tuple_row).execute(definitions.LOG_END).fetchone()
    return int(row[0]) if row else 0


def is_missing(view: View, connection: psycopg.Connection[Any]) -> bool:
    cursor = psycopg.Cursor(connection, row_factory=tuple_row)
    cursor.execute("SELECT 1 FROM pg_tables WHERE schemaname = 'views' AND tablename = %s", (view.name,))
    return cursor.fetchone() is None


def reshard(view: View, of: int, connection: psycopg.Connection[Any]) -> None:
    """Divides a view into `of` shards. All new shards begin at the lowest position of the old shards.

    The runners of the old shards stop (see `infra.projector.step.Resharded`).
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
    """Returns the lowest position of the view's shards. Returns 0 if the view has no checkpoint."""
    cursor.execute(POSITION, {"name": f"{LOG}-{view.name}"})
    row = cursor.fetchone()
    return int(row[0] or 0) if row else 0


def positions_of(view: View, cursor: AnyCursor, *, locked: bool = False) -> list[int]:
    """Returns the position of each shard, in the order of the shards.

    If `locked` is true, no other process can change the positions until this transaction ends.
    """
    cursor.execute(POSITIONS + " FOR UPDATE" if locked else POSITIONS, {"name": f"{LOG}-{view.name}"})
    return [row[0] for row in cursor.fetchall()] or [0]


def move_all(view: View, cursor: AnyCursor, position: int) -> None:
    """Sets all shards of the view to one position. Deletes the stored faults of the shards."""
    cursor.execute(REACH, {"name": f"{LOG}-{view.name}", "to": position})
    cursor.execute("DELETE FROM views.stopped WHERE view = %s", (view.name,))


def record_stopped(shard: Shard, poisoned: Poisoned, connection: psycopg.Connection[Any]) -> None:
    """Records which event has stopped the shard, so that all processes can show it."""
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
