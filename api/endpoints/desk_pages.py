"""The desk as a page. Staff signs in with a bearer, exchanged for a short session that opens this page alone."""

from urllib.parse import parse_qs, urlencode

from starlette.requests import Request
from starlette.responses import HTMLResponse, RedirectResponse, Response
from starlette.routing import Route

from api.conditional import read_limited
from api.dependencies import dependencies_of
from api.endpoints.citizen_pages import NO_STORE, same_origin
from api.endpoints.desk import queue_of
from api.pages.render import desk_door_page, desk_page, offices_page
from api.problems import Problem
from service_layer.faults import Forbidden
from service_layer.rights import Principal, relation_for

DESK_SESSION = "jejak_desk"
KEPT = ("office", "status", "mine", "limit")
"""Of the query, by the link to the next page."""
WAIT_SECONDS = 0.5
"""For a view that stands still it is shown as it is."""


async def desk(request: Request) -> Response:
    """The queue of an office for who has signed in, else the form to do so."""
    language, dependencies = request.path_params["language"], dependencies_of(request)
    principal = dependencies.tokens.at_desk(request.cookies.get(DESK_SESSION, ""))
    if principal is None:
        message = "signed-out" if request.url.query == "signed-out" else None
        return HTMLResponse(desk_door_page(language, message=message), headers=NO_STORE)
    registry = await dependencies.catalogue.registry()
    if not request.query_params.get("office", principal.office):
        return HTMLResponse(offices_page(language, principal.offices(registry), registry), headers=NO_STORE)
    _, end = await dependencies.views.log_end()  # a browser has no Sync-Token: it sees what was done before it asked
    await dependencies.views.reached(end, seconds=WAIT_SECONDS, view="desk")
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


async def sign_in(request: Request) -> Response:
    """The form: a bearer against a session. What was typed is never repeated."""
    language, dependencies = request.path_params["language"], dependencies_of(request)
    same_origin(request)
    try:
        fields = parse_qs((await read_limited(request)).decode("utf-8", "replace"), max_num_fields=10)
    except ValueError:
        raise Problem("malformed-request", "Send the form from this site's own page.") from None
    bearer = fields.get("token", [""])[0].strip()
    session, principal = dependencies.tokens.desk_session(bearer), dependencies.tokens.principal(bearer)
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
    Route("/{language:language}/desk/sign-out", sign_out, methods=["POST"], name="desk-sign-out"),
)
