"""`relay`: publishes an agency's feed to a real Kafka. The baseline is a producer of kafka-python without Jejak.

This bench also measures how long it takes from the commit of an event until a consumer receives the event.
"""

import gc
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, redirect_stdout
from datetime import UTC, datetime
from itertools import islice
from pathlib import Path
from typing import Any
from unittest import mock

import psycopg
import pytest
from kafka import KafkaProducer, TopicPartition
from kafka.record._crc32c import crc as crc32c_in_python

from bench.rig.filling import fill
from bench.rig.installed import Installed, installed, say
from bench.rig.report import Measured, spread
from bench.rig.size import Size
from feeds.agencies.kafka import topic_names as names
from feeds.agencies.kafka.producer import BATCH_BYTES, LINGER_MS, ProducedRecord
from feeds.agencies.kafka.relay import Relay, records_of
from feeds.agencies.kafka.relay_position import Position, begin_at
from feeds.agencies.messages import Message, Origin
from feeds.agencies.topics_file import read_topics
from infra.kafka.relay import KafkaDestination, PostgresSource, Watch
from infra.projector.outbox import Outbox
from infra.queries.agency_feed import origin_of
from infra.settings import PROJECT
from tests.infra.kafka.broker import broker
from tests.infra.kafka.logins import SetUp, set_up
from tests.infra.logs import Writer

AGENCY = "pemda-3374"
TARGET = 0.8
PLAIN_BATCHES = 6
LIVES_A_SECOND, EVENTS_A_LIFE = 10, 4
PATIENCE_SECONDS = 120.0
ON = ("Apache Kafka, one node", "SCRAM", "read_committed", "status topic", "PostgreSQL")
BEHIND = """
SELECT coalesce((SELECT max(notification_id) FROM stored_events), 0) - position FROM feeds.distributed
"""


class Clock(Watch):
    """Records the time of each commit, and the number of messages in the commit.

    Stops the relay at the end of the feed.
    """

    def __init__(self, stopping: threading.Event) -> None:
        super().__init__()
        self.stopping = stopping
        self.commits: list[tuple[float, int]] = []
        self.faults: list[str] = []

    def published(self, agency: str, position: int, count: int) -> None:
        super().published(agency, position, count)
        self.commits.append((time.perf_counter(), count))

    def idle(self, agency: str, position: int) -> None:
        super().idle(agency, position)
        self.stopping.set()

    def fault(self, agency: str, fault: Exception) -> None:
        super().fault(agency, fault)
        self.faults.append(type(fault).__name__)

    @property
    def rate(self) -> float:
        """The number of messages per second, measured from the first commit.

        So the start of the producer is not measured.
        """
        (begun, _), (ended, _) = self.commits[0], self.commits[-1]
        return sum(count for _, count in self.commits[1:]) / (ended - begun)


def run(*, size: Size, names: frozenset[str]) -> Iterator[Measured]:  # noqa: ARG001 - all benches have the same arguments
    try:
        with installed() as where, broker() as made, tempfile.TemporaryDirectory() as folder:
            with redirect_stdout(sys.stderr):  # the setup prints its steps, but stdout must contain only JSON
                cluster = set_up(made, Path(folder), AGENCY)
            yield from _measured(where, cluster, size)
    except pytest.skip.Exception as skipped:
        yield Measured(bench="relay", value=0.0, unit="messages/s", fault=str(skipped.msg))


def _measured(where: Installed, cluster: SetUp, size: Size) -> Iterator[Measured]:
    login = cluster.login("jejak-relay")
    topics = read_topics(Path(cluster.environment["JEJAK_TOPICS_FILE"]))
    fill(where, size.pick(2_000, 12_000))
    distributor = Outbox(where.databases.serving, topics)
    distributor.start()
    until_even(where.databases.serving)
    # In production, the outbox is filled by another process. So this process stops its outbox before the measurement.
    distributor.stop()
    source = PostgresSource(where.databases.serving, AGENCY, threading.Event())
    origin = origin_of(where.settings)
    batches = [records_of(page, origin) for page in pages(source)]
    gc.freeze()  # the garbage collector must not scan the bench's own data during the measurement
    bare, relayed = [], []
    for number in range(1, size.pick(2, 3) + 1):
        say(f"relay: round {number}: {sum(map(len, batches)):,} records in {len(batches)} transactions")
        bare.append(bare_rate(login, batches))
        begin_at(login, AGENCY, Position(0, 1), anew=number > 1)
        relayed.append(relay(where, login, origin))
    gc.unfreeze()
    with mock.patch("kafka.record.default_records.calc_crc32c", crc32c_in_python):
        plain = bare_rate(login, batches[:PLAIN_BATCHES])
    say("relay: from the commit to a consumer")
    distributor = Outbox(where.databases.serving, topics)
    distributor.start()
    waits = latencies(where, cluster, size.pick(3, 30))
    distributor.stop()
    faults = [fault for clock in relayed for fault in clock.faults]
    yield Measured(
        bench="relay",
        value=max(clock.rate for clock in relayed),
        unit="messages/s",
        baseline=max(bare),
        target=TARGET,
        rows={"messages": sum(count for clock in relayed for _, count in clock.commits)},
        on=ON,
        more={
            "bare": [round(rate, 1) for rate in bare],
            "bare_without_crc32c": round(plain, 1),
            "relayed": [round(clock.rate, 1) for clock in relayed],
            "offered": LIVES_A_SECOND * EVENTS_A_LIFE,
            "received": len(waits),
            **(spread(waits, 0.5, 0.99) if waits else {}),
        },
        fault=", ".join(faults) or (None if waits else "nothing reached the consumer"),
        postgres=where.postgres,
    )


