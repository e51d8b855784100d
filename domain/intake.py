"""Events of the intake: the intake answers the commands that agencies' systems send by a Kafka topic.

From a command, these events copy only the codes, the ids and the numbers. Each partition of a Kafka topic has two
streams: one stream for the answers, and one stream for the dead letters. Every event in these two streams becomes one
Kafka message.
"""

from dataclasses import dataclass
from typing import Annotated, ClassVar
from uuid import UUID

from domain.codes import AgencyCode, Pattern, RefusalCode

Place = Annotated[str, Pattern(r"^(header/[a-z_-]+|(/([a-z][a-z_]*|[0-9]{1,4}|-))*)$", 200)]
"""The place of a fault: a header, or a JSON pointer into a body.

The place consists of field names from the schema and of indexes. An index has at most four digits, so no index can be a
person's number.
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class IntakeAnswered:
    """The command was applied. `version` is the stream version of the command's last event."""

    topic: ClassVar[str] = "intake.answered.v1"
    agency: AgencyCode
    command: UUID
    application: UUID
    version: int


@dataclass(frozen=True, slots=True, kw_only=True)
class IntakeRefused:
    """The rules refused the command. `code` is the code of the refusal.

    `application` is present if the application belongs to the agency. `version` is present if the agency sent the
    command for a stale version of the application.
    """

    topic: ClassVar[str] = "intake.refused.v1"
    agency: AgencyCode
    command: UUID
    code: RefusalCode
    application: UUID | None = None
    version: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class IntakeMalformed:
    """The record at `partition` and `offset` of the agency's Kafka topic cannot be read as a command.

    `code` says why the record cannot be read, and `place` says where in the record the fault is. `command` is the
    command's id, if the record contains an id.
    """

    topic: ClassVar[str] = "intake.malformed.v1"
    agency: AgencyCode
    partition: int
    offset: int
    code: RefusalCode
    place: Place
    command: UUID | None = None


IntakeEvent = IntakeAnswered | IntakeRefused | IntakeMalformed
