"""One Kafka transaction at a time, on kafka-python 3.0.12, whose transaction layer can say that it committed what it
dropped. The rules that keep that from happening are here and nowhere else; they touch private parts, so the version is
pinned. tests/infra/kafka/test_client_defects.py shows each defect, and that without rule 1, 2, 3 or 4 one comes
through.

1  flush before the commit, then look at every future: a commit does not.
2  a commit with a time limit; without an answer its outcome is unknown.
3  no bump of the epoch: an error that asks for one is the end of this producer.
4  after any fault the producer is thrown away, never aborted and used again.
5  a new producer fences its predecessors first; only then is the position read (position.py), from Kafka alone.
"""

import contextlib
from collections.abc import Mapping, Sequence
from functools import lru_cache
from typing import Any, NamedTuple

from kafka import KafkaProducer, TopicPartition
from kafka.errors import KafkaError
from kafka.partitioner.default import murmur2

from feeds.agencies.kafka.client import opened

LINGER_MS, BATCH_BYTES = 20, 131_072
REQUEST_MS, DELIVERY_MS, BLOCK_MS, BACK_OFF_MS = 5_000, 10_000, 20_000, 10
TRANSACTION_MS = 30_000
FLUSH_SECONDS, COMMIT_MS, JOIN_SECONDS = 12.0, 10_000, 10
"""Linger and request < delivery < flush; flush and commit < transaction < the broker's largest: each fires in turn."""


class Untrusted(Exception):
    """What became of the transaction is not known: this producer is of no use any more."""


class ProducedRecord(NamedTuple):
    """`partition` None: that of the key."""

    topic: str
    key: bytes
    value: bytes
    headers: Sequence[tuple[str, bytes]] = ()
    partition: int | None = None


@lru_cache(4096)
def _hash(key: bytes) -> int:
    """As Java's clients, and kafka-python by default, hash a key to its partition. In Python; so once for all the
    messages of an application that follow one another.
    """
    found: int = murmur2(key) & 0x7FFF_FFFF
    return found


class Transactions:
    """A producer that has fenced all before it under the same `transactional_id`. Raises KafkaError, Untrusted."""

    def __init__(self, login: Mapping[str, Any], transactional_id: str) -> None:
        self._futures: list[Any] = []
        self._result: Any = None
        self._producer = opened(
            KafkaProducer,
            **login,
            transactional_id=transactional_id,
            acks="all",
            linger_ms=LINGER_MS,
            batch_size=BATCH_BYTES,
            request_timeout_ms=REQUEST_MS,
            delivery_timeout_ms=DELIVERY_MS,
            transaction_timeout_ms=TRANSACTION_MS,
            max_block_ms=BLOCK_MS,
            retry_backoff_ms=BACK_OFF_MS,
            allow_auto_create_topics=False,
            metrics_enabled=False,
        )
        try:
            self._producer._transaction_manager._supports_epoch_bump = lambda: False  # noqa: SLF001 - rule 3
            self._producer.init_transactions()
        except BaseException:
            self.discard()
            raise

    def publish(self, records: Sequence[ProducedRecord]) -> None:
        """All of them, or none. Raises KafkaError, Untrusted: then `discard`, and begin anew. So do the three steps."""
        self.send(records)
        self.commit()
        self.settle()

    def send(self, records: Sequence[ProducedRecord]) -> None:
        """They are on their way when this returns.

        As `KafkaProducer.send` of each, without what that does for every record again: it looks at the types of all
        headers, measures the record before it is written, and asks whether its partition is in the transaction.
        """
        producer = self._producer
        producer.begin_transaction()
        self._futures = []
        append, wake = producer._accumulator.append, producer._sender.wakeup  # noqa: SLF001
        counts = {topic: len(producer.partitions_for(topic)) for topic in {record.topic for record in records}}
        written: set[TopicPartition] = set()
        for topic, key, value, headers, partition in records:
            place = TopicPartition(topic, _hash(key) % counts[topic] if partition is None else partition)
            if place not in written:
                producer._transaction_manager.maybe_add_partition_to_transaction(place)  # noqa: SLF001
                written.add(place)
            future, is_full, is_new, _ = append(place, None, key, value, headers)
            self._futures.append(future)
            if is_full or is_new:
                wake()

    def commit(self) -> None:
        """All that was sent is there, and Kafka was told to commit it."""
        sent, self._futures = self._futures, []
        self._producer.flush(timeout=FLUSH_SECONDS)
        failed = [future for future in sent if not future.succeeded()]
        if failed:
            raise Untrusted(f"{len(failed)} of {len(sent)} records, first: {type(failed[0].exception).__name__}")
        self._result = self._producer._transaction_manager.begin_commit()  # noqa: SLF001 - rule 2: as `commit_transaction`,
        self._producer._sender.wakeup()  # noqa: SLF001 - which itself waits for ever

    def settle(self) -> None:
        """It is committed."""
        if self._result is None or not self._result.wait(timeout_ms=COMMIT_MS):
            raise Untrusted(f"no answer to the commit in {COMMIT_MS} ms")
        self._result = None

    def discard(self) -> None:
        """Rule 4: `close` can raise and leave its thread alive, and would not end the transaction either."""
        with contextlib.suppress(KafkaError, RuntimeError, AttributeError):
            self._producer._sender.force_close()  # noqa: SLF001
            self._producer._sender.join(JOIN_SECONDS)  # noqa: SLF001
        self._producer._closed = True  # noqa: SLF001
