"""Eras: ranges of positions, so that no position is ever given to two different events.

After a restore to a point in time, or after the promotion of an asynchronous replica, the log lacks its last events.
Without a new era, the log would give the positions of the lost events to new events. A new era begins far beyond the
lost positions. A `Sync-Token` contains a position and the number of the era that the position belongs to.
"""

from dataclasses import dataclass
from datetime import UTC, datetime

import psycopg

APART = 1_000_000
"""The number of positions that are left out between two eras. A restore loses fewer events than this number."""
REASON_MAX, ERA_MAX = 200, 99_999
"""The maximum length of a reason in characters, and the highest era number that fits into a `Sync-Token`."""


@dataclass(frozen=True, slots=True)
class Era:
    """The events of an era have positions above `from_position`, up to `from_position` of the next era.

    `at` is the time at which this era began, in UTC.
    """

    number: int
    from_position: int
    at: datetime
    reason: str


class EraNotBegun(Exception):
    """An era cannot begin. The message gives the reason and the remedy."""


def eras(conninfo: str) -> list[Era]:
    """Returns all eras in the order of their numbers."""
    with psycopg.connect(conninfo) as connection:
        rows = connection.execute("SELECT era, from_position, at, reason FROM eras ORDER BY era").fetchall()
    return [Era(number, start, at.astimezone(UTC), reason) for number, start, at, reason in rows]


def begin(conninfo: str, *, reason: str, seen: int | None = None) -> Era:
    """Begins a new era, in one transaction that holds the lock of the append. `conninfo` is for the owner of the log.

    `seen` is the number of the newest era that clients may have seen in a `Sync-Token`. A restore may have lost the row
    or the events of the era `seen`. Raises EraNotBegun if nothing was appended since the last stored era began. If
    `seen` is at least the number of the last stored era, clients may have used that era, so the error is not raised.
    """
    if not 0 < len(reason) <= REASON_MAX:
        raise EraNotBegun(f"the reason must have 1 to {REASON_MAX} characters")
    with psycopg.connect(conninfo) as connection:
        connection.execute("SELECT pg_advisory_xact_lock(hashtextextended('public.stored_events', 0))")
        last, start, end = _standing(connection)
        if end <= start and (seen or 0) < last:
            raise EraNotBegun(
                f"nothing was appended since era {last} began, so no new era is needed."
                f" If clients may have seen an event of era {last}, add --seen {last}"
            )
        number, from_position = max(last, seen or 0) + 1, max(start, end) + APART
        if number > ERA_MAX:
            raise EraNotBegun(f"era {number} does not fit into a Sync-Token: the highest number is {ERA_MAX}")
        # The sequence is set first. If this process dies between the two statements, the sequence only has a gap.
        connection.execute("SELECT setval('stored_events_notification_id_seq', %s)", (from_position,))
        connection.execute(
            "INSERT INTO eras (era, from_position, reason) VALUES (%s, %s, %s)", (number, from_position, reason)
        )
    return eras(conninfo)[-1]


def _standing(connection: psycopg.Connection[tuple[int, ...]]) -> tuple[int, ...]:
    """Returns the number of the newest era, the position where it began, and the position of the newest event."""
    row = connection.execute(
        "SELECT era, from_position, (SELECT coalesce(max(notification_id), 0) FROM stored_events)"
        " FROM eras ORDER BY era DESC LIMIT 1"
    ).fetchone()
    if row is None:
        raise EraNotBegun("the log has no first era: the database does not have the schema of this release")
    return row
