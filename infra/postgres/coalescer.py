"""Coalescer: this module answers concurrent requests with one query.

Requests that arrive during a query wait, and then share the next query. The coalescer has no timer. If no query is
running, a request is sent at once. The slower the database is, the more requests share a query.
"""

import asyncio
import contextlib
from collections import deque
from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import Generic, Self, TypeVar

import psycopg
from psycopg import AsyncConnection

from infra.database_faults import noted
from infra.postgres.connections import connect_async
from infra.postgres.pool import AWAY, WAIT_SECONDS
from service_layer.faults import Unavailable

Key = TypeVar("Key")
Value = TypeVar("Value")
Ask = Callable[[AsyncConnection, list[Key]], Awaitable[Mapping[Key, Value]]]
"""A function that returns the values of the given keys. No key is given twice. The connection is in autocommit mode.

If a key is missing from the returned mapping, the key has no value. If the connection is lost, the function is called
again with the same keys. If the function raises an exception, the function is called again with each half of the keys,
and so on. So in the end, each key that causes the exception is alone, and only the callers of this key get the
exception. Because of the repetition, a second call must be harmless.
"""

RECONNECT_SECONDS = 0.05
CLOSE_SECONDS = 5.0


class Coalescer(Generic[Key, Value]):
    """A coalescer has one connection, and runs one query at a time.

    The parameter `most` is the largest number of keys in one query. `waiting_max` is the largest number of waiting
    callers. `seconds` is the time limit of a query, including all attempts. One attempt may take half of this time. So
    if the connection is half-open, there is time for a second attempt. Use the coalescer as an asynchronous context
    manager.
    """

    def __init__(
        self,
        ask: Ask[Key, Value],
        conninfo: str,
        *,
        most: int = 256,
        waiting_max: int = 5000,
        seconds: float = WAIT_SECONDS,
    ) -> None:
        self.ask = ask
        self.conninfo = conninfo
        self.most = most
        self.waiting_max = waiting_max
        self.seconds = seconds
        self._waiting: deque[tuple[Key, asyncio.Future[Value | None]]] = deque()
        self._arrived = asyncio.Event()
        self._open = False
        self._connection: AsyncConnection | None = None

    async def __aenter__(self) -> Self:
        self._open = True
        self._worker = asyncio.create_task(self._work())
        return self

    async def __aexit__(self, *_: object) -> None:
        """Answers all waiting callers, and then closes. New calls are refused."""
        self._open = False
        self._arrived.set()
        await asyncio.wait([self._worker], timeout=CLOSE_SECONDS)
        self._worker.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await self._worker

    async def get(self, key: Key) -> Value | None:
        """Returns the value of the key. Returns None if the key has no value.

        The value is read from the database after this call begins, so the value is current. Raises the exceptions of
        the function `ask`. Raises Unavailable if the database does not answer within `seconds`, or if too many callers
        wait.
        """
        if not self._open or len(self._waiting) >= self.waiting_max:
            raise Unavailable
        answer: asyncio.Future[Value | None] = asyncio.get_running_loop().create_future()
        self._waiting.append((key, answer))
        self._arrived.set()
        return await answer

    async def _work(self) -> None:
        try:
            while self._open or self._waiting:
                if not self._waiting:
                    self._arrived.clear()
                    await self._arrived.wait()
                    continue
                await self._answer([self._waiting.popleft() for _ in range(min(self.most, len(self._waiting)))])
        finally:
            self._open = False
            _refuse(self._waiting, Unavailable())
            await self._disconnect()

    async def _answer(self, batch: Sequence[tuple[Key, asyncio.Future[Value | None]]]) -> None:
        try:
            async with asyncio.timeout(self.seconds):
                await self._settle(batch)
        except (*AWAY, TimeoutError):
            _refuse([*batch, *self._waiting], Unavailable())  # the waiting callers would get Unavailable later anyway
            self._waiting.clear()
        except asyncio.CancelledError:
            _refuse(batch, Unavailable())
            raise

    async def _settle(self, batch: Sequence[tuple[Key, asyncio.Future[Value | None]]]) -> None:
        """Gives each caller its value or its exception. Raises the exceptions that concern all callers."""
        keys = list({key for key, answer in batch if not answer.done()})  # a caller may have been cancelled
        try:
            found = await self._found(keys) if keys else {}
        except (*AWAY, TimeoutError):
            raise
        except Unavailable as fault:  # for example ViewBehind, which concerns all keys, and only this query
            _refuse(batch, fault)
        except Exception as fault:  # noqa: BLE001 - the callers get the fault
            if len(keys) == 1 or _is_of_all(fault):
                if isinstance(fault, psycopg.Error):
                    noted(fault)
                _refuse(batch, fault)
                return
            half = set(keys[: len(keys) // 2])
            await self._settle([each for each in batch if each[0] in half])
            await self._settle([each for each in batch if each[0] not in half])
        else:
            for key, answer in batch:
                if not answer.done():
                    answer.set_result(found.get(key))

    async def _found(self, keys: list[Key]) -> Mapping[Key, Value]:
        while True:
            try:
                if self._connection is None:
                    self._connection = await connect_async(self.conninfo, seconds=self.seconds / 2)
                return await self.ask(self._connection, keys)
            except AWAY as away:
                noted(away)
                await self._disconnect()
                await asyncio.sleep(RECONNECT_SECONDS)
            except asyncio.CancelledError:
                await self._disconnect()  # the answer to this query may still arrive on the old connection
                raise

    async def _disconnect(self) -> None:
        if self._connection is not None:
            await self._connection.close()
            self._connection = None


def _is_of_all(fault: Exception) -> bool:
    """Returns True if the fault concerns all keys, for example because a table does not exist or a view is behind.

    Only a DataError can be caused by a single key.
    """
    return isinstance(fault, psycopg.Error) and fault.sqlstate is not None and not isinstance(fault, psycopg.DataError)


def _refuse(batch: Sequence[tuple[Key, asyncio.Future[Value | None]]], fault: Exception) -> None:
    for _, answer in batch:
        if not answer.done():
            answer.set_exception(fault)
