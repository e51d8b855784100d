"""Definitions: the table `views.definitions` holds the version of the definition that made the live table of a view.

A runner writes only into a table of its own version. `whole_from` is the end of the log at the time when the table was
made. The view can answer after it has reached this position. `started` is the end of the log at the last start of
Jejak. The SQL function `view_state` (migration 0019) decides from these positions whether the view can answer.
"""

from typing import Any

import psycopg
from psycopg.rows import tuple_row

from projections.view import View

TABLE = """
CREATE TABLE IF NOT EXISTS views.definitions (
    view text PRIMARY KEY, version integer NOT NULL, form text NOT NULL,
    whole_from bigint NOT NULL, started bigint NOT NULL DEFAULT 0
)
"""
LOG_END = "SELECT coalesce(max(notification_id), 0) FROM stored_events"
IS_OWN = (
    "EXISTS (SELECT FROM views.definitions WHERE (view, version, form) = (%(of_view)s, %(of_version)s, %(of_form)s))"
)
"""An SQL condition: the live table has the definition of this release."""
SET = """
INSERT INTO views.definitions (view, version, form, whole_from)
VALUES (%(of_view)s, %(of_version)s, %(of_form)s, %(whole_from)s)
ON CONFLICT (view) DO UPDATE
SET version = EXCLUDED.version, form = EXCLUDED.form, whole_from = EXCLUDED.whole_from, started = 0
"""
START = f"UPDATE views.definitions SET started = ({LOG_END}) WHERE view = %s AND version = %s"  # noqa: S608 - a constant


def values(view: View) -> dict[str, object]:
    """Returns the parameters of the condition IS_OWN."""
    return {"of_view": view.name, "of_version": view.version, "of_form": view.form}


def version_of(view: View, connection: psycopg.Connection[Any]) -> int | None:
    """Returns the version of the live table.

    Returns None if this is not known, because only releases without versions have used the table.
    """
    cursor = psycopg.Cursor(connection, row_factory=tuple_row)
    cursor.execute("SELECT version FROM views.definitions WHERE view = %s", (view.name,))
    row = cursor.fetchone()
    return int(row[0]) if row else None


def is_own(view: View, connection: psycopg.Connection[Any]) -> bool:
    """Returns True if the live table has the definition of this release."""
    cursor = psycopg.Cursor(connection, row_factory=tuple_row)
    try:
        with connection.transaction():
            return cursor.execute(f"SELECT {IS_OWN}", values(view)).fetchone() == (True,)
    except psycopg.errors.UndefinedTable:
        return False


def set_own(view: View, connection: psycopg.Connection[Any], *, whole_from: int) -> None:
    """Records that the live table has the definition of this release."""
    connection.execute(SET, {**values(view), "whole_from": whole_from})


def set_unversioned(view: View, connection: psycopg.Connection[Any]) -> None:
    """Records that a release without versions made the live table. Every release replaces such a table."""
    connection.execute(SET, {"of_view": view.name, "of_version": 0, "of_form": "", "whole_from": 0})


def start(view: View, connection: psycopg.Connection[Any]) -> None:
    """Stores the end of the log as the position that the view must reach before it answers again."""
    connection.execute(START, (view.name, view.version))
