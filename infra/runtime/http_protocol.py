"""HTTP protocol: this module extends uvicorn's protocol class. The module joins writes, and limits what a client may
send.

uvicorn writes the head and the body of a response separately. Each write is a system call that wakes the client. A
joined write costs one system call and wakes the client once. `infra/runtime/connections.py` describes the limits.
"""

import asyncio
import math
from functools import partial
from typing import Any, NoReturn, cast

import httptools
from uvicorn.config import Config
from uvicorn.protocols.http.httptools_impl import STATUS_LINE, HttpToolsProtocol
from uvicorn.server import ServerState

from api.problems import KINDS, bare_body
from infra.runtime.connections import Connections

HELD_BYTES_MAX = 65_536
"""The maximum number of bytes that wait to be written.

If more bytes wait, they are written at once. So the real transport can tell uvicorn that a client reads slowly.
"""
LINGER_SECONDS = 1.0
"""A connection that was closed has this number of seconds to send its last bytes. After this time, it is aborted."""


class Joining:
    """A transport that writes at the end of each turn of the event loop. All other calls go to the real transport."""

    def __init__(self, transport: asyncio.Transport, loop: asyncio.AbstractEventLoop) -> None:
        self._transport = transport
        self._later = loop.call_soon
        self._held: list[bytes] = []
        self._bytes = 0
        self.is_closing = transport.is_closing

    def __getattr__(self, name: str) -> Any:  # noqa: ANN401 - any attribute of a transport
        return getattr(self._transport, name)

    def write(self, data: bytes) -> None:
        if not self._held:
            self._later(self._flush)
        self._held.append(data)
        self._bytes += len(data)
        if self._bytes > HELD_BYTES_MAX:
            self._flush()

    def close(self) -> None:
        self._flush()
        self._transport.close()

    def _flush(self) -> None:
        held, self._held, self._bytes = self._held, [], 0
        if held and not self.is_closing():  # the client may have closed the connection
            self._transport.write(b"".join(held))


