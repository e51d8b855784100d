"""The event store as a port: the methods of the log that the handlers need. `infra.eventstore.store` implements it."""

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
"""Maps the role of each person concerned to the data that is sealed."""


class StoredRow(Protocol):
    """A row of the log, ready to be appended. The id, the version and the bytes of the row do not change any more."""

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
    """New rows that follow `history`. `own` is the commitment of the last row. Each claim in `claims` may belong to
    only one stream.
    """

    history: StreamHistory
    rows: tuple[StoredRow, ...]
    own: str
    claims: tuple[bytes, ...] = ()

    @property
    def version(self) -> int:
        """The application's version after the draft is stored."""
        return self.history.application.version + len(self.rows)

    @property
    def topics(self) -> tuple[str, ...]:
        return tuple(row.topic for row in self.rows)


@dataclass(frozen=True, slots=True)
class Stored:
    """A draft that is in the log: the history with the draft's events, and the position of the last event."""

    history: StreamHistory
    position: int


@dataclass(frozen=True, slots=True)
class SavedSurvey:
    """The save of a questionnaire's answers: the command that caused the save, the digest of the command's body, and
    the position of the event.
    """

    identity: CommandIdentity
    position: int


class EventStore(Protocol):
    """The event store. Every method raises Unavailable. An append checks versions and claims under a single lock."""

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
        """Waits until no other command of the stream runs in this process. Commands in other processes can run at the
        same time; then `append` finds the conflict by the stream version.
        """
        ...

    async def identities(self, client: str, key: str, body: object) -> Sequence[CommandIdentity]:
        """The identities of the command. The first identity is made with the secret key of this month. The second
        identity is made with the secret key of the previous month. Each secret key is used for one month.
        """
        ...

    async def history(self, application_id: UUID) -> StreamHistory:
        """The current history of the stream. The history has no entries if the stream does not exist."""
        ...

    async def claimed(self, claims: Sequence[bytes]) -> UUID | None:
        """The stream to which one of `claims` belongs, or None."""
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

        Personal data is sealed into the first event. New dossier keys are stored durably before the method returns.
        """
        ...

    async def append(self, drafts: Sequence[Draft]) -> Sequence[Stored] | None:
        """Stores all drafts in one save, or returns None if another save was stored first."""
        ...

    def survey_claim(self, application_id: UUID) -> bytes:
        """The claim that makes an application's questionnaire unique. The claim is a keyed hash. Without the secret
        key, the claim reveals nothing.
        """
        ...

    async def append_survey(
        self, application_id: UUID, event: SatisfactionAnswered, act: Act, identity: CommandIdentity
    ) -> int | None:
        """Stores the answers as a separate stream. The id of the application is stored only in a sealed part.

        Returns the position of the answers, or None if another save was stored first.
        """
        ...

    async def saved_survey(self, stream: UUID) -> SavedSurvey | None:
        """The save that began this stream of answers."""
        ...
