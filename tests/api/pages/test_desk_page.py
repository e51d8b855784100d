"""The desk as a page: in by a bearer, out after half an hour, nothing else opened by the session."""

import asyncio
import time
from http.cookies import SimpleCookie
from urllib.parse import urlencode

import pytest

from tests.api.installation import LICENSING, MAKASSAR, OFFICES, ended_bearer
from tests.api.lives import arrive, walk
from tests.running import Jejak, Reply

FORM = {"Content-Type": "application/x-www-form-urlencoded"}


def sign_in(running: Jejak, token: str, **headers: str) -> Reply:
    return running.request("POST", "/en/desk", urlencode({"token": token}).encode(), headers=FORM | headers)


def session_of(reply: Reply) -> dict[str, str]:
    cookie = SimpleCookie(reply.headers["Set-Cookie"])["jejak_desk"]
    return {"Cookie": f"jejak_desk={cookie.value}"}


def until_queued(running: Jejak, session: dict[str, str], number: str) -> Reply:
    """The page that has the file, page after page, once the queue has it: a page is not told to wait, as the API is."""
    deadline, address = time.monotonic() + 60, "/en/desk?limit=100"
    while True:
        page = running.request("GET", address, headers=session)
        if number in page.body.decode() or time.monotonic() > deadline:
            return page
        following = page.body.decode().partition('class="button" href="')[2].partition('"')[0].replace("&amp;", "&")
        address = following if following.startswith("/en/desk?limit=100&after=") else "/en/desk?limit=100"
        time.sleep(0.05)


def test_a_bearer_opens_the_queue_and_signing_out_ends_it(running: Jejak) -> None:
    paper = running.submit(running.officer(LICENSING), service="nib", applicant={"name": "Siti Contoh"})
    number = paper["tracking_number"]
    let_in = sign_in(running, running.officer(LICENSING))
    assert (let_in.status, let_in.headers["Location"]) == (303, "/en/desk")
    said = let_in.headers["Set-Cookie"] or ""
    assert all(word in said for word in ("HttpOnly", "SameSite=strict", "Path=/", "Max-Age=1800"))
    page = until_queued(running, session_of(let_in), f"{number[:4]}-{number[4:8]}-{number[8:]}")
    assert (page.status, page.headers["Cache-Control"]) == (200, "no-store")
    assert f"{number[:4]}-{number[4:8]}-{number[8:]}" in page.body.decode()
    assert "Siti" not in page.body.decode()
    out = running.request("POST", "/en/desk/sign-out", headers=session_of(let_in))
    assert (out.status, out.headers["Location"]) == (303, "/en/desk?signed-out")
    assert "Max-Age=0" in (out.headers["Set-Cookie"] or "")
    assert "You have signed out" in running.request("GET", "/en/desk?signed-out").body.decode()


def test_page_after_page_by_its_link(running: Jejak) -> None:
    papers = [
        running.submit(running.officer(LICENSING), service="nib", applicant={"name": "Siti Contoh"}) for _ in range(2)
    ]
    session = session_of(sign_in(running, running.officer(LICENSING)))
    number = papers[-1]["tracking_number"]
    until_queued(running, session, f"{number[:4]}-{number[4:8]}-{number[8:]}")
    first = running.request("GET", "/en/desk?limit=1", headers=session).body.decode()
    address = first.partition('class="button" href="')[2].partition('"')[0].replace("&amp;", "&")
    assert address.startswith("/en/desk?limit=1&after=")
    second = running.request("GET", address, headers=session).body.decode()
    assert (second.count('<li class="card">'), second != first) == (1, True)


def test_the_session_is_no_bearer_and_a_bearer_no_session(running: Jejak) -> None:
    session = session_of(sign_in(running, running.officer(LICENSING)))["Cookie"].partition("=")[2]
    assert running.request("GET", "/v1/desk", token=session).status == 401
    bearer = {"Cookie": f"jejak_desk={running.officer(LICENSING)}"}
    assert 'name="token"' in running.request("GET", "/en/desk", headers=bearer).body.decode()


@pytest.mark.parametrize("token", ["", "x", "a.b.c"])
def test_what_is_no_bearer_is_refused_and_not_repeated(running: Jejak, token: str) -> None:
    reply = sign_in(running, token or "rahasia-8842")
    assert (reply.status, reply.headers["Set-Cookie"]) == (403, None)
    assert "This token is wrong or has expired" in reply.body.decode()
    assert "rahasia" not in reply.body.decode()


