"""An agency's feed over HTTP: its own events, each once and in order; pages, waiting, a stream that goes on."""

import json
import time
from collections.abc import Iterator
from contextlib import closing
from http.client import HTTPConnection, HTTPResponse
from threading import Thread
from typing import Any
from uuid import uuid4

import pytest

from api.responses import ProblemBody
from feeds.agencies.schemas import schemas
from tests.api.installation import IMMIGRATION, LICENSING, MAKASSAR, OFFICES, SEMARANG
from tests.api.lives import arrive, do
from tests.running import Jejak, Reply

AGENCY = OFFICES[LICENSING]
Event = dict[str, Any]


def read(running: Jejak, agency: str = AGENCY, query: str = "", bearer: str | None = None) -> Reply:
    token = running.token("--agency", bearer or agency)
    return running.request("GET", f"/v1/feeds/{agency}{query}", token=token)


def whole(running: Jejak, agency: str = AGENCY, limit: int = 100) -> list[Event]:
    """Page by page, up to the first one that is empty."""
    events: list[Event] = []
    while True:
        last = f"&lastEventId={events[-1]['id']}" if events else ""
        reply = read(running, agency, f"?limit={limit}{last}")
        assert reply.status == 200, reply.body
        page = reply.json()
        assert len(page) <= limit
        if not page:
            return events
        events += page


def until_told(running: Jejak, application: str, agency: str = AGENCY) -> list[Event]:
    """The whole feed, made up to the log's end as it is now, with something of that application in it."""
    while read(running, agency, f"?lastEventId={uuid4()}:1").status == 503:
        time.sleep(0.05)
    events = whole(running, agency)
    while not any(event["partitionkey"] == application for event in events):
        last = f"&lastEventId={events[-1]['id']}" if events else ""
        events += read(running, agency, f"?timeout=20000{last}").json()
    return events


def refused(reply: Reply) -> tuple[int, str]:
    return reply.status, reply.json()["code"]


@pytest.fixture(scope="module")
def tellable(running: Jejak) -> str:
    """An application with several events, all told."""
    arrived = arrive(running, "answer-referral")
    until_told(running, arrived.id)
    return arrived.id


def test_it_has_each_event_once_in_order_however_large_the_pages_are(running: Jejak, tellable: str) -> None:
    events = whole(running)
    assert events[:50] == whole(running, limit=3)[:50]
    assert len({event["id"] for event in events}) == len(events)
    for application in {event["partitionkey"] for event in events}:
        seen = [(event["sequence"], event["previous"]) for event in events if event["partitionkey"] == application]
        assert [previous for _, previous in seen] == ["0000000000", *(sequence for sequence, _ in seen[:-1])]
        assert seen == sorted(seen)
    assert tellable in {event["partitionkey"] for event in events}


def test_it_answers_cloud_events_whose_schema_is_there_to_be_read(running: Jejak, tellable: str) -> None:
    assert tellable
    reply = read(running)
    assert reply.headers["Content-Type"] == "application/cloudevents-batch+json"
    assert reply.headers["Cache-Control"] == "no-store"
    event = reply.json()[0]
    assert event["specversion"] == "1.0"
    assert event["id"] == f"{event['partitionkey']}:{int(event['sequence'])}"
    schema = running.request("GET", "/schemas/" + event["dataschema"].rpartition("/")[2])
    assert schema.status == 200
    assert schema.json() == schemas()[event["type"].removeprefix("jejak.")]
    assert "public" in schema.headers["Cache-Control"]
    assert running.request("GET", "/asyncapi.json").json()["asyncapi"].startswith("3.")
    assert running.request("GET", "/schemas/nothing.json").status == 404


