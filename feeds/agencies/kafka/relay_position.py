"""How far an agency's feed was published: the newest record of a compacted topic that one relay alone writes, in the
transaction of the messages it counts. Kafka is the only one that is asked; no memory, no row is believed.
"""

import time
from collections.abc import Iterator, Mapping
from contextlib import closing
from typing import Any

import msgspec
import orjson
from kafka import KafkaConsumer, TopicPartition

from feeds.agencies.kafka import topic_names as names
from feeds.agencies.kafka.client import opened
from feeds.agencies.kafka.producer import ProducedRecord, Transactions

READ_SECONDS, POLL_MS, LOOK_SECONDS = 20.0, 500, 0.2
WINDOWS = (64, 512, 4096, 1 << 62)
"""Records from the end, one window after the other, until one of ours is found."""


class Hanging(Exception):
    """A transaction on the topic is open and nobody ends it: what it hides may be our own last position."""


class AlreadyBegun(Exception):
    """The feed has a position; another one by mistake would publish twice, or leave out."""


class Position(msgspec.Struct, frozen=True):
    """`position` in the log, of the message `id`, the last that was published, of that era; `prev` the one before.

    `count` messages came in this transaction: 0 where an operator began the feed here.
    """

    position: int
    era: int
    id: str = ""
    count: int = 0
    prev: int = 0


READ = msgspec.json.Decoder(Position)


def transactional_id(agency: str) -> str:
    """The same for ever: another one would fence nobody."""
    return f"jejak-relay-{agency}"


def record_of(agency: str, position: Position) -> ProducedRecord:
    value = orjson.dumps(msgspec.to_builtins(position))
    return ProducedRecord(names.position(agency), transactional_id(agency).encode(), value, partition=0)


def position_of(login: Mapping[str, Any], agency: str) -> Position | None:
    """To be asked only after the producer that will write has fenced its predecessors. None: never begun.

    Raises KafkaError, Hanging.
    """
    at, key = TopicPartition(names.position(agency), 0), transactional_id(agency).encode()
    with closing(_consumer(login, "read_committed")) as committed:
        committed.assign([at])
        end, begin = _stable_end(login, committed, at), committed.beginning_offsets([at])[at]
        for window in WINDOWS:
            since = max(begin, end - window)
            found = None
            for record in _records(committed, at, since, end):
                if record.key == key:
                    found = READ.decode(record.value)
            if found is not None or since == begin:
                return found
    return None


def begin_at(login: Mapping[str, Any], agency: str, position: Position, *, anew: bool = False) -> None:
    """Writes the first position, once, by an operator's word: a relay never assumes one. `anew`: whatever is there.

    Raises AlreadyBegun, KafkaError, Hanging, Untrusted.
    """
    producer = Transactions(login, transactional_id(agency))
    try:
        known = position_of(login, agency)
        if known is not None and not anew:
            raise AlreadyBegun(f"the feed of {agency} is published up to position {known.position} already")
        producer.publish([record_of(agency, position)])
    finally:
        producer.discard()


def _stable_end(login: Mapping[str, Any], committed: KafkaConsumer, at: TopicPartition) -> int:
    """Waits until no transaction is open on the topic."""
    with closing(_consumer(login, "read_uncommitted")) as raw:
        high = raw.end_offsets([at])[at]
    deadline = time.monotonic() + READ_SECONDS
    while (end := int(committed.end_offsets([at])[at])) < high:
        if time.monotonic() > deadline:
            raise Hanging(f"{at.topic}: stable up to {end}, written up to {high}")
        time.sleep(LOOK_SECONDS)
    return end


def _records(consumer: KafkaConsumer, at: TopicPartition, since: int, end: int) -> Iterator[Any]:
    """Those from `since` up to `end`: offsets have holes, so the consumer's own position says that all were read."""
    consumer.seek(at, since)
    deadline = time.monotonic() + READ_SECONDS
    while consumer.position(at) < end:
        if time.monotonic() > deadline:
            raise Hanging(f"{at.topic}: read up to {consumer.position(at)} of {end}")
        for records in consumer.poll(timeout_ms=POLL_MS).values():
            yield from (record for record in records if record.offset < end)


def _consumer(login: Mapping[str, Any], isolation: str) -> Any:  # noqa: ANN401 - the client has no types
    return opened(
        KafkaConsumer,
        **login,
        isolation_level=isolation,
        group_id=None,
        enable_auto_commit=False,
        auto_offset_reset="earliest",
        allow_auto_create_topics=False,
        metrics_enabled=False,
    )
