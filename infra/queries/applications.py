"""View queries: this module reads rows of the views for the API.

If several requests arrive at the same time, one query reads the rows for all of them. Some readers wait until a view
reaches a position. A waiting reader causes no query.
"""

import asyncio
import contextlib
from collections.abc import Collection, Mapping
from contextlib import AsyncExitStack
from dataclasses import asdict
from typing import Any, Self
from uuid import UUID

import msgspec
import orjson
import psycopg
from psycopg import AsyncConnection

from infra.metrics import FEED_POSITION, LOG_END, VIEW_LAG
from infra.postgres.clock import DatabaseClock
from infra.postgres.coalescer import Coalescer
from infra.postgres.packing import unpack
from infra.postgres.pool import Pool, borrowed
from infra.projector.checkpoints import LOG, POSITION, STOPPED
from infra.projector.views import VIEWS
from infra.queries.checkpoint_listener import Positions
from infra.queries.relay_lag import RELAYS, Behind
from infra.queries.service_states import states_of
from infra.queries.view_reader import behind_told, reading
from projections import progress
from projections.progress import BY_ID, BY_ID_OR_ABSENT, BY_NUMBER, ProgressRow
from service_layer.faults import ViewBehind
from service_layer.ports import FoundFile, Timeline

STATES = f"SELECT {', '.join(view.state for view in VIEWS.values())}"
"""Selects the state of each view. Migration 0019 explains the states in the comment on the function `view_state`."""
DISTRIBUTED = """
SELECT position, coalesce((SELECT max(notification_id) FROM stored_events), 0) FROM feeds.distributed
"""
HELD = """
SELECT notification_id, (SELECT max(era) FROM eras WHERE from_position < notification_id)
FROM stored_events WHERE notification_id = ANY(%s)
"""


class StoredTimeline(msgspec.Struct):
    """The fields that a timeline needs. The stored document has more fields, which the decoder skips."""

    timeline: msgspec.Raw
    version: int
    office: str
    offices: tuple[str, ...]


class StoredFile(msgspec.Struct):
    """The fields that a search for a person needs. The decoder skips the other fields."""

    service: str
    status: str | None
    office: str
    offices: tuple[str, ...]


STORED_FILE = msgspec.json.Decoder(StoredFile)
STORED_TIMELINE = msgspec.json.Decoder(StoredTimeline)


