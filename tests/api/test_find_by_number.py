"""A citizen states the number at the office: the office looks it up, and no other office learns anything."""

from typing import Any

import pytest

from service_layer.rights import RIGHTS, Bearer
from tests.api.installation import HEALTH, LICENSING, MAKASSAR, OFFICES
from tests.api.lives import WAYS, arrive, walk
from tests.api.test_access_record import end_of, entries
from tests.running import Jejak, Reply


def find(running: Jejak, number: str, token: str | None) -> Reply:
    return running.request("POST", "/v1/applications/find", {"number": number}, token=token)


def without_trace(reply: Reply) -> dict[str, Any]:
    return {name: value for name, value in reply.json().items() if name not in ("instance", "trace_id")}


@pytest.fixture(scope="module")
def paper(running: Jejak) -> dict[str, Any]:
    return arrive(running, "receive").paper


def test_the_office_finds_its_application(running: Jejak, paper: dict[str, Any]) -> None:
    number = paper["tracking_number"]
    shown = {
        "application_id": paper["application_id"],
        "service": "nib",
        "status": "submitted",
        "office": LICENSING,
    }
    typed = (number, number.lower(), f"{number[:4]}-{number[4:8]} {number[8:]}")
    for token in (running.officer(LICENSING), running.supervisor(LICENSING), running.token("--role", "auditor")):
        for each in typed:
            reply = find(running, each, token)
            assert (reply.status, reply.json(), reply.headers["Cache-Control"]) == (200, shown, "no-store")
            assert number.encode() not in reply.body


def test_an_ended_application_is_found_too(running: Jejak) -> None:
    arrived = arrive(running, "withdraw")
    walk(running, arrived.id, arrived.acting, (("withdraw", WAYS["withdraw"].body),), arrived.version)
    reply = find(running, arrived.paper["tracking_number"], running.officer(LICENSING))
    assert (reply.json()["application_id"], reply.json()["status"]) == (arrived.id, "withdrawn")


def test_another_office_gets_the_answer_of_a_number_that_does_not_exist(running: Jejak, paper: dict[str, Any]) -> None:
    foreign = find(running, paper["tracking_number"], running.officer(MAKASSAR))
    unknown = find(running, "01K2-M9XD-4TB5", running.officer(MAKASSAR))
    assert (foreign.status, unknown.status) == (404, 404)
    assert without_trace(foreign) == without_trace(unknown)


def test_a_referred_application_is_found_by_both_offices(running: Jejak) -> None:
    arrived = arrive(running, "receive")
    walk(running, arrived.id, LICENSING, (("receive", {}), ("refer", {"to": HEALTH})))
    for office in (LICENSING, HEALTH):
        assert find(running, arrived.paper["tracking_number"], running.officer(office)).status == 200


def test_a_mistyped_number_is_told(running: Jejak) -> None:
    for number in ("01K2-M9XD-4TB6", "01K2", "!"):
        reply = find(running, number, running.officer(LICENSING))
        assert (reply.status, reply.json()["code"]) == (422, "number-mistyped"), reply.body


def test_nobody_else_may_look_up_a_number(running: Jejak, paper: dict[str, Any]) -> None:
    tracked = running.request("POST", "/v1/track", {"number": paper["tracking_number"], "pin": paper["pin"]})
    bearers = {
        Bearer.CITIZEN: tracked.json()["read_token"],
        Bearer.OPERATOR: running.token("--role", "operator"),
        Bearer.AGENCY: running.token("--agency", OFFICES[LICENSING]),
    }
    assert {Bearer.PUBLIC, *bearers, *RIGHTS["find-by-number"]} == set(Bearer)
    assert find(running, paper["tracking_number"], None).status == 401
    for bearer, token in bearers.items():
        assert find(running, paper["tracking_number"], token).status == 403, bearer


def test_what_was_found_is_in_the_access_record(running: Jejak) -> None:
    paper, end = arrive(running, "receive").paper, end_of(running)
    find(running, paper["tracking_number"], running.officer(MAKASSAR))
    find(running, paper["tracking_number"], running.officer(LICENSING))
    [entry] = entries(running, end, lambda each: each["application_id"] == paper["application_id"])
    assert (entry["operation"], entry["office"]) == ("find-by-number", LICENSING)
