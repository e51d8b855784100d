"""This module builds the ASGI application from its routes, exception handlers and middleware."""

from collections.abc import Callable
from contextlib import AbstractAsyncContextManager
from importlib.metadata import version

import orjson
import structlog
from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from api.dependencies import Dependencies
from api.endpoints import survey_pages
from api.endpoints.citizen_pages import PAGES
from api.endpoints.desk_pages import DESK_PAGES
from api.middleware import Around
from api.openapi import document
from api.operations import OPERATIONS
from api.problems import Problem, answer, trace_id
from api.routing import indexed
from domain.refusals import Refusal, StaleVersion
from domain.tracking_number import NumberMistyped
from service_layer.faults import (
    ApplicationErased,
    ApplicationUnreadable,
    Forbidden,
    KeyReused,
    NotYours,
    Unauthenticated,
    Unavailable,
)

Lifespan = Callable[[Starlette], AbstractAsyncContextManager[None]]

EXPECTED = (
    ApplicationErased,
    ApplicationUnreadable,
    Forbidden,
    HTTPException,
    KeyReused,
    NotYours,
    NumberMistyped,
    Problem,
    Refusal,
    StaleVersion,
    Unauthenticated,
    Unavailable,
)

log = structlog.get_logger("jejak.api")


class Api(Starlette):
    """The ASGI application. `dependencies` holds everything that its endpoints may use."""

    dependencies: Dependencies


def build(dependencies: Dependencies, lifespan: Lifespan | None = None) -> Api:
    """Builds the application. `infra` supplies the dependencies."""
    documents = {**dependencies.published, "/openapi.json": orjson.dumps(document(OPERATIONS, version("jejak")))}

    async def published(request: Request) -> Response:
        """Returns the public JSON document at the path of the request."""
        content = documents.get(request.url.path)
        if content is None:
            raise Problem("not-found")
        return Response(content, media_type="application/json", headers={"Cache-Control": "public, max-age=300"})

    app = Api(
        routes=indexed(
            (
                *(operation.route() for operation in OPERATIONS),
                *(Route(path, published) for path in ("/openapi.json", "/asyncapi.json", "/schemas/{name}")),
                *survey_pages.PAGES,
                *PAGES,
                *DESK_PAGES,
            )
        ),
        middleware=[
            Middleware(Around, observe=dependencies.meter.request, unexpected=unexpected),
        ],
        exception_handlers=dict.fromkeys(EXPECTED, answer),
        lifespan=lifespan,
    )
    app.router.redirect_slashes = False  # a redirect would repeat the request's path and Host in its answer
    app.dependencies = dependencies
    return app


async def unexpected(request: Request, error: Exception) -> Response:
    """Answers an unexpected error with 500.

    The log contains the class of the error and the line of code that raised the error. The log does not contain the
    message of the error. The message may quote the request, so it may contain personal data.
    """
    frame = error.__traceback__
    while frame is not None and frame.tb_next is not None:
        frame = frame.tb_next
    place = f"{frame.tb_frame.f_code.co_filename}:{frame.tb_lineno}" if frame else ""
    log.error("unexpected", trace_id=trace_id(request), error=type(error).__name__, place=place)
    return await answer(request, error)