def test_each_agency_reads_its_own_share_and_no_other(running: Jejak) -> None:
    ours, theirs = OFFICES[IMMIGRATION], [OFFICES[LICENSING], OFFICES[MAKASSAR]]
    arrived = arrive(running, "suspend")
    assert arrived.office == IMMIGRATION
    told = [event for event in until_told(running, arrived.id, ours) if event["partitionkey"] == arrived.id]
    assert {event["data"]["capacity"] for event in told} == {"holder"}
    assert arrived.id not in {event["partitionkey"] for agency in theirs for event in whole(running, agency)}


def test_what_concerns_several_reaches_each_with_its_share_alone(running: Jejak) -> None:
    officer = running.officer(SEMARANG)
    paper = running.submit(officer, service="ktp-el", district="33.74.01", applicant={"name": "Siti Contoh"})
    application = paper["application_id"]
    for version, (name, body) in enumerate([("receive", {}), ("refer", {"to": MAKASSAR, "note": "Mohon saran."})], 1):
        assert running.ask(officer, application, name, version, body).status == 200
    told = {
        agency: [one for one in until_told(running, application, agency) if one["partitionkey"] == application]
        for agency in (OFFICES[SEMARANG], "kemendagri", OFFICES[MAKASSAR])
    }
    holder, owner, asked = told.values()
    assert [event["data"]["capacity"] for event in holder + owner + asked] == ["holder"] * 3 + ["owner"] * 3 + ["asked"]
    assert holder[0]["data"]["facts"].keys() >= {"number", "district"}
    assert owner[0]["data"]["facts"].keys() == {"service", "standard"}
    assert asked[0]["data"]["facts"] == {"referral": 1, "to": MAKASSAR}
    assert (asked[0]["sequence"], asked[0]["previous"]) == ("0000000003", "0000000000")
    for private in ("Siti Contoh", "Mohon saran", paper["pin"]):
        assert private not in json.dumps(told)


def test_anothers_feed_is_as_if_it_did_not_exist_also_where_its_name_begins_alike(running: Jejak) -> None:
    for agency, bearer in (("pemda-3374", "pemda-33"), ("pemda-33", "pemda-3374"), ("nobody", "pemda-33")):
        assert refused(read(running, agency, bearer=bearer)) == (404, "not-found")
    assert read(running, "pemda-33").status == 200


def test_nobody_but_an_agency_reads_a_feed(running: Jejak) -> None:
    path = f"/v1/feeds/{AGENCY}"
    assert refused(running.request("GET", path)) == (401, "unauthenticated")
    for token in (running.officer(LICENSING), running.supervisor(LICENSING), running.token("--role", "auditor")):
        assert refused(running.request("GET", path, token=token)) == (403, "forbidden")


def test_an_agency_without_a_feed_is_told_so(running: Jejak) -> None:
    reply = read(running, "kementerian-lain")
    assert refused(reply) == (404, "no-feed")
    assert "operator" in ProblemBody(**reply.json()).detail


def test_an_event_that_is_not_in_the_feed_is_refused_with_what_to_do(running: Jejak, tellable: str) -> None:
    assert tellable
    for unknown in (f"{uuid4()}:1", f"{tellable}:4000"):
        reply = read(running, query=f"?lastEventId={unknown}")
        assert refused(reply) == (409, "event-not-in-feed")
        assert "Read the feed from the beginning, without lastEventId" in reply.json()["detail"]
    of_another = f"{tellable}:1"
    assert refused(read(running, OFFICES[MAKASSAR], f"?lastEventId={of_another}")) == (409, "event-not-in-feed")


@pytest.mark.parametrize(
    "query", ["lastEventId=x", "lastEventId=1:1", "limit=0", "limit=1001", "timeout=-1", "timeout=60001", "timeout=1.5"]
)
def test_nonsense_is_refused_with_its_place(query: str, running: Jejak) -> None:
    reply = read(running, query=f"?{query}")
    assert refused(reply) == (400, "malformed-request")
    assert reply.json()["errors"][0]["pointer"] == "?" + query.partition("=")[0]


