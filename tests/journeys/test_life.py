"""A full life over HTTP, from the counter to the citizen's hands, as the citizen and the office see it."""

from dataclasses import dataclass
from datetime import datetime
from itertools import pairwise
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from tests.api.installation import HEALTH, LICENSING, MAKASSAR, SEMARANG
from tests.journeys.receipts import history_on, page_of, tracked, typed
from tests.running import Jejak

DOCUMENT_NUMBER = "7371-KK-880431"
DEFECT = {"requirement": "form-f-1-02", "defect": "not_signed"}


@dataclass(frozen=True, slots=True)
class Place:
    """Where the file is, whom that office asks, and how the clocks of both are called."""

    office: str
    asked: str
    zone: str
    called: str
    asked_zone: str
    asked_called: str


IN_SEMARANG = Place(SEMARANG, HEALTH, "Asia/Jakarta", "WIB", "Asia/Jakarta", "WIB")
IN_MAKASSAR = Place(MAKASSAR, LICENSING, "Asia/Makassar", "WITA", "Asia/Jakarta", "WIB")


def steps(place: Place) -> list[tuple[str, dict[str, Any], list[str]]]:
    """What is asked, its body, and what then has happened."""
    return [
        ("receive", {}, ["received"]),
        ("check-documents", {"complete": False, "missing": ["form-f-1-02"]}, ["documents-checked"]),
        (
            "return-for-correction",
            {"documents": [DEFECT], "note": "Mohon ditandatangani."},
            ["returned-for-correction"],
        ),
        ("supply-correction", {}, ["correction-supplied"]),
        ("check-documents", {"complete": True, "declare_complete": True}, ["documents-checked", "declared-complete"]),
        *through("data-entry", "validation"),
        ("refer", {"to": place.asked, "note": "Mohon saran."}, ["referred"]),
        ("answer-referral", {"referral": 1, "advice": "favourable"}, ["referral-answered"]),
        ("approve", {}, ["approved"]),
        ("issue", {"document_number": DOCUMENT_NUMBER}, ["issued"]),
        *through("signing", "printing", "registering"),
        ("make-ready", {}, ["ready"]),
        ("hand-over", {"receiver": "proxy"}, ["handed-over"]),
    ]


def through(*stages: str) -> list[tuple[str, dict[str, Any], list[str]]]:
    return [
        (command, {"stage": stage}, [event])
        for stage in stages
        for command, event in (("enter-stage", "stage-entered"), ("complete-stage", "stage-completed"))
    ]


def live(running: Jejak, place: Place) -> tuple[dict[str, Any], list[str]]:
    """Returns the receipt and what happened."""
    paper = running.submit(running.officer(place.office), service="kartu-keluarga", applicant={"name": "Siti Contoh"})
    version, happened = 1, ["submitted"]
    for command, body, events in steps(place):
        office = place.asked if command == "answer-referral" else place.office
        reply = running.ask(running.officer(office), paper["application_id"], command, version, body)
        assert reply.status == 200, (command, reply.body)
        assert reply.json()["events"] == [f"application.{event}.v1" for event in events]
        version, happened = version + len(events), happened + events
        assert reply.json()["version"] == version
    return paper, happened


@pytest.fixture(scope="module", params=[IN_SEMARANG, IN_MAKASSAR], ids=["Semarang", "Makassar"])
def lived(request: pytest.FixtureRequest, running: Jejak) -> tuple[Place, dict[str, Any], list[str]]:
    return (request.param, *live(running, request.param))


Lived = tuple[Place, dict[str, Any], list[str]]


def timeline(running: Jejak, paper: dict[str, Any]) -> list[dict[str, Any]]:
    """As the citizen reads it, with the token that number and PIN give."""
    token = tracked(running, paper).json()["read_token"]
    reply = running.request("GET", f"/v1/applications/{paper['application_id']}/timeline", token=token)
    items: list[dict[str, Any]] = reply.json()["items"]
    return items


