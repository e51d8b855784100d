"""Eras: an era is a range of positions. With eras, the log never gives the same position to two different events.

After the database is restored from a backup, the last events of the log may be missing. Events may also be lost if an
asynchronous replica becomes the primary server. Without a new era, new events would get the positions of the lost
events. Therefore a new era begins far beyond the lost positions. A `Sync-Token` contains a position, and the number of
the era that contains this position.
"""

from dataclasses import dataclass
from datetime import UTC, datetime

import psycopg

from infra.postgres.connections import connect

APART = 1_000_000
"""The number of unused positions between two eras. A restore is expected to lose fewer events than this number."""
REASON_MAX, ERA_MAX = 200, 99_999
"""REASON_MAX is the maximum number of characters in a reason.

ERA_MAX is the highest era number that a `Sync-Token` can contain.
"""


@dataclass(frozen=True, slots=True)
class Era:
    """An era contains the positions above its own `from_position`, up to and including the next era's `from_position`.

    `at` is the time at which the era began, in UTC.
    """

    number: int
    from_position: int
    at: datetime
    reason: str


class EraNotBegun(Exception):
    """This error means that a new era cannot begin. The error message says why, and what to do."""


def eras(conninfo: str) -> list[Era]:
    """Returns all eras, sorted by number."""
    with connect(conninfo) as connection:
        rows = connection.execute("SELECT era, from_position, at, reason FROM eras ORDER BY era").fetchall()
    return [Era(number, start, at.astimezone(UTC), reason) for number, start, at, reason in rows]


def begin(conninfo: str, *, reason: str, seen: int | None = None) -> Era:
    """Begins a new era in one transaction. This transaction takes the same lock as an append.

    `conninfo` must connect as the owner of the log. `seen` is the highest era number that clients may have seen in a
    `Sync-Token`. After a restore, the database may not contain this era or its events. Raises EraNotBegun if no event
    was appended since the last stored era began, because this era is still unused. But if `seen` is at least the number
    of the last stored era, clients may have used this era, and the error is not raised. If eras are missing
    from the database, the new era leaves APART positions for each of them, because these positions were used, too.
    """
    if not 0 < len(reason) <= REASON_MAX:
        raise EraNotBegun(f"the reason must have 1 to {REASON_MAX} characters")
    with connect(conninfo) as connection:
        connection.execute("SELECT pg_advisory_xact_lock(hashtextextended('public.stored_events', 0))")
        last, start, end = _standing(connection)
        if end <= start and (seen or 0) < last:
            raise EraNotBegun(
                f"nothing was appended since era {last} began, so no new era is needed."
                f" If clients may have seen an event of era {last}, add --seen {last}"
            )
        number = max(last, seen or 0) + 1
        from_position = max(start, end) + APART * (number - last)
        if number > ERA_MAX:
            raise EraNotBegun(f"era {number} does not fit into a Sync-Token: the highest number is {ERA_MAX}")
        # The sequence is set first. If this process dies before the INSERT, some positions are never used, which does
        # no harm.
        connection.execute("SELECT setval('stored_events_notification_id_seq', %s)", (from_position,))
        connection.execute(
            "INSERT INTO eras (era, from_position, reason) VALUES (%s, %s, %s)", (number, from_position, reason)
        )
    return eras(conninfo)[-1]


def _standing(connection: psycopg.Connection[tuple[int, ...]]) -> tuple[int, ...]:
    """Returns three values: the number of the newest era, its `from_position`, and the last position in the log."""
    row = connection.execute(
        "SELECT era, from_position, (SELECT coalesce(max(notification_id), 0) FROM stored_events)"
        " FROM eras ORDER BY era DESC LIMIT 1"
    ).fetchone()
    if row is None:
        raise EraNotBegun("the log has no first era: the database does not have the schema of this release")
    return row
