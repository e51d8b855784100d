"""What a citizen does with the receipt: types its number and PIN, or scans its QR, and reads the page."""

from dataclasses import dataclass
from typing import Any

from lxml import html

from tests.running import Jejak, Reply


@dataclass(frozen=True, slots=True)
class Told:
    """One thing that the page says to have happened: when, as a machine and as a person reads it; what; where."""

    machine: str
    when: str
    what: str
    where: str


def session(reply: Reply) -> dict[str, str]:
    """The cookie of who was let in."""
    assert reply.status == 303, reply.body
    return {"Cookie": reply.headers["Set-Cookie"].partition(";")[0]}


def typed(running: Jejak, number: str, pin: str, *, language: str = "id", port: int | None = None) -> Reply:
    form = f"number={number}&pin={pin}".encode()
    headers = {"Content-Type": "application/x-www-form-urlencoded", "Sec-Fetch-Site": "same-origin"}
    return running.request("POST", f"/{language}/track", form, headers=headers, port=port)


def tracked(running: Jejak, paper: dict[str, Any], *, port: int | None = None) -> Reply:
    body = {"number": paper["tracking_number"], "pin": paper["pin"]}
    return running.request("POST", "/v1/track", body, port=port)


def page_of(running: Jejak, let_in: Reply, application: str, language: str = "id") -> str:
    assert let_in.headers["Location"].endswith(f"/applications/{application}")
    reply = running.request("GET", f"/{language}/applications/{application}", headers=session(let_in))
    assert reply.status == 200, reply.body
    return reply.body.decode()


def history_on(page: str) -> list[Told]:
    told = []
    for item in html.fromstring(page).iterfind('.//ol[@class="history"]/li'):
        line, time = item.find("p"), item.find("p/time")
        assert line is not None
        assert time is not None
        where = "".join(str(text) for text in line.itertext()).removeprefix(time.text or "")
        told.append(Told(time.get("datetime", ""), time.text or "", item.findtext("h3") or "", where))
    return told
