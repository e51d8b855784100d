"""What an agency is told of its commands: whole, in one chain each for answers and dead letters, nothing of a body."""

from uuid import UUID

import orjson

from domain.application.events import Recorded
from domain.codes import Channel, Role
from domain.intake import IntakeAnswered, IntakeEvent, IntakeMalformed, IntakeRefused
from domain.provenance import Act
from feeds.agencies.kafka.relay import dead_letter_headers
from feeds.agencies.messages import Message, MessageKind, Origin, attributes
from feeds.agencies.replies import reply_of
from tests.builders import APPLICATION, MONDAY

COMMAND, STREAM = UUID("9b2f4f0e-3a53-4c39-8a9e-52d4f6b1c0aa"), UUID(int=5)
ORIGIN = Origin("urn:gov:id:jejak:01", "http://127.0.0.1:8000")


def told(event: IntakeEvent) -> Message:
    act = Act(at=MONDAY, by=Role.SYSTEM, channel=Channel.INTERNAL)
    return reply_of(event, stream=STREAM, position=9, recorded=Recorded(version=4, act=act, event=event))  # type: ignore[arg-type] # a stream of its own


def test_an_answer_says_which_command_did_what() -> None:
    message = told(IntakeAnswered(agency="pln", command=COMMAND, application=APPLICATION, version=3))
    assert (message.kind, message.agency, message.version, message.previous) == (MessageKind.REPLY, "pln", 4, 3)
    assert orjson.loads(message.body) == {
        "outcome": "applied",
        "command": str(COMMAND),
        "application": str(APPLICATION),
        "version": 3,
    }
    said = attributes(message, ORIGIN)
    assert (said["type"], said["correlationid"]) == ("jejak.intake.answered.v1", str(COMMAND))


def test_a_refusal_says_why() -> None:
    message = told(
        IntakeRefused(agency="pln", command=COMMAND, code="stale-version", application=APPLICATION, version=7)
    )
    assert message.kind == MessageKind.REPLY
    assert orjson.loads(message.body)["code"] == "stale-version"


def test_a_dead_letter_says_where_the_record_lies_and_what_is_wrong_as_connect_does() -> None:
    event = IntakeMalformed(agency="pln", partition=2, offset=4711, code="unprocessable", place="/applicant/nik")
    message = told(event)
    assert message.kind == MessageKind.DEAD_LETTER
    assert "correlationid" not in attributes(message, ORIGIN)
    assert dict(dead_letter_headers(message)) == {
        "__connect.errors.topic": b"jejak.agency.pln.commands.v1",
        "__connect.errors.partition": b"2",
        "__connect.errors.offset": b"4711",
        "__connect.errors.exception.message": b"unprocessable at /applicant/nik",
    }
    body = dead_letter_headers(told(IntakeMalformed(agency="pln", partition=0, offset=0, code="too-large", place="")))
    assert dict(body)["__connect.errors.exception.message"] == b"too-large at the body"
