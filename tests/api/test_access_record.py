"""Every reading of an application, a timeline or a desk leaves who and when, for an auditor: no person's data."""

import csv
import json
import secrets
import time
from collections.abc import Callable
from io import StringIO
from typing import Any

import pytest

from service_layer.rights import RIGHTS, Bearer
from tests.api.installation import LICENSING, MAKASSAR, OFFICES
from tests.api.lives import arrive
from tests.running import Jejak, Reply

PATIENCE_SECONDS = 10
ACTOR = "01a22b41-6d7f-71a4-b687-107ba67ba42c"


def page(running: Jejak, query: str = "") -> Reply:
    return running.request("GET", f"/v1/accesses{query}", token=running.token("--role", "auditor"))


def end_of(running: Jejak) -> int:
    """The id of the newest entry."""
    after = 0
    while items := page(running, f"?after={after}&limit=1000").json()["items"]:
        after = items[-1]["id"]
        if len(items) < 1000:
            break
    return after


def entries(running: Jejak, after: int, wanted: Callable[[dict[str, Any]], bool]) -> list[dict[str, Any]]:
    """The entries after that id which are wanted, as soon as there is one."""
    deadline = time.monotonic() + PATIENCE_SECONDS
    while True:
        found = [each for each in page(running, f"?after={after}&limit=1000").json()["items"] if wanted(each)]
        if found or time.monotonic() > deadline:
            return found
        time.sleep(0.2)


READINGS = {
    "get-application": "/v1/applications/{id}",
    "get-timeline": "/v1/applications/{id}/timeline",
    "get-accesses": "/v1/applications/{id}/accesses",
    "get-desk": "/v1/desk?office={office}",
}
READERS = [
    (operation, bearer)
    for operation in READINGS
    for bearer in (Bearer.OFFICER, Bearer.SUPERVISOR, Bearer.AGENCY, Bearer.AUDITOR)
    if bearer in RIGHTS[operation]
]


@pytest.mark.parametrize(("operation", "bearer"), READERS)
def test_a_reading_leaves_who_and_when(operation: str, bearer: Bearer, running: Jejak) -> None:
    arrived, end = arrive(running, "receive"), end_of(running)
    options = {
        Bearer.AGENCY: ("--agency", OFFICES[LICENSING], "--actor", ACTOR),
        Bearer.AUDITOR: ("--role", "auditor", "--actor", ACTOR),
    }.get(bearer, ("--role", bearer.value, "--office", LICENSING, "--actor", ACTOR))
    token = running.token(*options)
    path = READINGS[operation].format(id=arrived.id, office=LICENSING)
    assert running.request("GET", path, token=token).status == 200
    [found] = entries(running, end, lambda each: each["operation"] == operation)
    staff, desk = bearer in (Bearer.OFFICER, Bearer.SUPERVISOR), operation == "get-desk"
    assert {name: found[name] for name in found if name not in ("id", "at")} == {
        "operation": operation,
        "role": bearer.value,
        "office": LICENSING if staff else "",
        "agency": OFFICES[LICENSING] if bearer is Bearer.AGENCY else "",
        "actor": ACTOR,
        "application_id": None if desk else arrived.id,
        "desk": LICENSING if desk else None,
        "person": None,
        "purpose": "",
        "times": 1,
    }


def test_a_reading_of_what_one_may_not_read_leaves_nothing_and_a_citizens_own_neither(running: Jejak) -> None:
    arrived, end = arrive(running, "receive"), end_of(running)
    tracked = running.request(
        "POST", "/v1/track", {"number": arrived.paper["tracking_number"], "pin": arrived.paper["pin"]}
    ).json()["read_token"]
    path = f"/v1/applications/{arrived.id}"
    assert running.request("GET", path, token=running.officer(MAKASSAR)).status == 404
    assert running.request("GET", path, token=tracked).status == 200
    assert running.request("GET", path, token=running.officer(LICENSING)).status == 200
    found = entries(running, end, lambda each: each["application_id"] == arrived.id)
    assert [each["office"] for each in found] == [LICENSING]


