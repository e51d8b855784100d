import asyncio
from types import SimpleNamespace

from starlette.requests import Request
from starlette.responses import Response

from api.endpoints.citizen_pages import statistics as answer
from domain.registry.registry import Registry
from projections.figures import Statistics
from tests.browser.figures import INSTALLATIONS, NAMED


class Open:
    """A dependencies that has nothing but statistics and names: the exact figures are not even in reach."""

    async def public(self) -> Statistics:
        return INSTALLATIONS["statistics"][0]

    async def registry(self) -> Registry:
        return NAMED


def asked(language: str, **headers: str) -> Response:
    dependencies = SimpleNamespace(statistics=Open(), catalogue=Open())
    scope = {
        "type": "http",
        "method": "GET",
        "path": f"/{language}/statistics",
        "path_params": {"language": language},
        "headers": [(name.replace("_", "-").encode(), value.encode()) for name, value in headers.items()],
        "app": SimpleNamespace(dependencies=dependencies),
    }
    return asyncio.run(answer(Request(scope)))


def test_anybody_may_keep_the_page_for_a_minute_and_ask_whether_it_changed() -> None:
    first = asked("id")
    assert (first.status_code, first.headers["Cache-Control"]) == (200, "public, max-age=60")
    again = asked("id", if_none_match=first.headers["ETag"])
    assert (again.status_code, again.body, again.headers["ETag"]) == (304, b"", first.headers["ETag"])
    assert again.headers["Cache-Control"] == "public, max-age=60"
    assert asked("en", if_none_match=first.headers["ETag"]).status_code == 200
