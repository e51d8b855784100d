"""The survey over HTTP: asked of who may, once, by the API or by the form, and never told of a few."""

from datetime import UTC, datetime
from typing import Any
from urllib.parse import urlencode
from uuid import uuid4

import msgspec
import pytest

from api.endpoints.satisfaction import body_of_satisfaction
from api.responses import SatisfactionFiguresBody
from domain.satisfaction import Element, Grade, Weights
from projections.satisfaction_figures import Satisfaction, SatisfactionUnit
from service_layer.rights import RIGHTS, STAFF, Bearer, Relation
from tests.api.installation import HEALTH, LICENSING, MAKASSAR, OFFICES
from tests.api.lives import Arrived, arrive, walk
from tests.running import Jejak, Reply

GOOD = {element.value: 3 for element in Element}


def withdrawn(running: Jejak) -> Arrived:
    arrived = arrive(running, "withdraw")
    walk(running, arrived.id, LICENSING, (("withdraw", {}),), arrived.version)
    return arrived


def read_token(running: Jejak, arrived: Arrived) -> str:
    body = {"number": arrived.paper["tracking_number"], "pin": arrived.paper["pin"]}
    token: str = running.request("POST", "/v1/track", body).json()["read_token"]
    return token


def give(running: Jejak, application: str, token: str | None, body: Any = GOOD, **headers: str) -> Reply:
    sent = {"Idempotency-Key": str(uuid4()), **headers}
    path = f"/v1/applications/{application}/satisfaction"
    return running.request("POST", path, body, token=token, headers=sent)


def test_an_applicant_answers_once(running: Jejak) -> None:
    arrived = withdrawn(running)
    token = read_token(running, arrived)
    key = {"Idempotency-Key": "k"}
    first = give(running, arrived.id, token, **key)
    assert (first.status, first.json()) == (
        201,
        {"application_id": arrived.id, "events": ["satisfaction.answered.v1"]},
    )
    again = give(running, arrived.id, token, **key)
    assert (again.status, again.body, again.headers["Sync-Token"]) == (201, first.body, first.headers["Sync-Token"])
    other = give(running, arrived.id, token, GOOD | {"fee": 4}, **key)
    assert (other.status, other.json()["code"]) == (422, "key-reused")
    second = give(running, arrived.id, token)
    assert (second.status, second.json()["code"]) == (409, "satisfaction-already-given")


def test_paper_equals_electronic(running: Jejak) -> None:
    arrived = withdrawn(running)
    assert give(running, arrived.id, running.officer(LICENSING)).status == 201
    second = give(running, arrived.id, read_token(running, arrived))
    assert (second.status, second.json()["code"]) == (409, "satisfaction-already-given")


def test_nobody_else_may_answer(running: Jejak) -> None:
    assert RIGHTS["give-satisfaction"] == {**STAFF, Bearer.CITIZEN: Relation.OWN}
    arrived, stranger = withdrawn(running), withdrawn(running)
    expected = {
        None: 401,
        running.token("--role", "auditor"): 403,
        running.token("--role", "operator"): 403,
        running.token("--agency", OFFICES[LICENSING]): 403,
        running.officer(HEALTH): 404,
        running.supervisor(MAKASSAR): 404,
        read_token(running, stranger): 404,
    }
    for token, status in expected.items():
        assert give(running, arrived.id, token).status == status
    assert give(running, arrived.id, running.supervisor(LICENSING)).status == 201


def test_before_an_outcome_it_is_refused(running: Jejak) -> None:
    arrived = arrive(running, "receive")
    reply = give(running, arrived.id, read_token(running, arrived))
    assert (reply.status, reply.json()["code"]) == (409, "no-outcome-yet")


@pytest.mark.parametrize(
    ("body", "pointer"),
    [
        ({k: v for k, v in GOOD.items() if k != "fee"}, ""),
        (GOOD | {"fee": 5}, "/fee"),
        (GOOD | {"fee": "4"}, "/fee"),
        (GOOD | {"u8": 4}, ""),
    ],
)
def test_nine_answers_by_name_and_no_others(body: dict[str, Any], pointer: str, running: Jejak) -> None:
    reply = give(running, str(uuid4()), running.officer(LICENSING), body)
    assert (reply.status, reply.json()["errors"][0]["pointer"]) == (422, pointer)


def test_an_answer_says_neither_who_nor_of_what(running: Jejak) -> None:
    arrived = withdrawn(running)
    assert give(running, arrived.id, read_token(running, arrived)).status == 201
    timeline = running.request("GET", f"/v1/applications/{arrived.id}/timeline", token=running.officer(LICENSING))
    assert b"satisfaction" not in timeline.body


def form(running: Jejak, arrived: Arrived, fields: dict[str, Any], language: str = "en", **headers: str) -> Reply:
    path = f"/{language}/applications/{arrived.id}/satisfaction"
    sent = {"Cookie": f"jejak_session={read_token(running, arrived)}", "Sec-Fetch-Site": "same-origin", **headers}
    return running.request("POST", path, urlencode(fields).encode(), headers=sent)


