"""What the rims need from the middle, as prose contracts. `infra` implements them."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Protocol
from uuid import UUID

from domain.application.commands import Command
from domain.application.evolve import Application
from domain.codes import LifeEvent
from domain.provenance import Act


class KeyReused(Exception):
    """The same key came with another body, or for another command."""

    def __str__(self) -> str:
        return "This Idempotency-Key was used for something else. Send a new key for a new act."


class Unavailable(Exception):
    """The store cannot be reached, or the answer took too long. What was sent may have happened: ask again."""

    def __str__(self) -> str:
        return "The store cannot be reached now. Send the same request with the same Idempotency-Key again."


def anyone(_: Application) -> None:
    """Of a command whose right was settled before."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """A command with what makes it one: who asks (`client`) under which key of its own, and what it saw.

    `body` is what was sent, for telling the same again from something else. `personal` maps the role of each person
    concerned to what is sealed. `permit` raises where the asker may not do this to the application as it stands.
    `office_of`: for which office the act is, where only the application as it stands tells; else the act's own.
    """

    command: Command
    act: Act
    client: str
    key: str
    body: Any = field(default_factory=dict)
    personal: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    version_seen: int | None = None
    permit: Callable[[Application], None] = anyone
    office_of: Callable[[Application], str] | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """The application as of the last event of the command's save, and that event's place in the log."""

    application_id: UUID
    application: Application
    events: tuple[str, ...]
    position: int


@dataclass(frozen=True, slots=True, kw_only=True)
class AskedLink:
    """Applications to link, in order, with the version seen of each; else as `Asked`."""

    versions_seen: Mapping[UUID, int]
    life_event: LifeEvent
    act: Act
    client: str
    key: str
    body: Any
    permit: Callable[[UUID, Application], None]


class Applications(Protocol):
    """The one way to change an application."""

    async def handle(self, application_id: UUID | None, asked: Asked) -> Answer:
        """Decide and append; None submits a new one. The same command again gets the first answer.

        Raises Refusal, StaleVersion, KeyReused, Unavailable, and what `asked.permit` raises.
        """
        ...

    async def link(self, asked: AskedLink) -> tuple[UUID, list[Answer]]:
        """One event in each stream, in one save: all or none. Returns the link's id; raises as `handle`."""
        ...
