"""Statistics over HTTP: what the public sees, what the auditor sees, and who is neither."""

import csv
import io
import re
from collections.abc import Iterator
from typing import Any
from uuid import uuid4

import pytest
from lxml import html

from projections.figures import COUNTS
from tests.api.installation import IMMIGRATION, LICENSING, catalogued
from tests.api.lives import arrive
from tests.running import Jejak

SUBMITTED = {LICENSING: 12, IMMIGRATION: 3}
SERVICES = {LICENSING: "nib", IMMIGRATION: "paspor"}


@pytest.fixture(scope="module")
def counted() -> Iterator[Jejak]:
    """An installation in which some have applied, and the public's figures were cut then; tests let more apply."""
    with catalogued() as running:
        for office, number in SUBMITTED.items():
            for place in range(number):
                in_mall = {"mall": "mpp-3374-01"} if place else {}
                last = running.submit(
                    running.officer(office), service=SERVICES[office], applicant={"name": "Siti Contoh"}, **in_mall
                )
        end = running.ask(running.officer(IMMIGRATION), last["application_id"], "receive", 1).headers["Sync-Token"]
        exact(running, end)
        assert running.request("GET", "/v1/statistics").status == 200
        yield running


def exact(running: Jejak, sync: str = "") -> Any:
    headers = {"Sync-Token": sync} if sync else {}
    reply = running.request("GET", "/v1/statistics/exact", token=running.token("--role", "auditor"), headers=headers)
    assert reply.status == 200
    return reply.json()


def one_more(running: Jejak) -> str:
    """Submits one more application and returns the `Sync-Token` of the submission. Without this token, the exact
    figures may be older than the submission.
    """
    body = {"service": SERVICES[LICENSING], "applicant": {"name": "Siti Contoh"}}
    headers = {"Idempotency-Key": str(uuid4())}
    reply = running.request("POST", "/v1/applications", body, token=running.officer(LICENSING), headers=headers)
    assert reply.status == 201
    return reply.headers["Sync-Token"]


def line(body: Any, table: str, key: str) -> Any:
    return next(line for line in body["tables"][table] if line["key"] == key)


def test_the_auditor_sees_the_truth(counted: Jejak) -> None:
    """All are submitted at the counter, this month, and none is answered."""
    body = exact(counted)
    everyone = body["total"]["submitted"]
    assert line(body, "office", IMMIGRATION)["submitted"] == SUBMITTED[IMMIGRATION]
    assert line(body, "office", LICENSING)["submitted"] == everyone - SUBMITTED[IMMIGRATION]
    assert line(body, "channel", "counter")["open"] == everyone
    assert [(mall["key"], mall["submitted"]) for mall in body["tables"]["mall"]] == [("mpp-3374-01", 13)]
    assert [month["submitted"] for month in body["tables"]["month"]] == [everyone]


def test_a_mall_without_a_counter_of_the_office_is_refused(counted: Jejak) -> None:
    for place, code in (
        ({"mall": "mpp-3374-01", "counter": "immigration"}, "counter-not-in-mall"),
        ({"mall": "mpp-3374-09"}, "mall-unknown"),
    ):
        body = {"service": SERVICES[LICENSING], "applicant": {"name": "Siti Contoh"}, **place}
        headers = {"Idempotency-Key": str(uuid4())}
        token = counted.officer(LICENSING)
        reply = counted.request("POST", "/v1/applications", body, token=token, headers=headers)
        assert (reply.status, reply.json()["code"]) == (409, code)


@pytest.mark.parametrize("role", ["officer", "supervisor", "operator"])
def test_without_the_role_the_exact_figures_are_forbidden(role: str, counted: Jejak) -> None:
    office = [] if role == "operator" else ["--office", LICENSING]
    reply = counted.request("GET", "/v1/statistics/exact", token=counted.token("--role", role, *office))
    assert (reply.status, reply.json()["code"]) == (403, "forbidden")


def test_without_a_bearer_the_exact_figures_ask_for_one(counted: Jejak) -> None:
    assert counted.request("GET", "/v1/statistics/exact").status == 401


