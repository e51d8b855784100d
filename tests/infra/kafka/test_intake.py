"""`jejak intake` on a real broker, killed, frozen and rebalanced: each command applied once, with one answer."""

import asyncio
import random
import signal
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from uuid import UUID, uuid4

import pytest
from kafka import KafkaConsumer, KafkaProducer, TopicPartition
from kafka.admin import KafkaAdminClient

from feeds.agencies.kafka import topic_names as names
from feeds.agencies.topics_file import AgencyTable, Topics
from infra.composition import installation
from infra.runtime.fsck import faults_of_log
from tests.builders import EDITIONS
from tests.conftest import PROJECT, Fresh
from tests.infra.eventstore.intaking import AGENCY, Sending, answers, asked, command, headers, submission
from tests.infra.kafka.broker import Broker, broker
from tests.infra.logs import environment
from tests.infra.projector.test_outbox import distributing, messages, until_told
from tests.running import JEJAK

PARTITIONS = 3
TOPIC = names.commands(AGENCY)
TOPICS = Topics(agencies={AGENCY: AgencyTable()})
SECRET = "3374014101909999"
REACHED = "SELECT partition, next_offset FROM feeds.intake_offsets WHERE topic = %s"
PATIENCE_SECONDS = 120
CHANCE = random.Random(7)


@dataclass
class Intakes:
    """Processes of `jejak intake` over one log and one broker; `ended` are the wait statuses of those that are gone."""

    environment: dict[str, str]
    log: Path
    running: list[subprocess.Popen[bytes]] = field(default_factory=list)
    ended: list[int] = field(default_factory=list)
    disturbed: int = 0

    def start(self) -> None:
        with self.log.open("ab") as log:
            self.running.append(
                subprocess.Popen(
                    [*JEJAK, "intake"], env=self.environment, cwd=PROJECT, stdout=subprocess.DEVNULL, stderr=log
                )
            )

    def end(self, which: int, how: signal.Signals) -> None:
        process = self.running.pop(which)
        process.send_signal(how)
        self.ended.append(process.wait(60))


@contextmanager
def intakes(fresh: Fresh, kafka: Broker) -> Iterator[Intakes]:
    log = fresh.settings.data_dir / "intake.log"
    more = {"JEJAK_KAFKA_BOOTSTRAP": kafka.bootstrap}
    more["JEJAK_TOPICS_FILE"] = str(PROJECT / "tests" / "infra" / "topics.toml")
    made = Intakes({**environment(fresh), **more}, log)
    try:
        yield made
    finally:
        for process in made.running:
            process.kill()
            process.wait()


@pytest.fixture
def topic() -> Iterator[Broker]:
    with broker() as made:
        admin = KafkaAdminClient(bootstrap_servers=made.bootstrap)
        admin.create_topics({TOPIC: {"num_partitions": PARTITIONS, "replication_factor": 1}})
        admin.close()
        yield made


@pytest.fixture
def country(fresh: Fresh) -> Fresh:
    async def publish() -> None:
        async with installation(fresh.settings, fresh.databases) as made:
            await made.editions.publish(EDITIONS, made.recorder, made.named.commands[0])

    asyncio.run(publish())
    return fresh


def send(kafka: Broker, sendings: list[Sending], chance: random.Random) -> int:
    """Some twice, to any partition, as a sender does that did not hear the first time. Returns how many records."""
    producer = KafkaProducer(bootstrap_servers=kafka.bootstrap, acks="all", linger_ms=20)
    again = [sending for sending in sendings if chance.random() < 0.2]
    for said, value in [*sendings, *again]:
        producer.send(TOPIC, value, key=b"k", headers=said, partition=chance.randrange(PARTITIONS))
    producer.flush(timeout=60)
    producer.close()
    return len(sendings) + len(again)


def ends(kafka: Broker) -> dict[int, int]:
    consumer = KafkaConsumer(bootstrap_servers=kafka.bootstrap)
    places = [TopicPartition(TOPIC, number) for number in range(PARTITIONS)]
    found = {place.partition: offset for place, offset in consumer.end_offsets(places).items()}
    consumer.close()
    return found


def reached(fresh: Fresh) -> dict[int, int]:
    return dict(asked(fresh.databases.serving, REACHED, TOPIC))


def until(fresh: Fresh, done: Callable[[dict[int, int]], bool]) -> None:
    """Returns when `done` is true of how far each partition is answered."""
    before: dict[int, int] = {}
    deadline = time.monotonic() + PATIENCE_SECONDS
    while not done(now := reached(fresh)):
        if now != before:
            before, deadline = now, time.monotonic() + PATIENCE_SECONDS
        assert time.monotonic() < deadline, f"stands still at {now}"
        time.sleep(0.05)


def until_answered(fresh: Fresh, kafka: Broker) -> None:
    wanted = ends(kafka)
    until(fresh, lambda now: now == wanted)


def poison() -> list[Sending]:
    """Records that are no commands; two of them carry what must appear nowhere."""
    return [
        (headers("submit-application"), b'{"applicant": {"nik": "' + SECRET.encode() + b'"'),
        ([*headers("submit-application")[:2], (SECRET, SECRET.encode())], SECRET.encode()),
        (headers("submit-application"), b" " * 100_000),
        ([], None),
    ]


