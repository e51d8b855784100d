"""What only an attacker or a broken client sends: refused with a reason, never a fault of ours, never stored."""

import socket
from collections.abc import Iterator
from typing import Any
from uuid import uuid4

import psycopg
import pytest

from api.middleware import SECURITY
from tests.api.installation import LICENSING
from tests.api.lives import arrive
from tests.running import Jejak, Reply

BODIES: dict[str, tuple[bytes, int]] = {
    "nothing": (b"", 422),
    "null": (b"null", 422),
    "a list": (b"[]", 422),
    "a text": (b'"x"', 422),
    "no JSON": (b"{", 400),
    "two documents": (b"{}{}", 400),
    "a comment": (b"{/**/}", 400),
    "single quotes": (b"{'service': 'nib'}", 400),
    "invalid UTF-8": (b'{"service": "\xff"}', 400),
    "overlong UTF-8": (b'{"service": "\xc0\xaf"}', 400),
    "UTF-16": ('{"service": "nib"}'.encode("utf-16"), 400),
    "a lone surrogate": (b'{"service": "nib", "applicant": {"name": "\\ud800"}}', 400),
    "NaN": (b'{"service": NaN}', 400),
    "Infinity": (b'{"service": -Infinity}', 400),
    "a number too large": (b'{"service": 1e999}', 400),
    "a huge integer": (b'{"service": ' + b"9" * 5000 + b"}", 400),
    "deep nesting": (b"[" * 30_000 + b"]" * 30_000, 400),
    "deep nesting of objects": (b'{"a":' * 10_000 + b"1" + b"}" * 10_000, 400),
    "a field too many": (b'{"service": "nib", "applicant": {"name": "x"}, "admin": true}', 422),
    "a field too many inside": (b'{"service": "nib", "applicant": {"name": "x", "role": "officer"}}', 422),
    "a wrong type": (b'{"service": 1, "applicant": {"name": "x"}}', 422),
    "a code that is none": (b'{"service": "../nib", "applicant": {"name": "x"}}', 422),
    "a code with a line's end": (b'{"service": "nib\\n", "applicant": {"name": "x"}}', 422),
    "a place with a line's end": (b'{"service": "nib", "applicant": {"name": "x"}, "district": "33.74.01\\n"}', 422),
    "an empty name": (b'{"service": "nib", "applicant": {"name": ""}}', 422),
    "a name too long": (b'{"service": "nib", "applicant": {"name": "' + b"x" * 201 + b'"}}', 422),
    "more than 64 KiB": (b'{"service": "' + b"x" * 70_000 + b'"}', 413),
}


@pytest.fixture(scope="module")
def paper(running: Jejak) -> dict[str, Any]:
    """The receipt of the one application that these tests have."""
    return arrive(running, "receive").paper


@pytest.fixture(scope="module")
def auditor(running: Jejak, paper: dict[str, Any]) -> str:  # noqa: ARG001 - `paper` is stored before anything is counted
    return running.command("url").stdout.strip()


def events(conninfo: str) -> int:
    with psycopg.connect(conninfo) as connection:
        found = connection.execute("SELECT count(*) FROM stored_events").fetchone()
    assert found is not None
    return int(found[0])


@pytest.fixture(autouse=True)
def nothing_is_stored(auditor: str) -> Iterator[dict[str, int]]:
    """After each test the log is as long as before, but for what the test itself counted as `meant`."""
    meant = {"events": 0}
    before = events(auditor)
    yield meant
    assert events(auditor) == before + meant["events"]


def submit(running: Jejak, body: bytes, **headers: str) -> Reply:
    sent = {"Idempotency-Key": str(uuid4()), "Content-Type": "application/json"} | headers
    return running.request("POST", "/v1/applications", body, token=running.officer(LICENSING), headers=sent)


def refused(reply: Reply, status: int) -> dict[str, Any]:
    assert reply.status == status, reply.body
    assert reply.headers["Content-Type"] == "application/problem+json"
    told: dict[str, Any] = reply.json()
    return told


def raw(running: Jejak, request: bytes) -> bytes:
    """What is answered to bytes that no client library would send; until the server closes."""
    with socket.create_connection(("127.0.0.1", running.port), timeout=5) as connection:
        connection.sendall(request)
        connection.shutdown(socket.SHUT_WR)
        answer = b""
        while piece := connection.recv(65536):
            answer += piece
    return answer


@pytest.mark.parametrize("name", BODIES)
def test_a_body_that_is_none_is_refused_with_a_place(name: str, running: Jejak) -> None:
    body, status = BODIES[name]
    told = refused(submit(running, body), status)
    if status != 413:
        assert set(told["errors"][0]) == {"pointer", "detail"}


