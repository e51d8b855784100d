"""Finding routes by the last word of a path changes nothing of what is found."""

import pytest
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Match, Route

from api.routing import indexed


async def endpoint(_: Request) -> Response:
    return Response()


ROUTES = [
    Route("/v1/things", endpoint, methods=["POST"], name="make"),
    Route("/v1/things/{thing}/mend", endpoint, methods=["POST"], name="mend"),
    Route("/v1/things/{thing}/mend", endpoint, name="mending"),
    Route("/v1/things/{thing}", endpoint, name="one"),
    Route("/{anything}/", endpoint, name="start"),
    Route("/", endpoint, name="root"),
]


def found(routes: list[BaseRoute], method: str, path: str) -> tuple[Match, str]:
    """What Starlette's router would take: the first full match, else the first partial one."""
    partial = Match.NONE, ""
    for route in routes:
        match, child = route.matches({"type": "http", "method": method, "path": path})
        name = child.get("route", route).name if match is not Match.NONE else ""
        if match is Match.FULL:
            return match, name
        if match is Match.PARTIAL and partial[0] is Match.NONE:
            partial = match, name
    return partial


@pytest.mark.parametrize("method", ["GET", "HEAD", "POST", "PUT"])
@pytest.mark.parametrize(
    "path",
    ["/v1/things", "/v1/things/", "/v1/things/7", "/v1/things/mend", "/v1/things/7/mend", "/v1/things/7/mend/", "/",
     "/id/", "/mend", "/v1/others", "", "//"],
)  # fmt: skip
def test_the_same_route_is_found(method: str, path: str) -> None:
    assert found(indexed(ROUTES), method, path) == found(list(ROUTES), method, path)
