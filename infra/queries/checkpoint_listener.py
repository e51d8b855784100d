"""How far the views have come, as their runners say it by notification: who waits is released at once."""

import asyncio
import time
from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass

import psycopg
import structlog
from psycopg import AsyncConnection

from infra.eventstore.eras import APART
from infra.metrics import VIEW_POSITION, VIEW_STOPPED
from infra.projector.checkpoints import LOG

CHANNEL = "views"
POLL_SECONDS = 0.5
"""A notification may be lost with its connection; this is the longest that one is waited for."""

TRACKED = "SELECT application_name, notification_id FROM views.tracking"
STANDING_STILL = "SELECT name, position FROM views.stopped"
NEWEST_ERA = """
SELECT era, from_position, greatest(from_position, (SELECT coalesce(max(notification_id), 0) FROM stored_events))
FROM eras ORDER BY era DESC LIMIT 1
"""

log = structlog.get_logger("jejak.views")


@dataclass(frozen=True, slots=True)
class EraRange:
    """The positions above `start`, and below `until` at the least, are of the era `number`."""

    number: int
    start: int
    until: int


class Positions:
    """Knows nothing while the database cannot be heard: `listen` runs beside those who ask."""

    def __init__(self, conninfo: str) -> None:
        self.conninfo = conninfo
        self.era: EraRange | None = None
        self._shards: dict[str, dict[str, int]] = {}
        self._waiting: defaultdict[str, dict[asyncio.Future[None], int]] = defaultdict(dict)

    def position(self, view: str) -> int:
        """0 where nothing is known. Of a view in shards, that of the last of them."""
        return min(self._shards.get(view, {}).values(), default=0)

    def passed(self, position: int) -> bool:
        """Whether some view has passed it: then it is in the log."""
        return any(self.position(view) >= position for view in self._shards)

    async def reached(self, view: str, position: int, *, seconds: float) -> bool:
        """Waits until the view has passed `position`, at most so long."""
        if self.position(view) >= position:
            return True
        released: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._waiting[view][released] = position
        try:
            await asyncio.wait_for(released, seconds)
        except TimeoutError:
            return False
        finally:
            del self._waiting[view][released]
        return True

    async def listen(self) -> None:
        """Runs until cancelled."""
        while True:
            try:
                async with await AsyncConnection.connect(self.conninfo, autocommit=True) as connection:
                    await connection.execute(f"LISTEN {CHANNEL}")
                    await self._follow(connection)
            except psycopg.Error as lost:
                log.warning("listening again", fault=type(lost).__name__)
            finally:
                self.era, self._shards = None, {}  # it may come back from a backup, with less
            await asyncio.sleep(POLL_SECONDS)

    async def _follow(self, connection: AsyncConnection) -> None:
        await self._read(connection)
        while True:
            read_at = time.monotonic()
            told = [said.payload async for said in connection.notifies(timeout=POLL_SECONDS, stop_after=1)]
            understood = self._hear(told)
            if not understood or (any(self._waiting.values()) and time.monotonic() - read_at >= POLL_SECONDS):
                await self._read(connection)

    def _hear(self, told: Iterable[str]) -> bool:
        """Each names a view, or a shard of one, and its position: `stored-progress 4711`. False: one does not."""
        moved = set()
        for said in told:
            tracked, _, position = said.rpartition(" ")
            view = _view(tracked)
            known = self._shards.get(view, {})
            if tracked not in known or not position.isdecimal() or not self._covers(int(position)):
                return False
            known[tracked] = int(position)
            VIEW_POSITION.labels(tracked.removeprefix(f"{LOG}-")).set(int(position))
            moved.add(view)
        self._release(moved)
        return True

    def _covers(self, position: int) -> bool:
        return self.era is not None and position < self.era.until

    async def _read(self, connection: AsyncConnection) -> None:
        [(number, start, end)] = await (await connection.execute(NEWEST_ERA)).fetchall()
        tracked = await (await connection.execute(TRACKED)).fetchall()
        shards: defaultdict[str, dict[str, int]] = defaultdict(dict)
        for name, position in tracked:
            shards[_view(name)][name] = position
        self.era, self._shards = EraRange(number, start, end + APART), dict(shards)
        stopped: dict[str, int] = dict(await (await connection.execute(STANDING_STILL)).fetchall())
        for name, position in tracked:
            shard = name.removeprefix(f"{LOG}-")
            VIEW_POSITION.labels(shard).set(position)
            VIEW_STOPPED.labels(shard).set(stopped.get(shard, 0))
        self._release(self._shards)

    def _release(self, views: Iterable[str]) -> None:
        for view in views:
            reached = self.position(view)
            for released, position in self._waiting[view].items():
                if position <= reached and not released.done():
                    released.set_result(None)


def _view(tracked: str) -> str:
    return tracked.removeprefix(f"{LOG}-").partition("#")[0]
