"""Load client: a client for HTTP/1.1 that reuses its connections. It leaves most processor time to the server.

In a closed loop, each client waits for an answer before it sends the next request. In an open loop, each request is
sent at its planned time, even if earlier requests are not answered yet. The latency in an open loop is measured from
the planned time. So if the server stalls, the latency of every waiting request includes the stall.
"""

import asyncio
import time
from collections.abc import Awaitable, Callable, Coroutine, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any, TypeVar, cast

import uvloop

from bench.rig.report import spread

T = TypeVar("T")
ANSWER_SECONDS = 30.0
CONNECTIONS_MAX = 256
"""The maximum number of connections in an open loop.

If a request waits for a connection, its latency includes the wait.
"""


@dataclass(frozen=True, slots=True)
class Reply:
    """An answer. `head` has the status line and the headers as they were received."""

    status: int
    head: bytes
    body: bytes

    def header(self, name: bytes) -> bytes:
        """Returns a header's value. `name` is in lower case, as the servers write it. Raises ValueError."""
        begins = self.head.index(b"\r\n" + name + b": ") + len(name) + 4
        return self.head[begins : self.head.index(b"\r\n", begins)]


class Unexpected(Exception):
    """The server sent an answer that the bench does not expect."""


class Connection(asyncio.Protocol):
    """One HTTP connection with one request at a time. Every answer must have a content-length."""

    transport: asyncio.Transport

    def __init__(self) -> None:
        self.buffer = b""
        self.waiting: asyncio.Future[Reply] | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport = cast("asyncio.Transport", transport)  # uvloop's class is not a subclass of asyncio.Transport

    def data_received(self, data: bytes) -> None:
        self.buffer = self.buffer + data if self.buffer else data
        ends = self.buffer.find(b"\r\n\r\n")
        if ends < 0 or self.waiting is None:
            return
        head = self.buffer[: ends + 2]
        length = Reply(0, head, b"").header(b"content-length")
        if len(self.buffer) < ends + 4 + int(length):
            return
        reply, self.buffer = Reply(int(head[9:12]), head, self.buffer[ends + 4 :]), b""
        waiting, self.waiting = self.waiting, None
        if not waiting.done():
            waiting.set_result(reply)

    def connection_lost(self, exc: Exception | None) -> None:
        if self.waiting is not None and not self.waiting.done():
            self.waiting.set_exception(exc or ConnectionResetError("closed by the server"))

    async def ask(self, request: bytes) -> Reply:
        """Sends a request and returns its answer. Raises OSError, TimeoutError."""
        self.waiting = asyncio.get_running_loop().create_future()
        self.transport.write(request)
        return await asyncio.wait_for(self.waiting, ANSWER_SECONDS)

    async def expect(self, status: int, request: bytes) -> Reply:
        """Sends a request and returns its answer, like `ask`. Raises Unexpected if the answer has another status."""
        reply = await self.ask(request)
        if reply.status != status:
            raise Unexpected(f"{reply.status} {reply.body[:300].decode(errors='replace')}")
        return reply


async def connect(port: int) -> Connection:
    """Opens a connection to 127.0.0.1."""
    _, connection = await asyncio.get_running_loop().create_connection(Connection, "127.0.0.1", port)
    return connection


def request(method: str, path: str, *, bearer: bytes = b"", body: bytes = b"", headers: Sequence[bytes] = ()) -> bytes:
    """Returns the bytes of an HTTP request."""
    lines = [f"{method} {path} HTTP/1.1".encode(), b"host: 127.0.0.1", *headers]
    if bearer:
        lines.append(b"authorization: Bearer " + bearer)
    if method == "POST":
        lines += [b"content-type: application/json", b"content-length: %d" % len(body)]
    return b"\r\n".join(lines) + b"\r\n\r\n" + body


