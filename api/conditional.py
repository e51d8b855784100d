"""Request headers and bodies: this module reads idempotency keys, If-Match (for optimistic concurrency), Sync-Token,
and bodies of limited size.

For each request header, the parser and openapi.json use the same regular expression.
"""

import re
from functools import lru_cache
from typing import Any
from uuid import UUID

from starlette.requests import Request

from api.dependencies import dependencies_of
from api.problems import Problem
from service_layer.decoding import AnyBody, decoded

SYNC_TOKEN = r"^applications=[A-Za-z0-9_-]{40}$"  # noqa: S105 - not a secret: the form of a token
IF_MATCH = r'^"[1-9][0-9]{0,9}"$'
IDEMPOTENCY_KEY = r"^[\x21-\x7e]{1,200}$"
ANY = r"^[\x20-\x7e]{0,200}$"
"""The pattern of a header that may have any value. A value that the server does not know is ignored."""
PREFER_WAIT = re.compile(r"(?:^|[,;\s])wait=([0-9]{1,2})(?:$|[,;\s])")

BODY_BYTES_MAX = 64 * 1024
WAIT_SECONDS = 1.0
WAIT_SECONDS_MAX = 10


def application_id(request: Request) -> UUID:
    """Returns the application id in the path. Raises Problem `not-found` if the id is not a UUID."""
    try:
        return _parsed(request.path_params["application_id"])
    except ValueError:
        raise Problem("not-found") from None


@lru_cache(maxsize=1024)
def _parsed(text: str) -> UUID:
    """An endpoint asks several times for the id in its path."""
    return UUID(text)


async def body_of(request: Request, kind: type[AnyBody]) -> tuple[AnyBody, Any]:
    """Returns the body in two forms: as an instance of `kind`, and as plain JSON. The digest of the command is made
    from the plain JSON. Raises Problem or BodyFault if the body cannot be read.
    """
    media_type = request.headers.get("content-type", "application/json").partition(";")[0].strip().lower()
    if media_type != "application/json":
        raise Problem("unsupported-media-type")
    return decoded(await read_limited(request), kind)


async def read_limited(request: Request) -> bytes:
    """Returns the body of the request. The bytes of the body are counted while they arrive. Raises Problem `too-large`
    for a body of more than 64 KiB.
    """
    body = bytearray()
    async for chunk in request.stream():
        body += chunk
        if len(body) > BODY_BYTES_MAX:
            raise Problem("too-large")
    return bytes(body)


def idempotency_key(request: Request) -> str:
    key = request.headers.get("idempotency-key", "")
    if not re.match(IDEMPOTENCY_KEY, key):
        raise Problem("key-required")
    return key


def version_seen(request: Request) -> int:
    header = request.headers.get("if-match")
    if header is None:
        raise Problem("precondition-required")
    if not re.match(IF_MATCH, header):
        raise Problem("malformed-request", 'If-Match must be the version that you saw, for example If-Match: "7".')
    return int(header.strip('"'))


async def wait_for_sync(request: Request, view: str = "progress") -> None:
    """Waits until the view contains the write that the Sync-Token names.

    Raises Problem `token-ahead` (409) if the log does not contain the position that the token names, for example after
    a restore from a backup. Raises Problem `behind` (503) if the view does not contain the write after WAIT_SECONDS.
    """
    token = request.headers.get("sync-token")
    if token is None:
        return
    dependencies = dependencies_of(request)
    opened = dependencies.sync_tokens.open(token)
    if opened is None:
        raise Problem("malformed-request", "Send the Sync-Token of an earlier answer of this installation, unchanged.")
    era, position = opened
    if not await dependencies.views.holds(era, position):
        raise Problem("token-ahead")
    if not await dependencies.views.reached(position, seconds=WAIT_SECONDS, view=view):
        raise Problem("behind", headers={"Retry-After": "1"})


def preferred_wait(request: Request) -> int:
    """Returns the number of seconds that the client wants to wait for the view. The number is at most 10. Without the
    header `Prefer: wait` (RFC 7240), the number is 0.
    """
    matched = PREFER_WAIT.search(request.headers.get("prefer", ""))
    return min(int(matched[1]), WAIT_SECONDS_MAX) if matched else 0