def test_an_agency_and_a_citizen_are_forbidden_the_exact_figures(counted: Jejak) -> None:
    paper = arrive(counted, "receive").paper
    tracked = counted.request("POST", "/v1/track", {"number": paper["tracking_number"], "pin": paper["pin"]})
    for token in (tracked.json()["read_token"], counted.token("--agency", "pemda-3374")):
        assert counted.request("GET", "/v1/statistics/exact", token=token).status == 403


def test_ages_can_be_measured_at_another_time_than_now(counted: Jejak) -> None:
    auditor = counted.token("--role", "auditor")
    for asked, told in (("2036-01-01T07:00:00%2B07:00", 200), ("2036-01-01T00:00:00", 400), ("x", 400)):
        reply = counted.request("GET", f"/v1/statistics/exact?as_of={asked}", token=auditor)
        assert reply.status == told
        if told == 200:
            assert reply.json()["as_of"] == "2036-01-01T00:00:00.000000Z"
            assert reply.json()["total"]["open_age_days_median"] > 365


def test_the_public_sees_tens_and_fewer_than_ten(counted: Jejak) -> None:
    body = counted.request("GET", "/v1/statistics").json()
    assert line(body, "office", LICENSING)["submitted"] == 10
    assert line(body, "office", IMMIGRATION)["submitted"] == "<10"
    assert line(body, "service", "ktp-el")["submitted"] == "<10", "of a service that nobody asked for, too"
    assert body["total"]["late"] == "<10"


def test_json_and_csv_say_the_same(counted: Jejak) -> None:
    body = counted.request("GET", "/v1/statistics").json()
    reply = counted.request("GET", "/v1/statistics.csv")
    assert reply.headers["Content-Type"].startswith("text/csv")
    rows = list(csv.DictReader(io.StringIO(reply.body.decode())))
    told = {("total", ""): body["total"]} | {
        (table, line["key"]): line for table, lines in body["tables"].items() for line in lines
    }
    assert {(row["table"], row["key"]) for row in rows} == told.keys()
    for row in rows:
        figures = told[row["table"], row["key"]]
        assert row["as_of"] == body["as_of"]
        for name, value in figures.items():
            assert row[name] == ("" if value is None else str(value))


@pytest.mark.parametrize("language", ["id", "en"])
def test_the_page_shows_no_count_that_the_csv_does_not(language: str, counted: Jejak) -> None:
    rows = list(csv.DictReader(io.StringIO(counted.request("GET", "/v1/statistics.csv").body.decode())))
    given = {row[count] for row in rows for count in COUNTS}
    page = html.fromstring(counted.request("GET", f"/{language}/statistics").body.decode())
    cells = ["".join(map(str, cell.itertext())).strip() for cell in page.iterfind(".//td")]
    shown = {re.sub("[.,]", "", cell) for cell in cells if re.fullmatch(r"<?[0-9.,]+", cell)}
    assert "10" in shown
    assert shown <= given
    assert not shown & {str(n) for n in range(1, 10)}


def test_a_cut_stays_as_it_is_while_more_apply(counted: Jejak) -> None:
    """The public figures are updated late on purpose, so they do not reveal a single submission."""
    before = counted.request("GET", "/v1/statistics")
    seen = exact(counted, one_more(counted))["total"]["submitted"]
    for _ in range(7):
        token = one_more(counted)
    after = counted.request("GET", "/v1/statistics", headers={"If-None-Match": before.headers["ETag"]})
    assert after.status == 304
    assert exact(counted, token)["total"]["submitted"] == seen + 7


def test_open_data_may_be_read_by_any_page(counted: Jejak) -> None:
    for path in ("/v1/statistics", "/v1/statistics.csv"):
        headers = counted.request("GET", path).headers
        assert headers["Access-Control-Allow-Origin"] == "*"
        assert headers["Cache-Control"] == "public, max-age=60"
    assert "Access-Control-Allow-Origin" not in counted.request("GET", "/v1/statistics/exact").headers


def test_who_sends_the_token_back_counts_its_own_write(counted: Jejak) -> None:
    token = one_more(counted)
    for _ in range(5):
        before = exact(counted, token)["total"]["submitted"]
        token = one_more(counted)
        assert exact(counted, token)["total"]["submitted"] == before + 1
