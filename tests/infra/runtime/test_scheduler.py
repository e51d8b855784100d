"""The scheduler as a process: one at work, another standing by, gone when it is told to."""

import asyncio
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager

import psycopg
import pytest
from structlog.testing import capture_logs

from domain.application.events import DeemedApproved
from infra.runtime import scheduler as module
from tests.conftest import PROJECT, Fresh
from tests.infra.files import MONDAY_2027, OVERDUE, Desk, furnished
from tests.infra.logs import environment

SECONDS = 30
CUT = """
SELECT pg_terminate_backend(pid) FROM pg_locks JOIN pg_stat_activity USING (pid)
WHERE locktype = 'advisory' AND objid = hashtext('jejak schedule')::bit(32)::bigint::oid
    AND datname = current_database()
"""
"""The session of who leads."""
JEJAK = [sys.executable, "-m", "infra.cli"]

pytestmark = pytest.mark.anyio


@contextmanager
def schedulers(fresh: Fresh, number: int) -> Iterator[list[subprocess.Popen[str]]]:
    """Each has said that it runs."""
    processes = [
        subprocess.Popen(
            [*JEJAK, "schedule", "--interval", "1"],
            env=environment(fresh),
            cwd=PROJECT,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        for _ in range(number)
    ]
    try:
        for process in processes:
            assert process.stdout
            assert process.stdout.readline() == "scheduling: every 1 seconds\n"
        yield processes
    finally:
        for process in processes:
            process.kill()
            process.communicate()


async def one_more_is_granted(desk: Desk) -> None:
    [file] = await desk.complete([OVERDUE])
    deadline = time.monotonic() + SECONDS
    while not desk.events([file], DeemedApproved.topic)[file]:
        assert time.monotonic() < deadline
        await asyncio.sleep(0.05)


def once(fresh: Fresh) -> list[str]:
    done = subprocess.run(
        [*JEJAK, "schedule", "--once"],
        env=environment(fresh),
        cwd=PROJECT,
        capture_output=True,
        text=True,
        check=True,
    )
    return done.stdout.splitlines()


async def test_once_does_each_job_and_says_what_it_did(fresh: Fresh) -> None:
    async with furnished(fresh) as desk:
        await desk.complete([OVERDUE] * 3)
        await desk.complete([MONDAY_2027])
    told = [once(fresh) for _ in range(2)]
    nothing = "0 done, 0 known, 0 refused, 0 failed"
    assert told == [
        [
            f"move-promise: {nothing}",
            f"expire-payment: {nothing}",
            "deem-approved: 3 done, 0 known, 0 refused, 0 failed",
        ],
        [f"move-promise: {nothing}", f"expire-payment: {nothing}", f"deem-approved: {nothing}"],
    ]


async def test_one_stands_by_and_takes_over_and_ends_when_it_is_told_to(fresh: Fresh) -> None:
    async with furnished(fresh) as desk:
        with schedulers(fresh, 2) as (first, second):
            await one_more_is_granted(desk)
            first.kill()
            await one_more_is_granted(desk)
            begun = time.monotonic()
            second.send_signal(signal.SIGTERM)
            assert second.wait(timeout=5) == 0
            assert time.monotonic() - begun < 5


async def test_it_goes_on_when_its_connection_was_cut(fresh: Fresh) -> None:
    async with furnished(fresh) as desk:
        with schedulers(fresh, 1):
            await one_more_is_granted(desk)
            with psycopg.connect(fresh.databases.owner, autocommit=True) as connection:
                assert len(connection.execute(CUT).fetchall()) == 1
            await one_more_is_granted(desk)


async def test_while_the_desk_is_made_anew_it_waits_says_so_once_and_then_works(
    fresh: Fresh, monkeypatch: pytest.MonkeyPatch
) -> None:
    """At the start of each upgrade, the log had warnings of a fault that was none."""
    monkeypatch.setattr(module, "ASK_SECONDS", 0.05)
    async with furnished(fresh) as desk:
        with capture_logs() as lines:
            working = asyncio.create_task(module.schedule(desk.made, interval=1))
            await asyncio.sleep(1)  # no projector has made the desk yet
            await one_more_is_granted(desk)
            working.cancel()
    assert [(line["event"], line["log_level"]) for line in lines if line["log_level"] != "info"] == []
    assert [line["event"] for line in lines if "waits" in line["event"]] == [
        "the scheduler waits until the view of the desk has caught up with the log"
    ]
