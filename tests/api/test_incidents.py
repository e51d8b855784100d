"""What happens on the way, over HTTP: links, disputes, payments, and acts that say when they happened."""

from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import uuid4

import pytest

from tests.api.installation import HEALTH, LICENSING, SEMARANG
from tests.api.lives import PAYMENT, PROCESSING, RECEIVED, arrive, do, done, walk
from tests.api.test_rights import read_token
from tests.running import Jejak, Reply

WAIT = {"Prefer": "wait=5"}


def link(running: Jejak, body: Any, *, office: str = LICENSING, key: str = "") -> Reply:
    headers = {"Idempotency-Key": key or str(uuid4()), **WAIT}
    return running.request("POST", "/v1/links", body, token=running.supervisor(office), headers=headers)


def two(running: Jejak) -> list[dict[str, Any]]:
    arrived = [arrive(running, "receive") for _ in range(2)]
    return [{"application_id": one.id, "version": one.version} for one in arrived]


def application(running: Jejak, which: str, office: str = LICENSING) -> dict[str, Any]:
    read: dict[str, Any] = running.request("GET", f"/v1/applications/{which}", token=running.supervisor(office)).json()
    return read


def test_linked_applications_bear_one_link_and_ask_once(running: Jejak) -> None:
    named, key = two(running), str(uuid4())
    reply = link(running, {"life_event": "business", "applications": named}, key=key)
    assert reply.status == 200, reply.body
    assert [one["application_id"] for one in reply.json()["applications"]] == [one["application_id"] for one in named]
    assert link(running, {"life_event": "business", "applications": named}, key=key).body == reply.body
    first, second = (one["application_id"] for one in named)
    links = [application(running, which)["links"] for which in (first, second)]
    assert [[each["link"] for each in some] for some in links] == [[reply.json()["link"]]] * 2
    walk(running, second, LICENSING, RECEIVED, 2)
    headers = {"Idempotency-Key": str(uuid4()), "If-Match": '"3"'}
    body = {"complete": False, "missing": ["identity-card"]}
    path = f"/v1/applications/{second}/check-documents"
    refused = running.request("POST", path, body, token=running.supervisor(LICENSING), headers=headers)
    assert (refused.status, refused.json()["code"]) == (409, "asked-in-linked-application")


def test_a_link_is_all_or_nothing(running: Jejak) -> None:
    named = two(running)
    stale = [named[0], {**named[1], "version": 2}]
    assert link(running, {"life_event": "birth", "applications": stale}).status == 412
    unknown = [named[0], {"application_id": str(uuid4()), "version": 1}]
    assert link(running, {"life_event": "birth", "applications": unknown}).status == 404
    twice = [named[0], named[0]]
    assert link(running, {"life_event": "birth", "applications": twice}).status == 422
    assert link(running, {"life_event": "birth", "applications": named}, office=HEALTH).status == 404
    assert all(application(running, one["application_id"])["links"] == [] for one in named)
    assert link(running, {"life_event": "birth", "applications": named}).status == 200
    again = [{**one, "version": 2} for one in named]
    assert link(running, {"life_event": "birth", "applications": again}).json()["code"] == "already-linked"


def test_the_citizen_says_that_what_is_called_done_is_not(running: Jejak) -> None:
    arrived = arrive(running, "dispute")
    reply = do(running, arrived, "dispute", read_token(running, arrived.paper))
    assert reply.status == 200, reply.body
    timeline = running.request(
        "GET", f"/v1/applications/{arrived.id}/timeline", token=running.supervisor(LICENSING)
    ).json()["items"]
    assert (timeline[-1]["event"], timeline[-1]["by"], timeline[-1]["channel"]) == (
        "disputed",
        "applicant",
        "electronic",
    )
    version = walk(running, arrived.id, LICENSING, (("reopen", {}), ("issue", {})), arrived.version + 1)
    ready = running.ask(running.supervisor(LICENSING), arrived.id, "make-ready", version, {}, **WAIT)
    assert (ready.json()["status"], ready.json()["version"]) == ("ready", arrived.version + 4)
    assert application(running, arrived.id)["status"] == "ready"


def test_a_payment_is_shown_without_its_number(running: Jejak) -> None:
    arrived = arrive(running, "receive-payment")
    done(running, arrived, "receive-payment")
    [payment] = application(running, arrived.id)["payments"]
    assert payment["amount_idr"] == PAYMENT["amount_idr"]
    assert "SKRD" not in str(application(running, arrived.id))


def test_an_act_says_when_it_happened_and_by_which_channel(running: Jejak) -> None:
    arrived = arrive(running, "check-documents")
    at = datetime.now(UTC).isoformat()
    body = {**arrived.body, "at": at, "channel": "mobile"}
    headers = {"Idempotency-Key": str(uuid4()), "If-Match": f'"{arrived.version}"', **WAIT}
    path = f"/v1/applications/{arrived.id}/check-documents"
    token = running.supervisor(LICENSING)
    assert running.request("POST", path, body, token=token, headers=headers).status == 200
    entries = running.request("GET", f"/v1/applications/{arrived.id}/timeline", token=token).json()["items"]
    [entry] = [entry for entry in entries if entry["event"] == "documents-checked"]
    assert (entry["at_quality"], entry["channel"]) == ("device", "mobile")
    assert datetime.fromisoformat(entry["at"]) == datetime.fromisoformat(at)