def page(running: Jejak, arrived: Arrived, path: str = "/satisfaction") -> str:
    cookie = {"Cookie": f"jejak_session={read_token(running, arrived)}"}
    reply = running.request("GET", f"/en/applications/{arrived.id}{path}", headers=cookie)
    assert reply.status == 200
    return reply.body.decode()


def test_the_form_is_a_page_that_is_sent_once(running: Jejak) -> None:
    arrived = withdrawn(running)
    assert "/satisfaction" in page(running, arrived, "")
    assert page(running, arrived).count("<fieldset") == 9
    some = form(running, arrived, {"fee": 4})
    assert some.status == 422
    assert b"Please answer all nine questions." in some.body
    for _ in range(2):
        sent = form(running, arrived, GOOD)
        assert (sent.status, sent.headers["Location"]) == (303, f"/en/applications/{arrived.id}/satisfaction")
    assert "Thank you." in page(running, arrived)
    assert "Thank you." in page(running, arrived, "")
    again = form(running, arrived, GOOD | {"fee": 1})
    assert again.status == 409
    assert b"have already been answered" in again.body


def test_a_form_of_another_site_or_of_nobody_is_not_taken(running: Jejak) -> None:
    arrived = withdrawn(running)
    assert form(running, arrived, GOOD, **{"Sec-Fetch-Site": "cross-site"}).status == 403
    assert form(running, arrived, GOOD, Cookie="").headers["Location"] == "/en/"
    assert form(running, arrived, dict.fromkeys(map(str, range(20)), 1)).status == 400
    assert form(running, arrived, dict.fromkeys(GOOD, 7)).status == 422
    early = arrive(running, "receive")
    assert form(running, early, GOOD).headers["Location"] == f"/en/applications/{early.id}"
    assert "/satisfaction" not in page(running, early, "")
    assert give(running, arrived.id, running.officer(LICENSING)).status == 201


def test_the_public_sees_no_unit_of_a_few(running: Jejak) -> None:
    arrived = withdrawn(running)
    give(running, arrived.id, running.officer(LICENSING))
    reply = running.request("GET", "/v1/satisfaction")
    found = reply.json()
    assert found["weights"] == "exact"
    assert {(unit["service"], unit["office"]) for unit in found["units"]} >= {("nib", LICENSING)}
    assert {unit["answered"] for unit in found["units"]} == {"<10"}
    assert {unit["index"] for unit in found["units"]} == {None}
    seen = running.request("GET", "/v1/satisfaction", headers={"If-None-Match": reply.headers["ETag"]})
    assert seen.status == 304
    assert running.request("GET", "/id/satisfaction").status == 200


@pytest.mark.parametrize("weights", ["exact", "0.111", "0.11"])
def test_the_weights_can_be_chosen(weights: str, running: Jejak) -> None:
    assert running.request("GET", f"/v1/satisfaction?weights={weights}").json()["weights"] == weights


def test_other_weights_are_refused(running: Jejak) -> None:
    reply = running.request("GET", "/v1/satisfaction?weights=0.1")
    assert (reply.status, reply.json()["errors"][0]["pointer"]) == (400, "?weights")


def test_a_unit_that_shows_figures_is_answered_as_its_type() -> None:
    """The keys of `means` are an enumeration: a plain encoder refused them, and the answer was 500."""
    unit = SatisfactionUnit(
        service="ktp-el",
        office=LICENSING,
        answered=30,
        served=40,
        answered_percent=75.0,
        index=87.5,
        index_least=76.68,
        index_most=88.27,
        grade=Grade.B,
        sufficient=False,
        lowest=Element.TIME,
        means=dict.fromkeys(Element, 3.5),
    )
    found = Satisfaction(
        as_of=datetime(2026, 11, 1, tzinfo=UTC),
        weights=Weights.EXACT,
        period="2026-S2",
        periods=["2026-S2", "2026-S1", "2026", "2025"],
        services=[unit],
        offices=[unit],
        units=[unit],
    )
    body = msgspec.json.decode(body_of_satisfaction(found), type=SatisfactionFiguresBody)
    assert body.services == body.offices == body.units
    assert body.units[0].means == dict.fromkeys(Element, 3.5)
    assert body.units[0].grade is Grade.B


def test_a_period_that_cannot_be_read_is_refused_with_the_readable_periods(running: Jejak) -> None:
    readable = running.request("GET", "/v1/satisfaction").json()["periods"]
    reply = running.request("GET", "/v1/satisfaction?period=1999")
    [error] = reply.json()["errors"]
    assert (reply.status, error["pointer"], error["detail"]) == (400, "?period", f"One of {', '.join(readable)}.")
    assert running.request("GET", f"/v1/satisfaction?period={readable[-1]}").json()["period"] == readable[-1]
