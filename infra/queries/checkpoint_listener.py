"""Checkpoint listener: keeps the position of each view in memory, and wakes readers that wait for a position.

The runners of the views send each new position in a notification. So a waiting reader is woken at once.
"""

import asyncio
from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from psycopg import AsyncConnection

from infra.eventstore.eras import APART
from infra.metrics import VIEW_POSITION, VIEW_STOPPED
from infra.postgres.listener import Listener
from infra.projector.checkpoints import LOG

CHANNEL = "views"

TRACKED = "SELECT application_name, notification_id FROM views.tracking"
STOPPED_SHARDS = "SELECT name, position FROM views.stopped"
NEWEST_ERA = """
SELECT era, from_position, greatest(from_position, (SELECT coalesce(max(notification_id), 0) FROM stored_events))
FROM eras ORDER BY era DESC LIMIT 1
"""


@dataclass(frozen=True, slots=True)
class EraRange:
    """The positions of an era. `number` is the number of the era. All positions that are higher than `start` and lower
    than `until` belong to this era.
    """

    number: int
    start: int
    until: int


class Positions:
    """The positions of all views. The method `listen` must run while readers wait.

    While the LISTEN connection is down, no position is known. Then readers wait until the connection is back, or until
    their waiting time has passed.
    """

    def __init__(self, conninfo: str) -> None:
        self.era: EraRange | None = None
        self._listener = Listener(conninfo, [CHANNEL], heard=self._on_heard, down=self._forget)
        self._shards: dict[str, dict[str, int]] = {}
        self._waiting: defaultdict[str, dict[asyncio.Future[None], int]] = defaultdict(dict)

    def position(self, view: str) -> int:
        """Returns the lowest position of all shards of a view. Returns 0 if no position is known."""
        return min(self._shards.get(view, {}).values(), default=0)

    def passed(self, position: int) -> bool:
        """Returns True if at least one view has passed the position. Then the log has passed the position too."""
        return any(self.position(view) >= position for view in self._shards)

    async def reached(self, view: str, position: int, *, seconds: float) -> bool:
        """Waits at most `seconds` until the view has passed `position`.

        Returns True if the view has passed this position.
        """
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
        await self._listener.run()

    def _forget(self) -> None:
        self.era, self._shards = None, {}

    async def _on_heard(self, connection: AsyncConnection, payloads: Sequence[str]) -> None:
        """Updates the positions from the notifications or from the tables.

        The tables are read at the first call, and after a notification that has no usable position. The tables are also
        read if readers wait and no notification has arrived.
        """
        is_silent = not payloads and any(self._waiting.values())
        if self.era is None or not self._take(payloads) or is_silent:
            await self._read(connection)

    def _take(self, payloads: Iterable[str]) -> bool:
        """Updates the positions from the texts of notifications, such as `stored-progress 4711`.

        Each text has the name of a view or of a shard, and a position. If a text has no usable position, returns False.
        Then the caller must read the tables.
        """
        moved = set()
        for payload in payloads:
            tracked, _, position = payload.rpartition(" ")
            view = _view(tracked)
            shards = self._shards.get(view, {})
            if tracked not in shards or not position.isdecimal() or not self._covers(int(position)):
                return False
            shards[tracked] = int(position)
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
        stopped: dict[str, int] = dict(await (await connection.execute(STOPPED_SHARDS)).fetchall())
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
