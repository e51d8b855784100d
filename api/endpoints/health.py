"""Health: two endpoints tell load balancers whether this process works, and the operator can read the details.

The public endpoints answer only "ok" or "not ok". The public must not see each act of an office. So these endpoints
show no number that changes with each event. The ops server (infra/runtime/ops_server.py) shows the details.
"""

from starlette.requests import Request
from starlette.responses import Response

from api.dependencies import Dependencies, dependencies_of
from api.responses import Given
from api.results import NO_STORE, json
from service_layer.faults import Unavailable

LAG_MAX = 10_000
"""This process counts as ready if every view is at most this number of positions behind the log."""


class HealthBody(Given, kw_only=True):
    status: str


async def livez(_: Request) -> Response:
    """Check that this process answers."""
    return json({"status": "ok"}, headers=NO_STORE)


CLOCK_OFFSET_MAX = 2.0
"""The status is `clock` if the clocks of this host and of the database differ by more than this number of seconds."""


async def readyz(request: Request) -> Response:
    """Check that this process can serve: events can be stored, and the views are close to the end of the log."""
    try:
        ready, _ = await readiness(dependencies_of(request))
    except Unavailable:
        ready = False
    return json({"status": "ok" if ready else "not ok"}, status=200 if ready else 503, headers=NO_STORE)


async def readiness(dependencies: Dependencies) -> tuple[bool, dict[str, object]]:
    """Returns whether this process can serve, and the details for the operator. Also updates the gauges of the metrics.

    `store` says whether events can be stored. `views` maps each view to its lag: the number of positions between the
    view and the end of the log. `states` maps each view to its state: `whole`, `stopped` by an event, `older` (an older
    release made the view, and the new version is being built), or `behind` (the view answers no request yet). `stopped`
    lists each event that a view cannot process. `feeds` is the number of log positions that are not in the agencies'
    feeds yet. `relays` gives each relay's lag, and is empty if no relay has ever run. `services` lists the background
    services. `clock_offset_seconds` is the clock of this host minus the clock of the database. The feeds, the relays,
    the services and the clock do not affect whether this process can serve. Raises Unavailable.
    """
    views = dependencies.views
    store = await dependencies.storing()
    lag, states, stopped = await views.lag(), await views.states(), await views.stopped()
    near = "behind" not in states.values() and all(
        behind <= LAG_MAX for view, behind in lag.items() if states[view] != "older"
    )
    offset = await views.clock_offset()
    found = {
        "not storing": not store,
        "behind": not near,
        "stopped": bool(stopped),
        "clock": abs(offset) > CLOCK_OFFSET_MAX,
        "upgrading": "older" in states.values(),
    }
    details: dict[str, object] = {
        "status": next((name for name, is_found in found.items() if is_found), "ok"),
        "store": store,
        "views": lag,
        "states": states,
        "stopped": stopped,
        "feeds": await views.feeds(),
        "relays": await views.relays(),
        "services": await views.services(),
        "clock_offset_seconds": round(offset, 1),
    }
    return store and near, details
