"""Messages to agencies: each message is a CloudEvents 1.0 event for one agency. Over Kafka, the event is sent in binary
mode. Over HTTP, the event is sent as JSON.

A message is made only from the facts that projections/routing.py allows. So a message contains no actor, no salt and no
sealed part.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from functools import lru_cache
from typing import NamedTuple
from uuid import UUID

import orjson

from domain.application.events import ApplicationEvent, Recorded
from domain.json_values import instant, plain
from projections.file_facts import due_facts
from projections.routing import Capacity, Concern, Share, facts, so_far

JSON = "application/json"
STATUS = "application.status.v1"
CLASSIFICATION = "restricted"
"""The classification of every message: only the addressed agency may read the message."""

Headers = Sequence[tuple[str, bytes]]


@dataclass(frozen=True, slots=True)
class Origin:
    """The installation that sends a message.

    `source` is a URN. `base_url` is the address of the installation's API, without a slash at the end.
    """

    source: str
    base_url: str

    def schema(self, topic: str) -> str:
        return f"{self.base_url}/schemas/{topic}.json"


class MessageKind:
    """The kinds of messages. Each kind goes to a separate topic."""

    EVENT = "event"
    REPLY = "reply"
    DEAD_LETTER = "dead-letter"


class Message(NamedTuple):
    """A message of an agency's feed. Instants are in UTC. `body` is JSON.

    `position` is the event's position in the log and is never sent. `stream` is the UUID of the event's stream.
    `previous` is the version of the previous message of the same stream in this agency's feed. For the first message of
    the stream, `previous` is 0. `due` has the facts about the due date, as JSON. If `due` is None, no status record is
    published for the message. `era` is the era of the position. If a restore lost an event, another event may get the
    id of the lost event, but in a higher era.
    """

    agency: str
    position: int
    kind: str
    stream: str
    version: int
    previous: int
    topic: str
    at: datetime
    recorded_at: datetime
    body: bytes
    due: bytes | None = None
    era: int = 1

    @property
    def id(self) -> str:
        return f"{self.stream}:{self.version}"

    @property
    def key(self) -> bytes:
        """The key of the Kafka record. Messages with the same key stay in order."""
        return self.stream.encode()

    @property
    def status(self) -> bytes | None:
        """The body of the status record, or None. The body contains no personal data.

        The status record begins with the same fields as the body of the message: the application, its service, its
        standard, its office and its status.
        """
        if self.due is None:
            return None
        known, _, _ = self.body.partition(b',"capacity":')  # a quote inside of a JSON string has a backslash before it
        return b'%b,"version":%d,"at":"%b",%b' % (known, self.version, instant(self.at).encode(), self.due[1:])


def sequence(version: int) -> str:
    """Returns the version as text with leading zeros. So the texts have the same order as the numbers, as the
    CloudEvents extension `sequence` requires.
    """
    return f"{version:010}"


def body_of(
    application: UUID, concern: Concern, recorded: Recorded, capacity: Capacity, *, begins: bool = False
) -> bytes:
    """Returns the body of the message about an event, for an agency with this capacity. `concern` is the state after
    the event. If `begins` is true, the agency does not know the earlier events. Then the body also has the state of the
    file.
    """
    act, event = recorded.act, recorded.event
    body = {
        "application": str(application),
        "service": concern.service,
        "standard": concern.standard,
        "office": concern.holder,
        "status": concern.status,
        "capacity": capacity,
        "at_quality": plain(act.at_quality),
        "by": plain(act.by),
        "channel": plain(act.channel),
        "facts": facts(event, capacity),
    }
    return orjson.dumps({**body, "so_far": so_far(concern, capacity)} if begins else body)


def beginning_of(stream: str) -> bytes:
    """The bodies of all messages about this stream begin with the same bytes. Returns these bytes."""
    return b'{"application":"%b",' % stream.encode()


def message_of(share: Share, *, stream: UUID, position: int, concern: Concern, recorded: Recorded) -> Message:
    """Returns the message that tells an agency about an event. `concern` is the state after the event.

    An agency that was only asked for advice gets no status records.
    """
    event: ApplicationEvent = recorded.event
    return Message(
        agency=share.agency,
        position=position,
        kind=MessageKind.EVENT,
        stream=str(stream),
        version=recorded.version,
        previous=share.previous,
        topic=event.topic,
        at=recorded.act.at,
        recorded_at=recorded.recorded_at or recorded.act.at,
        body=body_of(stream, concern, recorded, share.capacity, begins=share.begins),
        due=None if share.capacity is Capacity.ASKED else orjson.dumps(due_facts(concern.file)),
    )


def attributes(message: Message, origin: Origin) -> dict[str, str]:
    """Returns the CloudEvents attributes of the message, except `data` and `datacontenttype`."""
    own = zip(OWN, _own(message).split("\n"), strict=True)
    return {**_shared(message.topic, origin), **dict(own), **_era(message), **_correlated(message)}


@lru_cache(512)
def _shared(topic: str, origin: Origin) -> Mapping[str, str]:
    """Returns the CloudEvents attributes that are the same for all messages of one event type."""
    return {
        "specversion": "1.0",
        "source": origin.source,
        "type": f"jejak.{topic}",
        "dataschema": origin.schema(topic),
        "dataclassification": CLASSIFICATION,
    }


OWN = ("id", "time", "subject", "sequence", "previous", "partitionkey", "recordedtime")
OWN_HEADERS = tuple(f"ce_{name}" for name in OWN)


def _own(message: Message) -> str:
    """Returns the attributes in the list OWN as one text, with one line for each attribute. No attribute contains a
    line break. This function is called for every record, and one text is faster to handle than a list of texts.
    """
    stream, version, topic = message.stream, message.version, message.topic
    times = instant(message.at), instant(message.recorded_at)
    return (
        f"{stream}:{version}\n{times[0]}\n{topic[: topic.index('.')]}/{stream}\n"
        f"{sequence(version)}\n{sequence(message.previous)}\n{stream}\n{times[1]}"
    )


def _era(message: Message) -> dict[str, str]:
    """Returns the attribute `era`. Messages of the first era do not have this attribute."""
    return {"era": str(message.era)} if message.era > 1 else {}


def _correlated(message: Message) -> dict[str, str]:
    """Returns the attribute `correlationid`: the id of the command that a reply or a dead letter answers. Returns an
    empty mapping for an event, and for a command without an id.
    """
    if message.kind == MessageKind.EVENT:
        return {}
    command = orjson.loads(message.body).get("command")
    return {"correlationid": command} if command else {}


def binary(message: Message, origin: Origin) -> Headers:
    """Returns the headers of a Kafka record. The value of this record is `message.body` (CloudEvents Kafka binding,
    3.2).
    """
    headers = [*_shared_headers(message.topic, origin), *_own_headers(message)]
    return headers if message.kind == MessageKind.EVENT else [*headers, *_as_headers(_correlated(message))]


def structured(message: Message, origin: Origin) -> bytes:
    """Returns the whole event as one JSON document (CloudEvents JSON format)."""
    return orjson.dumps({**attributes(message, origin), "datacontenttype": JSON, "data": orjson.Fragment(message.body)})


def status_headers(message: Message, origin: Origin) -> Headers:
    """Returns the headers of the status record of a message. The status record has the same `id` as the message. So the
    status record needs another `source`, because the pair of `source` and `id` must be unique.
    """
    return [*_shared_headers(STATUS, _of_status(origin)), *_own_headers(message)]


@lru_cache(8)
def _of_status(origin: Origin) -> Origin:
    return replace(origin, source=f"{origin.source}:status")


@lru_cache(512)
def _shared_headers(topic: str, origin: Origin) -> Headers:
    return [("content-type", JSON.encode()), *_as_headers(_shared(topic, origin))]


def _own_headers(message: Message) -> Headers:
    own = zip(OWN_HEADERS, _own(message).encode().split(b"\n"), strict=True)
    return [*own, *_as_headers(_era(message))]


def _as_headers(attributes: Mapping[str, str]) -> Headers:
    return [(f"ce_{name}", value.encode()) for name, value in attributes.items()]
