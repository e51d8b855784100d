"""Editions: this module reads the registry from the log, and publishes new editions of registry entries."""

import asyncio
from collections.abc import Iterable
from dataclasses import replace
from datetime import UTC, datetime
from typing import assert_never

from domain.codes import Channel, Role
from domain.provenance import Act
from domain.registry.editions import (
    CalendarPublished,
    MallRegistered,
    OfficeRegistered,
    RegionsPublished,
    RegistryEvent,
    StandardPublished,
)
from domain.registry.publication import check
from domain.registry.registry import Registry
from infra.eventstore.envelope import command_id, digest
from infra.eventstore.identifiers import registry_id
from infra.eventstore.recorder import Recorder, Save
from infra.eventstore.rows import rows_of
from infra.eventstore.stream_reader import Streams


class Editions:
    def __init__(self, streams: Streams) -> None:
        self.streams = streams

    async def registry(self) -> Registry:
        """Reads the log and returns the registry.

        The result contains every edition that was committed before this call.
        """
        return await self.streams.registry_now()

    async def publish(self, editions: Iterable[RegistryEvent], recorder: Recorder, command_key: bytes) -> int:
        """Appends each edition that differs from the stored editions. Returns the number of appended editions.

        The editions of a code are numbered 1, 2, 3 and so on. An edition is skipped if it equals the last stored
        edition with the same code. A standard applies to one service at one place. So a standard is compared with the
        last stored standard of the same service and place.
        """
        published = 0
        for edition in editions:
            registry = await self.registry()
            if isinstance(edition, StandardPublished) and registry.has_published(edition):
                continue
            stream = registry_id(*subject(edition))
            version, prev, last = self.streams.published.ends.get(stream, (0, "", None))
            numbered = _numbered(edition, version)
            if last == numbered:
                continue
            numbered = _numbered(edition, version + 1)
            check(numbered, self.streams.registry)
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
    """Returns the kind and the code of the registry stream in which the edition is stored."""
    match edition:
        case OfficeRegistered():
            return "office", edition.code
        case MallRegistered():
            return "mall", edition.code
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
