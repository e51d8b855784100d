"""The messages of the AsyncAPI document: each message has headers, a payload and an example."""

from collections.abc import Mapping
from typing import Any, get_args

from domain.application.events import ApplicationEvent
from domain.intake import IntakeAnswered, IntakeMalformed, IntakeRefused
from feeds.agencies.kafka import topic_names as names
from feeds.agencies.messages import CLASSIFICATION, JSON, STATUS, sequence
from feeds.agencies.schemas import AN_APPLICATION, AN_INSTANT, Schema, example

Part = dict[str, Any]

BINDING = {"bindingVersion": "0.5.0"}
DRAFT = "application/schema+json;version=draft-07"
SOURCE = "urn:gov:id:jejak:01"
COMMAND_ID = "7d2f6a1e-1f0b-4c53-9a53-0b7f2c6d9e11"
EVENT_ID = r"^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}:[1-9][0-9]*$"
TEXT = {"type": "string"}
SEQUENCE = {"type": "string", "pattern": "^[0-9]{10}$"}
INSTANT = {"type": "string", "format": "date-time"}

EVENTS = [event.topic for event in get_args(ApplicationEvent)]
REPLIES = [IntakeAnswered.topic, IntakeRefused.topic]
DEAD_LETTERS = [IntakeMalformed.topic]

REPLIED = {"answer": {"ce_correlationid": COMMAND_ID}}
PLACED = {
    "__connect.errors.topic": names.commands("pemda-3374"),
    "__connect.errors.partition": "0",
    "__connect.errors.offset": "4711",
    "__connect.errors.exception.message": "unprocessable at /applicant/nik",
}
PUT_ASIDE = {**REPLIED, "deadLetter": PLACED}
"""REPLIED and PUT_ASIDE map the name of a message trait to example headers."""


def messages(schemas: Mapping[str, Schema]) -> Part:
    """Returns the messages by name. Each message has its schema. The name of an event message is its event type. A
    message that is not an event has a special name, such as `command`.
    """
    return {
        **{topic: _event(topic, schemas[topic]) for topic in EVENTS},
        STATUS: _event(STATUS, schemas[STATUS], source=f"{SOURCE}:status"),
        **{topic: _answer(topic, schemas[topic], REPLIED) for topic in REPLIES},
        **{topic: _answer(topic, schemas[topic], PUT_ASIDE) for topic in DEAD_LETTERS},
        "command": _command(),
        "heartbeat": _plain("jejak.heartbeat", "The second in which the record was sent."),
        "release": _plain("jejak.release", "Statistics of one month."),
    }


def drafted(schema: Schema) -> Part:
    return {"schemaFormat": DRAFT, "schema": schema}


def _plain(name: str, summary: str) -> Part:
    return {"name": name, "summary": summary, "contentType": JSON, "payload": drafted({"type": "object"})}


def _headers(required: Mapping[str, Schema], optional: Mapping[str, Schema] | None = None) -> Part:
    properties = {**required, "content-type": {"type": "string", "const": JSON}, **(optional or {})}
    return {"headers": {"type": "object", "required": [*required, "content-type"], "properties": properties}}


def _cloud_event() -> Part:
    return {
        "description": "`previous` is the sequence of the previous message about the application here, or zeros. If a"
        " restore lost events, the later messages have an `era` of at least 2: forget what you stored in a lower era"
        " after `previous`.",
        **_headers(
            {
                "ce_specversion": {"type": "string", "const": "1.0"},
                "ce_id": {"type": "string", "pattern": EVENT_ID},
                "ce_source": {"type": "string", "format": "uri-reference"},
                "ce_type": TEXT,
                "ce_time": INSTANT,
                "ce_subject": TEXT,
                "ce_dataschema": {"type": "string", "format": "uri"},
                "ce_sequence": SEQUENCE,
                "ce_previous": SEQUENCE,
                "ce_partitionkey": TEXT,
                "ce_recordedtime": INSTANT,
                "ce_dataclassification": {"type": "string", "const": CLASSIFICATION},
            },
            {"ce_era": {"type": "string", "pattern": "^[1-9][0-9]{0,4}$"}},
        ),
    }


