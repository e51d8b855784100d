"""Clients that log in, as an agency's do: what a broker refuses is shown over its authenticated listener alone."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from kafka import KafkaConsumer, KafkaProducer, TopicPartition

from infra.cli.main import main
from tests.infra.kafka.broker import Broker

FILE = """
[kafka]
partitions = 3
replication = 1
min_insync = 1
consumer_bytes_a_second = 104857600
producer_bytes_a_second = 104857600
"""


@dataclass(frozen=True, slots=True)
class SetUp:
    """A cluster that `jejak topics apply` set up for some agencies. Passwords lie beside its data, for all tests."""

    broker: Broker
    folder: Path
    environment: Mapping[str, str]

    @property
    def passwords(self) -> Path:
        return self.broker.folder / "passwords"

    def file(self, user: str) -> Path:
        return self.passwords / f"{user}.password"

    def password(self, user: str) -> str:
        return self.file(user).read_text()

    def as_user(self, user: str) -> dict[str, str]:
        """The settings of a process of ours that logs in so."""
        return {**self.environment, "JEJAK_KAFKA_USERNAME": user, "JEJAK_KAFKA_PASSWORD_FILE": str(self.file(user))}

    def topics(self, *arguments: str, user: str = "") -> int:
        """`jejak topics …` in this process, as the operator or another user."""
        environment = self.as_user(user) if user else self.environment
        return topics_verb(environment, *arguments, "--credentials", str(self.passwords))

    def login(self, user: str, password: str = "") -> dict[str, Any]:
        return {
            "bootstrap_servers": self.broker.scram,
            "security_protocol": "SASL_PLAINTEXT",
            "sasl_mechanism": "SCRAM-SHA-512",
            "sasl_plain_username": user,
            "sasl_plain_password": password or self.password(user),
        }

    @contextmanager
    def consumer(self, user: str, **options: Any) -> Iterator[KafkaConsumer]:
        reading = {"isolation_level": "read_committed", "enable_auto_commit": False, "auto_offset_reset": "earliest"}
        consumer = KafkaConsumer(**self.login(user), **{**reading, **options})
        try:
            yield consumer
        finally:
            consumer.close()

    @contextmanager
    def producer(self, user: str, **options: Any) -> Iterator[KafkaProducer]:
        producer = KafkaProducer(**self.login(user), **{"acks": "all", "max_block_ms": 10_000, **options})
        try:
            yield producer
        finally:
            producer.close(timeout=5)

    def read(self, user: str, topic: str) -> list[Any]:
        """All records of a topic. Raises KafkaError."""
        with self.consumer(user) as consumer:
            found: list[Any] = []
            partitions = [
                TopicPartition(topic, number) for number in sorted(consumer.partitions_for_topic(topic) or ())
            ]
            consumer.assign(partitions)
            consumer.seek_to_beginning(*partitions)
            ends = consumer.end_offsets(partitions)
            while any(consumer.position(at) < ends[at] for at in partitions):
                for records in consumer.poll(timeout_ms=500).values():
                    found += records
            return found


def topics_file(folder: Path, *agencies: str, more: str = "") -> Path:
    file = folder / "topics.toml"
    file.write_text(FILE + more + "".join(f"[agencies.{agency}]\n" for agency in agencies))
    return file


def environment_of(broker: Broker, folder: Path, *agencies: str) -> dict[str, str]:
    """Of the operator, who may administer the brokers."""
    password = folder / "admin.password"
    password.write_text(broker.admin_password)
    return {
        "JEJAK_DATA_DIR": str(folder),
        "JEJAK_TOPICS_FILE": str(topics_file(folder, *agencies)),
        "JEJAK_KAFKA_BOOTSTRAP": broker.scram,
        "JEJAK_KAFKA_USERNAME": broker.admin_user,
        "JEJAK_KAFKA_PASSWORD_FILE": str(password),
    }


def topics_verb(environment: Mapping[str, str], *arguments: str) -> int:
    """`jejak topics …` in this process."""
    with pytest.MonkeyPatch.context() as patch:
        for name, value in environment.items():
            patch.setenv(name, value)
        return main(["topics", *arguments])


def set_up(broker: Broker, folder: Path, *agencies: str) -> SetUp:
    made = SetUp(broker, folder, environment_of(broker, folder, *agencies))
    assert made.topics("apply", "--yes") == 0
    return made
