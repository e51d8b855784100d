"""A message: the CloudEvents forms of one event for one agency."""

import json
from dataclasses import replace
from datetime import UTC, datetime
from typing import cast

import pytest

from domain.application.events import Received, Recorded
from domain.application.status import Status
from feeds.agencies.messages import Message, Origin, binary, message_of, status_headers, structured
from projections.file_facts import FileFacts
from projections.promises import plain_promise
from projections.routing import Capacity, Concern, Share, so_far
from tests.builders import APPLICATION, KTP, OFFICER, PROMISE, SEMARANG, an_act

ORIGIN = Origin("urn:gov:id:jejak:01", "https://jejak.example")
RECORDED_AT = datetime(2026, 3, 9, 3, 0, 1, tzinfo=UTC)
CONCERN = Concern(version=2, service=KTP, standard=3, holder=SEMARANG, status=Status.RECEIVED)


def message(capacity: Capacity = Capacity.HOLDER, concern: Concern = CONCERN, *, begins: bool = False) -> Message:
    act = replace(an_act(office=SEMARANG), actor=OFFICER)
    recorded = Recorded(version=2, act=act, event=Received(), recorded_at=RECORDED_AT)
    share = Share(agency="pemda-3374", capacity=capacity, previous=1, begins=begins)
    return message_of(share, stream=APPLICATION, position=4711, concern=concern, recorded=recorded)


def test_in_kafka_its_attributes_are_headers_and_its_data_the_value() -> None:
    assert dict(binary(message(), ORIGIN)) == {
        "content-type": b"application/json",
        "ce_specversion": b"1.0",
        "ce_id": f"{APPLICATION}:2".encode(),
        "ce_source": b"urn:gov:id:jejak:01",
        "ce_type": b"jejak.application.received.v1",
        "ce_time": b"2026-03-09T03:00:00.000000Z",
        "ce_subject": f"application/{APPLICATION}".encode(),
        "ce_dataschema": b"https://jejak.example/schemas/application.received.v1.json",
        "ce_sequence": b"0000000002",
        "ce_previous": b"0000000001",
        "ce_partitionkey": str(APPLICATION).encode(),
        "ce_recordedtime": b"2026-03-09T03:00:01.000000Z",
        "ce_dataclassification": b"restricted",
    }
    assert json.loads(message().body) == {
        "application": str(APPLICATION),
        "service": KTP,
        "standard": 3,
        "office": SEMARANG,
        "status": "received",
        "capacity": "holder",
        "at_quality": "server",
        "by": "officer",
        "channel": "counter",
        "facts": {},
    }


def test_over_http_it_is_one_document_that_says_the_same() -> None:
    document = json.loads(structured(message(), ORIGIN))
    headers = dict(binary(message(), ORIGIN))
    assert document.pop("data") == json.loads(message().body)
    assert document.pop("datacontenttype") == headers.pop("content-type").decode()
    assert {f"ce_{name}": value.encode() for name, value in document.items()} == headers


def test_after_a_restore_a_message_names_its_era_so_that_an_id_that_was_lost_may_come_again() -> None:
    first, second = message(), message()._replace(era=2)
    assert {"ce_era"} == dict(binary(second, ORIGIN)).keys() - dict(binary(first, ORIGIN)).keys()
    assert dict(binary(second, ORIGIN))["ce_era"] == dict(status_headers(second, ORIGIN))["ce_era"] == b"2"
    assert json.loads(structured(second, ORIGIN)) == {**json.loads(structured(first, ORIGIN)), "era": "2"}


def test_a_status_record_is_another_event_and_says_where_the_application_is() -> None:
    headers = dict(status_headers(message(), ORIGIN))
    assert headers["ce_type"] == b"jejak.application.status.v1"
    assert headers["ce_source"] != dict(binary(message(), ORIGIN))["ce_source"]
    assert json.loads(message().status or b"") == {
        "application": str(APPLICATION),
        "service": KTP,
        "standard": 3,
        "office": SEMARANG,
        "status": "received",
        "version": 2,
        "at": "2026-03-09T03:00:00.000000Z",
        "paused": False,
    }


def test_a_status_record_says_what_tells_whether_the_application_is_overdue() -> None:
    paused_since = "2026-03-10T03:00:00.000000Z"
    file = {**CONCERN.file, "promise": plain_promise(PROMISE), "pausing": ["return"], "paused_since": paused_since}
    status = json.loads(message(concern=replace(CONCERN, file=cast("FileFacts", file))).status or b"")
    assert status["due_at"] == plain_promise(PROMISE)["due_at"]
    assert (status["paused"], status["paused_since"]) == (True, paused_since)


@pytest.mark.parametrize("capacity", Capacity)
def test_the_state_of_the_file_is_in_the_body_for_who_begins_over_kafka_and_http(capacity: Capacity) -> None:
    begun = message(capacity, begins=True)
    assert json.loads(begun.body) == {**json.loads(message(capacity).body), "so_far": so_far(CONCERN, capacity)}
    assert json.loads(structured(begun, ORIGIN))["data"] == json.loads(begun.body)


def test_who_was_asked_for_advice_follows_no_status() -> None:
    assert message(Capacity.ASKED).status is None


@pytest.mark.parametrize("capacity", Capacity)
def test_neither_actor_nor_position_leaves(capacity: Capacity) -> None:
    said = structured(message(capacity), ORIGIN) + (message(capacity).status or b"")
    assert str(OFFICER).encode() not in said
    assert b"4711" not in said