@dataclass(slots=True)
class Run:
    """The results of a run. `seconds` has the latency of each answer."""

    seconds: list[float] = field(default_factory=list)
    errors: list[str] = field(default_factory=list)
    elapsed: float = 0.0
    """The time in seconds from the beginning of the run to the last answer."""
    begun: float = 0.0

    @property
    def rate(self) -> float:
        return len(self.seconds) / self.elapsed if self.elapsed else 0.0

    @property
    def fault(self) -> str | None:
        if not self.errors:
            return None if self.seconds else "nothing was answered"
        return f"{len(self.errors)} errors, the first: {self.errors[0]}"

    def spread(self, *shares: float) -> dict[str, float]:
        return spread(self.seconds, *shares) if self.seconds else {}


Work = Callable[[Connection], Awaitable[object]]
Client = Callable[[], Work]
"""Returns the next piece of work of a client."""
WARM_SECONDS = 1.0
FAILS = (OSError, TimeoutError, Unexpected, ValueError)


async def closed(port: int, clients: Sequence[Client], seconds: float) -> Run:
    """Runs a closed loop for `seconds`. Each client finishes a piece of work before it starts the next piece."""
    run = Run()
    connections = [await connect(port) for _ in clients]
    begun = time.perf_counter()
    until = begun + seconds

    async def client(following: Client, connection: Connection) -> None:
        while (at := time.perf_counter()) < until:
            try:
                await following()(connection)
            except FAILS as error:
                run.errors.append(f"{type(error).__name__}: {error}")
                return
            run.seconds.append(time.perf_counter() - at)

    async with asyncio.TaskGroup() as group:
        for following, connection in zip(clients, connections, strict=True):
            group.create_task(client(following, connection))
    run.elapsed = time.perf_counter() - begun
    for connection in connections:
        connection.transport.close()
    return run


async def warmed(port: int, clients: Sequence[Client], seconds: float) -> Run:
    """Runs a closed loop after a warm-up of WARM_SECONDS. The warm-up is not measured."""
    await closed(port, clients, WARM_SECONDS)
    return await closed(port, clients, seconds)


class Offered:
    """Sends requests at planned times.

    If no connection is free for a request, this class opens another connection, up to CONNECTIONS_MAX.
    """

    def __init__(self, port: int) -> None:
        self.port = port
        self.free: list[Connection] = []
        self.room = asyncio.Semaphore(CONNECTIONS_MAX)

    async def at_rates(self, work: Client, *parts: tuple[float, float]) -> list[Run]:
        """Sends requests in consecutive parts, and each part has its own rate.

        Each item of `parts` has two values: the number of requests per second, and the duration of the part in seconds.
        A part begins at the planned end of the previous part. If the planned time of a request has already passed, the
        request is sent at once. Returns when all requests are answered.
        """
        runs, begins = [], time.perf_counter()
        async with asyncio.TaskGroup() as group:
            for rate, seconds in parts:
                runs.append(Run(begun=begins))
                for number in range(int(rate * seconds)):
                    planned = begins + number / rate
                    if (ahead := planned - time.perf_counter()) > 0:
                        await asyncio.sleep(ahead)
                    group.create_task(self._one(runs[-1], planned, work()))
                begins += seconds
        return runs

    async def _one(self, run: Run, planned: float, work: Work) -> None:
        async with self.room:
            try:
                connection = self._open() or await connect(self.port)
                await work(connection)
                now = time.perf_counter()
                run.seconds.append(now - planned)
                run.elapsed = now - run.begun
                self.free.append(connection)
            except FAILS as error:
                run.errors.append(f"{type(error).__name__}: {error}")

    def _open(self) -> Connection | None:
        """Returns a free connection, or None if no connection is free.

        Drops the connections that the server has closed.
        """
        while self.free:
            if not (connection := self.free.pop()).transport.is_closing():
                return connection
        return None

    def close(self) -> None:
        for connection in self.free:
            with suppress(OSError):
                connection.transport.close()


def run_loop(main: Coroutine[Any, Any, T]) -> T:
    """Runs a coroutine to its end in a new uvloop event loop."""
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        return runner.run(main)
