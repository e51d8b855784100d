"""AsyncAPI 3: the agencies' topics in Kafka, what is on them and who may write there; made from the same classes."""

from collections.abc import Mapping
from typing import Any

from feeds.agencies import AGENCY_ID, AGENCY_LONGEST, KafkaTopics
from feeds.message import CLASSIFICATION, JSON, STATUS, sequence
from feeds.schemas import AN_APPLICATION, AN_INSTANT, Schema, example, schemas

BINDING = {"bindingVersion": "0.5.0"}
DRAFT = "application/schema+json;version=draft-07"
MS_A_DAY = 86_400_000
SEQUENCE = {"type": "string", "pattern": "^[0-9]{10}$"}
INSTANT = {"type": "string", "format": "date-time"}
TEXT = {"type": "string"}
ID = r"^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}:[1-9][0-9]*$"
COMMAND_ID = "7d2f6a1e-1f0b-4c53-9a53-0b7f2c6d9e11"

Part = dict[str, Any]


def document(kafka: KafkaTopics, version: str) -> Part:
    """The whole of it, ready to be published. What an agency's own topics are called is told by its id."""
    events = schemas()
    status = events.pop(STATUS)
    return {
        "asyncapi": "3.0.0",
        "id": "urn:jejak:agencies",
        "info": {
            "title": "Jejak: what agencies are told, and what they command",
            "version": version,
            "description": "CloudEvents 1.0 in Kafka, binary mode. Read with isolation.level=read_committed; pass over "
            "types and fields that you do not know. The same events come over HTTP: /v1/feeds/{agency}.",
            "license": {"name": "Apache-2.0"},
        },
        "defaultContentType": JSON,
        "servers": {"kafka": _server()},
        "channels": _channels(kafka, list(events)),
        "operations": _operations(list(events)),
        "components": {
            "securitySchemes": {"scram": {"type": "scramSha512", "description": "One user for each agency, over TLS"}},
            "messageTraits": {"cloudEvent": _cloud_event(), "command": _command_headers(), "reply": _reply_headers()},
            "schemas": {topic: _drafted(schema) for topic, schema in {**events, STATUS: status}.items()},
            "messages": {
                **{topic: _event(topic, schema) for topic, schema in events.items()},
                STATUS: _event(STATUS, status, source="urn:gov:id:jejak:01:status"),
                "command": _command(),
                "reply": _reply("What became of a command: done, or refused with its code."),
                "deadLetter": _reply(
                    "A record that is no command: its place, the code and the reason; never its content."
                ),
                "heartbeat": _heartbeat(),
                "release": _release(),
            },
        },
    }


def _server() -> Part:
    broker = {"default": "kafka.example:9093", "description": "As your agency was told with its credentials"}
    return {
        "host": "{broker}",
        "protocol": "kafka-secure",
        "variables": {"broker": broker},
        "security": [{"$ref": "#/components/securitySchemes/scram"}],
        "bindings": {"kafka": BINDING},
    }


def _channels(kafka: KafkaTopics, topics: list[str]) -> Part:
    told = f"Every event that concerns the agency, for {kafka.retention_days} days."
    return {
        "events": _channel(kafka, "events", topics, told, days=kafka.retention_days),
        "status": _channel(kafka, "status", [STATUS], "Where each application is: the newest of each is kept."),
        "commands": _channel(
            kafka, "commands", ["command"], "What the agency's own system wants done.", days=kafka.commands_days
        ),
        "replies": _channel(kafka, "replies", ["reply"], "One answer to each command.", days=kafka.replies_days),
        "deadLetters": _channel(
            kafka, "dlq", ["deadLetter"], "What was sent and is no command.", days=kafka.replies_days, partitions=1
        ),
        "heartbeat": _shared("jejak.heartbeat.v1", "heartbeat", "A record a second: the way to you is open.", kafka),
        "releases": _shared("jejak.releases.v1", "release", "Statistics as they are published, for everybody.", kafka),
    }


def _channel(
    kafka: KafkaTopics, name: str, messages: list[str], description: str, *, days: int = 0, partitions: int = 0
) -> Part:
    """Of one agency. Without `days` it is compacted; without `partitions` it has those of the events."""
    kept: Part = {"cleanup.policy": ["delete"], "retention.ms": days * MS_A_DAY} if days else {}
    return {
        "address": f"jejak.agency.{{agency}}.{name}.v1",
        "description": description,
        "parameters": {
            "agency": {
                "description": f"The agency's id, at most {AGENCY_LONGEST} of {AGENCY_ID.pattern}",
                "examples": ["pemda-3374"],
            }
        },
        "messages": _referred(messages),
        "bindings": _bound(kafka, partitions or kafka.partitions, kept or {"cleanup.policy": ["compact"]}),
    }


