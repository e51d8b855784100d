"""A small language for tests of applications: given a history, when a command comes, then these events follow.

given(*COMPLETE).when(EnterStage(stage="verification")).then(StageEntered(stage="verification"))
given(*COMPLETE).when(Issue()).refused(StatusForbids)
given(*COMPLETE).admits(Issued()).as_(Issued(deviates="status-forbids"))
given(*COMPLETE).shows(status="processing")
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

import pytest

from domain.application.admit import SourceRecord, admit
from domain.application.commands import Command
from domain.application.decide import decide
from domain.application.events import ApplicationEvent, Recorded
from domain.application.evolve import Application, fold
from domain.application.written_topics import TOPICS_OF
from domain.codes import Channel, Role
from domain.provenance import Act
from domain.refusals import Refusal
from domain.registry.registry import Registry
from projections.progress import ProgressRow, project
from tests.builders import APPLICATION, MONDAY, REGISTRY, SEMARANG, an_act


def given(*happened: ApplicationEvent | Recorded, registry: Registry = REGISTRY) -> "Given":
    """Start from a history. A plain event happens at the counter in Semarang on Monday; `builders.on` sets its act."""
    recorded = (entry if isinstance(entry, Recorded) else _plainly(entry) for entry in happened)
    return Given(tuple(replace(entry, version=place) for place, entry in enumerate(recorded, start=1)), registry)


def _plainly(event: ApplicationEvent) -> Recorded:
    return Recorded(version=0, act=an_act(), event=event)


@dataclass(frozen=True)
class Given:
    history: tuple[Recorded, ...]
    registry: Registry

    @property
    def application(self) -> Application:
        return fold(self.history)

    @property
    def row(self) -> ProgressRow:
        assert self.history, "nothing is shown of nothing"
        row: ProgressRow | None = None
        for recorded in self.history:
            row = project(row, APPLICATION, recorded)
        assert row is not None
        return row

    def when(
        self,
        command: Command,
        *,
        at: datetime = MONDAY,
        office: str = SEMARANG,
        by: Role = Role.OFFICER,
        channel: Channel = Channel.COUNTER,
    ) -> "When":
        return When(self, command, an_act(at, office=office, by=by, channel=channel))

    def admits(
        self,
        event: ApplicationEvent,
        *,
        at: datetime = MONDAY,
        office: str = SEMARANG,
        channel: Channel = Channel.UNKNOWN,
    ) -> "Admitted":
        act = an_act(at, office=office, by=Role.IMPORT, channel=channel)
        return Admitted(event, admit(SourceRecord(act=act, event=event), self.application, self.registry))

    def shows(self, **part: Any) -> None:
        row: Mapping[str, object] = self.row
        assert {key: row[key] for key in part} == part


@dataclass(frozen=True)
class When:
    given: Given
    command: Command
    act: Act

    def decided(self) -> list[ApplicationEvent]:
        return decide(self.command, self.given.application, self.act, self.given.registry)

    def then(self, *expected: ApplicationEvent) -> None:
        assert self.decided() == list(expected)
        assert {event.topic for event in expected} <= TOPICS_OF[type(self.command)]

    def refused(self, refusal: type[Refusal]) -> Refusal:
        with pytest.raises(refusal) as caught:
            self.decided()
        return caught.value


@dataclass(frozen=True)
class Admitted:
    told: ApplicationEvent
    event: ApplicationEvent

    def as_(self, expected: ApplicationEvent | str) -> None:
        """Assert that the admitted event is `expected`; a code means the source's event marked with this code."""
        assert self.event == (replace(self.told, deviates=expected) if isinstance(expected, str) else expected)

    def as_told(self) -> None:
        assert self.event == self.told
