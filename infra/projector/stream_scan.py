"""Stream scan: this module reads the log stream by stream, so that each row is folded only once.

The scan needs only a limited amount of memory, even if the log or a single stream is very long.
"""

from collections.abc import Iterator, Sequence
from itertools import groupby
from uuid import UUID

from infra.projector.fold import PAGE, AnyCursor, RawEvent, folded_on, part_of
from projections.view import Row, View

BY_STREAM = """
SELECT originator_id, originator_version, topic, state, notification_id, recorded_at
FROM stored_events
WHERE (originator_id, originator_version) > (%(stream)s, %(version)s) AND notification_id <= %(until)s
    AND starts_with(topic, %(topics)s)
ORDER BY originator_id, originator_version LIMIT %(limit)s
"""
FIRST = UUID(int=0)

Finished = list[tuple[UUID, Row]]


def finished_rows(
    view: View, cursor: AnyCursor, *, after: UUID, reached: Sequence[int]
) -> Iterator[tuple[Finished, int]]:
    """Yields pairs. The first value of a pair is a list of complete rows.

    The second value is the number of events that were read since the previous pair. The scan reads the streams with an
    id greater than `after`. `reached` contains a position for each shard of the view. The events of a shard are folded
    only up to the position of this shard. Raises Poisoned.
    """
    stream, version, row = after, 2**63 - 1, None
    while page := _page(view, cursor, stream, version, max(reached)):
        finished: Finished = []
        for key, events in groupby(page, key=lambda event: event[0]):
            if row is not None and key != stream:
                finished.append((stream, row))
            until = reached[part_of(key, len(reached))]
            counted = [event for event in events if event[4] <= until]
            row = folded_on(view, row if key == stream else None, key, counted, cursor=cursor)
            stream = key
        version = page[-1][1]
        yield finished, len(page)
    if row is not None:
        yield [(stream, row)], 0


def events_until(view: View, cursor: AnyCursor, position: int, *, stream: UUID | None = None) -> int:
    """Counts the events of the view up to `position`.

    If `stream` is given, counts only the events of streams up to this id.
    """
    cursor.execute(
        "SELECT count(*) FROM stored_events WHERE notification_id <= %s AND starts_with(topic, %s)"
        " AND (%s::uuid IS NULL OR originator_id <= %s)",
        (position, view.topics, stream, stream),
    )
    row = cursor.fetchone()
    return int(row[0]) if row else 0


def _page(view: View, cursor: AnyCursor, stream: UUID, version: int, until: int) -> list[RawEvent]:
    values = {"stream": stream, "version": version, "until": until, "topics": view.topics, "limit": PAGE}
    cursor.execute(BY_STREAM, values, prepare=True, binary=True)
    return cursor.fetchall()