def test_who_waits_is_answered_when_something_happens(running: Jejak) -> None:
    arrived = arrive(running, "receive")
    last = until_told(running, arrived.id)[-1]["id"]
    found: list[Reply] = []
    waiting = Thread(target=lambda: found.append(read(running, query=f"?lastEventId={last}&timeout=60000")))
    waiting.start()
    assert do(running, arrived, "receive", running.officer(LICENSING)).status == 200
    waiting.join(timeout=60)
    [event] = found[0].json()
    assert (event["partitionkey"], event["type"]) == (arrived.id, "jejak.application.received.v1")


def test_a_page_that_was_waited_for_in_vain_is_empty(running: Jejak, tellable: str) -> None:
    last = until_told(running, tellable)[-1]["id"]
    reply = read(running, query=f"?lastEventId={last}&timeout=50")
    assert (reply.status, reply.body) == (200, b"[]")


# The stream


@pytest.fixture
def stream(running: Jejak) -> Iterator[Any]:
    """Opens streams, and closes them. Until the feeds are made, an empty stream would be 503."""
    while read(running, query=f"?lastEventId={uuid4()}:1").status == 503:
        time.sleep(0.05)
    opened: list[HTTPConnection] = []

    def opens(last: str = "", query: str = "", agency: str = AGENCY) -> HTTPResponse:
        connection = HTTPConnection("127.0.0.1", running.port, timeout=60)
        opened.append(connection)
        token = running.token("--agency", agency)
        headers = {"Authorization": f"Bearer {token}", "Accept": "text/event-stream"}
        connection.request(
            "GET", f"/v1/feeds/{agency}{query}", headers=headers | ({"Last-Event-ID": last} if last else {})
        )
        return connection.getresponse()

    yield opens
    for connection in opened:
        with closing(connection):
            pass


def events_of(answer: HTTPResponse) -> Iterator[tuple[str, Event]]:
    """Id and data of each event, as a browser would read them."""
    found: dict[str, str] = {}
    while line := answer.readline().decode().rstrip("\n"):
        name, _, value = line.partition(": ")
        found[name] = value
        if name == "data":
            yield found["id"], json.loads(value)
            assert answer.readline() == b"\n"
        elif name in ("retry", ":"):  # a comment: the stream is alive
            assert answer.readline() == b"\n"


def test_a_stream_says_the_same_in_the_same_order(running: Jejak, tellable: str, stream: Any) -> None:
    events = until_told(running, tellable)
    answer = stream()
    assert answer.headers["Content-Type"] == "text/event-stream"
    told = events_of(answer)
    assert [next(told) for _ in events] == [(event["id"], event) for event in events]


def test_a_stream_goes_on_after_the_last_event_and_tells_what_happens(running: Jejak, stream: Any) -> None:
    arrived = arrive(running, "receive")
    events = until_told(running, arrived.id)
    told = events_of(stream(last=events[-3]["id"], query=f"?lastEventId={events[0]['id']}"))
    assert [next(told)[0], next(told)[0]] == [events[-2]["id"], events[-1]["id"]]
    assert do(running, arrived, "receive", running.officer(LICENSING)).status == 200
    key, event = next(told)
    assert (key, event["type"]) == (f"{arrived.id}:2", "jejak.application.received.v1")


def test_a_stream_after_an_unknown_event_is_refused(stream: Any) -> None:
    answer = stream(last=f"{uuid4()}:1")
    assert answer.status == 409
    assert json.loads(answer.read())["code"] == "event-not-in-feed"


def test_one_agency_cannot_take_all_the_room(running: Jejak, stream: Any) -> None:
    answers = [stream(agency=OFFICES[MAKASSAR]) for _ in range(21)]
    assert [answer.status for answer in answers] == [200] * 20 + [503]
    assert json.loads(answers[-1].read())["code"] == "readers-many"
    assert answers[-1].headers["Retry-After"]
    assert read(running).status == 200
