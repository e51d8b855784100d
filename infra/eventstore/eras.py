"""Eras: after a restore to a point in time, or the promotion of an asynchronous replica, the log lacks its last events
and would hand out their positions again. A new era begins well beyond them; a `Sync-Token` names the era it is of.
"""

from dataclasses import dataclass
from datetime import UTC, datetime

import psycopg

APART = 1_000_000
"""Positions left out between two eras: more than a restore can lose."""
REASON_MAX, ERA_MAX = 200, 99_999
"""Characters; and the last era that a `Sync-Token` has room for."""


@dataclass(frozen=True, slots=True)
class Era:
    """Its events have positions above `from_position`, up to the next era's. `at` in UTC."""

    number: int
    from_position: int
    at: datetime
    reason: str


class EraNotBegun(Exception):
    """Why, and what to do about it."""


def eras(conninfo: str) -> list[Era]:
    """All, the first first."""
    with psycopg.connect(conninfo) as connection:
        rows = connection.execute("SELECT era, from_position, at, reason FROM eras ORDER BY era").fetchall()
    return [Era(number, start, at.astimezone(UTC), reason) for number, start, at, reason in rows]


def begin(conninfo: str, *, reason: str, seen: int | None = None) -> Era:
    """A new era, as the log's owner, in one transaction under the append's lock.

    `seen` is the newest era that clients may know: a restore may have lost its row, or its events. Raises EraNotBegun
    where nothing was appended since the last era began, unless `seen` says that it was in use.
    """
    if not 0 < len(reason) <= REASON_MAX:
        raise EraNotBegun(f"a reason has 1 to {REASON_MAX} characters")
    with psycopg.connect(conninfo) as connection:
        connection.execute("SELECT pg_advisory_xact_lock(hashtextextended('public.stored_events', 0))")
        last, start, end = _standing(connection)
        if end <= start and (seen or 0) < last:
            raise EraNotBegun(
                f"nothing was appended since era {last} began: it is new enough."
                f" If clients may have seen an event of it, say --seen {last}"
            )
        number, from_position = max(last, seen or 0) + 1, max(start, end) + APART
        if number > ERA_MAX:
            raise EraNotBegun(f"era {number} has no room in a Sync-Token: the last is {ERA_MAX}")
        # Before the row: should we die in between, the sequence has a gap and nothing else happened.
        connection.execute("SELECT setval('stored_events_notification_id_seq', %s)", (from_position,))
        connection.execute(
            "INSERT INTO eras (era, from_position, reason) VALUES (%s, %s, %s)", (number, from_position, reason)
        )
    return eras(conninfo)[-1]


def _standing(connection: psycopg.Connection[tuple[int, ...]]) -> tuple[int, ...]:
    """The newest era, where it began, and the position of the newest event."""
    row = connection.execute(
        "SELECT era, from_position, (SELECT coalesce(max(notification_id), 0) FROM stored_events)"
        " FROM eras ORDER BY era DESC LIMIT 1"
    ).fetchone()
    if row is None:
        raise EraNotBegun("the log has no first era: its schema is not ours")
    return row
