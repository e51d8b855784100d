"""Files that wait for something, straight into the log by the hundred, for the tests of what time brings about."""

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime
from typing import Any
from uuid import UUID

import orjson
import psycopg

from domain.application.events import ApplicationEvent, DeclaredComplete, DocumentsChecked, Received, Submitted
from domain.codes import Quality
from domain.promises import steps
from domain.registry.editions import CalendarPublished, RegistryEvent
from infra.composition import Installation, installation
from infra.eventstore.identifiers import new_application_id
from infra.eventstore.recorder import Save
from infra.eventstore.rows import rows_of
from infra.projector.fold import Shard
from infra.projector.views import VIEWS, ensure
from tests.builders import EDITIONS, KTP, KTP_STANDARD, SEMARANG, an_act
from tests.conftest import Fresh
from tests.infra.logs import COMMAND, PAPER, catch_up

MONDAY_2027 = datetime(2027, 1, 4, 3, tzinfo=UTC)
OVERDUE = datetime(2026, 3, 9, 3, tzinfo=UTC)
STANDARD = replace(KTP_STANDARD, standard=1)
CALENDAR_2027 = next(e for e in EDITIONS if isinstance(e, CalendarPublished) and e.code == "id-2027")


@asynccontextmanager
async def furnished(fresh: Fresh) -> AsyncIterator["Desk"]:
    """An installation that knows the offices, both calendars and the service that grants by silence."""
    async with installation(fresh.settings, fresh.databases) as made:
        editions = [e for e in EDITIONS if getattr(e, "service", KTP) == KTP and getattr(e, "standard", 3) == 3]
        await made.editions.publish(editions, made.recorder, made.named.commands[0])
        yield Desk(made, fresh.databases.serving)


@dataclass(frozen=True, slots=True)
class Desk:
    """Applications of the office in Semarang, and the view of them."""

    made: Installation
    conninfo: str

    async def publish(self, *editions: RegistryEvent) -> None:
        await self.made.editions.publish(editions, self.made.recorder, self.made.named.commands[0])

    async def close(self, *days: date) -> None:
        """The next edition of the calendar of 2027: these days are holidays, and no others but New Year."""
        await self.publish(replace(CALENDAR_2027, holidays=(*CALENDAR_2027.holidays, *days)))

    async def complete(
        self, complete_at: Sequence[datetime], *more: ApplicationEvent, clock: Quality = Quality.SERVER
    ) -> list[UUID]:
        """One file for each instant, with its promise of five working days; then `more` happens to it."""
        registry = await self.made.editions.registry()
        saves = []
        for at in complete_at:
            assert STANDARD.promise
            promise = steps.promised(
                STANDARD.promise, at, office=SEMARANG, service=KTP, edition="ktp-el@1", registry=registry
            )
            number = PAPER.new_number()
            happened = [
                Submitted(service=KTP, standard=1, number=number),
                Received(),
                DocumentsChecked(complete=True),
                DeclaredComplete(promise=promise),
                *more,
            ]
            rows, _ = rows_of(
                new_application_id(), 0, "", happened, replace(an_act(at), at_quality=clock), command=COMMAND, digest=""
            )
            saves.append(Save(tuple(rows), (number.encode(),)))
        for first in range(0, len(saves), 200):
            assert all(outcome.stored for outcome in self.made.recorder.append(saves[first : first + 200]))
        self.project()
        return [UUID(str(save.events[0].originator_id)) for save in saves]

    def project(self) -> None:
        """The view has all of the log."""
        with psycopg.connect(self.conninfo, autocommit=True) as connection:
            ensure(VIEWS["desk"], connection)
        catch_up(Shard(VIEWS["desk"]), self.conninfo)

    def events(self, applications: Sequence[UUID], topic: str) -> dict[UUID, list[dict[str, Any]]]:
        """The states of the events of this topic, by application."""
        with psycopg.connect(self.made.databases.auditor) as connection:
            rows = connection.execute(
                "SELECT originator_id, state FROM stored_events WHERE originator_id = ANY(%s) AND topic = %s",
                (list(applications), topic),
            ).fetchall()
        found: dict[UUID, list[dict[str, Any]]] = {application: [] for application in applications}
        for application, state in rows:
            found[application].append(orjson.loads(bytes(state)))
        return found