def test_an_act_from_before_the_submission_is_refused_with_both_times(running: Jejak) -> None:
    arrived = arrive(running, "receive")
    at = (datetime.now(UTC) - timedelta(hours=2)).isoformat(timespec="seconds")
    headers = {"Idempotency-Key": str(uuid4()), "If-Match": f'"{arrived.version}"'}
    path = f"/v1/applications/{arrived.id}/receive"
    reply = running.request("POST", path, {"at": at}, token=running.supervisor(LICENSING), headers=headers)
    submitted = application(running, arrived.id, LICENSING)["submitted_at"]
    assert (reply.status, reply.json()["code"]) == (409, "time-too-early")
    assert at.partition("+")[0] in reply.json()["detail"]
    assert submitted in reply.json()["detail"]


def test_the_json_of_a_decision_says_when_it_was_made_and_when_it_was_recorded(running: Jejak) -> None:
    arrived = arrive(running, "reject")
    at = datetime.now(UTC)
    headers = {"Idempotency-Key": str(uuid4()), "If-Match": f'"{arrived.version}"', **WAIT}
    path = f"/v1/applications/{arrived.id}/reject"
    body = {**arrived.body, "at": at.isoformat()}
    assert running.request("POST", path, body, token=running.supervisor(LICENSING), headers=headers).status == 200
    decision = application(running, arrived.id)["decision"]
    assert decision["decision"] == "rejected"
    assert datetime.fromisoformat(decision["decided_at"]) == datetime.fromisoformat(decision["stated_at"]) == at
    assert datetime.fromisoformat(decision["recorded_at"]) > at
    assert (decision["reported_late"], decision["amended_at"]) == (False, None)


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("at", "2999-01-01T00:00:00Z"),
        ("at", "1066-10-14T00:00:00Z"),
        ("at", "2000-01-01T00:00:00Z"),
        ("at", "yesterday"),
        ("channel", "telephone"),
    ],
)
def test_an_impossible_time_or_channel_is_pointed_at(running: Jejak, field: str, value: str) -> None:
    arrived = arrive(running, "receive")
    headers = {"Idempotency-Key": str(uuid4()), "If-Match": '"1"'}
    path = f"/v1/applications/{arrived.id}/receive"
    reply = running.request("POST", path, {field: value}, token=running.supervisor(LICENSING), headers=headers)
    assert reply.status == 422
    assert reply.json()["errors"][0]["pointer"] == f"/{field}"
    assert value not in reply.body.decode()


@pytest.mark.parametrize("command", ["reject", "cancel"])
def test_only_the_past_lacks_a_reason(running: Jejak, command: str) -> None:
    arrived = arrive(running, command)
    headers = {"Idempotency-Key": str(uuid4()), "If-Match": f'"{arrived.version}"'}
    path, body = f"/v1/applications/{arrived.id}/{command}", {**arrived.body, "reason": "not_stated"}
    reply = running.request("POST", path, body, token=running.supervisor(LICENSING), headers=headers)
    assert (reply.status, reply.json()["errors"][0]["pointer"]) == (422, "/reason")


@pytest.mark.parametrize(("minutes", "status"), [(4, 200), (10, 422), (24 * 60, 422)])
def test_nothing_happens_in_the_future_except_that_a_clock_may_be_five_minutes_ahead(
    running: Jejak, minutes: int, status: int
) -> None:
    arrived = arrive(running, "receive")
    at = (datetime.now(UTC) + timedelta(minutes=minutes)).isoformat()
    headers = {"Idempotency-Key": str(uuid4()), "If-Match": f'"{arrived.version}"'}
    path = f"/v1/applications/{arrived.id}/receive"
    reply = running.request("POST", path, {"at": at}, token=running.supervisor(LICENSING), headers=headers)
    assert reply.status == status
    if status == 422:
        assert reply.json()["errors"][0]["pointer"] == "/at"
        assert "Set the device's clock" in reply.json()["errors"][0]["detail"]


def test_every_channel_gets_the_same_promise(running: Jejak) -> None:
    """Paper and electronics are equal: the same act at the same time is promised the same date."""
    at = (datetime.now(UTC) - timedelta(hours=1)).isoformat()
    promises = []
    for channel in ("counter", "mobile", "self_service", "electronic"):
        paper = running.submit(
            running.officer(SEMARANG),
            service="akta-kelahiran",
            channel=channel,
            applicant={"name": "Siti Contoh"},
            at=at,
        )
        [receive, check] = [(name, {**body, "at": at, "channel": channel}) for name, body in PROCESSING]
        version = walk(running, paper["application_id"], SEMARANG, (receive,))
        running.ask(running.supervisor(SEMARANG), paper["application_id"], check[0], version, check[1], **WAIT)
        promises.append(application(running, paper["application_id"], SEMARANG)["promise"])
    assert promises[0] is not None
    assert promises == [promises[0]] * 4
