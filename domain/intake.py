"""What the intake answers to commands that agencies' systems send by topic: codes, ids and numbers, nothing of a body.

Answers of a topic's partition are a stream of their own, dead letters another: in each, every event is one message.
"""

from dataclasses import dataclass
from typing import Annotated, ClassVar
from uuid import UUID

from domain.codes import AgencyCode, Pattern, RefusalCode

Place = Annotated[str, Pattern(r"^(header/[a-z_-]+|(/([a-z][a-z_]*|[0-9]{1,4}|-))*)$", 200)]
"""A header, or a JSON pointer into a body: made of names of ours, and of counts too short to be a number of anybody."""


@dataclass(frozen=True, slots=True, kw_only=True)
class IntakeAnswered:
    """The command was applied. `version`: of the application, as of the last event of that command."""

    topic: ClassVar[str] = "intake.answered.v1"
    agency: AgencyCode
    command: UUID
    application: UUID
    version: int


@dataclass(frozen=True, slots=True, kw_only=True)
class IntakeRefused:
    """The rules said no, by `code`. `application`: where it is the agency's; `version`: where what it saw was stale."""

    topic: ClassVar[str] = "intake.refused.v1"
    agency: AgencyCode
    command: UUID
    code: RefusalCode
    application: UUID | None = None
    version: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class IntakeMalformed:
    """The record at that place of the agency's topic is no command that can be read: by `code`, at `place`.

    `command`: its id, where it has one.
    """

    topic: ClassVar[str] = "intake.malformed.v1"
    agency: AgencyCode
    partition: int
    offset: int
    code: RefusalCode
    place: Place
    command: UUID | None = None


IntakeEvent = IntakeAnswered | IntakeRefused | IntakeMalformed
