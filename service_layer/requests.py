"""Requests: a request contains a command, and everything else that a handler needs for the command. This module also
defines the result of a command.
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
    """Permits every request. Use this function only for scheduled jobs, or if the rights were already checked."""


@dataclass(frozen=True, slots=True, kw_only=True)
class CommandRequest:
    """A command with its client and its idempotency key. `version_seen` is the version of the application that the
    client saw.

    `body` is the body of the request. A second request may have the same idempotency key. If the second request also
    has the same body, the handler treats it as a repetition. If the second request has another body, the handler
    refuses it. `personal` maps the role of each person to the personal data that will be sealed. `permit` checks
    whether the client may send the command while the application is in its present state. If the client may not send
    the command, `permit` raises an error. If the acting office depends on the application, `office_of` returns the
    acting office. If `office_of` is None, the acting office is the office of `act`. `received_at` is the time (UTC) at
    which Jejak received the request. A simulation writes events of the past, and sets `received_at` to None. Then the
    command handler does not record a deemed approval by itself.
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
    """The result of a command. `application` is the application after the events of the command. `events` lists the
    types of the command's events. `position` is the position of the last event.
    """

    application_id: UUID
    application: Application
    events: tuple[str, ...]
    position: int


@dataclass(frozen=True, slots=True, kw_only=True)
class LinkRequest:
    """A request to link applications. `versions_seen` lists the applications in order, each with the version that the
    client saw. For each application in `proved`, the citizen has given the number and the PIN, or has shown the QR
    code. `holds` returns whether the client's office holds an application. `persons_of` returns for each application
    the references of its persons (applicant and subject). The other fields have the same meaning as in CommandRequest.
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
