"""A whole installation as a sandbox: simulated lives and one with canaries in its sealed parts, told to agencies over a
real Kafka. The agency counts what the log says; nothing that was sealed is in any record of any topic.
"""

import json
import subprocess
import time
from collections import Counter
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import psycopg
import pytest
from kafka import KafkaConsumer, TopicPartition

from feeds.agencies.messages import Message
from feeds.agencies.topics_file import read_topics
from infra.postgres.databases import databases
from infra.projector.stored_messages import message_from
from infra.settings import settings_from
from tests.api.installation import LICENSING, catalogued
from tests.conftest import PROJECT
from tests.contract.test_canary import CANARIES, found_in
from tests.infra.kafka.broker import Broker
from tests.infra.kafka.logins import SetUp, environment_of, topics_file, topics_verb
from tests.infra.kafka.test_consumers import command, ran
from tests.infra.kafka.told import EVERY
from tests.infra.projector.test_outbox import asked, until_told
from tests.running import JEJAK, Jejak

OFFICES = ("pemda-3374", "imigrasi", "pemda-7371")
AGENCIES = (*OFFICES, "kemendagri")
OWNER = "[agencies.kemendagri]\nowns = { ktp-el = 2024-01-01, kartu-keluarga = 2024-01-01 }\n"
NOT_FOR_OWNERS = {"number", "district", "regency"}
BEHIND = """
SELECT agency FROM feeds.messages LEFT JOIN feeds.relays USING (agency)
GROUP BY agency HAVING max(messages.position) > coalesce(max(relays.position), 0)
"""
PATIENCE_SECONDS = 120
SIMULATED = ("simulate", "--seed", "7", "--days", "20", "--applications", "40")


@dataclass(frozen=True, slots=True)
class Sandbox:
    made: SetUp
    told: dict[str, list[Message]]
    salts: list[bytes]


@pytest.fixture(scope="module")
def sandbox(kafka: Broker, tmp_path_factory: pytest.TempPathFactory) -> Sandbox:
    folder = tmp_path_factory.mktemp("sandbox")
    made = SetUp(kafka, folder, environment_of(kafka, folder))
    file = topics_file(folder, *OFFICES, more=OWNER)
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("JEJAK_TOPICS_FILE", str(file))
        with catalogued() as running:
            submit_canaries(running)
            running.command(*SIMULATED)
            at = {**made.environment, **own(running)}
            assert topics_verb(at, "apply", "--yes", "--begin", "--credentials", str(made.passwords)) == 0
            with databases(settings_from(running.environment())) as found:
                until_told(found.serving, read_topics(file))
                with psycopg.connect(found.serving) as connection:
                    every = [message_from(row) for row in connection.execute(EVERY).fetchall()]
                relayed(found.serving, {**running.environment(), **made.as_user("jejak-relay"), **own(running)})
                for name, value in made.as_user("jejak-audit").items():
                    patch.setenv(name, value)
                for agency in ("pemda-3374", "kemendagri"):  # exit 1 if it does not agree
                    running.command("audit-feed", agency, "--from-beginning")
                with psycopg.connect(found.serving) as connection:
                    states = [json.loads(state) for (state,) in connection.execute("SELECT state FROM stored_events")]
    told = {agency: [message for message in every if message.agency == agency] for agency in AGENCIES}
    return Sandbox(made, told, [state["salt"].encode() for state in states])


def own(running: Jejak) -> dict[str, str]:
    return {"JEJAK_DATA_DIR": str(running.folder)}


def relayed(conninfo: str, environment: dict[str, str]) -> None:
    """All that there is, by `jejak relay`."""
    deadline = time.monotonic() + PATIENCE_SECONDS
    with subprocess.Popen([*JEJAK, "relay"], env=environment, cwd=PROJECT, stdout=subprocess.DEVNULL) as relay:
        while asked(conninfo, BEHIND) != []:
            assert relay.poll() is None
            assert time.monotonic() < deadline
            time.sleep(0.2)
        relay.terminate()
        assert relay.wait(30) == 0


def submit_canaries(running: Jejak) -> None:
    nik, name, phone, number = (CANARIES[kind] for kind in ("nik", "name", "phone", "document number"))
    applicant = {"name": name, "nik": nik, "phone": phone, "address": number}
    officer = running.officer(LICENSING)
    given = running.submit(officer, service="nib", applicant=applicant)
    done = running.ask(officer, given["application_id"], "receive", 1)
    assert done.status == 200, done.body
    noted = {"note": f"{name} {nik}", "items": [{"document": "ktp", "defect": "unreadable"}]}
    returned = running.ask(officer, given["application_id"], "return-for-correction", 2, noted)
    assert returned.status in (200, 409, 422)
    assert found_in(json.dumps(applicant).encode()) != []


def every_record(broker: Broker) -> list[Any]:
    """Of every topic of the broker, what was taken back as well."""
    consumer = KafkaConsumer(bootstrap_servers=broker.bootstrap, isolation_level="read_uncommitted")
    found: list[Any] = []
    topics = sorted(name for name in consumer.topics() if name.startswith("jejak."))
    partitions = [TopicPartition(name, number) for name in topics for number in consumer.partitions_for_topic(name)]
    ends = consumer.end_offsets(partitions)
    consumer.assign(partitions)
    consumer.seek_to_beginning(*partitions)
    while any(consumer.position(at) < ends[at] for at in partitions):
        for batch in consumer.poll(timeout_ms=500).values():
            found += batch
    consumer.close()
    return found


def test_nothing_that_was_sealed_is_in_any_record(sandbox: Sandbox) -> None:
    everything = every_record(sandbox.made.broker)
    mine = [record for record in everything if any(f".{agency}." in record.topic for agency in AGENCIES)]
    assert len(mine) > 2 * len(AGENCIES)
    salts = set(sandbox.salts)
    for record in everything:
        parts = [record.key or b"", record.value or b"", *(name.encode() + value for name, value in record.headers)]
        for part in parts:
            assert found_in(part) == [], record.topic
            assert not any(salt in part for salt in salts), record.topic
            assert b'"sealed"' not in part
            assert b'"actor"' not in part


def test_an_event_that_concerns_two_reaches_both_each_with_its_share(sandbox: Sandbox) -> None:
    held = {message.position: json.loads(message.body) for agency in OFFICES for message in sandbox.told[agency]}
    owned = {message.position: json.loads(message.body) for message in sandbox.told["kemendagri"]}
    both = [position for position in held.keys() & owned.keys() if held[position]["capacity"] == "holder"]
    assert len(both) > 20
    for position in both:
        assert owned[position]["capacity"] == "owner"
        less = {name: value for name, value in held[position]["facts"].items() if name not in NOT_FOR_OWNERS}
        assert owned[position]["facts"] == less
    assert any(held[position]["facts"].keys() & NOT_FOR_OWNERS for position in both)


def test_a_sandbox_agency_consumes_simulated_events_as_it_would_real_ones(sandbox: Sandbox, tmp_path: Path) -> None:
    told = sandbox.told["pemda-3374"]
    assert len(told) > 50
    expected = Counter(f"jejak.{message.topic}" for message in told)
    consumer = command("python", sandbox.made, tmp_path, "pemda-3374")
    code, totals, _ = ran(consumer)
    assert code == 0
    assert totals == {"gaps": 0, "events": len(told), "by_type": dict(sorted(expected.items()))}
    assert subprocess.run(consumer, capture_output=True, check=True).stdout.startswith(b'{"gaps": 0, "events": 0,')
