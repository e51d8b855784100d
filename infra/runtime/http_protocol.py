"""HTTP protocol: this module changes uvicorn's protocol. All writes of one turn of the event loop become one write.

uvicorn writes the head and the body of a response separately. Each write is a system call that wakes the client. A
joined write costs one system call and wakes the client once.
"""

import asyncio
from typing import Any, cast

from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

HELD_BYTES_MAX = 65_536
"""The maximum number of bytes that wait to be written.

If there are more bytes, they are written at once. So the transport can tell uvicorn if a client reads slowly.
"""


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
    """This version of uvicorn's protocol uses a transport that joins writes."""

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override] # as uvicorn declares it
        super().connection_made(cast("asyncio.Transport", Joining(transport, self.loop)))
