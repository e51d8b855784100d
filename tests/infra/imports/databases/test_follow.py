"""`jejak follow` is killed again and again while the database of an agency changes: each change arrives once."""

import os
import random
import signal
import subprocess
import threading
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta
from pathlib import Path

import psycopg
import pytest

from tests.conftest import PROJECT, Fresh
from tests.infra.imports.bringing import environment, faults, project
from tests.infra.imports.databases.conftest import MAPPING, WITHOUT_IDS
from tests.infra.imports.databases.sources import PASSWORD, Source, at_of
from tests.infra.imports.databases.test_database import files
from tests.running import JEJAK

SECONDS = 120
CASES = 12

EVENTS = """
SELECT originator_id, topic, state->>'at' FROM events WHERE topic LIKE 'application.%' ORDER BY originator_id
"""
LATE = "{now} - INTERVAL '60' SECOND"


def arrived(fresh: Fresh) -> int:
    with psycopg.connect(fresh.databases.auditor) as connection:
        return len(connection.execute(EVENTS).fetchall())


def applications(fresh: Fresh) -> Counter[tuple[str, ...]]:
    """The times of the steps of each application."""
    steps: dict[str, list[str]] = {}
    with psycopg.connect(fresh.databases.auditor) as connection:
        for key, topic, at in connection.execute(EVENTS):
            steps.setdefault(key, []).extend([at] if "submitted" not in topic else [])
    return Counter(tuple(sorted(times)) for times in steps.values())


@contextmanager
def following(fresh: Fresh, source: Source, arguments: list[str]) -> Iterator["subprocess.Popen[str]"]:
    log = fresh.settings.data_dir / "follow.log"
    with log.open("a") as stream:
        process = subprocess.Popen(
            [*JEJAK, "follow", source.url, *arguments, "--cursor", "diubah", "--every", "1"],
            env={**os.environ, **environment(fresh), "JEJAK_SOURCE_PASSWORD": PASSWORD},
            cwd=PROJECT,
            stdout=stream,
            stderr=stream,
            text=True,
        )
    try:
        yield process
    finally:
        process.kill()
        process.wait()


class Agency(threading.Thread):
    """Changes its database all the time, also while nobody reads it, and sometimes commits late."""

    def __init__(self, source: Source) -> None:
        super().__init__(daemon=True)
        self.source = source
        self.stopping = threading.Event()
        self.told: dict[int, list[str]] = {}
        self.broken: BaseException | None = None

    def run(self) -> None:
        try:
            self._change()
        except BaseException as fault:  # noqa: BLE001 - the test raises it again
            self.broken = fault

    def _change(self) -> None:
        dice = random.Random(17)
        number = 0
        while not self.stopping.is_set():
            if not self.told or (len(self.told) < CASES and dice.random() < 0.3):
                self.source.begin(len(self.told) + 1)
                self.told[len(self.told) + 1] = []
            number += 1
            nomor = dice.randint(1, len(self.told))
            late = LATE.format(now=self.source.now) if dice.random() < 0.1 else None
            self.source.add(number, nomor, dice.choice(["Terima", "Periksa"]), changed=late)
            at = datetime.fromisoformat(at_of(number)) - timedelta(hours=7)
            self.told[nomor].append(at.strftime("%Y-%m-%dT%H:%M:%S.%fZ"))
            time.sleep(dice.random() * 0.05)

    def applications(self) -> Counter[tuple[str, ...]]:
        return Counter(tuple(sorted(times)) for times in self.told.values() if times)


LONG = [pytest.mark.prove, pytest.mark.timeout(900)]


@pytest.mark.parametrize(
    ("mapping", "kills"),
    [
        pytest.param(MAPPING, 3, id="3"),
        pytest.param(MAPPING, 20, id="20", marks=LONG),
        pytest.param(WITHOUT_IDS, 20, id="20, no ids", marks=LONG),
    ],
)
def test_each_change_arrives_once(fresh: Fresh, tmp_path: Path, source: Source, mapping: str, kills: int) -> None:
    arguments, dice, seen = files(tmp_path, mapping), random.Random(kills), [0]
    agency = Agency(source)
    agency.start()
    try:
        for _ in range(kills):
            with following(fresh, source, arguments) as process:
                deadline = time.monotonic() + SECONDS
                while arrived(fresh) == seen[-1] and time.monotonic() < deadline:
                    assert process.poll() is None, told_of(fresh)
                    time.sleep(0.005)
                time.sleep(dice.random() * 0.3)
                process.send_signal(signal.SIGKILL)
                process.wait()
            seen.append(arrived(fresh))
    finally:
        agency.stopping.set()
        agency.join()
    assert agency.broken is None
    expected = sum(1 + len(times) for times in agency.told.values() if times)
    with following(fresh, source, arguments) as process:
        deadline = time.monotonic() + SECONDS
        while arrived(fresh) < expected and time.monotonic() < deadline:
            assert process.poll() is None, told_of(fresh)
            time.sleep(0.05)
        time.sleep(1.5)  # one more pass, which must add nothing
        process.send_signal(signal.SIGTERM)
        assert process.wait(timeout=30) == 0
    print(f"\n{kills} kills: {seen}, {expected} events")
    assert sorted(set(seen)) == seen, seen
    assert arrived(fresh) == expected
    assert applications(fresh) == agency.applications()
    project(fresh)
    assert not faults(fresh)
    assert PASSWORD not in told_of(fresh)


def told_of(fresh: Fresh) -> str:
    return (fresh.settings.data_dir / "follow.log").read_text()
