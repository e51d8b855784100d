"""Runs the jobs, pass after pass: one scheduler of an installation at a time, any number standing by.

An advisory lock of the session decides who; another is held for each pass, so that `--once` waits for one under way.
Nothing depends on either: two at once would do each act once.
"""

import asyncio
import contextlib
from collections.abc import AsyncIterator, Awaitable, Callable
from datetime import UTC, datetime

import psycopg
import structlog
from psycopg import AsyncConnection

from infra.composition import Installation
from infra.metrics import SCHEDULED, SCHEDULER_RAN
from infra.queries.due_files import PostgresDueFiles
from service_layer.faults import Unavailable
from service_layer.scheduled_jobs import Jobs, PassTally

ASK_SECONDS = 1.0
"""How soon one that stands by takes over, and how soon a fault is tried again."""
LEADS, PASS = "jejak schedule", "jejak schedule pass"

log = structlog.get_logger("jejak.scheduler")


class PrometheusJobMeter:
    """Implements `service_layer.scheduled_jobs.JobMeter`."""

    def command(self, job: str, outcome: str) -> None:
        SCHEDULED.labels(job, outcome).inc()

    def passed(self, job: str) -> None:
        SCHEDULER_RAN.labels(job).set_to_current_time()


def jobs_of(made: Installation, now: Callable[[], datetime] = lambda: datetime.now(UTC)) -> Jobs:
    """The jobs of this installation. `now` gives the time, UTC."""
    due_files = PostgresDueFiles(made.pool, made.editions.registry)
    return Jobs(made.commands, due_files, PrometheusJobMeter(), now)


async def schedule(made: Installation, *, interval: float) -> None:
    """Until cancelled: a pass, `interval` seconds of rest, the next. What a cut-off pass left is the next one's."""
    jobs = jobs_of(made)
    while True:
        try:
            async with _session(made) as connection:
                await _locked(connection, LEADS)
                while True:
                    async with _a_pass(connection):
                        for job in jobs.by_name:
                            tally = await jobs.run(job)
                            if tally.done or tally.failed:
                                log.info("scheduled", job=job, done=tally.done, failed=tally.failed)
                    await asyncio.sleep(interval)
        except (psycopg.Error, Unavailable) as fault:
            log.warning("scheduler interrupted", fault=type(fault).__name__)
            await asyncio.sleep(ASK_SECONDS)


async def schedule_once(made: Installation, run: Callable[[Jobs, str], Awaitable[PassTally]]) -> None:
    """One pass, after one that is under way; `run` is called for each job by its name."""
    jobs = jobs_of(made)
    async with _session(made) as connection, _a_pass(connection):
        for job in jobs.by_name:
            await run(jobs, job)


@contextlib.asynccontextmanager
async def scheduling(made: Installation, *, interval: float) -> AsyncIterator[None]:
    """Schedules beside what else this process does."""
    task = asyncio.create_task(schedule(made, interval=interval))
    try:
        yield
    finally:
        task.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await task


@contextlib.asynccontextmanager
async def standing_still(made: Installation) -> AsyncIterator[None]:
    """No pass begins meanwhile: a past that is being played is not acted upon before it is whole."""
    async with _session(made) as connection, _a_pass(connection):
        yield


@contextlib.asynccontextmanager
async def _session(made: Installation) -> AsyncIterator[AsyncConnection]:
    """A connection of its own: the locks are its session's, and gone with it."""
    async with await AsyncConnection.connect(made.databases.serving, autocommit=True) as connection:
        yield connection


@contextlib.asynccontextmanager
async def _a_pass(connection: AsyncConnection) -> AsyncIterator[None]:
    await _locked(connection, PASS)
    try:
        yield
    finally:
        await connection.execute("SELECT pg_advisory_unlock(hashtext(%s))", (PASS,))


async def _locked(connection: AsyncConnection, name: str) -> None:
    """Asks again and again rather than waiting in the server, where a cancelled wait would hold the connection."""
    while True:
        row = await (await connection.execute("SELECT pg_try_advisory_lock(hashtext(%s))", (name,))).fetchone()
        if row and row[0]:
            return
        await asyncio.sleep(ASK_SECONDS)
