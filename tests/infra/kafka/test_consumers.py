"""The sample consumers, run as an agency would: each counts what the log says that the agency was told."""

import json
import os
import re
import shutil
import subprocess
import sys
from collections import Counter
from collections.abc import Sequence
from pathlib import Path

import pytest

from tests.conftest import PROJECT, Fresh
from tests.infra.kafka.broker import Broker
from tests.infra.kafka.logins import SetUp
from tests.infra.kafka.told import AGENCY, begun, publish, records, told

CONSUMERS = PROJECT / "examples" / "consumers"
IDLE = ["--until-idle", "3"]
TOLD = 50
LOGS_IN_SINCE = (2, 6, 1)


def command(name: str, made: SetUp, folder: Path, agency: str = AGENCY) -> list[str]:
    password, scram = str(made.file(agency)), made.broker.scram
    match name:
        case "python":
            named = ["--agency", agency, "--bootstrap", scram, "--password-file", password]
            return [sys.executable, str(CONSUMERS / "consumer.py"), *named, "--database", str(folder / "db"), *IDLE]
        case "java":
            if shutil.which("javac") is None:
                pytest.skip("no Java compiler on this machine: apt-get install openjdk-17-jdk-headless")
            source = str(CONSUMERS / "Consumer.java")
            return ["java", "-Xmx192m", "-cp", made.broker.classpath, source, agency, scram, password, *IDLE]
        case _:
            if shutil.which("kcat") is None:
                pytest.skip("no kcat on this machine: apt-get install kcat")
            script, state = str(CONSUMERS / "consumer.sh"), str(folder / "state")
            if librdkafka() >= LOGS_IN_SINCE:
                return ["sh", script, agency, scram, password, state, *IDLE]
            open_door = ["--set", "security.protocol=PLAINTEXT"]
            return ["sh", script, agency, made.broker.bootstrap, password, state, *IDLE, *open_door]


def librdkafka() -> tuple[int, ...]:
    """Of kcat. An older one than 2.6.1 cannot log in to Kafka 4 by SCRAM: what it does with records is shown still."""
    shown = subprocess.run(["kcat", "-V"], capture_output=True, text=True, check=True).stdout
    [version] = re.findall(r"librdkafka ([0-9.]+)", shown)
    return tuple(map(int, version.split(".")))


def ran(consumer: Sequence[str]) -> tuple[int, dict[str, object], str]:
    done = subprocess.run(consumer, capture_output=True, text=True, timeout=240, check=False, env=os.environ)
    assert done.stdout, done.stderr
    return done.returncode, json.loads(done.stdout.splitlines()[-1]), done.stderr


@pytest.mark.parametrize("name", ["python", "java", "shell"])
def test_a_sample_consumer_counts_what_the_log_says(kafka: Broker, fresh: Fresh, tmp_path: Path, name: str) -> None:
    made = begun(kafka, tmp_path)
    found = told(fresh, TOLD)
    sent = records(found)
    publish(made, AGENCY, [*sent[:100], *sent[90:]], found[-1].position)  # ten come again
    with made.producer("jejak-relay", transactional_id=f"jejak-relay-{AGENCY}") as taken_back:
        taken_back.init_transactions()
        taken_back.begin_transaction()
        _, value, headers = sent[0]
        unseen = [(name, b"jejak.application.unseen.v1" if name == "ce_type" else old) for name, old in headers]
        taken_back.send(f"jejak.agency.{AGENCY}.events.v1", key=b"x", value=value, headers=unseen)
        taken_back.flush()
        taken_back.abort_transaction()
    consumer = command(name, made, tmp_path)
    expected = Counter(f"jejak.{message.topic}" for message in found)
    assert ran(consumer)[:2] == (0, {"gaps": 0, "events": 4 * TOLD, "by_type": dict(sorted(expected.items()))})


@pytest.mark.parametrize("name", ["python", "shell", pytest.param("java", marks=pytest.mark.prove)])
def test_it_notices_a_gap(kafka: Broker, fresh: Fresh, tmp_path: Path, name: str) -> None:
    made = begun(kafka, tmp_path)
    found = told(fresh, 2)
    sent = records(found)
    publish(made, AGENCY, [*sent[:1], *sent[2:]], found[-1].position)
    _, totals, said = ran(command(name, made, tmp_path))
    assert (totals["gaps"], totals["events"]) == (1, 7)
    assert f"gap before {found[2].id}" in said


@pytest.mark.parametrize("name", ["python", "shell", pytest.param("java", marks=pytest.mark.prove)])
def test_after_a_restore_it_takes_the_events_that_have_the_ids_of_lost_ones(
    kafka: Broker, fresh: Fresh, tmp_path: Path, name: str
) -> None:
    """The last two events of an application were lost. It went on with two others, in the next era."""
    made = begun(kafka, tmp_path)
    found = told(fresh, 2)
    lost = [message for message in found if message.stream == found[0].stream][2:]
    later = [message._replace(era=2, position=message.position + 1_000_000) for message in lost]
    publish(made, AGENCY, records([*found, *later, *lost, *later]), later[-1].position)
    assert ran(command(name, made, tmp_path))[:2] == (
        0,
        {
            "gaps": 0,
            "events": len(found) + len(later),
            "by_type": dict(sorted(Counter(f"jejak.{message.topic}" for message in (*found, *later)).items())),
        },
    )
