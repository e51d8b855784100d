"""What a record of an agency's topic asks for, or what is wrong with it and where; never a word of it."""

from typing import Any
from uuid import UUID

import msgspec
import pytest
from hypothesis import given as drawn
from hypothesis import strategies as st

from domain.intake import IntakeMalformed
from feeds.agencies.command_records import (
    BODY_BYTES_MAX,
    HEADERS_MAX,
    READ_HEADERS,
    CommandRecord,
    Malformed,
    SentCommand,
    read,
)
from infra.eventstore.topics import closed_type, data_to_store

NAMES = frozenset({"submit-application", "receive"})
ID = UUID("9b2f4f0e-3a53-4c39-8a9e-52d4f6b1c0aa")
TARGET = UUID("0192f0c8-6b1e-7c3a-9d57-1f0a2b3c4d5e")
RECEIVE = {
    "ce_id": str(ID),
    "ce_type": "jejak.command.receive.v1",
    "ce_subject": f"application/{TARGET}",
    "ce_specversion": "1.0",
    "ce_ifmatch": "7",
    "content-type": "application/json; charset=utf-8",
}
SUBMIT = {"ce_id": str(ID), "ce_type": "jejak.command.submit-application.v1", "ce_specversion": "1.0"}


def a_record(headers: dict[str, Any], value: bytes | None = b"{}") -> CommandRecord:
    sent = [(name, said.encode() if isinstance(said, str) else said) for name, said in headers.items()]
    return CommandRecord(offset=0, headers=sent, value=value)


def test_a_command_on_an_application_says_which_and_which_version_was_seen() -> None:
    assert read(a_record(RECEIVE), NAMES) == SentCommand(id=ID, name="receive", target=TARGET, seen=7, body=b"{}")


def test_a_submission_names_no_application_and_headers_of_others_are_passed_over() -> None:
    sent = read(a_record({**SUBMIT, "traceparent": "\u20ac", "x": None}, None), NAMES)
    assert sent == SentCommand(id=ID, name="submit-application", target=None, seen=0, body=b"")


@pytest.mark.parametrize(
    ("headers", "code", "place"),
    [
        ({"ce_id": None}, "malformed-request", "ce_id"),
        ({"ce_id": "3374014101900001"}, "key-required", "ce_id"),
        ({"ce_id": str(ID).upper()}, "key-required", "ce_id"),
        ({"ce_id": "33740141-0190-1001-8000-000000000000"}, "key-required", "ce_id"),
        ({"ce_id": b"\xff"}, "malformed-request", "ce_id"),
        ({"ce_type": "jejak.command.dance.v1"}, "malformed-request", "ce_type"),
        ({"ce_type": "jejak.command.receive.v2"}, "malformed-request", "ce_type"),
        ({"ce_type": "jejak.command.receive.v1\n"}, "malformed-request", "ce_type"),
        ({"ce_specversion": "0.3"}, "malformed-request", "ce_specversion"),
        ({"ce_subject": f"application/{ID.hex}----"}, "malformed-request", "ce_subject"),
        ({"ce_subject": "application/1"}, "malformed-request", "ce_subject"),
        ({"ce_subject": None}, "malformed-request", "ce_subject"),
        ({"ce_ifmatch": '"7"'}, "malformed-request", "ce_ifmatch"),
        ({"ce_ifmatch": "0"}, "malformed-request", "ce_ifmatch"),
        ({"content-type": "application/cloudevents+json"}, "unsupported-media-type", "content-type"),
    ],
)
def test_what_is_wrong_with_a_header_is_said_by_its_name(headers: dict[str, Any], code: str, place: str) -> None:
    found = read(a_record({**RECEIVE, **headers}), NAMES)
    assert isinstance(found, Malformed)
    assert (found.code, found.place) == (code, f"header/{place}")
    assert found.command == (None if place == "ce_id" or None in headers.values() else ID)


@pytest.mark.parametrize(
    ("name", "code"),
    [
        ("ce_id", "key-required"),
        ("ce_type", "malformed-request"),
        ("ce_subject", "malformed-request"),
        ("ce_specversion", "malformed-request"),
        ("ce_ifmatch", "precondition-required"),
    ],
)
def test_what_is_missing_is_named(name: str, code: str) -> None:
    found = read(a_record({other: said for other, said in RECEIVE.items() if other != name}), NAMES)
    assert isinstance(found, Malformed)
    assert (found.code, found.place) == (code, f"header/{name}")


def test_a_submission_that_names_an_application_is_refused() -> None:
    found = read(a_record({**RECEIVE, **SUBMIT}), NAMES)
    assert isinstance(found, Malformed)
    assert found.place == "header/ce_subject"


def test_a_header_that_comes_twice_or_too_many_of_them_are_refused() -> None:
    twice = a_record(RECEIVE)
    found = read(CommandRecord(offset=0, headers=[*twice.headers, ("ce_type", b"x")], value=b""), NAMES)
    assert isinstance(found, Malformed)
    assert found.place == "header/ce_type"
    many = read(CommandRecord(offset=0, headers=[("x", b"")] * (HEADERS_MAX + 1), value=b""), NAMES)
    assert isinstance(many, Malformed)
    assert many.place == "header/too-many"


def test_a_body_may_be_as_large_as_over_http_and_no_larger() -> None:
    assert isinstance(read(a_record(RECEIVE, bytes(BODY_BYTES_MAX)), NAMES), SentCommand)
    found = read(a_record(RECEIVE, bytes(BODY_BYTES_MAX + 1)), NAMES)
    assert isinstance(found, Malformed)
    assert (found.code, found.place, found.command) == ("too-large", "", ID)


VALUES = st.one_of(st.none(), st.binary(max_size=60), st.sampled_from([said.encode() for said in RECEIVE.values()]))
SOME = st.lists(st.tuples(st.sampled_from([*READ_HEADERS, "other"]) | st.text(max_size=12), VALUES), max_size=60)


@drawn(SOME, st.none() | st.binary(max_size=200))
def test_whatever_a_record_holds_it_is_read_and_what_is_said_of_it_may_stand_in_an_event(
    headers: list[tuple[str, bytes | None]], value: bytes | None
) -> None:
    found = read(CommandRecord(offset=3, headers=headers, value=value), NAMES)
    if isinstance(found, Malformed):
        event = IntakeMalformed(
            agency="pln", partition=0, offset=3, code=found.code, place=found.place, command=found.command
        )
        said = data_to_store(event)
        assert msgspec.convert(said, closed_type(IntakeMalformed))
        assert found.place in {"", "header/too-many"} or found.place.removeprefix("header/") in READ_HEADERS
