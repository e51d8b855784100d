"""Agency feed queries: this module reads pages of the agencies' feeds.

If a feed has new messages, it also wakes the waiting readers of this feed.
"""

import asyncio
import contextlib
import time
from collections import Counter, defaultdict
from collections.abc import Iterator, Sequence
from typing import Self
from uuid import UUID

from psycopg import AsyncConnection

from feeds.agencies.messages import MessageKind, Origin, structured
from feeds.agencies.topics_file import Topics
from infra.metrics import FEED_READERS
from infra.postgres.listener import Listener
from infra.postgres.pool import Pool, borrowed
from infra.projector.outbox import CHANNEL
from infra.projector.stored_messages import MESSAGES, PLACE, message_from
from infra.settings import Settings
from service_layer.ports import FeedEvent, TooManyReaders

READERS_MAX, READERS_OF_ONE_MAX = 200, 20
"""The maximum number of readers in one process: for all agencies together, and for one agency."""
MADE_POLL_SECONDS = 0.1

NEWEST = """
SELECT agency, (SELECT max(position) FROM feeds.messages AS one WHERE one.agency = each.agency AND kind = %s)
FROM unnest(%s::text[]) AS each (agency)
"""
LOG_END = "SELECT coalesce(max(notification_id), 0) FROM stored_events"
DISTRIBUTED = "SELECT position FROM feeds.distributed"
WHOLE = "SELECT position >= whole_from AND edition = %s FROM feeds.distributed"
"""Selects true if the feeds of these agencies contain all events that were in the log when the outbox last started."""


def origin_of(settings: Settings) -> Origin:
    """Returns two values that messages to agencies contain: the source, and the public address of this installation."""
    return Origin(f"urn:gov:id:jejak:{settings.instance.lower()}", settings.public_url)


class PostgresFeeds:
    """Implements `service_layer.ports.Feeds`. Use this class as an asynchronous context manager."""

    def __init__(self, pool: Pool, conninfo: str, topics: Topics, origin: Origin) -> None:
        self.pool = pool
        self.agencies = frozenset(topics.agencies)
        self.edition = topics.edition()
        self.origin = origin
        self.ending = False
        self._listener = Listener(conninfo, [CHANNEL], heard=self._on_heard, down=self._forget)
        self._readers: Counter[str] = Counter()
        self._newest: dict[str, int] = {}
        self._waiting: defaultdict[str, dict[asyncio.Future[None], int]] = defaultdict(dict)

    async def __aenter__(self) -> Self:
        self._listening = asyncio.create_task(self._listener.run())
        return self

    async def __aexit__(self, *_: object) -> None:
        self.end()
        self._listening.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await self._listening

    def end(self) -> None:
        """Wakes all waiting readers, and makes all readers stop."""
        self.ending = True
        for waiting in self._waiting.values():
            _release(waiting)

    def has(self, agency: str) -> bool:
        return agency in self.agencies

    @contextlib.contextmanager
    def reading(self, agency: str) -> Iterator[None]:
        if self._readers.total() >= READERS_MAX or self._readers[agency] >= READERS_OF_ONE_MAX:
            raise TooManyReaders
        self._readers[agency] += 1
        FEED_READERS.inc()
        try:
            yield
        finally:
            self._readers -= Counter({agency: 1})
            FEED_READERS.dec()

    async def place(self, agency: str, event_id: str) -> int | None:
        stream, _, version = event_id.partition(":")
        wanted = {"agency": agency, "kind": MessageKind.EVENT, "stream": UUID(stream), "version": int(version)}
        async with borrowed(self.pool) as connection:
            cursor = await connection.execute(PLACE, wanted, prepare=True)
            found = await cursor.fetchone()
        return int(found[0]) if found else None

    async def made(self, *, seconds: float) -> bool:
        deadline = time.monotonic() + seconds
        end = await self._number(LOG_END)
        while await self._number(DISTRIBUTED) < end:
            if self.ending or time.monotonic() > deadline:
                return False
            await asyncio.sleep(MADE_POLL_SECONDS)
        return True

    async def whole(self) -> bool:
        async with borrowed(self.pool) as connection:
            return await (await connection.execute(WHOLE, (self.edition,), prepare=True)).fetchone() == (True,)

    async def page(self, agency: str, place: int, *, limit: int, bytes_max: int) -> tuple[list[FeedEvent], int]:
        values = (agency, MessageKind.EVENT, place, limit, bytes_max)
        async with borrowed(self.pool) as connection:
            cursor = await connection.execute(MESSAGES, values, prepare=True, binary=True)
            messages = [message_from(row) for row in await cursor.fetchall()]
        if not messages:
            # While the feed is being rebuilt, messages after `place` may be missing. So the newest known position
            # must not be later than `place`.
            self._newest[agency] = min(place, self._newest.get(agency, 0))
            return [], place
        return [FeedEvent(message.id, structured(message, self.origin)) for message in messages], messages[-1].position

    async def more(self, agency: str, place: int, *, seconds: float) -> bool:
        """Waits at most `seconds` until the feed has messages after the position `place`.

        Returns True if the feed has such messages. Call this method only inside the context manager `reading`, because
        a feed is watched only while it has a reader in `reading`.
        """
        if self.ending or self._newest.get(agency, 0) > place:
            return not self.ending
        released: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._waiting[agency][released] = place
        try:
            await asyncio.wait_for(released, seconds)
        except TimeoutError:
            return False
        finally:
            del self._waiting[agency][released]
        return not self.ending

    async def _number(self, query: str) -> int:
        async with borrowed(self.pool) as connection:
            found = await (await connection.execute(query, prepare=True)).fetchone()
        return int(found[0]) if found else 0

    def _forget(self) -> None:
        self._newest.clear()

    async def _on_heard(self, connection: AsyncConnection, _payloads: Sequence[str]) -> None:
        """Reads the newest positions for all agencies that have a reader.

        A reader enters `reading` before it asks for its first page. So the reader does not miss a message that arrives
        between the first page and the call of `more`.
        """
        if self._readers:
            await self._read(connection)

    async def _read(self, connection: AsyncConnection) -> None:
        cursor = await connection.execute(NEWEST, (MessageKind.EVENT, list(self._readers)), prepare=True, binary=True)
        self._newest = {agency: position or 0 for agency, position in await cursor.fetchall()}
        for agency, newest in self._newest.items():
            _release({released: place for released, place in self._waiting[agency].items() if place < newest})


def _release(waiting: dict[asyncio.Future[None], int]) -> None:
    for released in waiting:
        if not released.done():
            released.set_result(None)
