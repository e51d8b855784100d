"""The broker of the tests itself: it serves, and keeps what it was told through a kill."""

from kafka import KafkaConsumer, KafkaProducer, TopicPartition
from kafka.admin import KafkaAdminClient

from tests.infra.kafka.broker import broker


def test_what_was_acknowledged_is_there_after_a_kill() -> None:
    with broker() as made:
        admin = KafkaAdminClient(bootstrap_servers=made.bootstrap)
        admin.create_topics({"trail": {"num_partitions": 1, "replication_factor": 1}})
        admin.close()
        producer = KafkaProducer(bootstrap_servers=made.bootstrap, enable_idempotence=True)
        producer.send("trail", b"a step").get(timeout=30)
        producer.close()
        assert made.kill() == -9
        made.start()
        consumer = KafkaConsumer(bootstrap_servers=made.bootstrap, auto_offset_reset="earliest")
        at = TopicPartition("trail", 0)
        consumer.assign([at])
        assert consumer.end_offsets([at])[at] == 1
        consumer.close()
