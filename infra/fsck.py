"""Checks what is stored: every stream's chain and bytes, every number's claim, every view row against a rebuild.

Of a chain, event n is guarded by its successor, which holds its commitment; the newest event of a stream is guarded
once the public log runs.
"""

from collections.abc import Callable, Iterator
from itertools import groupby, pairwise
from typing import Any
from uuid import UUID

import msgspec
import orjson
import psycopg
from psycopg.rows import tuple_row

from infra.store.envelope import STATE, b64, canonical, commitment, unb64
from infra.store.topics import decoder_of
from infra.views import VIEWS, differences

ALL = """
SELECT originator_id, originator_version, topic, state FROM stored_events
ORDER BY originator_id, originator_version
"""
Row = tuple[UUID, int, str, bytes]
Progress = Callable[[int, int], None]


def faults_of_log(conninfo: str, progress: Progress) -> Iterator[str]:
    """Each event of the log that is not as it was written, in bounded memory."""
    with psycopg.connect(conninfo, row_factory=tuple_row) as connection:
        total = connection.execute("SELECT count(*) FROM stored_events").fetchone()
        seen = 0
        with connection.cursor("fsck", binary=True) as cursor:
            cursor.itersize = 2000
            for stream, rows in groupby(cursor.execute(ALL), key=lambda row: row[0]):
                checked = [_checked(stream, row) for row in rows]
                yield from _faults_of_stream(stream, checked)
                seen += len(checked)
                progress(seen, total[0] if total else 0)
        yield from _faults_of_order(connection)
        yield from _faults_of_claims(connection)


def _checked(stream: UUID, row: Row) -> tuple[int, str, str, str | None]:
    """Version, `prev`, own commitment, and what is wrong with the row by itself."""
    _, version, topic, stored = row
    try:
        state: dict[str, Any] = orjson.loads(bytes(stored))
        if canonical(state) != bytes(stored):
            return version, "", "", "its bytes are not canonical"
        if state.keys() != STATE:
            return version, "", "", "its keys are not those of an event"
        for name in ("salt", "prev"):
            unb64(state[name])
        decoder_of(topic).decode(stored)
        return version, state["prev"], b64(commitment(stream, version, topic, state)), None
    except (ValueError, KeyError, TypeError, AttributeError, msgspec.MsgspecError) as error:
        return version, "", "", f"it cannot be read ({type(error).__name__})"


def _faults_of_stream(stream: UUID, rows: list[tuple[int, str, str, str | None]]) -> Iterator[str]:
    """A broken link names the event whose successor disagrees with it; one whose both links break is named alone."""
    unreadable = {version for version, _, _, fault in rows if fault}
    for place, (version, prev, _, fault) in enumerate(rows, 1):
        if version != place:
            yield f"event {stream}:{version}: version {place} is missing before it"
            return
        if fault:
            yield f"event {stream}:{version}: {fault}"
        if version == 1 and prev and not fault:
            yield f"event {stream}:1: it names a predecessor, and there is none"
    broken = [
        version
        for (version, _, own, _), (successor, prev, _, _) in pairwise(rows)
        if own != prev and not unreadable & {version, successor}
    ]
    for version in broken:
        if version + 1 not in broken:  # else the next one is the altered event: both of its links are broken
            doubt = (
                " (or the newest event, its successor: nothing guards that one yet)" if version + 1 == len(rows) else ""
            )
            yield f"event {stream}:{version}: its successor holds another commitment: a byte of it was changed{doubt}"


def _faults_of_order(connection: psycopg.Connection[Any]) -> Iterator[str]:
    """`recorded_at` never runs against the positions."""
    rows = connection.execute(
        "SELECT originator_id, originator_version FROM ("
        " SELECT *, lag(recorded_at) OVER (ORDER BY notification_id) AS before FROM stored_events) AS ordered"
        " WHERE recorded_at < before"
    )
    for stream, version in rows:
        yield f"event {stream}:{version}: recorded before the event that stands before it"


def _faults_of_claims(connection: psycopg.Connection[Any]) -> Iterator[str]:
    """A submission's number is claimed for it, until it is erased."""
    try:
        yield from _unclaimed(connection)
    except psycopg.DataError:
        return  # a state that is no JSON, and was named as such


def _unclaimed(connection: psycopg.Connection[Any]) -> Iterator[str]:
    rows = connection.execute(
        "SELECT e.originator_id FROM events e WHERE e.topic = 'application.submitted.v1'"
        " AND NOT EXISTS (SELECT FROM claims c WHERE c.originator_id = e.originator_id"
        "   AND c.claim = convert_to(e.state->'data'->>'number', 'UTF8'))"
        " AND NOT EXISTS (SELECT FROM erasures x WHERE x.application_id = e.originator_id)"
    )
    for (stream,) in rows:
        yield f"event {stream}:1: its tracking number is not claimed for it"


def faults_of_views(conninfo: str, progress: Progress) -> Iterator[str]:
    """Each row that a rebuild would make differently."""
    for view in VIEWS.values():
        for key in differences(view, conninfo, progress_of=progress):
            yield f"view {view.name}: row {key} differs from its rebuild"
