"""Connections: this module limits the duration, the size and the number of a process's HTTP connections.

A process can have only a limited number of connections, and a client that sends slowly or not at all keeps one of them
occupied. So each connection has a deadline. One timer of the process closes the connections whose deadline has passed.
If a new client connects and the maximum number is reached, Jejak closes the connections on which it has waited longest
for the client. Jejak never ends a running request for a new client.
"""

import asyncio
import heapq
from dataclasses import dataclass
from typing import Protocol

from infra.metrics import CONNECTIONS, CONNECTIONS_CLOSED
from infra.runtime.descriptors import clients_max


@dataclass(frozen=True, slots=True, kw_only=True)
class ConnectionLimits:
    """The limits of one connection, and the number of connections of one process.

    `head_bytes` and `header_lines` limit the request line and the headers. `body_bytes` limits a body as it is sent,
    with all chunk sizes. An endpoint may have a lower limit for bodies. A head must arrive within `head_seconds`, and a
    body must arrive within `body_seconds`. A client may leave a response unread for `write_seconds`. A connection
    without a request is closed after `idle_seconds`.
    """

    head_bytes: int = 16 * 1024
    header_lines: int = 64
    body_bytes: int = 1024 * 1024
    head_seconds: float = 10.0
    body_seconds: float = 30.0
    write_seconds: float = 30.0
    idle_seconds: float = 15.0
    connections: int = 1000
    sweep_seconds: float = 1.0


class ClientConnection(Protocol):
    """One connection of a client. The class `HttpProtocol` has these attributes.

    `waits` says whether Jejak waits for the client. `idle` says whether the client has no open request. `deadline` and
    `write_deadline` are times of the event loop's clock, in seconds.
    """

    loop: asyncio.AbstractEventLoop
    deadline: float
    write_deadline: float

    @property
    def waits(self) -> bool: ...
    @property
    def idle(self) -> bool: ...
    def end(self) -> None: ...


def limits_of_process() -> ConnectionLimits:
    """Returns the usual limits.

    If this process may open only a few files, the limit for the number of connections is lower. Raises
    DescriptorsTooFew.
    """
    return ConnectionLimits(connections=clients_max(ConnectionLimits().connections))


class Connections:
    """The open connections of one process."""

    def __init__(self, limits: ConnectionLimits) -> None:
        self.limits = limits
        self.open: set[ClientConnection] = set()
        CONNECTIONS.set_function(lambda: len(self.open))
        self._sweeping: asyncio.TimerHandle | None = None

    def admit(self, new: ClientConnection) -> bool:
        """Registers the new connection.

        Returns False if the maximum number is reached and every connection has a running request.
        """
        if len(self.open) >= self.limits.connections:
            self._make_room()
        if len(self.open) >= self.limits.connections:
            self.closed("full")
            return False
        self.open.add(new)
        if self._sweeping is None:
            self._sweeping = new.loop.call_later(self.limits.sweep_seconds, self._sweep, new.loop)
        return True

    def left(self, connection: ClientConnection) -> None:
        self.open.discard(connection)

    def closed(self, reason: str) -> None:
        CONNECTIONS_CLOSED.labels(reason).inc()

    def _make_room(self) -> None:
        """Closes 5 % of the connections.

        First come connections on which Jejak waits for bytes, then connections without a request. Many connections are
        closed at once, because each search takes time: it looks at all connections.
        """
        waiting = [each for each in self.open if each.waits]
        for each in heapq.nsmallest(
            1 + self.limits.connections // 20, waiting, key=lambda one: (one.idle, one.deadline)
        ):
            self.closed("full")
            each.end()
            self.left(each)

    def _sweep(self, loop: asyncio.AbstractEventLoop) -> None:
        now = loop.time()
        for each in [one for one in self.open if min(one.deadline, one.write_deadline) <= now]:
            self.closed("idle" if each.idle else "too-slow")
            each.end()
        self._sweeping = loop.call_later(self.limits.sweep_seconds, self._sweep, loop) if self.open else None