class HttpProtocol(HttpToolsProtocol):
    """One connection, which joins writes and enforces the limits in `others.limits`.

    `others` holds all connections of the process. `deadline` is the time at which the connection is closed, by the
    clock of the event loop. `reads` names the part of a request that the client is sending now: "head", "body", or ""
    for no part.
    """

    def __init__(
        self,
        config: Config,
        server_state: ServerState,
        app_state: dict[str, Any],
        _loop: asyncio.AbstractEventLoop | None = None,
        *,
        others: Connections,
    ) -> None:
        super().__init__(config, server_state, app_state, _loop)
        self.others = others
        self.limits = others.limits
        self.deadline = self.write_deadline = math.inf
        self.reads = ""
        self._head_bytes = self._unfinished_bytes = 0
        self._begun_now = False
        self._refusal = "malformed-request"

    @property
    def waits(self) -> bool:
        """True if Jejak waits for the client: the client must send or read bytes, or may begin a request."""
        return self.deadline < math.inf or self.write_deadline < math.inf

    @property
    def idle(self) -> bool:
        """True if a request was answered on the connection, and the next request has not begun."""
        return self.cycle is not None and not self.reads and self.write_deadline == math.inf

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override] # as uvicorn declares it
        super().connection_made(cast("asyncio.Transport", Joining(transport, self.loop)))
        self.deadline = self.loop.time() + self.limits.head_seconds
        if not self.others.admit(self):
            self.refuse("too-many-connections")

    def connection_lost(self, exc: Exception | None) -> None:
        self.others.left(self)
        super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        if self.transport.is_closing():
            return
        self._unset_keepalive_if_required()
        self._begun_now = False
        try:
            self.parser.feed_data(data)
            self._count_unfinished(len(data))
        except httptools.HttpParserUpgrade:
            pass  # the request to upgrade is ignored
        except (httptools.HttpParserError, TooMuch):
            self.others.closed(self._refusal)
            self.refuse(self._refusal)

    def _count_unfinished(self, received: int) -> None:
        """Counts bytes that the parser has not reported yet, for example the beginning of a header without an end.

        If a request begins in this packet, nothing is counted, because the packet may also contain the end of the
        previous request.
        """
        if self._begun_now or not self.reads:
            return
        self._unfinished_bytes += received
        if self.reads == "head" and self._unfinished_bytes > self.limits.head_bytes:
            self._too_much("head-too-large")
        if self.reads == "body" and self._unfinished_bytes > self.limits.body_bytes:
            self._too_much("too-large")

    def _too_much(self, refusal: str) -> NoReturn:
        self._refusal = refusal
        raise TooMuch

    def on_message_begin(self) -> None:
        HttpToolsProtocol.on_message_begin(self)
        self.reads, self._begun_now = "head", True
        self._head_bytes = self._unfinished_bytes = 0
        self.deadline = self.loop.time() + self.limits.head_seconds

    def on_url(self, url: bytes) -> None:
        self.url += url
        self._head_bytes += len(url)
        if self._head_bytes > self.limits.head_bytes:
            self._too_much("head-too-large")

    def on_header(self, name: bytes, value: bytes) -> None:
        HttpToolsProtocol.on_header(self, name, value)
        self._head_bytes += len(name) + len(value) + 4  # the colon, the space and the end of the line
        if self._head_bytes > self.limits.head_bytes or len(self.headers) > self.limits.header_lines:
            self._too_much("head-too-large")

    def on_headers_complete(self) -> None:
        self.reads = "body"
        self.deadline = self.loop.time() + self.limits.body_seconds
        HttpToolsProtocol.on_headers_complete(self)

    def on_message_complete(self) -> None:
        HttpToolsProtocol.on_message_complete(self)
        self.reads = ""
        self.deadline = self.loop.time() + self.limits.idle_seconds if self.cycle.response_complete else math.inf

    def on_response_complete(self) -> None:
        HttpToolsProtocol.on_response_complete(self)
        if not self.reads and self.cycle.response_complete:
            self.deadline = self.loop.time() + self.limits.idle_seconds

    def pause_writing(self) -> None:
        self.write_deadline = self.loop.time() + self.limits.write_seconds
        super().pause_writing()

    def resume_writing(self) -> None:
        self.write_deadline = math.inf
        super().resume_writing()

    def end(self) -> None:
        """Closes the connection, because a deadline has passed or because too many connections are open.

        If the client has sent a part of a request, it gets an answer. If the client does not read, it is disconnected
        at once.
        """
        if self.transport.is_closing() or self.transport.get_write_buffer_size():
            self.transport.abort()
        elif self.reads:
            self.refuse("too-slow")
        else:
            self.transport.close()
        self.deadline = self.loop.time() + LINGER_SECONDS

    def refuse(self, code: str) -> None:
        """Answers the current request with the problem `code`, and closes the connection.

        No answer is sent if the answer to an earlier request is not complete, or if the answer to the current request
        has already begun.
        """
        if self.reads == "body":
            is_free = not self.cycle.response_started and not self.pipeline
        else:
            is_free = self.cycle is None or self.cycle.response_complete
        if is_free:
            body = bare_body(code)
            head = b"content-type: application/problem+json\r\ncache-control: no-store\r\nconnection: close\r\n"
            length = b"content-length: %d\r\n\r\n" % len(body)
            self.transport.write(STATUS_LINE[KINDS[code].status] + head + length + body)
        self.transport.close()
        self.deadline = self.loop.time() + LINGER_SECONDS


def limited(connections: Connections) -> partial[HttpProtocol]:
    """Returns a factory of protocols for uvicorn. The protocols enforce the limits of `connections`."""
    return partial(HttpProtocol, others=connections)


class TooMuch(Exception):
    """The client sent more than a limit allows."""
