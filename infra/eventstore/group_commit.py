"""Group commit: this module stores the events of many callers in one transaction. So one flush to the disk is enough
for all of them.

Each caller passes a `Save`, which contains events. While one batch is being stored, the writer collects the next `Save`
objects for the next batch. The writer uses no timer. The slower the disk is, the larger the batches become. Each
process has one writer, which runs in the event loop of the process. Several processes can append to the same log. Each
append takes a lock in the database, so only one process appends at a time.

A caller may be cancelled, or may stop waiting. Then the caller does not know whether its events are stored. But the
caller can find these events in the log, because every attempt stores the same ids, versions and bytes.
"""

import asyncio
import contextlib
from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from types import TracebackType
from typing import Any, Self

import psycopg
import structlog
from psycopg import AsyncConnection

from infra.database_faults import noted
from infra.eventstore.recorder import APPEND, Save, SaveOutcome, columns, outcomes
from infra.metrics import APPEND_SECONDS, APPEND_WAITING, APPENDED
from infra.postgres.connections import ANSWER_SECONDS, connect_async
from service_layer.faults import Unavailable

EVENTS_A_CALL, BYTES_A_CALL = 500, 4_000_000
"""A batch is full when it has this number of events or this number of bytes. The limits exist because other writers
wait for the lock while a batch is stored.

The state of a submission takes less than one kilobyte.
"""
EVENTS_WAITING, BYTES_WAITING = 5_000, 32_000_000
"""At most this number of events and this number of bytes may wait for the next batch.

If more would wait, `append` raises Unavailable (backpressure).
"""
PATIENCE_SECONDS = 5.0
"""A caller of `append` waits at most this number of seconds for the outcome."""
BACK_OFF_SECONDS = 0.1
BACK_OFF_MAX_SECONDS = 1.0
TRY_SECONDS = ANSWER_SECONDS
"""An attempt to append may take this number of seconds. After this time, the connection counts as lost.

The number is less than PATIENCE_SECONDS, so there is time for a second attempt after a half-open connection was
detected.
"""
END_MILLISECONDS = 2_000
"""The database waits at most this long for the end of an old backend. The wait is shorter than TRY_SECONDS."""

OWN_BACKEND = "SELECT pid, backend_start FROM pg_stat_activity WHERE pid = pg_backend_pid()"
TERMINATE = "SELECT pg_terminate_backend(pid, %s) FROM pg_stat_activity WHERE pid = %s AND backend_start = %s"
LOCK = "SELECT pg_advisory_xact_lock(hashtextextended('public.stored_events', 0))"
FIND = """
SELECT s.originator_id, s.originator_version, s.notification_id, s.recorded_at, s.state = k.state
FROM unnest(%s::uuid[], %s::bigint[], %s::bytea[]) AS k (id, version, state)
JOIN stored_events s ON s.originator_id = k.id AND s.originator_version = k.version
"""

log = structlog.get_logger("jejak.writer")


@dataclass(slots=True, eq=False)
class Waiting:
    """A `Save` that waits to be stored. `outcome` is the `asyncio.Future` that the caller awaits.

    `since` is the time at which the caller began to wait, in seconds of the event loop's clock. `is_unknown` is True if
    a connection was lost while the events were being stored. Then these events may already be in the log.
    """

    save: Save
    outcome: asyncio.Future[SaveOutcome]
    events: int
    bytes: int
    since: float
    is_unknown: bool = False

    def finish(self, result: SaveOutcome | Exception) -> None:
        if self.outcome.done():  # the caller was cancelled
            return
        if isinstance(result, SaveOutcome):
            self.outcome.set_result(result)
        else:
            self.outcome.set_exception(result)


