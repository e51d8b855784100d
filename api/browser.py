"""Browser requests: this module reads the session cookie, the forms and the language of a page. This module also
refuses cross-site posts.
"""

from hashlib import sha256
from urllib.parse import parse_qs
from uuid import UUID

from starlette.convertors import Convertor, register_url_convertor
from starlette.requests import Request
from starlette.responses import HTMLResponse, Response

from api.conditional import read_limited
from api.dependencies import dependencies_of
from api.middleware import identified
from api.pages.language import LANGUAGES
from api.problems import Problem
from projections.progress import ProgressRow
from service_layer.faults import NotYours
from service_layer.rights import Bearer, Principal

SESSION = "jejak_session"
FROM_OUR_PAGE = "Send the form from this site's own page."


class LanguageConvertor(Convertor[str]):
    """Accepts a language code as the first part of a page's path."""

    regex = "|".join(LANGUAGES)

    def convert(self, value: str) -> str:
        return value

    def to_string(self, value: str) -> str:
        return value


register_url_convertor("language", LanguageConvertor())


async def form_of(request: Request, *, fields_max: int = 10) -> dict[str, list[str]]:
    """Returns the fields of a posted form. Raises Problem `too-large` for too many bytes, and Problem
    `malformed-request` for too many fields.
    """
    form = (await read_limited(request)).decode("utf-8", "replace")
    try:
        return parse_qs(form, max_num_fields=fields_max)
    except ValueError:
        raise Problem("malformed-request", FROM_OUR_PAGE) from None


def same_origin(request: Request) -> None:
    """Raises Problem `forbidden` for a cross-site post.

    The header Sec-Fetch-Site shows whether a post is cross-site. Browsers send this header only over HTTPS and to
    localhost. If the header is missing, the headers Origin and Referer must not name another site.

    A post without any of these headers is accepted, and also a post whose Origin is `null`. Some browsers and browser
    extensions send such posts from our own pages. With a cross-site post of this kind, browsers send no session cookie
    (SameSite). So another site could at most sign its visitor in, with a number and a PIN or a token that it knows.
    """
    site = request.headers.get("sec-fetch-site")
    if site is not None:
        same = site in ("same-origin", "none")
    else:
        host = request.headers.get("host", "").lower()
        named = (request.headers.get("origin", "null"), request.headers.get("referer", "null"))
        same = all(source == "null" or source.lower().split("/")[2:3] == [host] for source in named)
    if not same:
        raise Problem("forbidden", FROM_OUR_PAGE)


async def own_row(request: Request) -> ProgressRow | None:
    """Returns the row of the application in the path, if the session cookie is for this application.

    Returns None if there is no session, or if the session is for another application.
    """
    dependencies = dependencies_of(request)
    try:
        target = UUID(request.path_params["application_id"])
    except ValueError:
        raise Problem("not-found") from None
    principal: Principal | None = dependencies.tokens.principal(request.cookies.get(SESSION, ""))
    if principal:
        identified(request, principal)
    if principal is None or principal.bearer is not Bearer.CITIZEN or principal.application_id != target:
        return None
    row = await dependencies.views.row(target)
    if row is None:
        raise NotYours
    return row


def page_unless_seen(request: Request, page: str, tagged: str, caching: str) -> Response:
    """Returns the page with an ETag. The ETag is a hash of the text in `tagged`. If the client already has this ETag,
    returns status 304 without the page.
    """
    etag = f'W/"{sha256(tagged.encode()).hexdigest()[:32]}"'
    headers = {"ETag": etag, "Cache-Control": caching}
    if request.headers.get("if-none-match") == etag:
        return Response(status_code=304, headers=headers)
    return HTMLResponse(page, headers=headers)


def language_of(request: Request) -> str:
    """Returns the language of a page whose path names no language. The language is "en" if Accept-Language begins with
    English, else "id".
    """
    first = request.headers.get("accept-language", "").split(",")[0].strip().lower()
    return "en" if first.startswith("en") else "id"
