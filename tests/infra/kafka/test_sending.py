"""What our transactions put into a topic is what kafka-python itself would put there, record by record."""

from collections.abc import Sequence
from contextlib import closing
from uuid import uuid4

from kafka import KafkaConsumer, KafkaProducer, TopicPartition
from kafka.admin import KafkaAdminClient

from feeds.agencies.kafka.producer import ProducedRecord, Transactions
from tests.infra.kafka.broker import Broker

PARTITIONS = 5
Found = list[list[tuple[bytes, bytes, Sequence[tuple[str, bytes]]]]]


def records(topic: str) -> list[ProducedRecord]:
    """Ids, an empty value, a large one, names beyond ASCII; the last two where they are told to be."""
    headers = [("ce_id", b"1"), ("ce_tanda", "diterima ✓".encode()), ("kosong", b"")]
    keys = [f"{number:032x}".encode() for number in range(40)]
    made = [ProducedRecord(topic, key, f"{number}".encode() * number, headers) for number, key in enumerate(keys * 3)]
    return [
        *made,
        ProducedRecord(topic, b"k", b"", (), 4),
        ProducedRecord(topic, b"k", b"x" * 300_000, tuple(headers), 0),
    ]


def topic_of(broker: Broker) -> str:
    topic = f"sending-{uuid4().hex}"
    with closing(KafkaAdminClient(bootstrap_servers=broker.bootstrap)) as admin:
        admin.create_topics({topic: {"num_partitions": PARTITIONS, "replication_factor": 1}})
    return topic


def found(broker: Broker, topic: str) -> Found:
    """Partition by partition, in the order of their offsets."""
    at = [TopicPartition(topic, number) for number in range(PARTITIONS)]
    options = {"isolation_level": "read_committed", "auto_offset_reset": "earliest", "enable_auto_commit": False}
    there: Found = [[] for _ in at]
    with closing(KafkaConsumer(bootstrap_servers=broker.bootstrap, **options)) as consumer:
        consumer.assign(at)
        ends = consumer.end_offsets(at)
        while any(consumer.position(one) < ends[one] for one in at):
            for place, read in consumer.poll(timeout_ms=500).items():
                there[place.partition] += [(one.key, one.value, list(one.headers)) for one in read]
    return there


def test_the_same_records_come_to_the_same_places_in_the_same_order(kafka: Broker) -> None:
    theirs, ours = topic_of(kafka), topic_of(kafka)
    with closing(KafkaProducer(bootstrap_servers=kafka.bootstrap, acks="all")) as client:
        for topic, key, value, headers, partition in records(theirs):
            client.send(topic, key=key, value=value, headers=list(headers), partition=partition)
        client.flush()
    transactions = Transactions({"bootstrap_servers": kafka.bootstrap}, f"ours-{uuid4().hex}")
    transactions.publish(records(ours))
    transactions.discard()
    expected, got = found(kafka, theirs), found(kafka, ours)
    assert got == expected
    assert sum(map(len, got)) == 122
    assert all(got)
