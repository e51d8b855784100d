"""The desk as an HTML page. Staff type in a bearer token and get a short session. The session gives access to this page
only.
"""

from urllib.parse import urlencode

from starlette.requests import Request
from starlette.responses import HTMLResponse, RedirectResponse, Response
from starlette.routing import Route

from api.browser import form_of, same_origin
from api.dependencies import Dependencies, dependencies_of
from api.endpoints.applications import row_of_number
from api.endpoints.desk import queue_of
from api.middleware import identified
from api.pages.render import desk_door_page, desk_file_page, desk_page, number_page, offices_page
from api.results import NO_STORE
from domain.tracking_number import NumberMistyped
from service_layer.faults import Forbidden
from service_layer.rights import Principal, relation_for

DESK_SESSION = "jejak_desk"
KEPT = ("office", "status", "mine", "limit")
"""The query parameters that the link to the next page repeats."""
WAIT_SECONDS = 0.5
"""The longest time to wait for a view, in seconds. After this time the page shows the view in its current state."""


async def desk(request: Request) -> Response:
    """Shows the queue of an office. Without a session, the sign-in form is shown."""
    language, dependencies = request.path_params["language"], dependencies_of(request)
    principal = dependencies.tokens.at_desk(request.cookies.get(DESK_SESSION, ""))
    if principal is None:
        message = "signed-out" if request.url.query == "signed-out" else None
        return HTMLResponse(desk_door_page(language, message=message), headers=NO_STORE)
    identified(request, principal)
    registry = await dependencies.catalogue.registry()
    if not request.query_params.get("office", principal.office):
        return HTMLResponse(offices_page(language, principal.offices(registry), registry), headers=NO_STORE)
    await _caught_up(dependencies, "desk")
    queue = await queue_of(request, principal)
    kept = {name: request.query_params[name] for name in KEPT if name in request.query_params}
    page = desk_page(
        language,
        queue.files,
        queue.office,
        registry,
        queue.as_of,
        mine=request.query_params.get("mine") == "true",
        personal=bool(principal.office),
        more=urlencode({**kept, "after": queue.after}) if queue.after else "",
    )
    return HTMLResponse(page, headers=NO_STORE)


async def find(request: Request) -> Response:
    """Handles the form for a tracking number. Shows the application, also if it has ended. Staff see only applications
    that concern their office.
    """
    same_origin(request)
    language, dependencies = request.path_params["language"], dependencies_of(request)
    principal = dependencies.tokens.at_desk(request.cookies.get(DESK_SESSION, ""))
    if principal is None:
        return RedirectResponse(f"/{language}/desk", status_code=303, headers=NO_STORE)
    identified(request, principal)
    fields = await form_of(request)
    await _caught_up(dependencies, "progress")
    try:
        row = await row_of_number(dependencies, principal, fields.get("number", [""])[0])
    except NumberMistyped as error:
        return HTMLResponse(number_page(language, f"mistyped-{error.mistake.value}"), 422, headers=NO_STORE)
    if row is None:
        return HTMLResponse(number_page(language, "no-such-file"), 404, headers=NO_STORE)
    page = desk_file_page(language, row, await dependencies.catalogue.registry(), dependencies.now())
    return HTMLResponse(page, headers=NO_STORE)


async def _caught_up(dependencies: Dependencies, view: str) -> None:
    """Waits until the view contains every event of the log, because a browser sends no Sync-Token."""
    _, end = await dependencies.views.log_end()
    await dependencies.views.reached(end, seconds=WAIT_SECONDS, view=view)


async def sign_in(request: Request) -> Response:
    """Handles the sign-in form. A valid bearer token starts a session. The answer never repeats the typed text."""
    language, dependencies = request.path_params["language"], dependencies_of(request)
    same_origin(request)
    fields = await form_of(request)
    bearer = fields.get("token", [""])[0].strip()
    session, principal = dependencies.tokens.desk_session(bearer), dependencies.tokens.principal(bearer)
    if principal:
        identified(request, principal)
    if session is None or principal is None:
        return _again(language, "token-wrong")
    if not _has_desk(principal):
        return _again(language, "token-elsewhere")
    token, seconds = session
    response = RedirectResponse(f"/{language}/desk", status_code=303, headers=NO_STORE)
    secure = request.url.scheme == "https"
    response.set_cookie(DESK_SESSION, token, max_age=seconds, path="/", httponly=True, samesite="strict", secure=secure)
    return response


async def sign_out(request: Request) -> Response:
    same_origin(request)
    response = RedirectResponse(
        f"/{request.path_params['language']}/desk?signed-out", status_code=303, headers=NO_STORE
    )
    response.delete_cookie(DESK_SESSION, path="/", httponly=True, samesite="strict")
    return response


def _has_desk(principal: Principal) -> bool:
    try:
        relation_for("get-desk", principal)
    except Forbidden:
        return False
    return True


def _again(language: str, message: str) -> Response:
    return HTMLResponse(desk_door_page(language, message=message), status_code=403, headers=NO_STORE)


DESK_PAGES = (
    Route("/{language:language}/desk", desk, name="desk"),
    Route("/{language:language}/desk", sign_in, methods=["POST"], name="desk-sign-in"),
    Route("/{language:language}/desk/find", find, methods=["POST"], name="desk-find"),
    Route("/{language:language}/desk/sign-out", sign_out, methods=["POST"], name="desk-sign-out"),
)
