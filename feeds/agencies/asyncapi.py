"""The AsyncAPI 3 document: it describes the Kafka topics of the agencies and the messages on these topics.

The document is made from the same classes as the messages.
"""

from collections.abc import Mapping

from feeds.agencies.asyncapi_messages import BINDING, DEAD_LETTERS, EVENTS, REPLIES, TRAITS, Part, drafted, messages
from feeds.agencies.kafka import topic_names as names
from feeds.agencies.messages import JSON, STATUS
from feeds.agencies.schemas import Schema, schemas
from feeds.agencies.topics_file import AGENCY_ID, AGENCY_LONGEST, KafkaTopics

MS_A_DAY = 86_400_000
SO_FAR = "so_far"
AGENCY = "{agency}"


def document(kafka: KafkaTopics, version: str) -> Part:
    """Returns the document as plain JSON values. The names of an agency's topics contain the agency's id."""
    by_topic = schemas()
    return {
        "asyncapi": "3.0.0",
        "id": "urn:jejak:agencies",
        "info": {
            "title": "Jejak: events for agencies, and commands from agencies",
            "version": version,
            "description": "CloudEvents 1.0 in Kafka, binary mode. Read with isolation.level=read_committed. Ignore "
            "types and fields that you do not know. The same events are available over HTTP: /v1/feeds/{agency}.",
            "license": {"name": "Apache-2.0"},
        },
        "defaultContentType": JSON,
        "servers": {"kafka": _server()},
        "channels": _channels(kafka),
        "operations": _operations(),
        "components": {
            "securitySchemes": {"scram": {"type": "scramSha512", "description": "One user for each agency, over TLS"}},
            "messageTraits": TRAITS,
            "schemas": _shared_schemas(by_topic),
            "messages": messages(by_topic),
        },
    }


def _shared_schemas(by_topic: Mapping[str, Schema]) -> Part:
    """Returns the schemas of all messages. The schema of `so_far` is the same in many messages, and is long. So the
    messages refer to one schema for each set of capacities that get the event.

    A schema has no `$id` here: with an `$id`, the reference would not lead into this document.
    """
    states: dict[str, Schema] = {}
    found: Part = {}
    for topic, schema in by_topic.items():
        properties = dict(schema["properties"])
        if state := properties.get(SO_FAR):
            name = next((name for name, known in states.items() if known == state), f"{SO_FAR}.{len(states) + 1}")
            states[name] = state
            properties[SO_FAR] = {"$ref": f"#/components/schemas/{name}/schema"}
        unnamed = {key: value for key, value in schema.items() if key != "$id"}
        found[topic] = drafted({**unnamed, "properties": properties})
    return {**found, **{name: drafted(state) for name, state in states.items()}}


def _server() -> Part:
    broker = {"default": "kafka.example:9093", "description": "Your agency got this address with its credentials"}
    return {
        "host": "{broker}",
        "protocol": "kafka-secure",
        "variables": {"broker": broker},
        "security": [{"$ref": "#/components/securitySchemes/scram"}],
        "bindings": {"kafka": BINDING},
    }


def _channels(kafka: KafkaTopics) -> Part:
    events_days, replies_days = kafka.retention_days, kafka.replies_days
    events, status, commands = names.events(AGENCY), names.status(AGENCY), names.commands(AGENCY)
    replies, letters = names.replies(AGENCY), names.dead_letters(AGENCY)
    return {
        "events": _channel(kafka, events, EVENTS, "Every event that concerns the agency.", days=events_days),
        "status": _channel(kafka, status, [STATUS], "The newest status record of each application (compacted)."),
        "commands": _channel(kafka, commands, ["command"], "Commands of the agency.", days=kafka.commands_days),
        "replies": _channel(kafka, replies, REPLIES, "One reply to each command.", days=replies_days),
        "deadLetters": _channel(
            kafka, letters, DEAD_LETTERS, "Records that are not valid commands.", days=replies_days, partitions=1
        ),
        "heartbeat": _shared(names.HEARTBEAT, "heartbeat", "One record a second while the relay is connected.", kafka),
        "releases": _shared(names.RELEASES, "release", "Published statistics, for all agencies.", kafka),
    }


def _channel(
    kafka: KafkaTopics, address: str, messages: list[str], description: str, *, days: int = 0, partitions: int = 0
) -> Part:
    """Returns a channel of one agency. If `days` is 0, the Kafka topic is compacted. If `partitions` is 0, the Kafka
    topic has as many partitions as the agency's events topic.
    """
    kept: Part = {"cleanup.policy": ["delete"], "retention.ms": days * MS_A_DAY} if days else {}
    return {
        "address": address,
        "description": description,
        "parameters": {
            "agency": {
                "description": f"The agency's id: {AGENCY_ID.pattern}, at most {AGENCY_LONGEST} characters",
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


def _operations() -> Part:
    """Returns the operations. The operations are described from Jejak's point of view: Jejak sends events and receives
    commands.
    """
    return {
        "tellEvents": _operation(
            "send", "events", EVENTS, "Each event is sent once. The events of one application are sent in order."
        ),
        "tellStatus": _operation("send", "status", [STATUS], "The present status of an application."),
        "takeCommands": {
            **_operation("receive", "commands", ["command"], "Each command is applied once, even if it is sent twice."),
            "reply": {"channel": {"$ref": "#/channels/replies"}},
        },
        "replyToCommands": _operation("send", "replies", REPLIES, "One reply to each command."),
        "putAside": _operation(
            "send",
            "deadLetters",
            DEAD_LETTERS,
            "The partition and offset of the record, an error code, and the place of the error, without content.",
        ),
        "beat": _operation("send", "heartbeat", ["heartbeat"], "One record a second."),
        "release": _operation("send", "releases", ["release"], "Published statistics."),
    }


def _operation(action: str, channel: str, messages: list[str], summary: str) -> Part:
    return {
        "action": action,
        "channel": {"$ref": f"#/channels/{channel}"},
        "summary": summary,
        "messages": [{"$ref": f"#/channels/{channel}/messages/{name}"} for name in messages],
        "bindings": {"kafka": BINDING},
    }
