"""Around every request: security headers, compression, one access line with the route template, the time it took."""

import time
from collections.abc import Awaitable, Callable, Collection, MutableMapping
from typing import Any

import structlog
from starlette.datastructures import MutableHeaders
from starlette.middleware.gzip import GZipMiddleware
from starlette.requests import Request
from starlette.responses import Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

SECURITY = {
    "Content-Security-Policy": (
        "default-src 'none'; style-src 'self'; img-src 'self' data:; form-action 'self'; base-uri 'none'; "
        "frame-ancestors 'none'"
    ),
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": "camera=(), geolocation=(), microphone=()",
}
RAW = tuple((name.lower().encode(), value.encode()) for name, value in SECURITY.items())
UNROUTED = "(none)"
COMPRESSED_BYTES_MIN = 500

log = structlog.get_logger("jejak.access")

Observe = Callable[[str, str, int, float], None]
Unexpected = Callable[[Request, Exception], Awaitable[Response]]


class Around:
    """Paths, numbers, tokens and keys never reach a log or a metric: both get the route's template."""

    def __init__(self, app: ASGIApp, observe: Observe, unexpected: Unexpected) -> None:
        self.app = app
        self.observe = observe
        self.unexpected = unexpected
        self.log = log.bind()  # once: the settled logger, not the one that settles it at each line

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        started = time.perf_counter()
        status = 500
        started_answer = False

        async def watched(message: Message) -> None:
            nonlocal status, started_answer
            if message["type"] == "http.response.start":
                status, started_answer = message["status"], True
                message["headers"] = secured(message["headers"])
            await send(message)

        try:
            await self.app(scope, receive, watched)
        except Exception as error:  # noqa: BLE001 - here a fault of ours ends, so that no server prints what was sent
            if started_answer:
                raise ConnectionAbortedError("the answer broke off") from None
            response = await self.unexpected(Request(scope), error)
            await response(scope, receive, watched)
        finally:
            seconds = time.perf_counter() - started
            route = template(scope)
            method = scope["method"] if scope["method"] in ("GET", "HEAD", "POST") else "other"
            self.observe(method, route, status, seconds)
            self.log.info("request", method=method, route=route, status=status, ms=round(seconds * 1000, 1))


class Compressing:
    """Gzip for who takes it. For others Vary alone, lest a cache mixes up the two: Starlette's way to that is long."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app
        self.gzip = GZipMiddleware(app, minimum_size=COMPRESSED_BYTES_MIN)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http" or any(n == b"accept-encoding" and b"gzip" in v for n, v in scope["headers"]):
            await self.gzip(scope, receive, send)
            return

        async def varying(message: Message) -> None:
            if message["type"] == "http.response.start":
                length = next((v for n, v in message["headers"] if n == b"content-length"), b"0")
                if int(length) >= COMPRESSED_BYTES_MIN:
                    MutableHeaders(raw=message["headers"]).add_vary_header("Accept-Encoding")
            await send(message)

        await self.app(scope, receive, varying)


def secured(headers: Collection[tuple[bytes, bytes]]) -> list[tuple[bytes, bytes]]:
    """With the headers of `SECURITY`; what the endpoint says of one itself stands."""
    said = {name for name, _ in headers}
    return [*headers, *(pair for pair in RAW if pair[0] not in said)]


def template(scope: MutableMapping[str, Any]) -> str:
    """The path as the route names it."""
    route = scope.get("route")
    path = getattr(route, "path", None)
    return path if isinstance(path, str) else UNROUTED
