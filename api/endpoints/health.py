"""Endpoints for the operator: they report the liveness, the readiness and the metrics of this process."""

from contextlib import suppress
from uuid import UUID

from starlette.requests import Request
from starlette.responses import Response

from api.dependencies import dependencies_of
from api.responses import Given
from api.results import NO_STORE, json
from service_layer.faults import Unavailable


class HealthBody(Given, kw_only=True):
    status: str


class StoppedBody(Given, kw_only=True):
    view: str
    position: int
    application_id: UUID


class RelayBody(Given, kw_only=True):
    """Says how far the relay of one agency is behind the agency's feed.

    `oldest_seconds` says how long the oldest unpublished message has waited for its publication in Kafka. If no message
    waits, `oldest_seconds` is 0. `fault` is the code of the fault that stops the relay.
    """

    agency: str
    oldest_seconds: float
    fault: str


class ReadyBody(Given, kw_only=True):
    """Readiness. `views` maps each view to its lag: the number of positions between the view and the end of the log.
    `states` maps each view to its state: `whole`, `stopped` by an event, `older` (an older release made the view, and
    the new version is being built), or `behind` (the view answers no request yet).

    `stopped` lists each event that a view cannot process. `feeds` is the number of log positions that are not in the
    agencies' feeds yet. `relays` gives each relay's lag. `relays` is empty if no relay has ever run.
    """

    status: str
    store: bool
    views: dict[str, int]
    states: dict[str, str]
    stopped: list[StoppedBody]
    feeds: int
    relays: list[RelayBody]


async def livez(_: Request) -> Response:
    """Check that this process answers."""
    return json({"status": "ok"}, headers=NO_STORE)


LAG_MAX = 10_000
"""This process counts as ready if every view is at most this number of positions behind the log."""


async def readyz(request: Request) -> Response:
    """Check that the store can be reached, that every view answers, and that the views are close to the end of the log.

    The answer names each event that stops a view. The answer also gives the lag of the agencies' feeds and relays. The
    lag of feeds and relays does not change the readiness.
    """
    views = dependencies_of(request).views
    lag, states, stopped = await views.lag(), await views.states(), await views.stopped()
    ready = "behind" not in states.values() and all(
        behind <= LAG_MAX for view, behind in lag.items() if states[view] != "older"
    )
    status = "behind" if not ready else "stopped" if stopped else "upgrading" if "older" in states.values() else "ok"
    feeds, relays = await views.feeds(), await views.relays()
    body = {
        "status": status,
        "store": True,
        "views": lag,
        "states": states,
        "stopped": stopped,
        "feeds": feeds,
        "relays": relays,
    }
    return json(body, status=200 if ready else 503, headers=NO_STORE)


async def metrics(request: Request) -> Response:
    """Read the metrics, for the operator's Prometheus.

    Keep this address inside the operator's network. The public statistics hide small numbers to protect applicants. The
    live counters in the metrics would reveal these numbers.
    """
    views = dependencies_of(request).views
    with suppress(Unavailable):
        # The gauges are updated here, because the processes of feeds and relays may have no metrics port.
        await views.feeds()
        await views.relays()
    exposition = dependencies_of(request).meter.exposition()
    return Response(exposition, media_type="text/plain; version=0.0.4; charset=utf-8", headers=NO_STORE)
