"""The relay position says how far the feed of an agency was published. This position is in the newest record of a
compacted Kafka topic.

Only the agency's relay writes to this topic, in the same transaction as the messages. The position is always read from
Kafka, never from memory or from a database row.
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
"""To find the position record, the relay first reads this number of the newest records. If these records contain no
position record, the relay tries the next number.
"""


class Hanging(Exception):
    """A transaction on the position topic stays open. The open transaction may hide the relay's own last position."""


class AlreadyBegun(Exception):
    """The feed already has a position. If the feed began again at another position, the relay would publish messages
    twice, or would leave out messages.
    """


class Position(msgspec.Struct, frozen=True):
    """The relay position: it contains the log position, the id and the era of the last published message. `prev` is the
    log position that the previous relay position contained. `count` is the number of messages in the transaction. If an
    operator began the feed at this position, `count` is 0.
    """

    position: int
    era: int
    id: str = ""
    count: int = 0
    prev: int = 0


READ = msgspec.json.Decoder(Position)


def transactional_id(agency: str) -> str:
    """Returns the transactional id of the agency's relay. This id must never change, because a relay with another id
    would not fence the earlier relays.
    """
    return f"jejak-relay-{agency}"


def record_of(agency: str, position: Position) -> ProducedRecord:
    value = orjson.dumps(msgspec.to_builtins(position))
    return ProducedRecord(names.position(agency), transactional_id(agency).encode(), value, partition=0)


def position_of(login: Mapping[str, Any], agency: str) -> Position | None:
    """Returns the relay position that Kafka holds, or None if the feed was never begun. Raises KafkaError, Hanging.
    Call this function only after the new producer has fenced its predecessors.
    """
    at, key = TopicPartition(names.position(agency), 0), transactional_id(agency).encode()
    with closing(_consumer(login, "read_committed")) as committed:
        committed.assign([at])
        end, begin = _stable_end(login, committed, at), committed.beginning_offsets([at])[at]
        for window in WINDOWS:
            since = max(begin, end - window)
            newest = None
            for record in _records(committed, at, since, end):
                if record.key == key:
                    newest = READ.decode(record.value)
            if newest is not None or since == begin:
                return newest
    return None


def begin_at(login: Mapping[str, Any], agency: str, position: Position, *, anew: bool = False) -> None:
    """Writes the first relay position, when an operator asks for it. A relay never chooses the first position itself.
    If `anew` is true, the position is written even if the feed already has a position.

    Raises AlreadyBegun, KafkaError, Hanging, Untrusted.
    """
    producer = Transactions(login, transactional_id(agency))
    try:
        present = position_of(login, agency)
        if present is not None and not anew:
            raise AlreadyBegun(f"the feed of {agency} is already published up to position {present.position}")
        producer.publish([record_of(agency, position)])
    finally:
        producer.discard()


def _stable_end(login: Mapping[str, Any], committed: KafkaConsumer, at: TopicPartition) -> int:
    """Waits until no transaction is open on the topic. Then returns the end offset of the topic. Raises Hanging after
    READ_SECONDS.
    """
    with closing(_consumer(login, "read_uncommitted")) as raw:
        high = raw.end_offsets([at])[at]
    deadline = time.monotonic() + READ_SECONDS
    while (end := int(committed.end_offsets([at])[at])) < high:
        if time.monotonic() > deadline:
            raise Hanging(f"{at.topic}: stable up to {end}, written up to {high}")
        time.sleep(LOOK_SECONDS)
    return end


def _records(consumer: KafkaConsumer, at: TopicPartition, since: int, end: int) -> Iterator[Any]:
    """Yields the records from the offset `since` up to, but not including, the offset `end`.

    Offsets have gaps, so there may be no record with the offset `end - 1`. Instead, the position of the consumer shows
    when all records are read.
    """
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