def pages(source: PostgresSource) -> Iterator[list[Message]]:
    source.lead()
    after = 0
    while page := source.page(after):
        yield page
        after = page[-1].position
    source.close()


def relay(where: Installed, login: dict[str, Any], origin: Origin) -> Clock:
    stopping = threading.Event()
    clock = Clock(stopping)
    source = PostgresSource(where.databases.serving, AGENCY, stopping)
    clock.over(AGENCY, source.say)
    Relay(AGENCY, source=source, destination=KafkaDestination(login, AGENCY), origin=origin, witness=clock).run(
        stopping
    )
    source.close()
    return clock


def bare_rate(login: dict[str, Any], batches: list[list[ProducedRecord]]) -> float:
    """Measures a producer without Jejak, and returns its number of messages per second. The first batch is not
    measured.

    Each batch has as many messages as one transaction of the relay. The producer flushes each batch before it sends the
    next batch.
    """
    producer = KafkaProducer(
        **login,
        enable_idempotence=True,
        acks="all",
        linger_ms=LINGER_MS,
        batch_size=BATCH_BYTES,
        allow_auto_create_topics=False,
        metrics_enabled=False,
    )
    try:
        send(producer, batches[0])
        begun = time.perf_counter()
        for batch in islice(batches, 1, None):
            send(producer, batch)
        seconds = time.perf_counter() - begun
    finally:
        producer.close(timeout=30)
    events = sum(1 for batch in batches[1:] for record in batch if record.topic == names.events(AGENCY))
    return events / seconds


def send(producer: KafkaProducer, batch: list[ProducedRecord]) -> None:
    for record in batch:
        producer.send(record.topic, key=record.key, value=record.value, headers=list(record.headers))
    producer.flush()


def until_even(conninfo: str) -> None:
    deadline = time.monotonic() + PATIENCE_SECONDS
    with psycopg.connect(conninfo, autocommit=True) as connection:
        while connection.execute(BEHIND).fetchone() != (0,):
            if time.monotonic() > deadline:
                raise TimeoutError("the feeds did not catch up with the log")
            time.sleep(0.1)


def latencies(where: Installed, cluster: SetUp, seconds: float) -> list[float]:
    """Returns, for each message, the number of seconds from `recorded_at` until a consumer received the message.

    The database sets `recorded_at` just before the commit. The consumer reads only committed messages.
    """
    waits: list[float] = []
    ending = threading.Event()
    reading = threading.Event()

    def consume() -> None:
        with cluster.consumer(AGENCY) as consumer:
            at = [TopicPartition(names.events(AGENCY), number) for number in range(3)]
            consumer.assign(at)
            consumer.seek_to_end(*at)
            for each in at:
                consumer.position(each)
            reading.set()
            while not ending.is_set():
                for records in consumer.poll(timeout_ms=200).values():
                    now = datetime.now(UTC)
                    for record in records:
                        recorded = dict(record.headers)["ce_recordedtime"].decode()
                        waits.append((now - datetime.fromisoformat(recorded)).total_seconds())

    with relaying(where, cluster):
        consuming = threading.Thread(target=consume)
        consuming.start()
        reading.wait(PATIENCE_SECONDS)
        writer = Writer(where.databases.serving)
        until = time.monotonic() + seconds
        while time.monotonic() < until:
            writer.lives(1)
            time.sleep(1 / LIVES_A_SECOND)
        writer.datastore.close()
        time.sleep(2)
        ending.set()
        consuming.join()
    return waits


@contextmanager
def relaying(where: Installed, cluster: SetUp) -> Iterator[None]:
    environment = {**where.environment, **cluster.as_user("jejak-relay"), "JEJAK_DATA_DIR": str(where.folder)}
    command = [sys.executable, "-m", "infra.cli", "relay", AGENCY]
    with subprocess.Popen(
        command, env=environment, cwd=PROJECT, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL
    ) as process:
        try:
            if process.stdout:
                process.stdout.readline()
            time.sleep(3)  # the relay needs some seconds to fence earlier producers and to read its position
            yield
        finally:
            process.terminate()
