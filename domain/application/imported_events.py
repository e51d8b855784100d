"""Events of imported history: no command writes these events."""

from dataclasses import dataclass
from typing import ClassVar

from domain.codes import StageCode
from domain.provenance import Event


@dataclass(frozen=True, slots=True, kw_only=True)
class StagePlanned(Event):
    """The office planned a stage, and the stage has not begun. Only imported history has this event."""

    topic: ClassVar[str] = "application.stage-planned.v1"
    stage: StageCode


@dataclass(frozen=True, slots=True, kw_only=True)
class StageEnded(Event):
    """The work on a stage ended, and the stage was not completed. Only imported history has this event."""

    topic: ClassVar[str] = "application.stage-ended.v1"
    stage: StageCode


ImportedEvent = StagePlanned | StageEnded
