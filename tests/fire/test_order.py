"""Readers that go by position alone see every event once, in order, whoever writes at the same time; and those of the
library's own insert function do not, so this test can fail.
"""

import json
import subprocess
import sys
import threading
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

import psycopg
import pytest

from tests.conftest import PROJECT, Fresh
from tests.fire.writing import LIBRARY, OURS, library
from tests.infra.eventstore.test_positions import is_rising

PROCESSES, WRITERS, READERS = 8, 8, 4
SKIPPING_ROUNDS_MAX = 20
SCRATCH = "scratch_events"
EVENTS_A_PAGE = 500
PATIENCE = 120.0
"""Seconds after which something hangs."""


@dataclass(frozen=True)
class Seen:
    """Positions: told to the writers, by reader, and in the log at last."""

    told: list[int]
    read: list[list[int]]
    stored: list[int]

    def skipped(self) -> int:
        return sum(len(set(self.stored).difference(read)) for read in self.read)


class Reader:
    """Follows by position alone and never looks back."""

    def __init__(self, conninfo: str, table: str, start: int, written: threading.Event) -> None:
        self.conninfo, self.read, self.written = conninfo, [start], written
        self.newer = (
            f"SELECT notification_id FROM {table} WHERE notification_id > %s ORDER BY notification_id"
            f" LIMIT {EVENTS_A_PAGE}"
        ).encode()

    def follow(self) -> list[int]:
        with psycopg.connect(self.conninfo, autocommit=True) as connection:
            while True:
                done = self.written.is_set()
                page = [row[0] for row in connection.execute(self.newer, (self.read[-1],), prepare=True)]
                self.read += page
                if done and not page:
                    return self.read[1:]


def positions(conninfo: str, table: str) -> list[int]:
    with psycopg.connect(conninfo) as connection:
        rows = connection.execute(f"SELECT notification_id FROM {table} ORDER BY notification_id".encode()).fetchall()
    return [row[0] for row in rows]


def under_fire(how: str, conninfo: str, table: str, seconds: float) -> Seen:
    """A round: the readers begin behind what is there, before the first writer does."""
    command = [sys.executable, "-m", "tests.fire.writing", how, conninfo, table, str(WRITERS)]
    processes = [
        subprocess.Popen(command, cwd=PROJECT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        for _ in range(PROCESSES)
    ]
    try:
        for process in processes:
            assert process.stdout
            assert process.stdout.readline() == "ready\n"
        written, before = threading.Event(), positions(conninfo, table)
        readers = [Reader(conninfo, table, before[-1], written) for _ in range(READERS)]
        with ThreadPoolExecutor(READERS) as threads:
            following = [threads.submit(reader.follow) for reader in readers]
            try:
                for process in processes:
                    assert process.stdin
                    process.stdin.write(f"{seconds}\n")
                    process.stdin.flush()
                told = [position for process in processes for position in json.loads(said(process, seconds))]
            finally:
                written.set()
            read = [one.result(timeout=PATIENCE) for one in following]
    finally:
        for process in processes:
            process.kill()
            process.communicate()
    return Seen(told, read, positions(conninfo, table)[len(before) :])


def said(process: subprocess.Popen[str], seconds: float) -> str:
    out, _ = process.communicate(timeout=seconds + PATIENCE)
    assert process.returncode == 0
    return out


def shown(name: str, seen: Seen, seconds: float) -> None:
    print(
        f"{name}: {len(seen.stored)} events by {PROCESSES} processes of {WRITERS} writers in {seconds:g} s,"
        f" {READERS} readers, {seen.skipped()} skipped"
    )


@pytest.mark.parametrize(
    "seconds",
    [
        pytest.param(3.0, id="3s"),
        pytest.param(20.0, id="20s", marks=[pytest.mark.prove, pytest.mark.timeout(600)]),
    ],
)
def test_every_reader_sees_every_event_once_in_the_order_of_the_positions(fresh: Fresh, seconds: float) -> None:
    seen = under_fire(OURS, fresh.databases.serving, "stored_events", seconds)
    shown("our append", seen, seconds)
    assert len(seen.stored) > PROCESSES * WRITERS
    assert sorted(seen.told) == seen.stored
    for read in seen.read:
        assert is_rising(read)
        assert read == seen.stored


def test_readers_of_the_librarys_insert_function_miss_events(fresh: Fresh) -> None:
    library(fresh.databases.owner, SCRATCH).create_table()
    for number in range(1, SKIPPING_ROUNDS_MAX + 1):
        seen = under_fire(LIBRARY, fresh.databases.owner, SCRATCH, 1.0)
        shown(f"the library's insert function, round {number}", seen, 1.0)
        assert sorted(seen.told) == seen.stored, "what was told is there"
        if seen.skipped():
            return
    pytest.fail(f"no reader missed an event in {SKIPPING_ROUNDS_MAX} rounds: this test cannot tell any more")