def test_the_last_of_two_equal_keys_decides_and_the_first_is_kept_nowhere(
    running: Jejak, nothing_is_stored: dict[str, int]
) -> None:
    twice = b'{"service": "no-such", "service": "nib", "applicant": {"name": "Satu", "name": "Dua"}}'
    reply = submit(running, twice)
    nothing_is_stored["events"] = 1
    assert reply.status == 201
    body = {"purpose": "process-application"}
    headers = {"Sync-Token": reply.headers["Sync-Token"]}
    path = f"{reply.headers['Location']}/open-dossier"
    opened = running.request("POST", path, body, token=running.officer(LICENSING), headers=headers)
    assert opened.json()["items"][0]["content"] == {"name": "Dua"}


@pytest.mark.parametrize(
    "media_type", ["text/plain", "application/x-www-form-urlencoded", "multipart/form-data", "application/xml", "json"]
)
def test_what_does_not_say_that_it_is_json_is_not_read(media_type: str, running: Jejak) -> None:
    body = b'{"service": "nib", "applicant": {"name": "x"}}'
    refused(submit(running, body, **{"Content-Type": media_type}), 415)


@pytest.mark.parametrize("method", ["PUT", "PATCH", "DELETE", "OPTIONS", "TRACE", "GET"])
def test_another_method_is_refused_and_told_which_is_taken(method: str, running: Jejak) -> None:
    reply = running.request(method, "/v1/applications", token=running.officer(LICENSING))
    assert refused(reply, 405)["code"] == "method-not-allowed"
    assert reply.headers["Allow"] == "POST"


def test_a_method_named_in_a_header_or_a_query_is_not_believed(running: Jejak) -> None:
    for headers in ({"X-HTTP-Method-Override": "POST"}, {"X-HTTP-Method": "DELETE"}):
        assert running.request("GET", "/v1/applications?_method=POST", headers=headers).status == 405


@pytest.mark.parametrize(
    "path",
    ["/static/../api/app.py", "/static/..%2f..%2fpyproject.toml", "/static/%2e%2e/app.py", "/static//etc/passwd",
     "/static/..\\app.py", "/static/%00", "/static/jejak.css%00.txt", "//evil.example/", "/id/../id//", "/%2e%2e/",
     "/v1/offices/%00", "/v1/offices/" + "a" * 8000, "/v1/services/..%2f", "/problems/..%2f", "/problems/%3Cscript%3E",
     "/id/r/" + "A" * 4000, "/id/r/%FF", "/fr/", "/v1/applications/%C3%28"]
)  # fmt: skip
def test_a_path_leads_nowhere_but_where_we_have_something(path: str, running: Jejak) -> None:
    reply = running.request("GET", path)
    assert reply.status in (401, 404), reply.status
    assert b"evil" not in reply.body
    assert b"script>" not in reply.body
    assert "Location" not in reply.headers


@pytest.mark.parametrize("name", ["Sec-Fetch-Site", "Origin"])
def test_a_form_of_another_site_is_refused(name: str, running: Jejak, paper: dict[str, Any]) -> None:
    form = f"number={paper['tracking_number']}&pin={paper['pin']}".encode()
    hostile = {"Sec-Fetch-Site": ["cross-site", "same-site", "", "x"], "Origin": ["https://evil.example", ""]}
    for value in hostile[name]:
        for path in ("/id/track", "/en/sign-out"):
            reply = running.request("POST", path, form, headers={name: value})
            assert refused(reply, 403)["code"] == "forbidden", (name, value)
            assert "Set-Cookie" not in reply.headers
    own = {"Sec-Fetch-Site": "same-origin", "Origin": f"http://127.0.0.1:{running.port}"}
    assert running.request("POST", "/id/track", form, headers={name: own[name]}).status == 303


@pytest.mark.parametrize(
    "form",
    [b"", b"&" * 5000, b"a=1&" * 5000, b"number=%FF%FE&pin=1", b"number=" + b"1" * 60_000, b"\xff\xfe",
     b"pin=1;number=2", b"number=01K2M9XD4TB5&pin=%C2%B2", b"number=01K2M9XD4TB5&pin=" + "\u0661\u0662".encode(),
     b"number=%00&pin=%00",
     b"pin=" + b"1" * 50_000 + b"&number=01K2M9XD4TB5"]
)  # fmt: skip
def test_a_form_that_is_none_gets_the_page_again(form: bytes, running: Jejak) -> None:
    reply = running.request("POST", "/id/track", form)
    assert reply.status in (400, 403, 422), reply.status
    assert "Set-Cookie" not in reply.headers


def test_a_form_too_large_is_not_read(running: Jejak) -> None:
    refused(running.request("POST", "/id/track", b"number=" + b"1" * 70_000), 413)


@pytest.mark.parametrize(
    "at", ["9999-12-31T23:59:59Z", "0001-01-01T00:00:00Z", "0001-01-01T00:00:00+14:00", "9999-12-31T23:59:59-14:00"]
)
def test_a_time_at_the_end_of_all_time_breaks_no_page(
    at: str, running: Jejak, nothing_is_stored: dict[str, int]
) -> None:
    arrived = arrive(running, "amend-record")
    nothing_is_stored["events"] = arrived.version
    body = {"amends": 1, "amendment": "time", "corrected_at": at}
    reply = running.ask(running.supervisor(LICENSING), arrived.id, "amend-record", arrived.version, body)
    assert refused(reply, 422)["errors"][0]["pointer"] == "/corrected_at"
    assert running.request("GET", arrived.paper["qr"]).status == 303


