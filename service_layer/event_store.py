"""This module defines the interface through which the handlers use the log. `infra.eventstore.store` implements this
interface.
"""

from collections.abc import Mapping, Sequence
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass
from typing import Any, Protocol
from uuid import UUID

from domain.application.events import ApplicationEvent
from domain.provenance import Act
from domain.registry.registry import Registry
from domain.satisfaction import SatisfactionAnswered
from service_layer.streams import CommandIdentity, StreamHistory

PersonalParts = Mapping[str, Mapping[str, Any]]
"""Maps the role of each person to the personal data that is sealed."""


class StoredRow(Protocol):
    """A row of the log, ready to be appended. The id, the version and the bytes of the row are final."""

    @property
    def originator_id(self) -> Any: ...  # noqa: ANN401 - the library's own type allows text as well
    @property
    def originator_version(self) -> int: ...
    @property
    def topic(self) -> str: ...
    @property
    def state(self) -> bytes: ...


@dataclass(frozen=True, slots=True)
class Draft:
    """New rows for a stream. `history` holds the earlier events of the stream. `own` is the commitment of the last new
    row. Each value in `claims` may belong to only one stream.
    """

    history: StreamHistory
    rows: tuple[StoredRow, ...]
    own: str
    claims: tuple[bytes, ...] = ()

    @property
    def version(self) -> int:
        """Returns the version that the application will have after the draft is stored."""
        return self.history.application.version + len(self.rows)

    @property
    def topics(self) -> tuple[str, ...]:
        return tuple(row.topic for row in self.rows)


@dataclass(frozen=True, slots=True)
class Stored:
    """A stored draft. `history` includes the events of the draft. `position` is the position of the last event."""

    history: StreamHistory
    position: int


@dataclass(frozen=True, slots=True)
class SavedSurvey:
    """The stored answers of a questionnaire. `identity` identifies the command that stored the answers. `position` is
    the position of the event with the answers.
    """

    identity: CommandIdentity
    position: int


class EventStore(Protocol):
    """The event store. Every method may raise Unavailable. `append` checks the versions and the `claims` of all drafts
    under one lock.
    """

    @property
    def registry(self) -> Registry:
        """Returns the registry as it was when the log was last read."""
        ...

    def new_id(self) -> UUID:
        """Returns a new UUIDv7, for a new stream or a new link."""
        ...

    def new_number(self) -> str:
        """Returns a new tracking number."""
        ...

    def turn(self, stream: UUID) -> AbstractAsyncContextManager[None]:
        """Waits until this process runs no other command of the stream. Another process may run a command of the stream
        at the same time. Then `append` notices the conflict, because the version of the stream has changed.
        """
        ...

    async def identities(self, client: str, key: str, body: object) -> Sequence[CommandIdentity]:
        """Returns two identities of the command, because a new secret key is used each month. The first identity is
        made with the key of this month, and the second identity with the key of the previous month.
        """
        ...

    async def history(self, application_id: UUID) -> StreamHistory:
        """Returns the current history of the stream. If the stream does not exist, the history has no entries."""
        ...

    async def claimed(self, claims: Sequence[bytes]) -> UUID | None:
        """Returns the stream to which one of `claims` belongs. Returns None if there is no such stream."""
        ...

    async def draft(
        self,
        history: StreamHistory,
        events: Sequence[ApplicationEvent],
        act: Act,
        identity: CommandIdentity,
        *,
        personal: PersonalParts,
        claims: tuple[bytes, ...],
    ) -> Draft:
        """Makes rows from events.

        The first event contains the personal data in sealed parts. New dossier keys are stored durably before the
        method returns.
        """
        ...

    async def append(self, drafts: Sequence[Draft]) -> Sequence[Stored] | None:
        """Stores all drafts together. If a conflicting command was stored first, stores nothing and returns None."""
        ...

    def survey_claim(self, application_id: UUID) -> bytes:
        """Returns a keyed hash of the application's id. Because of this value, an application has only one
        questionnaire. Without the secret key, the value reveals nothing.
        """
        ...

    async def append_survey(
        self, application_id: UUID, event: SatisfactionAnswered, act: Act, identity: CommandIdentity
    ) -> int | None:
        """Stores the answers as a separate stream. The id of the application is stored only in a sealed part.

        Returns the log position of the event that contains the answers. If a conflicting command was stored first,
        stores nothing and returns None.
        """
        ...

    async def saved_survey(self, stream: UUID) -> SavedSurvey | None:
        """Returns the answers that are stored in this stream."""
        ...