def _event(topic: str, schema: Schema, source: str = SOURCE) -> Part:
    headers = {
        "ce_specversion": "1.0",
        "ce_id": f"{AN_APPLICATION}:7",
        "ce_source": source,
        "ce_type": f"jejak.{topic}",
        "ce_time": AN_INSTANT,
        "ce_subject": f"{topic.partition('.')[0]}/{AN_APPLICATION}",
        "ce_dataschema": f"https://jejak.example/schemas/{topic}.json",
        "ce_sequence": sequence(7),
        "ce_previous": sequence(4),
        "ce_partitionkey": AN_APPLICATION,
        "ce_recordedtime": AN_INSTANT,
        "ce_dataclassification": CLASSIFICATION,
        "content-type": JSON,
    }
    return {
        "name": f"jejak.{topic}",
        "title": topic,
        "summary": schema["description"],
        "contentType": JSON,
        "traits": [{"$ref": "#/components/messageTraits/cloudEvent"}],
        "headers": {"type": "object", "properties": {"ce_type": {"type": "string", "const": f"jejak.{topic}"}}},
        "payload": {"$ref": f"#/components/schemas/{topic}"},
        "bindings": {"kafka": {"key": {"type": "string", "format": "uuid"}, **BINDING}},
        "examples": [{"name": "made-up", "headers": headers, "payload": example(schema)}],
    }


def _answer(topic: str, schema: Schema, more: Mapping[str, Mapping[str, str]]) -> Part:
    """Returns the message of an event, with further message traits. `more` maps each trait to example headers."""
    message = _event(topic, schema)
    message["traits"] += [{"$ref": f"#/components/messageTraits/{trait}"} for trait in more]
    for headers in more.values():
        message["examples"][0]["headers"].update(headers)
    return message


def _answer_headers() -> Part:
    correlated = {"type": "string", "format": "uuid", "description": "The `ce_id` of the command, if it has one."}
    return {"headers": {"type": "object", "properties": {"ce_correlationid": correlated}}}


def _dead_letter_headers() -> Part:
    """Returns the headers of a dead letter. The headers have the same names as in Kafka Connect."""
    return {"headers": {"type": "object", "required": list(PLACED), "properties": dict.fromkeys(PLACED, TEXT)}}


def _command_headers() -> Part:
    return _headers(
        {
            "ce_specversion": {"type": "string", "const": "1.0"},
            "ce_id": {
                "type": "string",
                "format": "uuid",
                "description": "You make this id. It is the idempotency key.",
            },
            "ce_type": {"type": "string", "pattern": r"^jejak\.command\.[a-z-]+\.v1$"},
        },
        {
            "ce_subject": {
                "type": "string",
                "description": "application/<id>. A submission has neither ce_subject nor ce_ifmatch.",
            },
            "ce_ifmatch": {
                "type": "string",
                "pattern": "^[1-9][0-9]{0,9}$",
                "description": "The version that you saw, as in If-Match over HTTP.",
            },
        },
    )


def _command() -> Part:
    headers = {
        "ce_specversion": "1.0",
        "ce_id": COMMAND_ID,
        "ce_type": "jejak.command.receive.v1",
        "ce_subject": f"application/{AN_APPLICATION}",
        "ce_ifmatch": "1",
        "content-type": JSON,
    }
    return {
        "name": "jejak.command",
        "title": "A command",
        "summary": "The body is the body of the same command over HTTP (see openapi.json), at most 64 KiB.",
        "contentType": JSON,
        "traits": [{"$ref": "#/components/messageTraits/command"}],
        "payload": drafted({"type": "object"}),
        "bindings": {"kafka": {"key": {"type": "string", "description": "The application's id"}, **BINDING}},
        "examples": [{"name": "made-up", "headers": headers, "payload": {}}],
    }


TRAITS = {
    "cloudEvent": _cloud_event(),
    "answer": _answer_headers(),
    "deadLetter": _dead_letter_headers(),
    "command": _command_headers(),
}
