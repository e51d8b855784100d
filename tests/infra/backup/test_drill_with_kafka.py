"""The restore drill with a real Kafka: the agency has read events that the restored log does not have."""

import json
import re
import subprocess
import sys
import time
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

import pytest

from feeds.agencies.kafka import topic_names as names
from tests.conftest import PROJECT
from tests.infra.backup.drill import Drill, drill
from tests.infra.kafka.broker import broker
from tests.infra.kafka.conftest import LEFT
from tests.infra.kafka.logins import SetUp, environment_of

AGENCY = "pemda-3374"
"""Of the office that takes the submissions of the drill."""
LOST, LATER = 3, 4
CONSUMER = PROJECT / "examples/consumers/consumer.py"

Headers = dict[str, str]


def records(made: SetUp) -> list[Headers]:
    found = made.read(AGENCY, names.events(AGENCY))
    return [{name: value.decode() for name, value in record.headers} for record in found]


def until(done: Callable[[], object], seconds: float = 120) -> None:
    deadline = time.monotonic() + seconds
    while not done():
        assert time.monotonic() < deadline
        time.sleep(0.3)


def told(made: SetUp, application: str, version: int, era: str = "1") -> bool:
    known = {(each["ce_id"], each.get("ce_era", "1")) for each in records(made)}
    return (f"{application}:{version}", era) in known


@pytest.mark.prove
@pytest.mark.timeout(1800)
@pytest.mark.filterwarnings(LEFT)
def test_the_relay_refuses_what_the_log_lost_and_goes_on_when_the_operator_says_so(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    with broker() as kafka:
        made = SetUp(kafka, tmp_path, environment_of(kafka, tmp_path, AGENCY))
        assert made.topics("apply", "--yes") == 0
        monkeypatch.setenv("JEJAK_TOPICS_FILE", str(tmp_path / "topics.toml"))
        monkeypatch.setenv("JEJAK_KAFKA_BOOTSTRAP", kafka.bootstrap)
        with drill(monkeypatch) as running:
            running.verb("relay", "--begin", AGENCY)
            with running.following():
                with running.load():
                    running.verb("backup")
                early = running.submit()
                time.sleep(0.1)
                until_instant = datetime.now(UTC)
                time.sleep(0.1)
                running.receive(early)
                lost = [running.submit() for _ in range(LOST)]
                until(lambda: all(told(made, each, 1) for each in lost) and told(made, early, 2))
            running.destroy()
            before = records(made)
            assert "era 2 begins" in running.verb("restore", "--until", until_instant.isoformat()).stdout
            running.serve()
            refused(running)
            running.receive(early)  # the event gets the id of a lost event
            later = [running.submit() for _ in range(LATER)]
            time.sleep(6)  # the relay tries again after five seconds
            refused(running)
            assert records(made) == before, "nothing was published under the positions of lost events"
            command = advice(running)
            running.verb(*command.split()[1:])
            until(lambda: told(made, early, 2, "2") and all(told(made, each, 1, "2") for each in later))
            until(lambda: not running.fault_of_relay(AGENCY))
            judge(running, made, before, lost=[f"{each}:1" for each in lost] + [f"{early}:2"])


def refused(running: Drill) -> None:
    until(lambda: running.fault_of_relay(AGENCY) == "ahead-of-log")
    shown = running.verb("doctor", check=False).stdout
    assert re.search(rf"WRONG relay {AGENCY} +ahead-of-log", shown), shown


def advice(running: Drill) -> str:
    """The command in the log of the relay. The relay is a child of `jejak serve`."""
    logs = "".join(file.read_text() for file in running.running.folder.glob("serve-*.log"))
    [command] = {found[1] for found in re.finditer(rf"run `(jejak relay --begin {AGENCY} --at \d+ --anew)`", logs)}
    return command


def judge(running: Drill, made: SetUp, before: list[Headers], *, lost: list[str]) -> None:
    """Each event is there once for its era, the audit names the lost events and nothing else, a consumer is right."""
    found = records(made)
    assert len({(each["ce_id"], each.get("ce_era", "1")) for each in found}) == len(found)
    assert sum(each.get("ce_era") == "2" for each in found) == LATER + 1
    assert len(found) == len(before) + LATER + 1
    audited = running.verb("audit-feed", AGENCY, "--from-beginning", "--json", check=False)
    report = json.loads(audited.stdout)
    assert report["faults"] == {"foreign": LOST + 1}
    assert {fault["id"] for fault in report["first"]} == set(lost)
    command = [sys.executable, str(CONSUMER), "--agency", AGENCY, "--bootstrap", made.broker.scram]
    command += ["--password-file", str(made.file(AGENCY)), "--database", str(made.folder / "db"), "--until-idle", "3"]
    done = subprocess.run(command, capture_output=True, text=True, timeout=240, check=False)
    totals = json.loads(done.stdout.splitlines()[-1])
    assert (totals["gaps"], totals["events"]) == (0, len(found)), done.stderr
    assert running.verb("fsck").stdout.startswith("no faults found")
