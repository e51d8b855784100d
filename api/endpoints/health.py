"""Endpoints for the operator: they report the liveness, the readiness and the metrics of this process."""

from contextlib import suppress
from datetime import datetime
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


class ServiceBody(Given, kw_only=True):
    """The state of one background service. `last_fault` is the class of the last fault and its place in the code.

    `faults_in_a_row` is 0 if the service works.
    """

    name: str
    last_success: datetime | None
    last_fault: str
    last_fault_at: datetime | None
    faults_in_a_row: int


class ReadyBody(Given, kw_only=True):
    """Readiness. `views` maps each view to its lag: the number of positions between the view and the end of the log.
    `states` maps each view to its state: `whole`, `stopped` by an event, `older` (an older release made the view, and
    the new version is being built), or `behind` (the view answers no request yet).

    `stopped` lists each event that a view cannot process. `feeds` is the number of log positions that are not in the
    agencies' feeds yet. `relays` gives each relay's lag. `relays` is empty if no relay has ever run. `services` lists
    the background services. `clock_offset_seconds` is the clock of this host minus the clock of the database.
    """

    status: str
    store: bool
    views: dict[str, int]
    states: dict[str, str]
    stopped: list[StoppedBody]
    feeds: int
    relays: list[RelayBody]
    services: list[ServiceBody]
    clock_offset_seconds: float


async def livez(_: Request) -> Response:
    """Check that this process answers."""
    return json({"status": "ok"}, headers=NO_STORE)


CLOCK_OFFSET_MAX = 2.0
"""The status is `clock` if the clocks of this host and of the database differ by more than this number of seconds."""
LAG_MAX = 10_000
"""This process counts as ready if every view is at most this number of positions behind the log."""


async def readyz(request: Request) -> Response:
    """Check that the store can be reached, that every view answers, and that the views are close to the end of the log.

    The answer names each event that stops a view. The answer also gives the lag of the agencies' feeds and relays, the
    background services and the offset of the clock. These four do not change the readiness.
    """
    views = dependencies_of(request).views
    lag, states, stopped = await views.lag(), await views.states(), await views.stopped()
    ready = "behind" not in states.values() and all(
        behind <= LAG_MAX for view, behind in lag.items() if states[view] != "older"
    )
    offset = await views.clock_offset()
    found = {
        "behind": not ready,
        "stopped": bool(stopped),
        "clock": abs(offset) > CLOCK_OFFSET_MAX,
        "upgrading": "older" in states.values(),
    }
    status = next((name for name, is_found in found.items() if is_found), "ok")
    body = {
        "status": status,
        "store": True,
        "views": lag,
        "states": states,
        "stopped": stopped,
        "feeds": await views.feeds(),
        "relays": await views.relays(),
        "services": await views.services(),
        "clock_offset_seconds": round(offset, 1),
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
        await views.services()
        await views.clock_offset()
    exposition = dependencies_of(request).meter.exposition()
    return Response(exposition, media_type="text/plain; version=0.0.4; charset=utf-8", headers=NO_STORE)
