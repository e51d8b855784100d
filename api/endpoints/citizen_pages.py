"""The pages: one box for number and PIN, the citizen's page, the QR, the statistics.

Server-rendered, no script, one cookie.
"""

from hashlib import sha256
from urllib.parse import parse_qs
from uuid import UUID

from starlette.convertors import Convertor, register_url_convertor
from starlette.requests import Request
from starlette.responses import HTMLResponse, RedirectResponse, Response
from starlette.routing import Route

from api.conditional import read_limited, wait_for_sync
from api.dependencies import Dependencies, dependencies_of
from api.endpoints.public import admitted, language_of
from api.pages.language import LANGUAGES
from api.pages.render import STATIC, start_page, statistics_page, tracking_page
from api.problems import Problem
from domain.tracking_number import NumberMistyped
from projections.progress import ProgressRow
from projections.satisfaction import SERVED
from service_layer.faults import NotYours
from service_layer.rights import Bearer, Principal


class LanguageConvertor(Convertor[str]):
    """The first part of a page's path."""

    regex = "|".join(LANGUAGES)

    def convert(self, value: str) -> str:
        return value

    def to_string(self, value: str) -> str:
        return value


register_url_convertor("language", LanguageConvertor())

SESSION = "jejak_session"
STATUS_OF = {"limited": 429, "wrong-number-or-pin": 403}
NO_STORE = {"Cache-Control": "no-store"}


async def choose_language(request: Request) -> Response:
    return RedirectResponse(f"/{language_of(request)}/", status_code=303, headers={"Vary": "Accept-Language"})


async def start(request: Request) -> Response:
    language = request.path_params["language"]
    message = "signed-out" if request.url.query == "signed-out" else None
    return HTMLResponse(start_page(language, message=message), headers={"Cache-Control": "no-cache"})


async def enter(request: Request) -> Response:
    """The form of the start page: number and PIN against a session."""
    language = request.path_params["language"]
    same_origin(request)
    form = (await read_limited(request)).decode("utf-8", "replace")
    try:
        fields = parse_qs(form, max_num_fields=10)
    except ValueError:
        raise Problem("malformed-request", "Send the form from this site's own page.") from None
    number, pin = (fields.get(name, [""])[0] for name in ("number", "pin"))
    try:
        if not pin.strip().isdigit():
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
    """The QR of the receipt: exchanged at once for a session, never limited by another's failures."""
    language = request.path_params["language"]
    dependencies = dependencies_of(request)
    read = dependencies.receipts.read_qr_token(request.path_params["token"])
    row = await dependencies.views.row_by_number(read[0]) if read else None
    if read is None or row is None or row["pin_resets"] != read[1]:
        return _again(language, "qr-invalid", 404)
    return _let_in(request, language, UUID(row["application_id"]))


async def show(request: Request) -> Response:
    """The citizen's page of one application."""
    language = request.path_params["language"]
    dependencies = dependencies_of(request)
    await wait_for_sync(request)
    row = await own_row(request)
    if row is None:
        return RedirectResponse(f"/{language}/", status_code=303, headers=NO_STORE)
    accesses = await dependencies.dossiers.accesses(UUID(row["application_id"]))
    survey = await _survey(dependencies, row)
    page = tracking_page(
        language, row, await dependencies.catalogue.registry(), accesses, dependencies.now(), survey=survey
    )
    # The tag is of the page's words without its "as of": what it says of today changes at midnight.
    return unless_seen(request, page, page.partition("<footer>")[0], "private, no-cache")


async def _survey(dependencies: Dependencies, row: ProgressRow) -> str:
    """Whether the applicant is asked how satisfied they are, or has said it; "" where there is nothing to ask."""
    if row["status"] not in SERVED or row["imported"]:
        return ""
    return "given" if await dependencies.surveys.given(UUID(row["application_id"])) else "asked"


async def statistics(request: Request) -> Response:
    """What anybody may know of all applications together."""
    dependencies = dependencies_of(request)
    public = await dependencies.statistics.public()
    page = statistics_page(request.path_params["language"], public, await dependencies.catalogue.registry())
    return unless_seen(request, page, page, "public, max-age=60")


async def sign_out(request: Request) -> Response:
    same_origin(request)
    response = RedirectResponse(f"/{request.path_params['language']}/?signed-out", status_code=303, headers=NO_STORE)
    response.delete_cookie(SESSION, path="/", httponly=True, samesite="lax")
    return response


async def static(request: Request) -> Response:
    found = STATIC.get(request.url.path)
    if found is None:
        raise Problem("not-found")
    content, media_type = found
    headers = {"Cache-Control": "public, max-age=31536000, immutable"}
    return Response(content, media_type=media_type, headers=headers)


async def own_row(request: Request) -> ProgressRow | None:
    """The row that the session's token opens; None without a session, or with another application's."""
    dependencies = dependencies_of(request)
    try:
        target = UUID(request.path_params["application_id"])
    except ValueError:
        raise Problem("not-found") from None
    bearer: Principal | None = dependencies.tokens.principal(request.cookies.get(SESSION, ""))
    if bearer is None or bearer.bearer is not Bearer.CITIZEN or bearer.application_id != target:
        return None
    row = await dependencies.views.row(target)
    if row is None:
        raise NotYours
    return row


def _let_in(request: Request, language: str, application_id: UUID) -> Response:
    token, seconds = dependencies_of(request).tokens.read_token(application_id)
    headers = {**NO_STORE, "Referrer-Policy": "no-referrer"}
    response = RedirectResponse(f"/{language}/applications/{application_id}", status_code=303, headers=headers)
    secure = request.url.scheme == "https"
    response.set_cookie(SESSION, token, max_age=seconds, path="/", httponly=True, samesite="lax", secure=secure)
    return response


def unless_seen(request: Request, page: str, tagged: str, caching: str) -> Response:
    """304 to a client that holds a page of the same `tagged` text."""
    etag = f'W/"{sha256(tagged.encode()).hexdigest()[:32]}"'
    headers = {"ETag": etag, "Cache-Control": caching}
    if request.headers.get("if-none-match") == etag:
        return Response(status_code=304, headers=headers)
    return HTMLResponse(page, headers=headers)


def _again(language: str, message: str, status: int, headers: dict[str, str] | None = None) -> Response:
    page = start_page(language, message=message)
    return HTMLResponse(page, status_code=status, headers={**NO_STORE, **(headers or {})})


def same_origin(request: Request) -> None:
    """Cross-origin posts are refused by what the browser says of itself; a client that says nothing is no browser."""
    site = request.headers.get("sec-fetch-site")
    if site is not None:
        same = site in ("same-origin", "none")
    else:
        origin = request.headers.get("origin")
        same = origin is None or origin.partition("://")[2] == request.headers.get("host")
    if not same:
        raise Problem("forbidden", "Send the form from this site's own page.")


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
