"""The registry as the log has it, and the publishing of new editions."""

import asyncio
from collections.abc import Iterable
from dataclasses import replace
from datetime import UTC, datetime
from typing import assert_never, cast
from uuid import UUID

import orjson

from domain.acts import Act
from domain.codes import Channel, Role
from domain.registry import (
    CalendarPublished,
    OfficeRegistered,
    RegionsPublished,
    Registry,
    RegistryEvent,
    StandardPublished,
    evolve,
)
from infra.identifiers import registry_id
from infra.pool import Pool, borrowed
from infra.store.envelope import b64, command_id, commitment, digest
from infra.store.recorder import Recorder, Save
from infra.store.topics import event_of
from infra.store.writing import rows_of

NEWER = """
SELECT originator_id, originator_version, topic, state, notification_id FROM stored_events
WHERE topic NOT LIKE 'application.%%' AND topic NOT LIKE 'satisfaction.%%' AND notification_id > %s
ORDER BY notification_id
"""


class Editions:
    """Folds the registry's events once and reads on from there."""

    def __init__(self, pool: Pool) -> None:
        self.pool = pool
        self._registry = Registry()
        self._position = 0
        self._ends: dict[UUID, tuple[int, str, RegistryEvent]] = {}
        self._reading = asyncio.Lock()

    async def registry(self) -> Registry:
        """As of now."""
        async with self._reading, borrowed(self.pool) as connection:
            cursor = await connection.execute(NEWER, (self._position,), prepare=True)
            for stream, version, topic, stored, position in await cursor.fetchall():
                state = orjson.loads(bytes(stored))
                event = cast("RegistryEvent", event_of(topic, state["data"]))
                self._registry = evolve(self._registry, event)
                self._ends[stream] = (version, b64(commitment(stream, version, topic, state)), event)
                self._position = position
        return self._registry

    async def publish(self, editions: Iterable[RegistryEvent], recorder: Recorder, command_key: bytes) -> int:
        """Appends the editions that say something new, each numbered after the last of its code. Returns how many."""
        published = 0
        for edition in editions:
            await self.registry()
            stream = registry_id(*subject(edition))
            version, prev, last = self._ends.get(stream, (0, "", None))
            numbered = _numbered(edition, version)
            if last == numbered:
                continue
            numbered = _numbered(edition, version + 1)
            rows, _ = rows_of(
                stream,
                version,
                prev,
                [numbered],
                Act(at=datetime.now(UTC), by=Role.SYSTEM, channel=Channel.INTERNAL),
                command=command_id(command_key, "system", f"publish\0{'/'.join(subject(edition))}@{version + 1}"),
                digest=digest(command_key, {}),
            )
            [outcome] = await asyncio.to_thread(recorder.append, [Save(tuple(rows))])
            published += outcome.stored
        return published


def subject(edition: RegistryEvent) -> tuple[str, str]:
    match edition:
        case OfficeRegistered():
            return "office", edition.code
        case StandardPublished():
            return "service", edition.service
        case CalendarPublished():
            return "calendar", edition.code
        case RegionsPublished():
            return "regions", "kemendagri"
        case _:
            assert_never(edition)


def _numbered(edition: RegistryEvent, number: int) -> RegistryEvent:
    if isinstance(edition, StandardPublished):
        return replace(edition, standard=number)
    return replace(edition, edition=number)
