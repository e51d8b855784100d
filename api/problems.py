"""Every error as an RFC 9457 problem, from one table. Texts never repeat what was sent: it may be personal."""

import secrets
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from http import HTTPStatus
from typing import Any

import orjson
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import HTMLResponse, Response

from api.pages.render import problem_page
from domain.refusals import ApplicationUnknown, Refusal, StaleVersion
from domain.tracking_number import NumberMistyped
from service_layer.faults import BodyFault, Forbidden, KeyReused, NotYours, Unauthenticated, Unavailable


@dataclass(frozen=True, slots=True)
class ProblemKind:
    """A kind of problem: its stable code, its status, what it is called and what to do."""

    code: str
    status: int
    title: str
    advice: str


KINDS = {
    kind.code: kind
    for kind in (
        ProblemKind(
            "malformed-request", 400, "The request is malformed", "Mend what `errors` points at and send it again."
        ),
        ProblemKind(
            "key-required",
            400,
            "Idempotency-Key is missing or not 1 to 200 visible ASCII characters",
            "Send a fresh random key with every act; the same key again means the same act.",
        ),
        ProblemKind(
            "unauthenticated", 401, "This needs a bearer token", "Send Authorization: Bearer, with a token of ours."
        ),
        ProblemKind("forbidden", 403, "This role may not do that", "Ask someone whose role may."),
        ProblemKind("wrong-number-or-pin", 403, "Number or PIN is not right", "Compare both with the receipt."),
        ProblemKind("not-found", 404, "There is no such thing here, or it is not yours", "Check the address."),
        ProblemKind(
            "no-feed", 404, "This agency has no feed", "Ask the operator to name the agency in the file of topics."
        ),
        ProblemKind("method-not-allowed", 405, "This address does not take that method", "Allow lists what it takes."),
        ProblemKind("key-reused", 422, "The key was used for something else", "Send a new key for a new act."),
        ProblemKind("token-ahead", 409, "The Sync-Token is not of this log", "Drop it and read again."),
        ProblemKind(
            "event-not-in-feed",
            409,
            "The event is not in this feed",
            "Begin again without lastEventId, and pass over what you have by its id.",
        ),
        ProblemKind(
            "stale-version", 412, "Something relevant came after the version you saw", "Read it again, then decide."
        ),
        ProblemKind("too-large", 413, "The body is too large", "Send at most 64 KiB."),
        ProblemKind("unsupported-media-type", 415, "The body is not JSON", "Send Content-Type: application/json."),
        ProblemKind(
            "unprocessable", 422, "A value is not possible here", "Mend what `errors` points at and send it again."
        ),
        ProblemKind("number-mistyped", 422, "The tracking number is mistyped", "Compare it with the receipt."),
        ProblemKind(
            "precondition-required", 428, "If-Match is missing", 'Send the version that you saw, as If-Match: "7".'
        ),
        ProblemKind("limited", 429, "Too many wrong tries", "Come again after Retry-After, or use the QR code."),
        ProblemKind("internal-error", 500, "Something went wrong here", "Tell the operator the trace_id."),
        ProblemKind("behind", 503, "The view has not caught up yet", "Ask again after Retry-After."),
        ProblemKind(
            "readers-many",
            503,
            "Too many read feeds at once",
            "End what you do not need, or come again after Retry-After.",
        ),
        ProblemKind(
            "unavailable",
            503,
            "The store cannot be reached now",
            "Send the same again, with the same Idempotency-Key, after Retry-After.",
        ),
    )
}


class Problem(Exception):
    """Raised where an endpoint knows what is wrong. `errors` point into the request by JSON pointer."""

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
    """A problem ready to be written."""

    status: int
    code: str
    title: str
    detail: str
    more: Mapping[str, Any]
    headers: Mapping[str, str]


def problem_of(error: Exception) -> ProblemAnswer:
    """The one table from what was raised to what is answered."""
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
        case KeyReused():
            return _of(KINDS["key-reused"], str(error))
        case NumberMistyped():
            return _of(KINDS["number-mistyped"], f"{str(error).capitalize()}.", {"mistake": error.mistake.value})
        case Unauthenticated():
            return _of(KINDS["unauthenticated"], headers={"WWW-Authenticate": 'Bearer realm="jejak"'})
        case Forbidden():
            return _of(KINDS["forbidden"])
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
    """The problem as JSON; as a page, in the reader's language, for who asks for HTML."""
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


def trace_id(request: Request) -> str:
    """Ours, random: nothing that a client sent is repeated."""
    known: str = request.scope.setdefault("jejak.trace_id", secrets.token_hex(16))
    return known
