"""The citizens' pages: this module serves the start page, the page of an application, the address in the QR code, and
the statistics page.

The server renders the pages. The pages use no script and only one cookie.
"""

import asyncio
from uuid import UUID

from starlette.requests import Request
from starlette.responses import HTMLResponse, RedirectResponse, Response
from starlette.routing import Route

from api.browser import SESSION, form_of, language_of, own_row, page_unless_seen, same_origin
from api.conditional import wait_for_sync
from api.dependencies import Dependencies, dependencies_of
from api.endpoints.public import admitted
from api.pages.render import STATIC, start_page, statistics_page, tracking_page
from api.problems import Problem
from api.results import NO_STORE
from domain.pin import is_digits, parse_pin
from domain.tracking_number import NumberMistyped
from projections.progress import ProgressRow
from projections.satisfaction import SERVED

NO_REFERRER = {"Referrer-Policy": "no-referrer"}
"""The address of a QR code opens the application, so it is never sent to another page."""
STATUS_OF = {"limited": 429, "wrong-number-or-pin": 403}


async def choose_language(request: Request) -> Response:
    return RedirectResponse(f"/{language_of(request)}/", status_code=303, headers={"Vary": "Accept-Language"})


async def start(request: Request) -> Response:
    language = request.path_params["language"]
    message = "signed-out" if request.url.query == "signed-out" else None
    return HTMLResponse(start_page(language, message=message), headers={"Cache-Control": "no-cache"})


async def enter(request: Request) -> Response:
    """Handles the form of the start page. If the number and the PIN are right, a session begins."""
    language = request.path_params["language"]
    same_origin(request)
    fields = await form_of(request)
    number, pin = (fields.get(name, [""])[0] for name in ("number", "pin"))
    try:
        if not is_digits(parse_pin(pin)):
            return _again(language, "pin-malformed", 422)
        application_id = await admitted(request, number, pin)
    except NumberMistyped as error:
        return _again(language, f"mistyped-{error.mistake.value}", 422)
    except Problem as problem:
        if problem.kind.code not in STATUS_OF:
            raise
        return _again(language, problem.kind.code, STATUS_OF[problem.kind.code], problem.headers)
    return _let_in(request, language, application_id)


async def scan(request: Request) -> Response:
    """Handles the address in the QR code of a receipt. If the token in the address is valid, a session begins. The QR
    code also works while too many wrong PINs have blocked the form.
    """
    language = request.path_params["language"]
    dependencies = dependencies_of(request)
    qr = dependencies.receipts.read_qr_token(request.path_params["token"])
    row = await dependencies.views.row_by_number(qr[0]) if qr else None
    if qr is None or row is None or row["pin_resets"] != qr[1]:
        return _again(language, "qr-invalid", 404, NO_REFERRER)
    return _let_in(request, language, UUID(row["application_id"]))


async def show(request: Request) -> Response:
    """Shows the citizen's page of one application."""
    language = request.path_params["language"]
    dependencies = dependencies_of(request)
    await wait_for_sync(request)
    row = await own_row(request)
    if row is None:
        return RedirectResponse(f"/{language}/", status_code=303, headers=NO_STORE)
    accesses = await dependencies.accesses.of_application(UUID(row["application_id"]))
    survey = await _survey(dependencies, row)
    page = tracking_page(
        language,
        row,
        await dependencies.catalogue.registry(),
        accesses,
        dependencies.now(),
        survey=survey,
        others=await _linked(dependencies, row),
    )
    # The footer shows the current time, so it differs in each answer. The ETag covers only the rest of the page. The
    # rest changes with events and at midnight.
    return page_unless_seen(request, page, page.partition("<footer>")[0], "private, no-cache")


async def _linked(dependencies: Dependencies, row: ProgressRow) -> list[ProgressRow]:
    """`row` describes one application. Returns the rows of all applications to which this application is linked."""
    named = dict.fromkeys(UUID(other) for link in row["links"] for other in link["others"])
    rows = await asyncio.gather(*map(dependencies.views.row, named))
    return [other for other in rows if other is not None]


async def _survey(dependencies: Dependencies, row: ProgressRow) -> str:
    """Returns the state of the satisfaction survey: "given", "asked", or "" if the applicant is not invited."""
    if row["status"] not in SERVED or row["imported"]:
        return ""
    return "given" if await dependencies.surveys.given(UUID(row["application_id"])) else "asked"


async def statistics(request: Request) -> Response:
    """Shows the public statistics page."""
    dependencies = dependencies_of(request)
    public = await dependencies.statistics.public()
    page = statistics_page(request.path_params["language"], public, await dependencies.catalogue.registry())
    return page_unless_seen(request, page, page, "public, max-age=60")


async def sign_out(request: Request) -> Response:
    same_origin(request)
    response = RedirectResponse(f"/{request.path_params['language']}/?signed-out", status_code=303, headers=NO_STORE)
    response.delete_cookie(SESSION, path="/", httponly=True, samesite="lax")
    return response


async def static(request: Request) -> Response:
    file = STATIC.get(request.url.path)
    if file is None:
        raise Problem("not-found")
    content, media_type = file
    headers = {"Cache-Control": "public, max-age=31536000, immutable"}
    return Response(content, media_type=media_type, headers=headers)


def _let_in(request: Request, language: str, application_id: UUID) -> Response:
    token, seconds = dependencies_of(request).tokens.read_token(application_id)
    headers = {**NO_STORE, **NO_REFERRER}
    response = RedirectResponse(f"/{language}/applications/{application_id}", status_code=303, headers=headers)
    secure = request.url.scheme == "https"
    response.set_cookie(SESSION, token, max_age=seconds, path="/", httponly=True, samesite="lax", secure=secure)
    return response


def _again(language: str, message: str, status: int, headers: dict[str, str] | None = None) -> Response:
    page = start_page(language, message=message)
    return HTMLResponse(page, status_code=status, headers={**NO_STORE, **(headers or {})})


PAGES = (
    Route("/", choose_language, name="choose-language"),
    Route("/static/{name}", static, name="static"),
    Route("/{language:language}/", start, name="start"),
    Route("/{language:language}/statistics", statistics, name="statistics"),
    Route("/{language:language}/track", enter, methods=["POST"], name="enter"),
    Route("/{language:language}/r/{token}", scan, name="scan"),
    Route("/{language:language}/applications/{application_id}", show, name="show"),
    Route("/{language:language}/sign-out", sign_out, methods=["POST"], name="sign-out"),
)
