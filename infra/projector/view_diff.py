"""View diff: this module compares a view with the log. It folds the log, and compares the rows in the order of their
ids.

The view and the log are read in one snapshot of the database. The view is not copied.
"""

from collections.abc import Callable, Iterable, Iterator
from itertools import islice
from typing import Any
from uuid import UUID

import psycopg

from infra.postgres.connections import LONG_SECONDS, connect
from infra.projector.checkpoints import identifier, positions_of
from infra.projector.fold import AnyCursor, fill, opened, stored
from infra.projector.stream_scan import FIRST, events_until, finished_rows
from projections.view import View

FOUND_MAX = 1000
READ_AHEAD = 500

Keyed = tuple[UUID, tuple[Any, ...]]
"""A row as two values: the id, and a tuple of all other columns."""


def differences(view: View, conninfo: str, *, progress_of: Callable[[int, int], None]) -> list[UUID]:
    """Returns the ids of the rows that a rebuild would add, change or remove. Raises Poisoned.

    The list contains at most FOUND_MAX ids. `progress_of` is called with two numbers: the number of folded events, and
    the number of all events.
    """
    with connect(conninfo, seconds=LONG_SECONDS) as connection, connection.cursor() as cursor:
        connection.isolation_level = psycopg.IsolationLevel.REPEATABLE_READ
        with connection.cursor(f"compare_{view.name}", binary=True) as reading:
            reading.itersize = READ_AHEAD
            live = ((row[0], row[1:]) for row in reading.execute(fill(view.all_rows, identifier(view))))
            found = list(islice(_differing(live, _folded(view, cursor, progress_of)), FOUND_MAX))
        connection.rollback()
    return found


def _differing(live: Iterator[Keyed], folded: Iterable[Keyed]) -> Iterator[UUID]:
    held = next(live, None)
    for key, values in folded:
        while held and held[0] < key:
            yield held[0]
            held = next(live, None)
        if held is None or held[0] != key:
            yield key
            continue
        if held[1] != values and opened(held[1]) != opened(values):
            yield key
        held = next(live, None)
    if held:
        yield held[0]
    yield from (key for key, _ in live)


def _folded(view: View, cursor: AnyCursor, progress_of: Callable[[int, int], None]) -> Iterator[Keyed]:
    reached = positions_of(view, cursor)
    total, seen = events_until(view, cursor, max(reached)), 0
    for finished, more in finished_rows(view, cursor, after=FIRST, reached=reached):
        yield from ((key, stored(view, row)[1:]) for key, row in finished)
        seen += more
        if more:
            progress_of(seen, total)
