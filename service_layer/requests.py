"""Requests: a command with everything that decides how it is carried out, and the result that answers it."""

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
    """Permits every request: for requests whose rights were checked before, such as those of scheduled jobs."""


@dataclass(frozen=True, slots=True, kw_only=True)
class CommandRequest:
    """A command, the client that sends it under an idempotency key, and the version that the client saw.

    `body` is the body of the request. A repeated request has the same body, and another request under the same
    idempotency key has another body. `personal` maps the role of each person concerned to the data to seal. `permit`
    raises if the client may not send the command to the application in its present state. If the acting office depends
    on the application, `office_of` gives the acting office. Without `office_of`, the acting office is the office of
    `act`. `received_at` is the time (UTC) at which Jejak received the request. While a simulation plays a past,
    `received_at` is None, because later facts are not known yet in that past.
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
    """A request to link applications. The applications are in order, each with the version that the client saw.
    `proved` lists the applications whose number and PIN, or whose QR code, the citizen gave. The fields that
    CommandRequest also has mean the same as there. `holds` tells whether the client's office holds an application.
    `persons_of` gives the references of the persons that each application is about.
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
    """The answers of one questionnaire about an application. The fields that CommandRequest also has mean the same as
    there.
    """

    answers: Answers
    act: Act
    client: str
    key: str
    body: Any
    permit: Callable[[Application], None] = permit_anyone
