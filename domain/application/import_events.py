"""An import can be taken back: these events say which events of an application no longer stand, or stand again."""

from dataclasses import dataclass
from typing import ClassVar
from uuid import UUID

from domain.provenance import Event


@dataclass(frozen=True, slots=True, kw_only=True)
class ImportUndone(Event):
    """An import was taken back. `run` is the id of the run of the import. The events that this run brought do not stand
    any more: views, statistics and feeds leave them out. If the run brought the submission, the whole application is
    left out.
    """

    topic: ClassVar[str] = "application.import-undone.v1"
    run: UUID


@dataclass(frozen=True, slots=True, kw_only=True)
class ImportRestored(Event):
    """A later import brought events that an earlier undo had taken back. `run` is the id of the later run. `events`
    holds the stream versions of the events that stand again, as events of the later run.
    """

    topic: ClassVar[str] = "application.import-restored.v1"
    run: UUID
    events: tuple[int, ...] = ()


ImportEvent = ImportUndone | ImportRestored
