"""A broker that is really killed or frozen under a transaction. Each defect by itself: test_client_defects.py."""

import signal
import threading
import time
from collections.abc import Iterator
from contextlib import closing

import pytest
from kafka import KafkaConsumer, TopicPartition
from kafka.admin import KafkaAdminClient
from kafka.errors import KafkaError

from feeds.agencies.kafka import producer
from feeds.agencies.kafka.producer import ProducedRecord, Transactions, Untrusted
from tests.infra.kafka.broker import Broker, broker

TOPIC = "trail"


@pytest.fixture
def own() -> Iterator[Broker]:
    with broker() as made:
        with closing(KafkaAdminClient(bootstrap_servers=made.bootstrap)) as admin:
            admin.create_topics({TOPIC: {"num_partitions": 1, "replication_factor": 1}})
        yield made


@pytest.fixture(autouse=True)
def _in_shorter_times(monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in (("REQUEST_MS", 1_000), ("DELIVERY_MS", 3_000), ("COMMIT_MS", 4_000)):
        monkeypatch.setattr(producer, name, value)
    monkeypatch.setattr(producer, "FLUSH_SECONDS", 6.0)


def opened(own: Broker, name: str = "jejak-relay-pln") -> Transactions:
    return Transactions({"bootstrap_servers": own.bootstrap}, name)


def record(value: str) -> ProducedRecord:
    return ProducedRecord(TOPIC, b"key", value.encode())


def committed(own: Broker) -> list[str]:
    at = TopicPartition(TOPIC, 0)
    options = {"isolation_level": "read_committed", "auto_offset_reset": "earliest", "enable_auto_commit": False}
    with closing(KafkaConsumer(bootstrap_servers=own.bootstrap, **options)) as consumer:
        consumer.assign([at])
        end, found = consumer.end_offsets([at])[at], []
        while consumer.position(at) < end:
            for records in consumer.poll(timeout_ms=500).values():
                found += [one.value.decode() for one in records]
    return found


def ended(transactions: Transactions) -> None:
    transactions.commit()
    transactions.settle()


def test_a_commit_that_nobody_answers_ends_and_its_outcome_is_unknown(own: Broker) -> None:
    """Its own waits for ever, also after its thread was ended by force."""
    transactions = opened(own)
    transactions.publish([record("one")])
    transactions._producer.begin_transaction()
    transactions._producer.send(TOPIC, b"two").get(timeout=10)
    own.kill()
    with pytest.raises((Untrusted, KafkaError)):
        ended(transactions)
    transactions.discard()
    own.start()
    after = opened(own)
    after.publish([record("three")])
    after.discard()
    assert [value for value in committed(own) if value != "two"] == ["one", "three"]


def test_a_producer_that_is_thrown_away_leaves_nothing_behind(own: Broker) -> None:
    """Its own `close` raises while a batch is stuck, and leaves its thread alive."""
    threads = threading.active_count()
    transactions = opened(own)
    transactions.publish([record("one")])  # it knows the topic
    assert own.process
    own.process.send_signal(signal.SIGSTOP)
    transactions._producer.begin_transaction()
    transactions._producer.send(TOPIC, b"stuck")
    transactions.discard()
    own.process.send_signal(signal.SIGCONT)
    deadline = time.monotonic() + 60
    while threading.active_count() > threads:
        assert time.monotonic() < deadline, threading.enumerate()
        time.sleep(0.1)
