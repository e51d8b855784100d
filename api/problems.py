"""Problems: one table that maps every error to an RFC 9457 problem. No text quotes the request, because the request may
contain personal data.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from http import HTTPStatus
from typing import Any

import orjson
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import HTMLResponse, Response

from api.middleware import trace_of
from api.pages.render import problem_page
from domain.refusals import ApplicationUnknown, Refusal, StaleVersion
from domain.tracking_number import NumberMistyped
from service_layer.faults import (
    ApplicationErased,
    ApplicationUnreadable,
    BodyFault,
    Forbidden,
    KeyReused,
    NotYours,
    Unauthenticated,
    Unavailable,
    ViewBehind,
)


@dataclass(frozen=True, slots=True)
class ProblemKind:
    """A kind of problem: its stable code, its HTTP status, its title, and advice for the client."""

    code: str
    status: int
    title: str
    advice: str


KINDS = {
    kind.code: kind
    for kind in (
        ProblemKind(
            "malformed-request",
            400,
            "The request is malformed",
            "`errors` lists the wrong places. Correct these places and send the request again.",
        ),
        ProblemKind(
            "key-required",
            400,
            "The Idempotency-Key is missing, or does not consist of 1 to 200 visible ASCII characters",
            "Send a new random key with every new request. Send the same key again only to repeat the same request.",
        ),
        ProblemKind(
            "unauthenticated",
            401,
            "This operation needs a bearer token",
            "Send the header `Authorization: Bearer TOKEN`, with a valid token of this installation.",
        ),
        ProblemKind("forbidden", 403, "This role may not do this", "Ask a person whose role allows this operation."),
        ProblemKind(
            "wrong-number-or-pin",
            403,
            "The number or the PIN is not right",
            "Check the number and the PIN on the receipt.",
        ),
        ProblemKind(
            "not-found",
            404,
            "There is nothing at this address, or you may not see it",
            "Check the address.",
        ),
        ProblemKind(
            "no-feed", 404, "This agency has no feed", "Ask the operator to add the agency to the topics file."
        ),
        ProblemKind(
            "method-not-allowed",
            405,
            "This address does not allow this method",
            "The header Allow of this answer lists the allowed methods.",
        ),
        ProblemKind(
            "key-reused",
            422,
            "The Idempotency-Key was used for another request",
            "Send a new key for a new request.",
        ),
        ProblemKind(
            "application-erased",
            409,
            "The personal data of this application was erased",
            "Send the command without personal data, or submit a new application.",
        ),
        ProblemKind(
            "token-ahead",
            409,
            "The Sync-Token does not belong to this log",
            "Send the request again without the token.",
        ),
        ProblemKind(
            "event-not-in-feed",
            409,
            "The event is not in this feed",
            "Read the feed from the beginning, without lastEventId. Skip the events whose id you have already stored.",
        ),
        ProblemKind(
            "stale-version",
            412,
            "A relevant event was recorded after the version that you saw",
            "Read the application again, then decide whether to send the command again.",
        ),
        ProblemKind(
            "too-slow",
            408,
            "The request did not arrive in time",
            "Send the request again, without pauses inside the request.",
        ),
        ProblemKind("too-large", 413, "The body is too large", "Send at most 64 KiB."),
        ProblemKind("unsupported-media-type", 415, "The body is not JSON", "Send Content-Type: application/json."),
        ProblemKind(
            "unprocessable",
            422,
            "A value in the request is not possible",
            "`errors` lists the wrong places. Correct these places and send the request again.",
        ),
        ProblemKind(
            "number-mistyped",
            422,
            "The tracking number is mistyped",
            "Check the number on the receipt.",
        ),
        ProblemKind(
            "precondition-required",
            428,
            "If-Match is missing",
            'Send the version that you saw, for example If-Match: "7".',
        ),
        ProblemKind(
            "limited",
            429,
            "Too many wrong attempts",
            "Wait as long as the header Retry-After says, or use the QR code.",
        ),
        ProblemKind(
            "head-too-large",
            431,
            "The request line and the headers are too large",
            "Send at most 16 KiB and at most 64 header lines.",
        ),
        ProblemKind(
            "searches-limited",
            429,
            "Too many searches for persons",
            "A member of staff may send 60 searches an hour, and an office 600."
            " Wait as long as the header Retry-After says.",
        ),
        ProblemKind("internal-error", 500, "The server has an internal error", "Report the trace_id to the operator."),
        ProblemKind(
            "application-unreadable",
            503,
            "This release cannot read an event of this application",
            "Nothing was stored. Report the trace_id to the operator, who must install the newer release."
            " Then send the request again with the same Idempotency-Key.",
        ),
        ProblemKind(
            "behind",
            503,
            "The view has not caught up yet",
            "Wait as long as the header Retry-After says, then try again.",
        ),
        ProblemKind(
            "readers-many",
            503,
            "Too many clients read feeds at the same time",
            "Close streams that you do not need, or wait as long as the header Retry-After says.",
        ),
        ProblemKind(
            "too-many-connections",
            503,
            "The server has too many open connections",
            "Try again in a few seconds.",
        ),
        ProblemKind(
            "unavailable",
            503,
            "The database cannot be reached now",
            "Wait as long as the header Retry-After says. Then send the request again with the same Idempotency-Key.",
        ),
    )
}


class Problem(Exception):
    """A problem that an endpoint raises. Each item of `errors` has two parts: a JSON pointer to a place in the request,
    and a detail that explains the error.
    """

    def __init__(
        self,
        code: str,
        detail: str = "",
        *,
        errors: Sequence[Mapping[str, str]] = (),
        headers: Mapping[str, str] | None = None,
    ) -> None:
        super().__init__(code)
        self.kind = KINDS[code]
        self.detail = detail or self.kind.advice
        self.errors = list(errors)
        self.headers = dict(headers or {})


@dataclass(frozen=True, slots=True)
class ProblemAnswer:
    """A problem, together with all values that the response needs."""

    status: int
    code: str
    title: str
    detail: str
    more: Mapping[str, Any]
    headers: Mapping[str, str]


def problem_of(error: Exception) -> ProblemAnswer:
    """Returns the problem with which the API answers an exception. Only this function lists the exceptions that have
    their own problem.
    """
    match error:
        case Problem():
            more = {"errors": error.errors} if error.errors else {}
            return _of(error.kind, error.detail, more, error.headers)
        case BodyFault():
            place = {"pointer": error.pointer, "detail": error.detail}
            return _of(KINDS[error.code], more={"errors": [place]})
        case ApplicationUnknown() | NotYours():
            return _of(KINDS["not-found"])
        case Refusal():
            return ProblemAnswer(HTTPStatus.CONFLICT, error.code, error.title, str(error), {}, {})
        case StaleVersion():
            return _of(KINDS["stale-version"], str(error), {"version": error.now}, {"ETag": f'"{error.now}"'})
        case ApplicationErased():
            return _of(KINDS["application-erased"], str(error))
        case KeyReused():
            return _of(KINDS["key-reused"], str(error))
        case NumberMistyped():
            return _of(KINDS["number-mistyped"], f"{str(error).capitalize()}.", {"mistake": error.mistake.value})
        case Unauthenticated():
            return _of(KINDS["unauthenticated"], headers={"WWW-Authenticate": 'Bearer realm="jejak"'})
        case Forbidden():
            return _of(KINDS["forbidden"])
        case ApplicationUnreadable():
            return _of(KINDS[error.code])
        case ViewBehind():
            return _of(KINDS["behind"], headers={"Retry-After": "1"})
        case Unavailable():
            return _of(KINDS["unavailable"], str(error), headers={"Retry-After": "1"})
        case HTTPException():
            return _http(error)
        case _:
            return _of(KINDS["internal-error"])


def _of(
    kind: ProblemKind, detail: str = "", more: Mapping[str, Any] | None = None, headers: Mapping[str, str] | None = None
) -> ProblemAnswer:
    return ProblemAnswer(kind.status, kind.code, kind.title, detail or kind.advice, more or {}, headers or {})


def _http(error: HTTPException) -> ProblemAnswer:
    codes = {404: "not-found", 405: "method-not-allowed", 413: "too-large"}
    kind = KINDS[codes.get(error.status_code, "malformed-request")]
    return _of(kind, headers=error.headers or {})


async def answer(request: Request, error: Exception) -> Response:
    """Returns the problem as JSON. A client that accepts HTML gets a page in the reader's language instead."""
    problem = problem_of(error)
    headers = {"Cache-Control": "no-store", **problem.headers}
    if "text/html" in request.headers.get("accept", ""):
        language = "en" if request.url.path.startswith("/en/") else "id"
        page = problem_page(
            language, status=problem.status, title=problem.title, detail=problem.detail, code=problem.code
        )
        return HTMLResponse(page, status_code=problem.status, headers=headers)
    body = {
        "type": f"/problems/{problem.code}",
        "title": problem.title,
        "status": problem.status,
        "detail": problem.detail,
        "instance": f"/traces/{trace_id(request)}",
        "code": problem.code,
        "trace_id": trace_id(request),
        **problem.more,
    }
    return Response(
        orjson.dumps(body), status_code=problem.status, headers=headers, media_type="application/problem+json"
    )


def bare_body(code: str) -> bytes:
    """Returns the body of a problem for a request that reached no endpoint. Such a request has no trace id."""
    kind = KINDS[code]
    return orjson.dumps(
        {
            "type": f"/problems/{kind.code}",
            "title": kind.title,
            "status": kind.status,
            "detail": kind.advice,
            "code": kind.code,
        }
    )


def trace_id(request: Request) -> str:
    return trace_of(request.scope)
