"""What kafka-python 3.0.12 does by itself, and beside it what our transactions do, in the same fault.

Where one of the tests of the client alone fails with a newer version, the defect is mended there: see which rule of
`feeds.agencies.kafka.producer` is not needed any more.
"""

import threading
import time
from collections.abc import Iterator
from contextlib import closing
from itertools import count
from typing import Any
from uuid import uuid4

import pytest
from kafka import KafkaConsumer, KafkaProducer, TopicPartition
from kafka.admin import KafkaAdminClient
from kafka.errors import KafkaError, KafkaTimeoutError

from feeds.agencies.kafka import producer
from feeds.agencies.kafka.producer import ProducedRecord, Transactions, Untrusted
from tests.infra.kafka.broker import Broker
from tests.infra.kafka.proxy import END_TRANSACTION, Proxy, proxy

SHORT = {"REQUEST_MS": 1_000, "DELIVERY_MS": 2_500, "COMMIT_MS": 4_000, "FLUSH_SECONDS": 8.0}
OUT_OF_ORDER, INVALID_EPOCH = 45, 47
ENOUGH_SECONDS = 8
"""More than all the client's own limits together: who still waits then, waits for ever."""
NUMBERS = count()
Fault = (Untrusted, KafkaError)


@pytest.fixture(autouse=True)
def _in_shorter_times(monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in SHORT.items():
        monkeypatch.setattr(producer, name, value)


@pytest.fixture
def between(kafka: Broker) -> Iterator[Proxy]:
    topic = f"defects-{next(NUMBERS)}-{uuid4().hex}"
    with closing(KafkaAdminClient(bootstrap_servers=kafka.bootstrap)) as admin:
        admin.create_topics({topic: {"num_partitions": 2, "replication_factor": 1}})
    with proxy(kafka, topic) as made:
        yield made


def login(broker: Broker) -> dict[str, Any]:
    return {"bootstrap_servers": f"127.0.0.1:{broker.ports['proxy']}"}


def bare(broker: Broker, name: str = "bare") -> KafkaProducer:
    """With ours' settings, and without its rules."""
    made = KafkaProducer(
        **login(broker),
        transactional_id=name,
        linger_ms=producer.LINGER_MS,
        request_timeout_ms=producer.REQUEST_MS,
        delivery_timeout_ms=producer.DELIVERY_MS,
        transaction_timeout_ms=producer.TRANSACTION_MS,
        max_block_ms=5_000,
        retry_backoff_ms=producer.BACK_OFF_MS,
        metrics_enabled=False,
    )
    made.init_transactions()
    return made


def end(client: KafkaProducer) -> None:
    client._sender.force_close()
    client._sender.join(10)
    client._closed = True


def record(between: Proxy, value: bytes, partition: int = 0) -> ProducedRecord:
    return ProducedRecord(between.topic.decode(), b"key", value, partition=partition)


def committed(broker: Broker, between: Proxy) -> list[bytes]:
    at = [TopicPartition(between.topic.decode(), number) for number in (0, 1)]
    options = {"isolation_level": "read_committed", "auto_offset_reset": "earliest", "enable_auto_commit": False}
    with closing(KafkaConsumer(bootstrap_servers=broker.bootstrap, **options)) as consumer:
        consumer.assign(at)
        ends = consumer.end_offsets(at)
        found: list[bytes] = []
        while any(consumer.position(one) < ends[one] for one in at):
            for records in consumer.poll(timeout_ms=500).values():
                found += [one.value for one in records]
    return sorted(found)


class TestABatchThatRanOutOfTime:
    def test_is_left_out_and_the_client_says_committed(self, kafka: Broker, between: Proxy) -> None:
        with closing(bare(kafka)) as client:
            topic = between.topic.decode()
            client.begin_transaction()
            client.send(topic, b"kept", partition=0).get(timeout=10)
            between.losing = b"dropped"
            future = client.send(topic, b"dropped", partition=1)
            with pytest.raises(KafkaTimeoutError):
                future.get(timeout=30)
            between.losing = b""
            client.commit_transaction()
        assert committed(kafka, between) == [b"kept"]

    def test_keeps_ours_from_committing(self, kafka: Broker, between: Proxy) -> None:
        ours = Transactions(login(kafka), "ours")
        between.losing = b"dropped"
        with pytest.raises(Fault):
            ours.publish([record(between, b"kept"), record(between, b"dropped", 1)])
        between.losing = b""
        ours.discard()
        after = Transactions(login(kafka), "ours")
        after.publish([record(between, b"after")])
        after.discard()
        assert between.lost
        assert committed(kafka, between) == [b"after"]


@pytest.mark.parametrize("error", [OUT_OF_ORDER, INVALID_EPOCH])
class TestABatchThatIsRefusedDuringTheCommit:
    def test_is_lost_and_the_client_says_committed(self, kafka: Broker, between: Proxy, error: int) -> None:
        with closing(bare(kafka)) as client:
            client.begin_transaction()
            between.delay, between.refusing = 0.5, error
            future = client.send(between.topic.decode(), b"lost", partition=0)
            client.commit_transaction()
            assert future.failed()
        assert committed(kafka, between) == []

    def test_keeps_ours_from_committing(self, kafka: Broker, between: Proxy, error: int) -> None:
        ours = Transactions(login(kafka), "ours")
        between.delay, between.refusing = 0.5, error
        with pytest.raises(Fault):
            ours.publish([record(between, b"lost")])
        ours.discard()
        assert END_TRANSACTION not in between.asked


class TestWhoWasFencedWhileItsSuccessorPublishes:
    def test_the_client_fences_the_rightful_owner(self, kafka: Broker, between: Proxy) -> None:
        topic = between.topic.decode()
        before = bare(kafka)
        before.begin_transaction()
        before.send(topic, b"before", partition=0).get(timeout=10)
        owner = bare(kafka)
        owner.begin_transaction()
        owner.send(topic, b"owner", partition=0).get(timeout=10)
        future = before.send(topic, b"zombie", partition=0)
        with pytest.raises(KafkaError):
            future.get(timeout=30)
        until_bumped(before)
        with pytest.raises(KafkaError):
            in_time(owner)
        for client in (before, owner):
            end(client)

    def test_ours_ends_and_the_owner_commits(self, kafka: Broker, between: Proxy) -> None:
        """Its transaction is open already: who begins another one is told off sooner, by any client."""
        topic = between.topic.decode()
        before = Transactions(login(kafka), "ours")
        before._producer.begin_transaction()
        before._producer.send(topic, b"before", partition=0).get(timeout=10)
        owner = Transactions(login(kafka), "ours")
        owner._producer.begin_transaction()
        owner._producer.send(topic, b"owner", partition=0).get(timeout=10)
        with pytest.raises(KafkaError):
            before._producer.send(topic, b"zombie", partition=0).get(timeout=30)
        until_bumped(before._producer)
        with pytest.raises(Fault):
            ended(before)
        ended(owner)
        for one in (before, owner):
            one.discard()
        assert committed(kafka, between) == [b"owner"]


class TestACommitThatNobodyAnswers:
    def test_is_waited_for_for_ever_by_the_client(self, kafka: Broker, between: Proxy) -> None:
        client = bare(kafka)
        client.begin_transaction()
        client.send(between.topic.decode(), b"one", partition=0).get(timeout=10)
        between.close()  # first: the client's own thread may send the commit at any time after
        result = client._transaction_manager.begin_commit()
        client._transaction_manager.begin_commit = lambda: result
        thread = threading.Thread(target=client.commit_transaction, daemon=True)
        thread.start()
        thread.join(ENOUGH_SECONDS)
        waits = thread.is_alive()
        end(client)
        thread.join(1)
        assert waits
        assert thread.is_alive()
        result.done()
        thread.join(10)

    @pytest.mark.parametrize("how", ["the broker is gone", "the answer gets lost"])
    def test_is_of_unknown_outcome_to_ours(self, kafka: Broker, between: Proxy, how: str) -> None:
        ours = Transactions(login(kafka), "ours")
        ours._producer.begin_transaction()
        ours._producer.send(between.topic.decode(), b"one", partition=0).get(timeout=10)
        if how == "the broker is gone":
            between.close()
        else:
            between.muting = END_TRANSACTION
        with pytest.raises(Fault):
            ended(ours)
        ours.discard()
        assert not ours._producer._sender.is_alive()


class TestABatchThatIsStuckWhenItIsClosed:
    def test_makes_the_client_raise_and_go_on(self, kafka: Broker, between: Proxy) -> None:
        client = bare(kafka)
        client.begin_transaction()
        between.losing = b"stuck"
        client.send(between.topic.decode(), b"stuck", partition=0)
        with pytest.raises(KafkaTimeoutError):
            client.close(timeout=0.5)
        assert client._sender.is_alive()
        end(client)

    def test_ends_with_ours(self, kafka: Broker, between: Proxy) -> None:
        ours = Transactions(login(kafka), "ours")
        between.losing = b"stuck"
        ours._producer.begin_transaction()
        ours._producer.send(between.topic.decode(), b"stuck", partition=0)
        ours.discard()
        assert not ours._producer._sender.is_alive()


def ended(transactions: Transactions) -> None:
    transactions.commit()
    transactions.settle()


def until_bumped(client: KafkaProducer) -> None:
    deadline = time.monotonic() + 60
    while client._transaction_manager.is_bumping_epoch():
        assert time.monotonic() < deadline
        time.sleep(0.05)


def in_time(client: KafkaProducer) -> None:
    """A commit with a limit. Raises KafkaError."""
    result = client._transaction_manager.begin_commit()
    client._sender.wakeup()
    if not result.wait(timeout_ms=20_000):
        raise KafkaError("no answer")