class GroupCommit:
    """This writer stores the events of one process in one database.

    Use the writer as an asynchronous context manager. On exit, the writer stores the events of all waiting callers, and
    then closes.
    """

    def __init__(self, conninfo: str) -> None:
        self.conninfo = conninfo
        self.queue: deque[Waiting] = deque()
        self.events = self.bytes = 0
        self.failing = False  # True if the last attempt to append has failed
        self._under_way: list[Waiting] = []
        self._arrived = asyncio.Event()
        self._closing = False
        self._connection: AsyncConnection[Any] | None = None
        self._backend: tuple[Any, ...] | None = None
        self._lost: list[tuple[Any, ...]] = []
        self._task: asyncio.Task[None] | None = None

    async def __aenter__(self) -> Self:
        self._task = asyncio.create_task(self._run(), name="group commit")
        self._clock = asyncio.create_task(self._lose_patience())
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._closing = True
        self._arrived.set()
        if self._task is None:
            return
        try:
            await asyncio.wait_for(self._task, PATIENCE_SECONDS)
        except TimeoutError:
            for waiting in (*self._under_way, *self.queue):
                waiting.finish(Unavailable())
        finally:
            self._clock.cancel()
            await self._disconnect()

    async def append(self, save: Save) -> SaveOutcome:
        """Stores all events of `save`, or none of them.

        Raises Unavailable if too many callers wait already, or if the database does not answer within PATIENCE_SECONDS.
        If the database did not answer, the events may or may not be stored. The caller must read the log to find out.
        """
        size = sum(len(event.state) for event in save.events)
        if self._closing or self.events >= EVENTS_WAITING or self.bytes + size > BYTES_WAITING:
            raise Unavailable
        loop = asyncio.get_running_loop()
        waiting = Waiting(save, loop.create_future(), len(save.events), size, loop.time())
        self.queue.append(waiting)
        self.events += waiting.events
        self.bytes += size
        self._arrived.set()
        return await waiting.outcome

    async def _lose_patience(self) -> None:
        """Makes `append` raise Unavailable for all callers that have waited longer than PATIENCE_SECONDS.

        One task does this for all callers. A separate timer for each caller would take too much processor time.
        """
        while True:
            await asyncio.sleep(PATIENCE_SECONDS / 20)
            late = asyncio.get_running_loop().time() - PATIENCE_SECONDS
            for waiting in (*self._under_way, *self.queue):
                if waiting.since < late:
                    waiting.finish(Unavailable())

    async def _run(self) -> None:
        while True:
            await self._arrived.wait()
            self._arrived.clear()
            while batch := self._next():
                self._under_way = batch
                try:
                    await self._store(batch)
                except Exception as fault:
                    log.exception("a batch was not appended")
                    for waiting in batch:
                        waiting.finish(fault)
            if self._closing:
                return

    def _next(self) -> list[Waiting]:
        """Takes the next batch from the queue. The batch contains at most one `Save` for each stream.

        If several `Save` objects wait for the same stream, the batch contains only the first of them. The other `Save`
        objects of this stream stay in the queue. When one of these is sent later, the stream has a newer version, so
        the log refuses this `Save` as stale.
        """
        batch: list[Waiting] = []
        later: list[Waiting] = []
        streams: set[Any] = set()
        events = size = 0
        while self.queue and events < EVENTS_A_CALL and size < BYTES_A_CALL:
            waiting = self.queue.popleft()
            own = {event.originator_id for event in waiting.save.events}
            if waiting.outcome.done():
                self._left(waiting)
            elif streams.isdisjoint(own):
                streams |= own
                batch.append(waiting)
                self._left(waiting)
                events += waiting.events
                size += waiting.bytes
            else:
                later.append(waiting)
        self.queue.extendleft(reversed(later))
        APPEND_WAITING.set(self.events)
        return batch

    def _left(self, waiting: Waiting) -> None:
        self.events -= waiting.events
        self.bytes -= waiting.bytes

    async def _store(self, batch: list[Waiting]) -> None:
        """Stores a batch.

        Tries again and again, until each `Save` in the batch has an outcome or no caller waits. If the database cannot
        store the batch, this method stores each half of the batch separately, and so on. So a `Save` that cannot be
        stored does not affect the other `Save` objects.
        """
        pause = BACK_OFF_SECONDS
        while batch:
            try:
                connection = await self._connected()
                batch = await self._known(connection, batch)
                found = await _append(connection, batch) if batch else []
            except Exception as fault:  # noqa: BLE001 - a bad save may raise any error
                noted(fault)
                if not _is_lost(fault):
                    await self._apart(batch, fault)
                    return
                self.failing = True
                log.warning("appending again", fault=type(fault).__name__)
                for waiting in batch:
                    waiting.is_unknown = True
                await self._disconnect()
                await asyncio.sleep(pause)
                pause = min(2 * pause, BACK_OFF_MAX_SECONDS)
                batch = [waiting for waiting in batch if not waiting.outcome.done()]
            else:
                self.failing = False
                APPENDED.observe(sum(len(outcome.positions) for outcome in found))
                for waiting, outcome in zip(batch, found, strict=True):
                    waiting.finish(outcome)
                return

    async def _apart(self, batch: list[Waiting], fault: Exception) -> None:
        """Stores each half of the batch separately.

        A refusal is an outcome and not an error. So if a batch causes an error, at least one of its `Save` objects
        cannot be stored.
        """
        if len(batch) == 1:
            log.error("a save cannot be appended", fault=type(fault).__name__)
            batch[0].finish(fault)
            return
        middle = len(batch) // 2
        for half in (batch[:middle], batch[middle:]):
            await self._store(half)

    async def _connected(self) -> AsyncConnection[Any]:
        if self._connection is None:
            self._connection = await connect_async(self.conninfo, seconds=TRY_SECONDS)
            self._backend = await _one(self._connection, OWN_BACKEND)
        return self._connection

    async def _disconnect(self) -> None:
        connection, self._connection = self._connection, None
        if self._backend is not None:
            self._lost.append(self._backend)
            self._backend = None
        if connection is not None:
            with contextlib.suppress(psycopg.Error, OSError):
                await connection.close()

    async def _known(self, connection: AsyncConnection[Any], batch: list[Waiting]) -> list[Waiting]:
        """Returns the `Save` objects of the batch that are certainly not stored.

        The callers of all other `Save` objects get their outcomes. After a connection is lost, its backend (the server
        process of the connection) may still run. This backend may store the events later. So a row that is missing now
        can still appear as long as the backend runs. Therefore this method terminates the old backend before it reads
        the log.
        """
        for backend in self._lost:
            await _terminate(connection, backend)
        self._lost.clear()
        unknown = [waiting for waiting in batch if waiting.is_unknown]
        if not unknown:
            return batch
        for waiting, outcome in zip(unknown, await _found(connection, [each.save for each in unknown]), strict=True):
            waiting.is_unknown = False
            if outcome:
                waiting.finish(outcome)
        return [waiting for waiting in batch if not waiting.outcome.done()]