def _shared(address: str, message: str, description: str, kafka: KafkaTopics) -> Part:
    return {
        "address": address,
        "description": description,
        "messages": _referred([message]),
        "bindings": _bound(kafka, 1, {"cleanup.policy": ["delete"]}),
    }


def _bound(kafka: KafkaTopics, partitions: int, kept: Part) -> Part:
    bound = {"partitions": partitions, "replicas": kafka.replication, "topicConfiguration": kept, **BINDING}
    return {"kafka": bound}


def _referred(messages: list[str]) -> Part:
    return {name: {"$ref": f"#/components/messages/{name}"} for name in messages}


def _operations(topics: list[str]) -> Part:
    """`send` is what Jejak does."""
    return {
        "tellEvents": _operation("send", "events", topics, "Each event once, of one application in its order."),
        "tellStatus": _operation("send", "status", [STATUS], "Where an application is by now."),
        "takeCommands": {
            **_operation("receive", "commands", ["command"], "Each command is applied once, whatever is sent twice."),
            "reply": {"channel": {"$ref": "#/channels/replies"}},
        },
        "answerCommands": _operation("send", "replies", ["reply"], "One reply to each command."),
        "putAside": _operation("send", "deadLetters", ["deadLetter"], "What is no command is put aside."),
        "beat": _operation("send", "heartbeat", ["heartbeat"], "A record a second."),
        "release": _operation("send", "releases", ["release"], "Statistics as they are published."),
    }


def _operation(action: str, channel: str, messages: list[str], summary: str) -> Part:
    return {
        "action": action,
        "channel": {"$ref": f"#/channels/{channel}"},
        "summary": summary,
        "messages": [{"$ref": f"#/channels/{channel}/messages/{name}"} for name in messages],
        "bindings": {"kafka": BINDING},
    }


def _drafted(schema: Schema) -> Part:
    return {"schemaFormat": DRAFT, "schema": schema}


def _headers(required: Mapping[str, Schema], optional: Mapping[str, Schema] | None = None) -> Part:
    properties = {**required, "content-type": {"type": "string", "const": JSON}, **(optional or {})}
    return {"headers": {"type": "object", "required": [*required, "content-type"], "properties": properties}}


def _cloud_event() -> Part:
    said = "`previous`: the sequence of the message before of that application on this topic, zeros if there is none."
    return {
        "description": said,
        **_headers(
            {
                "ce_specversion": {"type": "string", "const": "1.0"},
                "ce_id": {"type": "string", "pattern": ID},
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
            }
        ),
    }


def _event(topic: str, schema: Schema, source: str = "urn:gov:id:jejak:01") -> Part:
    headers = {
        "ce_specversion": "1.0",
        "ce_id": f"{AN_APPLICATION}:7",
        "ce_source": source,
        "ce_type": f"jejak.{topic}",
        "ce_time": AN_INSTANT,
        "ce_subject": f"application/{AN_APPLICATION}",
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


def _command_headers() -> Part:
    return _headers(
        {
            "ce_specversion": {"type": "string", "const": "1.0"},
            "ce_id": {"type": "string", "format": "uuid", "description": "Yours; the same again is the same command."},
            "ce_type": {"type": "string", "pattern": r"^jejak\.command\.[a-z-]+\.v1$"},
        },
        {
            "ce_subject": {"type": "string", "description": "application/<id>; none for a submission."},
            "ce_ifmatch": {"type": "string", "description": "The version that you saw, as If-Match over HTTP."},
            "ce_office": {"type": "string", "description": "Which of your offices acts."},
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
        "summary": "The body is that of the same command over HTTP, as openapi.json has it; at most 64 KiB.",
        "contentType": JSON,
        "traits": [{"$ref": "#/components/messageTraits/command"}],
        "payload": _drafted({"type": "object"}),
        "bindings": {"kafka": {"key": {"type": "string", "description": "The application's id"}, **BINDING}},
        "examples": [{"name": "made-up", "headers": headers, "payload": {}}],
    }


def _reply_headers() -> Part:
    correlated = {"type": "string", "format": "uuid", "description": "`ce_id` of the command."}
    return _headers({"ce_specversion": {"type": "string", "const": "1.0"}}, {"ce_correlationid": correlated})


def _reply(summary: str) -> Part:
    return {
        "name": "jejak.reply",
        "summary": summary,
        "contentType": JSON,
        "traits": [{"$ref": "#/components/messageTraits/reply"}],
        "payload": _drafted({"type": "object"}),
        "bindings": {"kafka": BINDING},
    }


def _heartbeat() -> Part:
    return {"name": "jejak.heartbeat", "contentType": JSON, "payload": _drafted({"type": "object"})}


def _release() -> Part:
    return {"name": "jejak.release", "contentType": JSON, "payload": _drafted({"type": "object"})}
