"""Finding the route of a path without trying one after the other."""

from collections import defaultdict
from collections.abc import Iterable

from starlette.routing import BaseRoute, Match, Route
from starlette.types import Receive, Scope, Send


class ByEnding(BaseRoute):
    """Routes whose paths end in a word, found by it. Each answers for itself: its template, its methods."""

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
    """The same routes; those that end in a parameter are tried in their order, after those that end in a word."""
    words: list[Route] = []
    parameters: list[Route] = []
    for route in routes:
        (parameters if route.path.endswith("}") else words).append(route)
    return [ByEnding(words), *parameters]


def _ending(path: str) -> str:
    return path.rpartition("/")[2]
