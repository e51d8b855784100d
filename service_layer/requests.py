"""Requests: the input of each handler, that is, a command with everything that the handler needs, and the result of a
command.
"""

from collections.abc import Awaitable, Callable, Collection, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from uuid import UUID

from domain.application.commands import Command
from domain.application.evolve import Application
from domain.codes import LifeEvent
from domain.provenance import Act
from domain.satisfaction import Answers


def permit_anyone(_: Application) -> None:
    """Permits every request. Use this function only if the rights were checked before, or for scheduled jobs."""


@dataclass(frozen=True, slots=True, kw_only=True)
class CommandRequest:
    """A command, the client that sends it under an idempotency key, and the version that the client saw.

    `body` is the body of the request. The handler compares the body to find out whether a second request under the same
    idempotency key is a repetition or another request. `personal` maps the role of each person concerned to the data to
    seal. `permit` raises if the client may not send the command to the application in its present state. `office_of` is
    set if the acting office depends on the application. Without `office_of`, the acting office is the office of `act`.
    `received_at` is the time (UTC) at which Jejak received the request. A simulation that writes events of the past
    sets `received_at` to None; then the command handler does not record a deemed approval by itself.
    """

    command: Command
    act: Act
    client: str
    key: str
    body: Any = field(default_factory=dict)
    personal: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    version_seen: int | None = None
    received_at: datetime | None = None
    permit: Callable[[Application], None] = permit_anyone
    office_of: Callable[[Application], str] | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class CommandResult:
    """The application after the last event of the command's save, the event types of the saved events, and the position
    of the last event.
    """

    application_id: UUID
    application: Application
    events: tuple[str, ...]
    position: int


@dataclass(frozen=True, slots=True, kw_only=True)
class LinkRequest:
    """A request to link applications. `versions_seen` lists the applications in order, each with the version that the
    client saw. `proved` lists the applications whose number and PIN, or whose QR code, the citizen gave. `holds` tells
    whether the client's office holds an application. `persons_of` gives the references of the persons that each
    application is about. The other fields have the same meaning as in CommandRequest.
    """

    versions_seen: Mapping[UUID, int | None]
    proved: frozenset[UUID]
    life_event: LifeEvent
    act: Act
    client: str
    key: str
    body: Any
    holds: Callable[[Application], bool]
    persons_of: Callable[[Collection[UUID]], Awaitable[Mapping[UUID, frozenset[UUID]]]]


@dataclass(frozen=True, slots=True, kw_only=True)
class SurveyRequest:
    """The answers of one questionnaire about an application. The other fields have the same meaning as in
    CommandRequest.
    """

    answers: Answers
    act: Act
    client: str
    key: str
    body: Any
    permit: Callable[[Application], None] = permit_anyone
