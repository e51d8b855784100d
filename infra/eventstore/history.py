"""Histories: this module decodes the rows of a stream into events, and folds the events into a history.

A history also contains the data for the next link of the hash chain, and the data for the answer to a repeated command.
"""

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any, cast
from uuid import UUID

from domain.application.events import ApplicationEvent, Recorded
from domain.application.evolve import fold
from infra.eventstore.envelope import b64, commitment
from infra.eventstore.topics import AnyEvent, State, act_of, decoder_of
from service_layer.streams import StreamEntry, StreamHistory

STREAM = """
SELECT originator_version, topic, state, notification_id, recorded_at
FROM stored_events WHERE originator_id = %s ORDER BY originator_version
"""

UNTIL = """
SELECT originator_version, topic, state, notification_id, recorded_at
FROM stored_events WHERE originator_id = %s AND originator_version <= %s ORDER BY originator_version
"""

StreamRow = tuple[int, str, bytes, int, datetime]


def head_of(history: StreamHistory) -> str:
    """Returns the commitment to the last event of the stream. The next event stores this commitment as `prev`.

    Returns an empty string if the stream has no events.
    """
    if history.own is not None:
        return history.own
    if not history.entries:
        return ""
    last = history.entries[-1]
    return b64(commitment(history.application_id, last.recorded.version, last.topic, last.state))


def entry_of(row: Sequence[Any]) -> StreamEntry:
    """Decodes a row of a stream.

    Raises KeyError for an unknown event type. Raises msgspec's DecodeError if the state cannot be read.
    """
    state, recorded = _read(row)
    return StreamEntry(recorded, row[1], state.command, row[2], row[3])


def recorded_of(row: Sequence[Any]) -> Recorded:
    """Decodes only the event of a row. Code that folds many rows uses this function.

    Raises the same errors as `entry_of`.
    """
    return _read(row)[1]


def _read(row: Sequence[Any]) -> tuple[State[AnyEvent], Recorded]:
    version, topic, stored, _, recorded_at = row
    state = decoder_of(topic).decode(stored)
    event = cast("ApplicationEvent", state.data)
    return state, Recorded(version=version, act=act_of(state), event=event, recorded_at=recorded_at)


def history_of(application_id: UUID, rows: Iterable[Sequence[Any]]) -> StreamHistory:
    """Folds the rows of one stream. The rows must be sorted by version."""
    entries = tuple(entry_of(row) for row in rows)
    return StreamHistory(application_id, entries, fold(entry.recorded for entry in entries))