def test_the_desk_page_leaves_the_same_as_the_desk(running: Jejak) -> None:
    end = end_of(running)
    form = f"token={running.officer(LICENSING)}".encode()
    let_in = running.request("POST", "/id/desk", form, headers={"Sec-Fetch-Site": "same-origin"})
    cookie = {"Cookie": let_in.headers["Set-Cookie"].partition(";")[0]}
    assert running.request("GET", "/id/desk", headers=cookie).status == 200
    assert [each["desk"] for each in entries(running, end, lambda each: each["operation"] == "get-desk")] == [LICENSING]


def test_a_search_is_recorded_also_without_a_hit_and_by_a_reference_of_the_person(running: Jejak) -> None:
    nik, end = f"337401410190{secrets.randbelow(9999) + 1:04}", end_of(running)
    paper = running.submit(running.officer(LICENSING), service="nib", applicant={"name": "Siti Contoh", "nik": nik})
    for token, searched in (
        (running.officer(MAKASSAR), nik),
        (running.officer(LICENSING), nik),
        (running.officer(MAKASSAR), "3374010112300002"),
    ):
        assert running.request("POST", "/v1/persons/find", {"nik": searched}, token=token).status == 200
    found = entries(running, end, lambda each: each["operation"] == "find-by-person")
    assert [(each["office"], each["application_id"]) for each in found] == [
        (MAKASSAR, None),
        (LICENSING, None),
        (LICENSING, paper["application_id"]),
        (MAKASSAR, None),
    ]
    first, second, _, unknown = (each["person"] for each in found)
    assert first == second is not None
    assert unknown is None
    assert nik not in page(running, f"?after={end}").body.decode()
    assert "Siti" not in page(running, f"?after={end}").body.decode()


def test_too_many_searches_of_one_actor_are_refused_until_an_hour_is_over(running: Jejak) -> None:
    token = running.token("--role", "officer", "--office", MAKASSAR, "--hours", "1")
    replies = [running.request("POST", "/v1/persons/find", {"nik": "3374010112300003"}, token=token) for _ in range(61)]
    assert [reply.status for reply in replies] == [200] * 60 + [429]
    assert replies[-1].json()["code"] == "searches-limited"
    assert 3000 < int(replies[-1].headers["Retry-After"]) <= 3600


def test_the_record_is_read_page_by_page_and_each_entry_once(running: Jejak) -> None:
    for _ in range(3):
        arrive(running, "receive")
        page(running, "?limit=1")
    end, seen, path = end_of(running), [], "?limit=2"
    while path:
        reply = page(running, path)
        seen += [each["id"] for each in reply.json()["items"]]
        following = reply.json()["next"]
        assert (following is None) == ("Link" not in reply.headers)
        path = f"?after={following}&limit=2" if following and following < end else ""
    assert seen == sorted(set(seen))


@pytest.mark.parametrize("query", ["?after=-1", "?after=x", "?limit=0", "?limit=1001", "?limit=", "?after=1.5"])
def test_a_page_that_is_none_is_malformed(query: str, running: Jejak) -> None:
    reply = page(running, query)
    assert (reply.status, reply.json()["code"]) == (400, "malformed-request")


def test_the_auditor_alone_reads_it(running: Jejak) -> None:
    assert running.request("GET", "/v1/accesses").status == 401
    for token in (
        running.officer(LICENSING),
        running.supervisor(LICENSING),
        running.token("--role", "operator"),
        running.token("--agency", OFFICES[LICENSING]),
    ):
        assert running.request("GET", "/v1/accesses", token=token).status == 403


def test_the_program_prints_the_same_as_lines_of_json_and_as_csv(running: Jejak) -> None:
    running.request("POST", "/v1/persons/find", {"nik": "3374010112300004"}, token=running.officer(LICENSING))
    last = end_of(running)
    lines = running.command("accesses", "--after", str(last - 1)).stdout.splitlines()
    [whole] = [json.loads(line) for line in lines if json.loads(line)["id"] == last]
    [same] = [each for each in page(running, f"?after={last - 1}").json()["items"] if each["id"] == last]
    assert whole == same
    rows = list(csv.DictReader(StringIO(running.command("accesses", "--csv", "--after", str(last - 1)).stdout)))
    assert rows[0] == {name: "" if value is None else str(value) for name, value in whole.items()}
    assert running.command("accesses", "--after", "-1", check=False).returncode == 2
