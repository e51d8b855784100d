"""Middleware around every request: it adds security headers, compresses bodies, and reports each request to the log and
the metrics.
"""

import random
import time
from collections.abc import Awaitable, Callable, Collection, MutableMapping
from typing import Any

from starlette.datastructures import MutableHeaders
from starlette.middleware.gzip import GZipMiddleware
from starlette.requests import ClientDisconnect, Request
from starlette.responses import Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from service_layer.ports import RequestReport
from service_layer.rights import RIGHTS, Principal

SECURITY = {
    "Content-Security-Policy": (
        "default-src 'none'; style-src 'self'; img-src 'self' data:; form-action 'self'; base-uri 'none'; "
        "frame-ancestors 'none'"
    ),
    "X-Content-Type-Options": "nosniff",
    # With "no-referrer", browsers would send `Origin: null` with our own forms. Only the address of a QR code has it.
    "Referrer-Policy": "same-origin",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": "camera=(), geolocation=(), microphone=()",
}
RAW = tuple((name.lower().encode(), value.encode()) for name, value in SECURITY.items())
UNROUTED = "(none)"
VARY = (b"vary", b"Accept-Encoding")
COMPRESSED_BYTES_MIN = 500
CLIENT_LEFT = 499
"""The status in the log and in the metrics if the client left before it had sent its whole request.

No client ever receives this status.
"""
PRINCIPAL, TRACE = "jejak.principal", "jejak.trace_id"
"""Under these names, the scope of a request contains the principal and the trace id of the request."""

TRACES = random.Random()  # noqa: S311 - a trace id is not a secret
"""This generator needs no call of the operating system for each request."""

RawHeaders = Collection[tuple[bytes, bytes]]
Observe = Callable[[RequestReport], None]
Unexpected = Callable[[Request, Exception], Awaitable[Response]]


class Around:
    """Adds security headers, compresses the body, and reports each request to the log and the metrics.

    The report contains the route's path template and not the path. So the report contains no tracking number, token or
    key. If a client does not accept gzip, it gets the plain body with a Vary header. Because of this header, caches
    store the plain body and the compressed body separately.
    """

    def __init__(self, app: ASGIApp, observe: Observe, unexpected: Unexpected) -> None:
        self.plain = app
        self.compressing = GZipMiddleware(app, minimum_size=COMPRESSED_BYTES_MIN)
        self.observe = observe
        self.unexpected = unexpected

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self.plain(scope, receive, send)
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
            await (self.compressing if _takes_gzip(scope) else self.plain)(scope, receive, watched)
        except ClientDisconnect:
            status = CLIENT_LEFT
        except Exception as error:  # noqa: BLE001 - the server would print the error, which may quote the request
            if started_answer:
                raise ConnectionAbortedError("the response was interrupted") from None
            response = await self.unexpected(Request(scope), error)
            await response(scope, receive, watched)
        finally:
            seconds = time.perf_counter() - started
            route = template(scope)
            method = scope["method"] if scope["method"] in ("GET", "HEAD", "POST") else "other"
            name = getattr(scope.get("route"), "name", "")
            self.observe(
                RequestReport(
                    method=method,
                    route=route,
                    operation=name if name in RIGHTS else "",
                    status=status,
                    seconds=seconds,
                    trace_id=trace_of(scope),
                    principal=scope.get(PRINCIPAL),
                )
            )


def _takes_gzip(scope: Scope) -> bool:
    return any(name == b"accept-encoding" and b"gzip" in value for name, value in scope["headers"])


def secured(headers: RawHeaders) -> list[tuple[bytes, bytes]]:
    """Adds the headers of `SECURITY`. Also adds the header Vary if the body is large enough for compression. Some
    clients get the compressed body, and other clients get the plain body. A header that the endpoint has set keeps its
    value.
    """
    present = dict(headers)
    added = [pair for pair in RAW if pair[0] not in present]
    varies = present.get(b"vary", b"")
    if int(present.get(b"content-length", 0)) < COMPRESSED_BYTES_MIN or b"accept-encoding" in varies.lower():
        return [*headers, *added]
    if not varies:
        return [*headers, VARY, *added]
    whole = MutableHeaders(raw=[*headers, *added])
    whole.add_vary_header(VARY[1].decode())
    return whole.raw


def template(scope: MutableMapping[str, Any]) -> str:
    """Returns the path template of the matched route. Returns UNROUTED if no route matched."""
    route = scope.get("route")
    path = getattr(route, "path", None)
    return path if isinstance(path, str) else UNROUTED


def identified(request: Request, principal: Principal) -> Principal:
    """Notes the principal of the request for the log, and returns the principal."""
    request.scope[PRINCIPAL] = principal
    return principal


def trace_of(scope: MutableMapping[str, Any]) -> str:
    """Returns the request's trace id, which is made at random. A trace id from the client is never used."""
    trace: str | None = scope.get(TRACE)
    if trace is None:
        trace = scope[TRACE] = TRACES.randbytes(16).hex()
    return trace
