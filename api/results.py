"""Results: endpoints use this module to make responses. The module adds headers for caches and for later requests."""

from collections.abc import Mapping
from hashlib import sha256
from typing import Any

import orjson
from starlette.requests import Request
from starlette.responses import Response

from api.conditional import preferred_wait
from api.dependencies import dependencies_of
from service_layer.requests import CommandResult

NO_STORE = {"Cache-Control": "no-store"}
OPEN_DATA = {"Access-Control-Allow-Origin": "*", "Cross-Origin-Resource-Policy": "cross-origin"}


def json(body: object, *, status: int = 200, headers: dict[str, str] | None = None) -> Response:
    return Response(orjson.dumps(body), status_code=status, headers=headers, media_type="application/json")


def done(result: CommandResult, receipt: dict[str, str] | None = None) -> dict[str, Any]:
    """Returns the `DoneBody` of a command's result. If the command made a new receipt, the body also contains the
    fields of this receipt.
    """
    return {
        "application_id": str(result.application_id),
        "version": result.application.version,
        "status": result.application.status,
        "events": list(result.events),
        **(receipt or {}),
    }


async def written(request: Request, result: CommandResult) -> dict[str, str]:
    """Returns the headers of the response to a write: ETag and Sync-Token. If the client sent `Prefer: wait`, the
    function first waits until the view contains the write.
    """
    views = dependencies_of(request).views
    headers = {
        "ETag": f'"{result.application.version}"',
        "Sync-Token": await sync_token(request, result.position),
        **NO_STORE,
    }
    wait = preferred_wait(request)
    if wait and await views.reached(result.position, seconds=wait):
        headers["Preference-Applied"] = f"wait={wait}"
    return headers


async def sync_token(request: Request, position: int) -> str:
    """Returns the Sync-Token of the event at `position`."""
    dependencies = dependencies_of(request)
    return dependencies.sync_tokens.seal(await dependencies.views.era_of(position), position)


def cached(request: Request, content: bytes, media_type: str, more: Mapping[str, str] | None = None) -> Response:
    """Returns a public response that shared caches may store for at most 60 seconds. The status is 304 if the client
    already has the current content.

    The ETag is a hash of the bytes. A position of the log would be a bad ETag: with the positions, the public could
    count the events as they happen.
    """
    etag = f'"{sha256(content).hexdigest()[:32]}"'
    headers = {"ETag": etag, "Cache-Control": "public, max-age=60", **(more or {})}
    seen = [tag.strip().removeprefix("W/") for tag in request.headers.get("if-none-match", "").split(",")]
    if etag in seen:
        return Response(status_code=304, headers=headers)
    return Response(content, media_type=media_type, headers=headers)
