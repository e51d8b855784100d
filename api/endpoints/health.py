"""For who runs it: whether this process lives, whether it is ready, and its metrics."""

from contextlib import suppress
from uuid import UUID

from starlette.requests import Request
from starlette.responses import Response

from api.dependencies import dependencies_of
from api.endpoints.applications import json
from api.endpoints.public import NO_STORE
from api.responses import Given
from service_layer.faults import Unavailable


class HealthBody(Given, kw_only=True):
    status: str


class StoppedBody(Given, kw_only=True):
    view: str
    position: int
    application_id: UUID


class RelayBody(Given, kw_only=True):
    """How long the oldest message that is not in Kafka yet waits, 0: there is none; `fault`: what keeps the relay."""

    agency: str
    oldest_seconds: float
    fault: str


class ReadyBody(Given, kw_only=True):
    """`views` maps each view to how many positions it is behind the log; `stopped`: the event that stops a view.

    `feeds`: how many positions are not made into the agencies' feeds yet;
    `relays`: how far Kafka is behind; none where nothing was ever relayed.
    """

    status: str
    store: bool
    views: dict[str, int]
    stopped: list[StoppedBody]
    feeds: int
    relays: list[RelayBody]


async def livez(_: Request) -> Response:
    """This process answers."""
    return json({"status": "ok"}, headers=NO_STORE)


LAG_MAX = 10_000
"""Positions that a view may be behind the log while we call ourselves ready."""


async def readyz(request: Request) -> Response:
    """The store can be reached and the views are near the log's end; one that an event stops is named. So is how far
    the agencies' feeds and their relays are behind: that keeps nobody from being served.
    """
    views = dependencies_of(request).views
    lag, stopped = await views.lag(), await views.stopped()
    ready = all(behind <= LAG_MAX for behind in lag.values())
    status = "behind" if not ready else "stopped" if stopped else "ok"
    feeds, relays = await views.feeds(), await views.relays()
    body = {"status": status, "store": True, "views": lag, "stopped": stopped, "feeds": feeds, "relays": relays}
    return json(body, status=200 if ready else 503, headers=NO_STORE)


async def metrics(request: Request) -> Response:
    """For the operator's Prometheus. Keep it inside: live counters undo disclosure control."""
    views = dependencies_of(request).views
    with suppress(Unavailable):
        await views.feeds()  # measures them: their own processes may have no port
        await views.relays()
    exposition = dependencies_of(request).meter.exposition()
    return Response(exposition, media_type="text/plain; version=0.0.4; charset=utf-8", headers=NO_STORE)
