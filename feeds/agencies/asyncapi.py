"""AsyncAPI 3: the agencies' topics in Kafka, what is on them and who may write there; made from the same classes."""

from feeds.agencies.asyncapi_messages import BINDING, DEAD_LETTERS, EVENTS, REPLIES, TRAITS, Part, drafted, messages
from feeds.agencies.kafka import topic_names as names
from feeds.agencies.messages import JSON, STATUS
from feeds.agencies.schemas import schemas
from feeds.agencies.topics_file import AGENCY_ID, AGENCY_LONGEST, KafkaTopics

MS_A_DAY = 86_400_000
AGENCY = "{agency}"


def document(kafka: KafkaTopics, version: str) -> Part:
    """The whole of it, ready to be published. What an agency's own topics are called is told by its id."""
    known = schemas()
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
        "channels": _channels(kafka),
        "operations": _operations(),
        "components": {
            "securitySchemes": {"scram": {"type": "scramSha512", "description": "One user for each agency, over TLS"}},
            "messageTraits": TRAITS,
            "schemas": {topic: drafted(schema) for topic, schema in known.items()},
            "messages": messages(known),
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


def _channels(kafka: KafkaTopics) -> Part:
    told, lasting = kafka.retention_days, kafka.replies_days
    events, status, commands = names.events(AGENCY), names.status(AGENCY), names.commands(AGENCY)
    replies, letters = names.replies(AGENCY), names.dead_letters(AGENCY)
    return {
        "events": _channel(kafka, events, EVENTS, "Every event that concerns the agency.", days=told),
        "status": _channel(kafka, status, [STATUS], "Where each application is: the newest of each is kept."),
        "commands": _channel(kafka, commands, ["command"], "What the agency wants done.", days=kafka.commands_days),
        "replies": _channel(kafka, replies, REPLIES, "One reply to each command.", days=lasting),
        "deadLetters": _channel(kafka, letters, DEAD_LETTERS, "What is no command.", days=lasting, partitions=1),
        "heartbeat": _shared(names.HEARTBEAT, "heartbeat", "A record a second: the way to you is open.", kafka),
        "releases": _shared(names.RELEASES, "release", "Statistics as they are published, for everybody.", kafka),
    }


def _channel(
    kafka: KafkaTopics, address: str, messages: list[str], description: str, *, days: int = 0, partitions: int = 0
) -> Part:
    """Of one agency. Without `days` it is compacted; without `partitions` it has those of the events."""
    kept: Part = {"cleanup.policy": ["delete"], "retention.ms": days * MS_A_DAY} if days else {}
    return {
        "address": address,
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


def _operations() -> Part:
    """`send` is what Jejak does."""
    return {
        "tellEvents": _operation("send", "events", EVENTS, "Each event once, of one application in its order."),
        "tellStatus": _operation("send", "status", [STATUS], "Where an application is by now."),
        "takeCommands": {
            **_operation("receive", "commands", ["command"], "Each command is applied once, whatever is sent twice."),
            "reply": {"channel": {"$ref": "#/channels/replies"}},
        },
        "replyToCommands": _operation("send", "replies", REPLIES, "One reply to each command."),
        "putAside": _operation("send", "deadLetters", DEAD_LETTERS, "Its place, a code and where: never its content."),
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
