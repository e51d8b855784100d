"""The event store as a port: what the handlers need of the log. `infra.eventstore.store` implements it."""

from collections.abc import Mapping, Sequence
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass
from typing import Any, Protocol
from uuid import UUID

from domain.application.events import ApplicationEvent
from domain.provenance import Act
from domain.registry.editions import Registry
from domain.satisfaction import SatisfactionAnswered
from service_layer.streams import CommandIdentity, StreamHistory

PersonalParts = Mapping[str, Mapping[str, Any]]
"""Maps the role of each person concerned to the data that is sealed."""


class StoredRow(Protocol):
    """A row of the log, ready to be appended: its id, version and bytes are fixed."""

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
    """New rows that follow `history`. `own` is the commitment of the last row; `claims` are unique to the stream."""

    history: StreamHistory
    rows: tuple[StoredRow, ...]
    own: str
    claims: tuple[bytes, ...] = ()

    @property
    def version(self) -> int:
        """The application's version, once the draft is stored."""
        return self.history.application.version + len(self.rows)

    @property
    def topics(self) -> tuple[str, ...]:
        return tuple(row.topic for row in self.rows)


@dataclass(frozen=True, slots=True)
class Stored:
    """A draft that is in the log: the history with its events, and the position of the last."""

    history: StreamHistory
    position: int


@dataclass(frozen=True, slots=True)
class SavedSurvey:
    """The save of a questionnaire's answers: its command, the digest of its body, its position."""

    identity: CommandIdentity
    position: int


class EventStore(Protocol):
    """The event store. Every method raises Unavailable. An append checks versions and claims under one lock."""

    @property
    def registry(self) -> Registry:
        """The registry as of the last read of the log."""
        ...

    def new_id(self) -> UUID:
        """A fresh UUIDv7 for a new stream or a new link."""
        ...

    def new_number(self) -> str:
        """A fresh tracking number."""
        ...

    def turn(self, stream: UUID) -> AbstractAsyncContextManager[None]:
        """Commands of one stream take turns in this process; between processes the versions in the log decide."""
        ...

    async def identities(self, client: str, key: str, body: object) -> Sequence[CommandIdentity]:
        """The command's identity under this month's key, then under the last month's: a key holds for a month."""
        ...

    async def history(self, application_id: UUID) -> StreamHistory:
        """The history of the stream as of now. It has no entries if there is no such stream."""
        ...

    async def claimed(self, claims: Sequence[bytes]) -> UUID | None:
        """The stream that holds one of these claims, or None."""
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

        Personal data is sealed into the first event. New dossier keys are durable on return.
        """
        ...

    async def append(self, drafts: Sequence[Draft]) -> Sequence[Stored] | None:
        """One save: stores all drafts, or returns None if another save came in between."""
        ...

    def survey_claim(self, application_id: UUID) -> bytes:
        """The claim that makes an application's questionnaire unique. It reveals nothing without the key."""
        ...

    async def append_survey(
        self, application_id: UUID, event: SatisfactionAnswered, act: Act, identity: CommandIdentity
    ) -> int | None:
        """Stores the answers as a separate stream. Only a sealed part says to which application the answers belong.

        Returns their position, or None if another save came in between.
        """
        ...

    async def saved_survey(self, stream: UUID) -> SavedSurvey | None:
        """The save that began this stream of answers."""
        ...