def test_who_has_no_desk_gets_no_session(running: Jejak) -> None:
    paper = running.submit(running.officer(LICENSING), service="nib", applicant={"name": "Siti Contoh"})
    body = {"number": paper["tracking_number"], "pin": paper["pin"]}
    citizen = running.request("POST", "/v1/track", body).json()["read_token"]
    for token in (running.token("--role", "auditor"), running.token("--role", "operator"), citizen):
        assert (sign_in(running, token).status, sign_in(running, token).headers["Set-Cookie"]) == (403, None)


def test_an_agency_chooses_among_its_offices(running: Jejak) -> None:
    session = session_of(sign_in(running, running.token("--agency", OFFICES[LICENSING])))
    page = running.request("GET", "/en/desk", headers=session).body.decode()
    assert f"/en/desk?office={LICENSING}" in page
    assert running.request("GET", f"/en/desk?office={LICENSING}", headers=session).status == 200
    assert running.request("GET", "/en/desk?office=imigrasi", headers=session).status == 404


def test_another_sites_form_is_refused(running: Jejak) -> None:
    away = {"Sec-Fetch-Site": "cross-site"}
    assert sign_in(running, running.officer(LICENSING), **away).status == 403
    assert running.request("POST", "/en/desk/sign-out", headers=away).status == 403


def test_a_session_ends_with_its_bearer_at_the_latest(running: Jejak) -> None:
    assert sign_in(running, asyncio.run(ended_bearer(running, LICENSING))).status == 403


def test_too_many_fields_are_refused(running: Jejak) -> None:
    body = urlencode([("token", "x")] * 20).encode()
    assert running.request("POST", "/en/desk", body, headers=FORM).status == 400


def look_up(running: Jejak, session: dict[str, str], number: str, **headers: str) -> Reply:
    return running.request(
        "POST", "/en/desk/find", urlencode({"number": number}).encode(), headers=FORM | session | headers
    )


def test_an_officer_finds_a_file_by_its_number_also_after_its_end(running: Jejak) -> None:
    arrived = arrive(running, "withdraw")
    walk(running, arrived.id, LICENSING, (("withdraw", {}),), arrived.version)
    session = session_of(sign_in(running, running.officer(LICENSING)))
    number = arrived.paper["tracking_number"]
    for typed in (number, number.lower(), f" {number[:4]}-{number[4:8]}-{number[8:]}"):
        found = look_up(running, session, typed)
        text = found.body.decode()
        assert (found.status, found.headers["Cache-Control"]) == (200, "no-store")
        assert "withdrawn by the applicant" in text
        assert f"{number[:4]}-{number[4:8]}-{number[8:]}" in text


def test_a_number_that_leads_to_no_file_is_told_and_not_repeated(running: Jejak) -> None:
    number = arrive(running, "receive").paper["tracking_number"]
    elsewhere = session_of(sign_in(running, running.officer(MAKASSAR)))
    here = session_of(sign_in(running, running.officer(LICENSING)))
    foreign, unknown = look_up(running, elsewhere, number), look_up(running, elsewhere, "01K2-M9XD-4TB5")
    assert (foreign.status, unknown.status, foreign.body) == (404, 404, unknown.body)
    for typed in ("", "01K2", "01K2-M9XD-4TB6", '"><script>', "0" * 5000):
        wrong = look_up(running, here, typed)
        assert wrong.status == 422, typed
        assert typed == "" or typed.encode() not in wrong.body


def test_nobody_finds_a_file_without_a_session_of_an_office(running: Jejak) -> None:
    number = arrive(running, "receive").paper["tracking_number"]
    away = look_up(running, {}, number)
    assert (away.status, away.headers["Location"]) == (303, "/en/desk")
    agency = session_of(sign_in(running, running.token("--agency", OFFICES[LICENSING])))
    assert look_up(running, agency, number).status == 403
    assert b"desk/find" not in running.request("GET", f"/en/desk?office={LICENSING}", headers=agency).body
    officer = session_of(sign_in(running, running.officer(LICENSING)))
    assert b"desk/find" in running.request("GET", "/en/desk", headers=officer).body
    assert look_up(running, officer, number, Origin="https://evil.example").status == 403
