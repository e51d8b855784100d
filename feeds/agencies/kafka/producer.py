"""The transactional producer publishes one Kafka transaction at a time, and avoids known defects of kafka-python.

In kafka-python 3.0.12, the transaction layer can drop records and still report a commit. This module alone contains the
rules that prevent such a false report. The rules use private parts of kafka-python, so the version of kafka-python is
pinned. tests/infra/kafka/test_client_defects.py shows each defect, and shows that the producer needs each of the rules
1 to 4.

1  Flush before the commit, then check every future, because the commit does not check the futures.
2  Commit with a time limit. Without an answer, the outcome of the commit is unknown.
3  Never bump the epoch. If an error asks for a new epoch, discard the producer.
4  After any fault, discard the producer. Never abort the transaction in order to use the producer again.
5  A new producer first fences its predecessors. Then the relay reads the position from Kafka (relay_position.py).
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
"""The time limits must expire in the right order. So two inequalities must hold: linger + request < delivery < flush,
and flush + commit < transaction < the broker's limit for transactions.
"""


class Untrusted(Exception):
    """The outcome of the transaction is unknown. This producer must not be used again."""


class ProducedRecord(NamedTuple):
    """A record to publish. If `partition` is None, the key of the record decides the partition."""

    topic: str
    key: bytes
    value: bytes
    headers: Sequence[tuple[str, bytes]] = ()
    partition: int | None = None


@lru_cache(4096)
def _hash(key: bytes) -> int:
    """Returns the hash of a key. The hash decides the partition of the record. The Java clients and kafka-python
    compute the same hash by default.

    The hash is computed in pure Python, so the result is cached for consecutive messages of the same application.
    """
    result: int = murmur2(key) & 0x7FFF_FFFF
    return result


class Transactions:
    """A producer that has fenced all earlier producers with the same `transactional_id`.

    Raises KafkaError, Untrusted.
    """

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
        """Publishes all records in one transaction: it calls `send`, then `commit`, then `settle`.

        Each of these calls may raise KafkaError or Untrusted. After an error, call `discard`, and start again with a
        new producer.
        """
        self.send(records)
        self.commit()
        self.settle()

    def send(self, records: Sequence[ProducedRecord]) -> None:
        """Begins a transaction and queues the records for sending.

        For each record, this method does the same as `KafkaProducer.send` without three of its steps. The three steps
        check the types of all headers, estimate the size of the record, and check whether the partition is in the
        transaction.
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
        """Waits until Kafka has all records, and tells Kafka to commit them."""
        sent, self._futures = self._futures, []
        self._producer.flush(timeout=FLUSH_SECONDS)
        failed = [future for future in sent if not future.succeeded()]
        if failed:
            raise Untrusted(f"{len(failed)} of {len(sent)} records, first: {type(failed[0].exception).__name__}")
        # Rule 2: `commit_transaction` makes the same two calls, but then waits without a time limit.
        self._result = self._producer._transaction_manager.begin_commit()  # noqa: SLF001
        self._producer._sender.wakeup()  # noqa: SLF001

    def settle(self) -> None:
        """Waits until Kafka confirms the commit. Raises Untrusted after COMMIT_MS."""
        if self._result is None or not self._result.wait(timeout_ms=COMMIT_MS):
            raise Untrusted(f"no answer to the commit in {COMMIT_MS} ms")
        self._result = None

    def discard(self) -> None:
        """Ends the producer (rule 4). This method does not call `KafkaProducer.close`, because `close` can raise an
        error and leave its thread alive. `close` also does not end the transaction.
        """
        with contextlib.suppress(KafkaError, RuntimeError, AttributeError):
            self._producer._sender.force_close()  # noqa: SLF001
            self._producer._sender.join(JOIN_SECONDS)  # noqa: SLF001
        self._producer._closed = True  # noqa: SLF001