def in_waves(fresh: Fresh, kafka: Broker, at_work: Intakes, sendings: list[Sending], waves: int) -> int:
    """Sends wave after wave, and disturbs who works at each as soon as it got on. Returns how many records."""
    sent, size = 0, -(-len(sendings) // waves)
    for start in range(0, len(sendings), size):
        before = reached(fresh)
        sent += send(kafka, sendings[start : start + size], CHANCE)
        until(fresh, lambda now, before=before: now != before)  # type: ignore[misc] # a value of its own for each wave
        disturb(at_work, kafka)
    until_answered(fresh, kafka)
    return sent


def disturb(at_work: Intakes, kafka: Broker) -> None:
    """Kills one and starts another; now and then ends one well, or freezes one for longer than the group waits, or
    kills the broker.
    """
    which, turn = CHANCE.randrange(len(at_work.running)), at_work.disturbed
    at_work.disturbed += 1
    if turn % 12 == 7:
        assert kafka.kill() == -9
        kafka.start()
    elif turn % 6 == 5:
        at_work.running[which].send_signal(signal.SIGSTOP)
        time.sleep(9)
        at_work.running[which].send_signal(signal.SIGCONT)
    else:
        at_work.end(which, signal.SIGTERM if turn % 6 == 3 else signal.SIGKILL)
        at_work.start()


def round_of(fresh: Fresh, kafka: Broker, commands: int, waves: int) -> None:
    """Half of the commands submit, half receive what was submitted; beside them what is refused, and what is poison."""
    begun = time.monotonic()
    with intakes(fresh, kafka) as at_work:
        at_work.start()
        at_work.start()
        first = [*(submission() for _ in range(commands // 2)), *poison()]
        sent = in_waves(fresh, kafka, at_work, first, waves)
        made = [UUID(said["application"]) for kind, said in answers(fresh.databases.serving) if kind == "answered"]
        refused = [command("approve", application, 1, uuid4()) for application in made[:20]]
        receipts = [command("receive", application, 1, uuid4()) for application in made]
        sent += in_waves(fresh, kafka, at_work, [*refused, *receipts], waves)
        statuses = Counter(at_work.ended)
        while at_work.running:
            at_work.end(0, signal.SIGTERM)
        log = at_work.log.read_text()
    seconds = time.monotonic() - begun
    print(f"\n{sent} records, {at_work.disturbed} disturbances, wait statuses {dict(statuses)}, {seconds:.0f} s")
    assert statuses[-9] >= waves
    assert set(at_work.ended) <= {0, -9, -15}  # -15: told to end before it had begun
    check(fresh, made, len(refused), commands + len(refused))
    assert SECRET not in log
    assert "internal-error" not in log


def check(fresh: Fresh, made: list[UUID], refused: int, total: int) -> None:
    at = fresh.databases
    told = answers(at.serving)
    replies = [said["command"] for kind, said in told if kind != "malformed"]
    assert len(replies) == len(set(replies)) == 2 * len(made) + refused == total
    assert Counter(kind for kind, _ in told)["answered"] == 2 * len(made)
    per_application = "SELECT count(*), count(DISTINCT originator_id) FROM stored_events WHERE topic = %s"
    for topic in ("application.submitted.v1", "application.received.v1"):
        assert asked(at.serving, per_application, topic) == [(len(made), len(made))]
    dead = Counter((said["code"], said["place"]) for kind, said in told if kind == "malformed")
    assert set(dead) == {("malformed-request", ""), ("malformed-request", "header/ce_type"), ("too-large", "")} | {
        ("key-required", "header/ce_id")
    }
    with distributing(at.serving, TOPICS):
        until_told(at.serving, TOPICS, seconds=300)
    by_kind = dict(asked(at.serving, "SELECT kind, count(*) FROM feeds.messages GROUP BY kind"))
    assert (by_kind["reply"], by_kind["dead-letter"]) == (len(replies), sum(dead.values()))
    assert list(faults_of_log(at.auditor, lambda *_: None)) == []
    assert not any(SECRET.encode() in told.body for told in messages(at.serving))


def test_each_command_is_applied_and_answered_once_though_processes_are_killed(country: Fresh, topic: Broker) -> None:
    round_of(country, topic, commands=400, waves=1)


NOBODY_THERE = """
import threading
from kafka.errors import KafkaTimeoutError
from feeds.agencies.kafka import command_consumer

command_consumer.BOOTSTRAP_MILLISECONDS = 300
try:
    command_consumer.Commands(["pln"], {"bootstrap_servers": ["127.0.0.1:1"]})
except KafkaTimeoutError:
    print(threading.active_count())
"""


def test_brokers_that_are_not_found_leave_no_thread_behind() -> None:
    """In a process of its own: the client leaves its refused sockets to be found unclosed."""
    tried = subprocess.run([sys.executable, "-c", NOBODY_THERE], cwd=PROJECT, capture_output=True, check=True)
    assert tried.stdout == b"1\n"


@pytest.mark.prove
@pytest.mark.timeout(1800)
def test_ten_thousand_commands_through_kills_freezes_and_rebalances(country: Fresh, topic: Broker) -> None:
    round_of(country, topic, commands=10_000, waves=25)
