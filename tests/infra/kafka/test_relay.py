"""The relay on a real Kafka: each event once and in order, whoever is killed, as an independent consumer reads it."""

import random
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from feeds.agencies.kafka.producer import Untrusted
from infra.kafka.relay import Watch
from tests.builders import SEMARANG
from tests.conftest import Fresh
from tests.infra.kafka.broker import Broker, broker
from tests.infra.kafka.judge import dumped, faults
from tests.infra.kafka.relaying import AGENCY, Relaying, relaying
from tests.infra.logs import Writer
from tests.infra.projector.test_outbox import register

TOPIC = f"jejak.agency.{AGENCY}.events.v1"
LIVES_AT_ONCE = 50


@pytest.fixture
def own() -> Iterator[Broker]:
    with broker() as made:
        yield made


@pytest.fixture
def writer(fresh: Fresh) -> Iterator[Writer]:
    made = Writer(fresh.databases.serving)
    register(made, SEMARANG)
    yield made
    made.datastore.close()


def growing(writer: Writer, lives: int, pause: float) -> threading.Thread:
    """The log grows by so many lives of four events, a few at a time."""

    def write() -> None:
        for _ in range(lives // LIVES_AT_ONCE):
            writer.lives(LIVES_AT_ONCE)
            time.sleep(pause)

    thread = threading.Thread(target=write)
    thread.start()
    return thread


def pester(relays: Relaying, broker: Broker, round_: "Round") -> list[str]:
    """Two rival relays, of which one or the other is killed; and the broker stopped, or killed. What was done."""
    chance, told = random.Random(round_.lives), []
    running = [relays.start(), relays.start()]
    deeds = ["relay"] * round_.kills + ["restart"] * round_.restarts + ["crash"] * round_.crashes
    chance.shuffle(deeds)
    for deed in deeds:
        time.sleep(chance.uniform(0.3, 2.5))
        if deed == "relay":
            victim = chance.randrange(2)
            pid = running[victim].pid
            told.append(f"relay pid {pid}: wait status {relays.kill(running[victim])}")
            running[victim] = relays.start()
        else:
            ended = broker.stop() if deed == "restart" else broker.kill()
            told.append(f"broker {deed}: wait status {ended}")
            broker.start()
    return told


@dataclass(frozen=True, slots=True)
class Round:
    """So many lives of four events; and how often a relay is killed, the broker stopped, the broker killed."""

    lives: int
    kills: int
    restarts: int
    crashes: int


@pytest.mark.parametrize(
    "round_",
    [
        pytest.param(Round(500, 3, 1, 1), id="short"),
        pytest.param(Round(12_500, 30, 5, 5), id="50000", marks=[pytest.mark.prove, pytest.mark.timeout(3_600)]),
    ],
)
def test_every_event_arrives_once_and_in_order_whoever_is_killed(
    own: Broker, fresh: Fresh, writer: Writer, tmp_path: Path, round_: Round
) -> None:
    with relaying(own, fresh, tmp_path) as relays:
        assert relays.begin() == 0
        grows = growing(writer, round_.lives, 0.05)
        told = pester(relays, own, round_)
        grows.join()
        time.sleep(2)
        relays.until_published()
        records = dumped(own, TOPIC, tmp_path)
        print("\n".join(told), f"{len(records)} records for {4 * writer.written} events", sep="\n")
        assert relays.statuses == [-9] * round_.kills
        assert len(records) == 4 * writer.written
        assert faults(fresh.databases.serving, records) == []


def test_what_could_not_be_written_is_said_again_and_what_was_is_not() -> None:
    heard = [False, True, True]
    said: list[tuple[int, str]] = []

    def say(position: int, fault: str) -> bool:
        said.append((position, fault))
        return heard.pop(0)

    watch = Watch()
    watch.over(AGENCY, say)
    for _ in range(3):
        watch.idle(AGENCY, 7)
    watch.fault(AGENCY, Untrusted())
    watch.fault(AGENCY, Untrusted())
    assert said == [(7, ""), (7, ""), (-1, "Untrusted")]
