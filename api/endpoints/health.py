"""Health: two endpoints tell load balancers whether this process works, and the operator can read the details.

The public endpoints answer only "ok" or "not ok". The public must not see each act of an office. So these endpoints
show no number that changes with each event. The ops server (infra/runtime/ops_server.py) shows the details.
"""

import asyncio
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

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


PROJECTED_SECONDS = 60.0
"""The status is `not projecting` if no projector has completed a pass of a view for this number of seconds."""


async def readyz(request: Request) -> Response:
    """Check that this process can serve: events can be stored, and the views are close to the end of the log."""
    ready, _ = await readiness(dependencies_of(request))
    return json({"status": "ok" if ready else "not ok"}, status=200 if ready else 503, headers=NO_STORE)


async def readiness(dependencies: Dependencies) -> tuple[bool, dict[str, object]]:
    """Returns whether this process can serve, and the details for the operator. Also updates the gauges of the metrics.

    `store` says whether events can be stored. `views` maps each view to its lag: the number of positions between the
    view and the end of the log. `states` maps each view to its state: `whole`, `stopped` by an event, `older` (an older
    release made the view, and the new version is being built), or `behind` (the view answers no request yet).
    `not_projecting` lists the views that no projector keeps up to date. `stopped` lists each event that a view cannot
    process. `feeds` is the number of log positions that are not in the agencies' feeds yet. `relays` gives each relay's
    lag, and is empty if no relay has ever run. `services` lists the background services. `clock_offset_seconds` is the
    clock of this host minus the clock of the database. `not_projecting`, the feeds, the relays, the services and the
    clock do not affect whether this process can serve. If the database does not answer, the details contain only
    `status` and `store`.
    """
    store, details = await asyncio.gather(dependencies.storing(), _details(dependencies))
    if details is None:
        return False, {"status": "unavailable", "store": store}
    states: dict[str, str] = details["states"]
    lag: dict[str, int] = details["views"]
    near = "behind" not in states.values() and all(
        behind <= LAG_MAX for view, behind in lag.items() if states[view] != "older"
    )
    found = {
        "not storing": not store,
        "behind": not near,
        "stopped": bool(details["stopped"]),
        "clock": abs(details["clock_offset_seconds"]) > CLOCK_OFFSET_MAX,
        "not projecting": bool(details["not_projecting"]),
        "upgrading": "older" in states.values(),
    }
    status = next((name for name, is_found in found.items() if is_found), "ok")
    return store and near, {"status": status, "store": store, **details}


async def _details(dependencies: Dependencies) -> dict[str, Any] | None:
    """Returns what `readiness` describes. Returns None if the database does not answer."""
    views = dependencies.views
    try:
        lag, states, services = await views.lag(), await views.states(), await views.services()
        return {
            "views": lag,
            "states": states,
            "not_projecting": unprojected(states, services, dependencies.now(), dependencies.started_at),
            "stopped": await views.stopped(),
            "feeds": await views.feeds(),
            "relays": await views.relays(),
            "services": services,
            "clock_offset_seconds": round(await views.clock_offset(), 1),
        }
    except Unavailable:
        return None


def unprojected(
    states: Mapping[str, str], services: Sequence[Mapping[str, Any]], now: datetime, started_at: datetime
) -> list[str]:
    """Returns the whole views of which no projector has completed a pass in the last PROJECTED_SECONDS.

    A projector that starts together with this process needs some seconds. So the time is counted from `started_at` at
    the earliest. The service of a shard has a name such as `project/view desk#0/4`.
    """
    earliest = now - timedelta(seconds=PROJECTED_SECONDS)
    if started_at > earliest:
        return []
    projected = {
        service["name"].partition("view ")[2].partition("#")[0]
        for service in services
        if service["last_success"] and service["last_success"] >= earliest
    }
    return [view for view, state in states.items() if state == "whole" and view not in projected]