def test_the_timeline_shows_each_step_its_time_and_its_office(running: Jejak, lived: Lived) -> None:
    place, paper, happened = lived
    items = timeline(running, paper)
    assert [item["event"] for item in items] == happened
    assert [item["version"] for item in items] == list(range(1, len(happened) + 1))
    assert all(before["at"] <= after["at"] for before, after in pairwise(items))
    answered = happened.index("referral-answered")
    assert [item["office"] for item in items] == [
        place.asked if position == answered else place.office for position in range(len(items))
    ]


@pytest.mark.parametrize("way", ["number and PIN", "QR"])
def test_the_page_shows_each_step_its_time_on_the_offices_clock_and_its_office(
    way: str, running: Jejak, lived: Lived
) -> None:
    place, paper, happened = lived
    number = paper["tracking_number"].lower()
    let_in = running.request("GET", paper["qr"]) if way == "QR" else typed(running, number, paper["pin"])
    told = history_on(page_of(running, let_in, paper["application_id"]))
    names = {code: running.request("GET", f"/v1/offices/{code}").json()["names"]["id"] for code in set(places(place))}
    assert len(told) == len(happened)
    for said, item in zip(told, timeline(running, paper), strict=True):
        zone, called = places(place)[item["office"]]
        local = datetime.fromisoformat(item["at"]).astimezone(ZoneInfo(zone))
        assert said.machine == local.isoformat(timespec="minutes")
        assert said.when.endswith(f", {local:%H.%M} {called}")
        assert names[item["office"]] in said.where


def places(place: Place) -> dict[str, tuple[str, str]]:
    return {place.office: (place.zone, place.called), place.asked: (place.asked_zone, place.asked_called)}


def test_the_page_says_what_happened_in_the_readers_language(running: Jejak, lived: Lived) -> None:
    _, paper, _ = lived
    said = {
        "id": ("Permohonan diajukan", "Diserahkan kepada"),
        "en": ("Application submitted", "Handed over to the applicant's proxy"),
    }
    for language, (first, last) in said.items():
        let_in = typed(running, paper["tracking_number"], paper["pin"], language=language)
        told = history_on(page_of(running, let_in, paper["application_id"], language))
        assert told[0].what.startswith(first)
        assert told[-1].what.startswith(last)


def test_the_application_is_as_its_life_left_it_and_its_promise_is_a_date(running: Jejak, lived: Lived) -> None:
    place, paper, happened = lived
    token = tracked(running, paper).json()["read_token"]
    given = running.request("GET", f"/v1/applications/{paper['application_id']}", token=token).json()
    assert (given["status"], given["version"], given["office"]) == ("handed_over", len(happened), place.office)
    assert set(given["offices"]) == {place.office, place.asked}
    assert all(stage["completed_at"] for stage in given["stages"])
    promised = {
        "Asia/Jakarta": ("calendar_days", 1),
        "Asia/Makassar": ("working_days", 3),
    }  # Makassar has its own standard
    assert (given["promise"]["unit"], given["promise"]["n"]) == promised[place.zone]
    complete = datetime.fromisoformat(given["complete_at"])
    due = datetime.fromisoformat(given["promise"]["due_at"]).astimezone(ZoneInfo(place.zone))
    assert (due.date() - complete.astimezone(ZoneInfo(place.zone)).date()).days >= 1


def test_the_document_number_is_sealed_and_opens_for_the_office(running: Jejak, lived: Lived) -> None:
    place, paper, _ = lived
    seen = typed(running, paper["tracking_number"], paper["pin"])
    assert DOCUMENT_NUMBER not in page_of(running, seen, paper["application_id"])
    assert DOCUMENT_NUMBER not in str(timeline(running, paper))
    path = f"/v1/applications/{paper['application_id']}/open-dossier"
    opened = running.request("POST", path, {"purpose": "answer-citizen"}, token=running.officer(place.office)).json()
    assert {"document_number": DOCUMENT_NUMBER} in [part["content"] for part in opened["items"]]


def test_an_end_is_for_ever(running: Jejak, lived: Lived) -> None:
    place, paper, happened = lived
    for command in ("receive", "withdraw", "hand-over", "make-ready"):
        reply = running.ask(running.officer(place.office), paper["application_id"], command, len(happened))
        assert (reply.status, reply.json()["code"]) == (409, "application-ended")
