"""Streams: a stream contains the stored events of one application. A stream also contains the data that idempotency and
the hash chain need.
"""

from collections.abc import Iterable
from dataclasses import dataclass, field
from functools import reduce
from typing import Any, cast
from uuid import UUID

import orjson

from domain.application.events import Recorded
from domain.application.evolve import Application, evolve


@dataclass(frozen=True, slots=True)
class StreamEntry:
    """One stored event of an application. `stored` holds the bytes of the event's state. `command` is the id of the
    command that caused the event.
    """

    recorded: Recorded
    topic: str
    command: str
    stored: bytes
    position: int

    @property
    def state(self) -> dict[str, Any]:
        """Returns the state as JSON. The JSON is decoded at each call, because most callers need only the event."""
        return cast("dict[str, Any]", orjson.loads(self.stored))


@dataclass(frozen=True, slots=True)
class StreamHistory:
    """The entries of a stream, and the state of the application after these entries. `own` is the commitment of the
    last event, if known.
    """

    application_id: UUID
    entries: tuple[StreamEntry, ...]
    application: Application
    own: str | None = field(default=None, compare=False)

    @classmethod
    def begin(cls, application_id: UUID) -> "StreamHistory":
        """Returns a stream without events."""
        return cls(application_id, (), Application())

    def then(self, entries: Iterable[StreamEntry], own: str | None = None) -> "StreamHistory":
        """Returns a longer history: this history, followed by `entries`."""
        new = tuple(entries)
        if not new:
            return self
        application = reduce(evolve, (entry.recorded for entry in new), self.application)
        return StreamHistory(self.application_id, (*self.entries, *new), application, own)

    def until(self, version: int) -> Application:
        """Returns the application in the state after the event with this version."""
        return reduce(evolve, (entry.recorded for entry in self.entries[:version]), Application())


@dataclass(frozen=True, slots=True)
class CommandIdentity:
    """The id of a command, and the digest of the command's body. The id and the digest are computed with the same
    secret key, and each month has its own secret key. See docs/event-format.md, "Commands and digests".
    """

    command: UUID
    digest: str
