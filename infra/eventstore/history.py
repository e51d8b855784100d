"""Reading streams: rows of the log as what happened, with what a chain and a repeated command need of them."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from functools import reduce
from typing import Any, cast
from uuid import UUID

import orjson

from domain.application.events import ApplicationEvent, Recorded
from domain.application.evolve import Application, evolve, fold
from infra.eventstore.envelope import b64, commitment
from infra.eventstore.topics import AnyEvent, State, act_of, decoder_of

STREAM = """
SELECT originator_version, topic, state, notification_id, recorded_at
FROM stored_events WHERE originator_id = %s ORDER BY originator_version
"""

Row = tuple[int, str, bytes, int, datetime]


@dataclass(frozen=True, slots=True)
class Entry:
    """One stored event of an application; `stored` are the bytes of its state."""

    recorded: Recorded
    topic: str
    command: str
    stored: bytes
    position: int

    @property
    def state(self) -> dict[str, Any]:
        """Read again at each call: few ask for more than the event."""
        return cast("dict[str, Any]", orjson.loads(self.stored))


@dataclass(frozen=True, slots=True)
class History:
    """A stream, and the application it folds to. `own`: the commitment of its last event, where it is known."""

    application_id: UUID
    entries: tuple[Entry, ...]
    application: Application
    own: str | None = field(default=None, compare=False)

    @classmethod
    def begin(cls, application_id: UUID) -> "History":
        return cls(application_id, (), Application())

    def prev(self) -> str:
        """What the next event commits to: "" for the first."""
        if self.own is not None:
            return self.own
        if not self.entries:
            return ""
        last = self.entries[-1]
        return b64(commitment(self.application_id, last.recorded.version, last.topic, last.state))

    def then(self, entries: Iterable[Entry], own: str | None = None) -> "History":
        """With what happened next."""
        new = tuple(entries)
        if not new:
            return self
        application = reduce(evolve, (entry.recorded for entry in new), self.application)
        return History(self.application_id, (*self.entries, *new), application, own)

    def until(self, version: int) -> Application:
        """The application as it was then."""
        application = Application()
        for entry in self.entries[:version]:
            application = evolve(application, entry.recorded)
        return application


def entry_of(row: Sequence[Any]) -> Entry:
    """Raises KeyError for an unknown topic, msgspec's DecodeError for a state that cannot be read."""
    state, recorded = _read(row)
    return Entry(recorded, row[1], state.command, row[2], row[3])


def recorded_of(row: Sequence[Any]) -> Recorded:
    """The event alone, for who folds many. Raises as `entry_of` does."""
    return _read(row)[1]


def _read(row: Sequence[Any]) -> tuple[State[AnyEvent], Recorded]:
    version, topic, stored, _, recorded_at = row
    state = decoder_of(topic).decode(stored)
    event = cast("ApplicationEvent", state.data)
    return state, Recorded(version=version, act=act_of(state), event=event, recorded_at=recorded_at)


def history_of(application_id: UUID, rows: Iterable[Sequence[Any]]) -> History:
    entries = tuple(entry_of(row) for row in rows)
    return History(application_id, entries, fold(entry.recorded for entry in entries))
