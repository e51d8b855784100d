"""Runs of imports: a run is one import of one file with one mapping. Each run has a stream, which holds these events.

    evolve : Run, RunEvent -> Run

A run that was killed and started again is one run. If nothing of a file is new, there is no run.
"""

from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum
from typing import Annotated, ClassVar, assert_never
from uuid import UUID

from domain.codes import Pattern, Published

SourceCode = Annotated[str, Pattern(r"^(?=[0-9-]*[a-z])[a-z0-9]+(-[a-z0-9]+)*$", 63)]
Sha256 = Annotated[str, Pattern(r"^[0-9a-f]{64}$", 64)]
Account = Annotated[str, Pattern(r"^[a-z_][a-z0-9_.-]{0,31}$", 32)]
MAPPING_LONGEST = 100_000
MappingText = Annotated[str, Published(MAPPING_LONGEST)]


@dataclass(frozen=True, slots=True, kw_only=True)
class RunStarted:
    """The run has found something new, and stores it from now on. `file` is the SHA-256 of the file, and `size` is its
    size in bytes. For a database, `file` is the SHA-256 of its address, and `size` is 0. `text` is the mapping as
    canonical JSON, without comments. It is absent if it is too long. `mapping` is the SHA-256 of the whole text.
    `account` is the account of the operating system that ran the command.
    """

    topic: ClassVar[str] = "import.started.v1"
    source: SourceCode
    file: Sha256
    size: int
    mapping: Sha256
    text: MappingText | None = None
    account: Account | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class RunCompleted:
    """The run has read the whole file. `applications` and `events` count what stands because of this run. `duplicates`
    and `rejected` count the records of the file that the log already had, and the records that were left out.
    """

    topic: ClassVar[str] = "import.completed.v1"
    applications: int
    events: int
    duplicates: int
    rejected: int


@dataclass(frozen=True, slots=True, kw_only=True)
class RunUndone:
    """The run was taken back. `applications` counts the applications that an `ImportUndone` was appended to. `events`
    counts the events that do not stand any more.
    """

    topic: ClassVar[str] = "import.undone.v1"
    applications: int
    events: int
    account: Account | None = None


RunEvent = RunStarted | RunCompleted | RunUndone


class RunState(StrEnum):
    STARTED = "started"
    COMPLETED = "completed"
    UNDONE = "undone"


@dataclass(frozen=True, slots=True, kw_only=True)
class Run:
    """A run, folded from its events. `at` is the time of the last event, in UTC. `started_at` is the first start."""

    id: UUID
    state: RunState | None = None
    started: RunStarted | None = None
    started_at: datetime | None = None
    at: datetime | None = None
    applications: int = 0
    events: int = 0


def evolve(run: Run, event: RunEvent, at: datetime) -> Run:
    """Return the run after one more event. The function accepts every event in every state."""
    match event:
        case RunStarted():
            return replace(run, state=RunState.STARTED, started=event, started_at=run.started_at or at, at=at)
        case RunCompleted():
            return replace(run, state=RunState.COMPLETED, at=at, applications=event.applications, events=event.events)
        case RunUndone():
            return replace(run, state=RunState.UNDONE, at=at, applications=event.applications, events=event.events)
        case _:
            assert_never(event)