def test_a_purpose_is_one_of_the_list_to_the_letter(running: Jejak, paper: dict[str, Any]) -> None:
    for purpose in ("inspection\n", "inspect", "INSPECTION", ""):
        path = f"/v1/applications/{paper['application_id']}/open-dossier"
        reply = running.request("POST", path, {"purpose": purpose}, token=running.officer(LICENSING))
        assert refused(reply, 422)["errors"][0]["pointer"] == "/purpose"


def test_a_line_put_into_a_header_makes_no_line_of_the_answer(running: Jejak) -> None:
    for path in ("/v1/offices?limit=1&after=%0d%0aX-Evil:1", "/id/r/%0d%0aX-Evil:%201", "/?x=%0d%0aX-Evil:1"):
        reply = running.request("GET", path, headers={"Accept-Language": "en\tX-Evil: 1", "Accept": "text/html"})
        assert "X-Evil" not in reply.headers
        assert reply.status < 500


@pytest.mark.parametrize(
    "request_line",
    [b"GET / HTTP/9.9", b"GET", b"\x16\x03\x01\x02", b"GET /\xff\xfe HTTP/1.1", b"GET http://evil.example/ HTTP/1.1",
     b"GET /\x00 HTTP/1.1", b"POST /v1/applications HTTP/1.1\r\nContent-Length: -1", b"GET /id/ HTTP/1.1\r\nHost:",
     b"POST /v1/track HTTP/1.1\r\nContent-Length: 5\r\nTransfer-Encoding: chunked",
     b"POST /v1/track HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\nZZ", b"GET / HTTP/1.1\r\nX: " + b"x" * 100_000]
)  # fmt: skip
def test_what_is_no_request_is_no_fault(request_line: bytes, running: Jejak) -> None:
    answer = raw(running, request_line + b"\r\n\r\n")
    assert not answer.startswith(b"HTTP/1.1 5"), answer[:200]
    assert b"evil" not in answer
    assert running.request("GET", "/livez").status == 200


def test_a_host_that_is_not_ours_is_repeated_nowhere(running: Jejak) -> None:
    for path in ("/", "/id/", "/id", "/v1/offices?limit=1", "/v1/offices/"):
        reply = running.request("GET", path, headers={"Host": "evil.example", "X-Forwarded-Host": "evil.example"})
        assert b"evil" not in reply.body
        assert "evil" not in str(reply.headers)


def test_every_answer_carries_what_protects_its_reader(running: Jejak, paper: dict[str, Any]) -> None:
    scanned = running.request("GET", paper["qr"])
    page = scanned.headers["Location"]
    session = {"Cookie": scanned.headers["Set-Cookie"].partition(";")[0]}
    replies = [
        scanned,
        running.request("GET", page, headers=session),
        running.request("GET", page, headers=session | {"Accept-Encoding": "gzip"}),
        running.request("GET", page),
        submit(running, b"{"),
        *(running.request("GET", path) for path in ("/", "/id/", "/livez", "/metrics", "/openapi.json", "/nowhere")),
        running.request("GET", "/nowhere", headers={"Accept": "text/html"}),
        running.request("HEAD", "/en/"),
        running.request("DELETE", "/en/"),
        running.request("GET", "/problems/not-found"),
    ]
    for reply in replies:
        expected = {**SECURITY, "Referrer-Policy": "no-referrer"} if reply is scanned else SECURITY
        assert {name: reply.headers[name] for name in SECURITY} == expected
        assert "Server" not in reply.headers
    assert "unsafe" not in SECURITY["Content-Security-Policy"]


def test_the_sessions_cookie_is_the_only_one_and_no_script_reads_it(running: Jejak, paper: dict[str, Any]) -> None:
    form = f"number={paper['tracking_number']}&pin={paper['pin']}".encode()
    for reply in (running.request("GET", paper["qr"]), running.request("POST", "/en/track", form)):
        [cookie] = reply.headers.get_all("Set-Cookie", [])
        name, *told = cookie.split("; ")
        assert name.startswith("jejak_session=")
        assert {"HttpOnly", "Path=/", "SameSite=lax", "Max-Age=1800"} == set(told)
        assert (reply.headers["Referrer-Policy"], reply.headers["Cache-Control"]) == ("no-referrer", "no-store")
        assert paper["tracking_number"] not in str(reply.headers)
    gone = running.request("POST", "/en/sign-out", b"")
    assert 'jejak_session=""' in gone.headers["Set-Cookie"]
    assert "Max-Age=0" in gone.headers["Set-Cookie"]
    for path in ("/", "/id/", "/livez", "/openapi.json", "/v1/services", "/nowhere", "/problems/not-found"):
        assert "Set-Cookie" not in running.request("GET", path).headers
