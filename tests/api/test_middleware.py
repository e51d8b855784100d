"""What every answer says, whoever answers: the headers that keep it safe, and how it varies."""

import gzip
import json
import time
from typing import Any
from uuid import UUID, uuid4

import pytest
from starlette.requests import Request
from starlette.responses import Response
from starlette.types import Message, Receive, Scope, Send

from api.middleware import CLIENT_LEFT, COMPRESSED_BYTES_MIN, SECURITY, Around, identified, secured
from service_layer.ports import RequestReport
from service_layer.rights import Bearer, Principal
from tests.api.installation import LICENSING
from tests.api.lives import arrive, do
from tests.running import Jejak, Reply

LONG = [(b"content-length", str(COMPRESSED_BYTES_MIN).encode())]


def names(headers: list[tuple[bytes, bytes]]) -> list[str]:
    return [name.decode() for name, _ in headers]


def openapi(running: Jejak, **headers: str) -> Reply:
    return running.request("GET", "/openapi.json", headers=headers)


def test_every_answer_has_the_headers_that_keep_it_safe() -> None:
    assert names(secured([])) == [name.lower() for name in SECURITY]


def test_what_the_endpoint_says_stands() -> None:
    said = secured([(b"referrer-policy", b"origin")])
    assert dict(said)[b"referrer-policy"] == b"origin"
    assert len(said) == len(SECURITY)


def test_only_what_may_come_compressed_varies() -> None:
    assert dict(secured(LONG))[b"vary"] == b"Accept-Encoding"
    assert b"vary" not in dict(secured([(b"content-length", b"499")]))
    assert b"vary" not in dict(secured([]))


@pytest.mark.parametrize("said", [b"Accept-Language", b"Accept-Language, Accept-Encoding"])
def test_it_varies_by_all_that_is_said(said: bytes) -> None:
    headers = secured([*LONG, (b"vary", said)])
    assert names(headers).count("vary") == 1
    assert dict(headers)[b"vary"] == b"Accept-Language, Accept-Encoding"


def test_an_answer_comes_compressed_to_who_takes_that_alone(running: Jejak) -> None:
    plain, packed = openapi(running), openapi(running, **{"Accept-Encoding": "br, gzip"})
    assert plain.headers["Content-Encoding"] is None
    assert packed.headers["Content-Encoding"] == "gzip"
    assert gzip.decompress(packed.body) == plain.body
    assert plain.headers["Vary"] == packed.headers["Vary"] == "Accept-Encoding"
    for reply in (plain, packed):
        assert all(reply.headers[name] == value for name, value in SECURITY.items())


OFFICER = Principal(bearer=Bearer.OFFICER, actor=UUID(int=7), office="pemda")
SCOPE = {"type": "http", "method": "POST", "path": "/", "headers": [], "query_string": b""}


async def reported(*messages: Message) -> tuple[list[RequestReport], list[str], list[Message]]:
    """The reports, the unexpected errors and the answers of a request whose bytes come in these messages."""
    reports: list[RequestReport] = []
    errors: list[str] = []
    sent: list[Message] = []

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        request = Request(scope, receive)
        identified(request, OFFICER)
        await request.body()
        await Response("ok")(scope, receive, send)

    async def unexpected(_: Request, error: Exception) -> Response:
        errors.append(type(error).__name__)
        return Response(status_code=500)

    async def send(message: Message) -> None:
        sent.append(message)

    coming = iter(messages)

    async def receive() -> Message:
        return next(coming)

    await Around(app, reports.append, unexpected)(dict(SCOPE), receive, send)
    return reports, errors, sent


@pytest.mark.anyio
async def test_a_client_that_leaves_is_counted_and_no_error() -> None:
    part = {"type": "http.request", "body": b"a", "more_body": True}
    for messages in ([{"type": "http.disconnect"}], [part, {"type": "http.disconnect"}]):
        reports, errors, sent = await reported(*messages)
        assert ([each.status for each in reports], errors, sent) == ([CLIENT_LEFT], [], [])


@pytest.mark.anyio
async def test_a_report_says_who_and_by_which_trace() -> None:
    [report], _, _ = await reported({"type": "http.request", "body": b"", "more_body": False})
    assert (report.status, report.principal, len(report.trace_id)) == (200, OFFICER, 32)


def test_the_log_names_the_actor_of_an_act(running: Jejak) -> None:
    arrived = arrive(running, "receive")
    token = running.officer(LICENSING)
    assert do(running, arrived, "receive", token, Prefer="").status == 200
    wrong = running.request("GET", f"/v1/applications/{uuid4()}", token=token)
    assert wrong.status == 404
    trace = wrong.json()["trace_id"]
    deadline = time.monotonic() + 10
    while not (unfound := [line for line in logged(running) if line.get("trace_id") == trace]):
        assert time.monotonic() < deadline
        time.sleep(0.1)
    assert [(line["operation"], line["status"]) for line in unfound] == [("get-application", 404)]
    received = [line for line in logged(running) if line.get("operation") == "receive"][-1]
    assert (received["role"], received["office"]) == ("officer", LICENSING)
    assert UUID(received["actor"])


def logged(running: Jejak) -> list[dict[str, Any]]:
    [log] = running.folder.glob("serve-*.log")
    return [json.loads(line) for line in log.read_text().splitlines() if line.startswith("{") and line.endswith("}")]