class PostgresViews:
    """Implements `service_layer.ports.Views`. Use this class as an asynchronous context manager."""

    def __init__(self, pool: Pool, conninfo: str) -> None:
        self.pool = pool
        self.clock = DatabaseClock(pool)
        self.positions = Positions(conninfo)
        self.rows: Coalescer[UUID, bytes] = Coalescer(_rows, conninfo)
        self.eras: Coalescer[int, int] = Coalescer(_eras, conninfo)

    async def __aenter__(self) -> Self:
        async with AsyncExitStack() as opened:
            await opened.enter_async_context(self.rows)
            await opened.enter_async_context(self.eras)
            opened.push_async_callback(_cancelled, asyncio.create_task(self.positions.listen()))
            self._opened = opened.pop_all()
        return self

    async def __aexit__(self, *_: object) -> None:
        await self._opened.aclose()

    async def row(self, application_id: UUID) -> ProgressRow | None:
        packed = await self.rows.get(application_id)
        return orjson.loads(unpack(packed)) if packed is not None else None

    async def timeline(self, application_id: UUID) -> Timeline | None:
        packed = await self.rows.get(application_id)
        if packed is None:
            return None
        stored = STORED_TIMELINE.decode(unpack(packed))
        return Timeline(bytes(stored.timeline), stored.version, stored.office, stored.offices)

    async def row_by_number(self, number: str) -> ProgressRow | None:
        found = await self._one(BY_NUMBER, {"number": number})
        return orjson.loads(unpack(found[0])) if found and found[0] is not None else None

    async def concerning(self, applications: Collection[UUID], offices: Collection[str]) -> Mapping[UUID, FoundFile]:
        async with reading(self.pool) as connection:
            stored = await (await connection.execute(BY_ID_OR_ABSENT, {"ids": list(applications)})).fetchall()
        # The rows of other offices are unpacked too, so that the duration of a search reveals nothing about them.
        files = await asyncio.to_thread(lambda: {key: _file(packed) for key, packed in stored})
        return {
            key: FoundFile(file.service, file.status, file.office)
            for key, file in files.items()
            if file and not {file.office, *file.offices}.isdisjoint(offices)
        }

    async def log_end(self) -> tuple[int, int]:
        found = await self._one(
            "SELECT (SELECT max(era) FROM eras), (SELECT coalesce(max(notification_id), 0) FROM stored_events)", {}
        )
        return (found[0], found[1]) if found else (1, 0)

    async def era_of(self, position: int) -> int:
        era = self.positions.era
        if era and era.start < position < era.until:
            return era.number
        return await self.eras.get(position) or 1

    async def holds(self, era: int, position: int) -> bool:
        newest = self.positions.era
        if newest and era == newest.number and newest.start < position and self.positions.passed(position):
            return True
        return await self.eras.get(position) == era

    async def reached(self, position: int, *, seconds: float, view: str = progress.VIEW.name) -> bool:
        return await self.positions.reached(view, position, seconds=seconds)

    async def lag(self) -> dict[str, int]:
        _, end = await self.log_end()
        LOG_END.set(end)
        lag = {name: max(0, end - await self._position(name)) for name in VIEWS}
        for name, behind in lag.items():
            VIEW_LAG.labels(name).set(behind)
        return lag

    async def states(self) -> dict[str, str]:
        try:
            found = await self._one(STATES, {})
        except ViewBehind:  # no runner has started yet
            found = None
        return dict(zip(VIEWS, found or ["behind"] * len(VIEWS), strict=True))

    async def stopped(self) -> list[dict[str, Any]]:
        try:
            async with borrowed(self.pool) as connection:
                rows = await (await connection.execute(STOPPED)).fetchall()
        except psycopg.errors.UndefinedTable:  # no runner has started yet
            return []
        return [{"view": view, "position": position, "application_id": str(id_)} for view, position, id_ in rows]

    async def feeds(self) -> int:
        found = await self._one(DISTRIBUTED, {})
        position, end = found or (0, 0)
        FEED_POSITION.set(position)
        return max(0, int(end) - int(position))

    async def services(self) -> list[dict[str, Any]]:
        async with borrowed(self.pool) as connection:
            return [asdict(state) for state in await states_of(connection)]

    async def clock_offset(self) -> float:
        await self.clock.measure()
        return self.clock.offset

    async def relays(self) -> list[dict[str, Any]]:
        async with borrowed(self.pool) as connection:
            rows = await (await connection.execute(RELAYS, prepare=True)).fetchall()
        found = [Behind.of(*row) for row in rows]
        for behind in found:
            behind.measure()
        return [behind.public_fields() for behind in found]

    async def _position(self, view: str) -> int:
        found = await self._one(POSITION, {"name": f"{LOG}-{view}"})
        return int(found[0] or 0) if found else 0

    async def _one(self, query: str, values: dict[str, Any]) -> tuple[Any, ...] | None:
        async with reading(self.pool) as connection:
            return await (await connection.execute(query, values, prepare=True)).fetchone()


def _file(packed: bytes) -> StoredFile | None:
    """Returns the fields of a stored document.

    Returns None for a damaged document, so that the search can continue with the other rows.
    """
    try:
        return STORED_FILE.decode(unpack(packed))
    except ValueError:
        return None


async def _rows(connection: AsyncConnection, ids: list[UUID]) -> Mapping[UUID, bytes]:
    with behind_told():
        cursor = await connection.execute(BY_ID, {"ids": ids}, prepare=True, binary=True)
        found: dict[UUID, bytes] = dict(await cursor.fetchall())
        if len(found) < len(ids):
            absent = [id_ for id_ in ids if id_ not in found]
            # A row may be missing because the view is behind. So only a whole view answers this query.
            cursor = await connection.execute(BY_ID_OR_ABSENT, {"ids": absent}, prepare=True, binary=True)
            found |= dict(await cursor.fetchall())
    return found


async def _eras(connection: AsyncConnection, positions: list[int]) -> Mapping[int, int]:
    cursor = await connection.execute(HELD, (positions,), prepare=True, binary=True)
    return dict(await cursor.fetchall())


async def _cancelled(task: asyncio.Task[None]) -> None:
    task.cancel()
    with contextlib.suppress(asyncio.CancelledError):
        await task
