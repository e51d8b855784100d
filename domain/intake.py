"""Events of the intake: its answers to commands that agencies' systems send by topic.

They contain codes, ids and numbers, and nothing from the body of a command. Each partition of a topic has one stream
for the answers and another for the dead letters. Every event in these streams becomes one message.
"""

from dataclasses import dataclass
from typing import Annotated, ClassVar
from uuid import UUID

from domain.codes import AgencyCode, Pattern, RefusalCode

Place = Annotated[str, Pattern(r"^(header/[a-z_-]+|(/([a-z][a-z_]*|[0-9]{1,4}|-))*)$", 200)]
"""The place of a fault: a header, or a JSON pointer into a body.

It consists of field names from the schema and of indexes of at most four digits, which cannot be a person's number.
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class IntakeAnswered:
    """The command was applied. `version`: the application's version at the last event of that command."""

    topic: ClassVar[str] = "intake.answered.v1"
    agency: AgencyCode
    command: UUID
    application: UUID
    version: int


@dataclass(frozen=True, slots=True, kw_only=True)
class IntakeRefused:
    """The rules refused the command; `code` says why.

    `application`: present if the application is the agency's. `version`: present if the agency saw a stale version.
    """

    topic: ClassVar[str] = "intake.refused.v1"
    agency: AgencyCode
    command: UUID
    code: RefusalCode
    application: UUID | None = None
    version: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class IntakeMalformed:
    """The record at `partition` and `offset` of the agency's topic cannot be read as a command.

    `code` says why, and `place` says where. `command`: the command's id, if it has one.
    """

    topic: ClassVar[str] = "intake.malformed.v1"
    agency: AgencyCode
    partition: int
    offset: int
    code: RefusalCode
    place: Place
    command: UUID | None = None


IntakeEvent = IntakeAnswered | IntakeRefused | IntakeMalformed
