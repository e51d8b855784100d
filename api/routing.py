"""An index of routes: it finds the route of a path without trying all routes one after the other. The module also
contains the ASGI application of an endpoint.
"""

from collections import defaultdict
from collections.abc import Awaitable, Callable, Iterable

from starlette.requests import Request
from starlette.routing import BaseRoute, Match, Route
from starlette.types import ASGIApp, Receive, Scope, Send


class Endpoint:
    """The ASGI application of one endpoint.

    Starlette would make several functions for each request, which look for an exception handler. The middleware of the
    application looks for the handler anyway.
    """

    def __init__(self, respond: Callable[[Request], Awaitable[ASGIApp]]) -> None:
        self.respond = respond

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        response = await self.respond(Request(scope, receive, send))
        await response(scope, receive, send)


class ByEnding(BaseRoute):
    """Routes whose paths end in a fixed word. The index finds the routes by this word.

    The index only selects candidates. Each route then checks the request against its own template and methods.
    """

    def __init__(self, routes: Iterable[Route]) -> None:
        self.routes: defaultdict[str, list[Route]] = defaultdict(list)
        for route in routes:
            self.routes[_ending(route.path)].append(route)

    def matches(self, scope: Scope) -> tuple[Match, Scope]:
        best: tuple[Match, Scope] = Match.NONE, {}
        for route in self.routes.get(_ending(scope["path"]), ()):
            match, child = route.matches(scope)
            if match.value > best[0].value:
                best = match, {**child, "route": route}
        return best

    async def handle(self, scope: Scope, receive: Receive, send: Send) -> None:
        await scope["route"].handle(scope, receive, send)


def indexed(routes: Iterable[Route]) -> list[BaseRoute]:
    """Puts the routes into an index, except the routes that end in a parameter. These other routes come after the index
    and keep their order.
    """
    words: list[Route] = []
    parameters: list[Route] = []
    for route in routes:
        (parameters if route.path.endswith("}") else words).append(route)
    return [ByEnding(words), *parameters]


def _ending(path: str) -> str:
    return path.rpartition("/")[2]