def _is_lost(fault: Exception) -> bool:
    """Returns True if the database cannot be reached, or cannot work now, for example because the disk is full.

    Returns False for SQLSTATEs that begin with 54, because then the statement itself is too large for the database.
    """
    if isinstance(fault, psycopg.OperationalError):
        return not (fault.sqlstate or "").startswith("54")
    return isinstance(fault, (psycopg.InterfaceError, OSError))


async def _append(connection: AsyncConnection[Any], batch: list[Waiting]) -> list[SaveOutcome]:
    saves = [waiting.save for waiting in batch]
    with APPEND_SECONDS.time():
        cursor = await connection.execute(APPEND, columns(saves), prepare=True, binary=True)
        return outcomes(saves, await cursor.fetchall())


async def _terminate(connection: AsyncConnection[Any], backend: tuple[Any, ...]) -> None:
    """Terminates an old backend of this process. Raises OperationalError if the backend does not end.

    The present role of this connection may not terminate the old backend. So the connection first switches back to its
    login role, which is also the login role of the old backend.
    """
    await connection.execute("SET ROLE NONE")
    ended = await _one(connection, TERMINATE, (END_MILLISECONDS, *backend))
    await connection.execute("RESET ROLE")
    if ended == (False,):
        raise psycopg.OperationalError("the backend of the lost connection does not end")


async def _found(connection: AsyncConnection[Any], saves: Sequence[Save]) -> list[SaveOutcome | None]:
    """Returns the outcome of each `Save` that is in the log. Returns None for each `Save` that is not in the log.

    A `Save` is in the log if the log contains the same bytes. Two different `Save` objects never have the same bytes,
    because each event contains a random salt.
    """
    async with connection.transaction():
        await connection.execute(LOCK)
        events = [event for save in saves for event in save.events]
        values = (
            [event.originator_id for event in events],
            [event.originator_version for event in events],
            [event.state for event in events],
        )
        cursor = await connection.execute(FIND, values, binary=True)
        stored = {(row[0], row[1]): row[2:4] for row in await cursor.fetchall() if row[4]}
    places = [[stored.get((event.originator_id, event.originator_version)) for event in save.events] for save in saves]
    return [_outcome([place for place in own if place], len(own)) for own in places]


def _outcome(places: list[tuple[int, datetime]], events: int) -> SaveOutcome | None:
    if len(places) < events:
        return None
    return SaveOutcome("stored", tuple(position for position, _ in places), places[-1][1])


async def _one(connection: AsyncConnection[Any], query: str, values: Sequence[Any] = ()) -> tuple[Any, ...] | None:
    return await (await connection.execute(query, values)).fetchone()
