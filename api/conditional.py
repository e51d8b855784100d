"""The headers that make a request safe to repeat and sure of what it saw: one expression each, parsed and published."""

import re
from typing import Any
from uuid import UUID

from starlette.requests import Request

from api.dependencies import dependencies_of
from api.problems import Problem
from service_layer.decoding import AnyBody, decoded

SYNC_TOKEN = r"^applications=([1-9][0-9]{0,4})\.([1-9][0-9]{0,17})$"  # noqa: S105 - no secret: a place in the log
IF_MATCH = r'^"[1-9][0-9]{0,9}"$'
IDEMPOTENCY_KEY = r"^[\x21-\x7e]{1,200}$"
ANY = r"^[\x20-\x7e]{0,200}$"
"""Of headers that change nothing where we do not understand them."""
PREFER_WAIT = re.compile(r"(?:^|[,;\s])wait=([0-9]{1,2})(?:$|[,;\s])")

BODY_BYTES_MAX = 64 * 1024
WAIT_SECONDS = 1.0
WAIT_SECONDS_MAX = 10


def application_id(request: Request) -> UUID:
    """Of the path. An id that is none of ours is not found, whatever it looks like."""
    try:
        return UUID(request.path_params["application_id"])
    except ValueError:
        raise Problem("not-found") from None


async def body_of(request: Request, kind: type[AnyBody]) -> tuple[AnyBody, Any]:
    """The body as its type, and as the plain JSON from which its digest is made. Raises Problem and BodyFault."""
    media_type = request.headers.get("content-type", "application/json").partition(";")[0].strip().lower()
    if media_type != "application/json":
        raise Problem("unsupported-media-type")
    return decoded(await read_limited(request), kind)


async def read_limited(request: Request) -> bytes:
    """At most 64 KiB, counted as they come."""
    read = bytearray()
    async for chunk in request.stream():
        read += chunk
        if len(read) > BODY_BYTES_MAX:
            raise Problem("too-large")
    return bytes(read)


def idempotency_key(request: Request) -> str:
    key = request.headers.get("idempotency-key", "")
    if not re.match(IDEMPOTENCY_KEY, key):
        raise Problem("key-required")
    return key


def version_seen(request: Request) -> int:
    given = request.headers.get("if-match")
    if given is None:
        raise Problem("precondition-required")
    if not re.match(IF_MATCH, given):
        raise Problem("malformed-request", 'If-Match must be the version that you saw, as in If-Match: "7".')
    return int(given.strip('"'))


async def wait_for_sync(request: Request, view: str = "progress") -> None:
    """Waits until the view has passed the client's own write. A token that is not, or no longer, in the log: 409."""
    token = request.headers.get("sync-token")
    if token is None:
        return
    matched = re.match(SYNC_TOKEN, token)
    if not matched:
        raise Problem("malformed-request", "Sync-Token must be one that we gave, as applications=1.4711.")
    era, position = int(matched[1]), int(matched[2])
    dependencies = dependencies_of(request)
    if not await dependencies.views.holds(era, position):
        raise Problem("token-ahead")
    if not await dependencies.views.reached(position, seconds=WAIT_SECONDS, view=view):
        raise Problem("behind", headers={"Retry-After": "1"})


def preferred_wait(request: Request) -> int:
    """Seconds that the client would wait for the view (RFC 7240); 0 where it does not say."""
    matched = PREFER_WAIT.search(request.headers.get("prefer", ""))
    return min(int(matched[1]), WAIT_SECONDS_MAX) if matched else 0
