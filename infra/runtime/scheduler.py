"""Scheduler: runs the scheduled jobs, pass after pass. One scheduler of an installation works, and all others stand by.

An advisory lock of a database session elects the scheduler that works. A second advisory lock is held during each pass,
so that `jejak schedule --once` waits for a pass that is under way. Correctness does not depend on the two locks: even
if two schedulers worked at once, each act would be done only once.
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
"""The pause of a standby scheduler before it tries to take over, and the pause after a fault before the next try."""
LEADS, PASS = "jejak schedule", "jejak schedule pass"

log = structlog.get_logger("jejak.scheduler")


class PrometheusJobMeter:
    """Implements `service_layer.scheduled_jobs.JobMeter`."""

    def command(self, job: str, outcome: str) -> None:
        SCHEDULED.labels(job, outcome).inc()

    def passed(self, job: str) -> None:
        SCHEDULER_RAN.labels(job).set_to_current_time()


def jobs_of(made: Installation, now: Callable[[], datetime] = lambda: datetime.now(UTC)) -> Jobs:
    """Returns the jobs of this installation. `now` returns the current time in UTC."""
    due_files = PostgresDueFiles(made.pool, made.editions.registry)
    return Jobs(made.commands, due_files, PrometheusJobMeter(), now)


async def schedule(made: Installation, *, interval: float) -> None:
    """Runs passes until cancelled, with a pause of `interval` seconds after each pass.

    If a pass is cancelled before its end, the next pass does the remaining work.
    """
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
    """Waits for a pass that is under way, and then runs one pass. `run` is called with the name of each job."""
    jobs = jobs_of(made)
    async with _session(made) as connection, _a_pass(connection):
        for job in jobs.by_name:
            await run(jobs, job)


@contextlib.asynccontextmanager
async def scheduling(made: Installation, *, interval: float) -> AsyncIterator[None]:
    """Runs the scheduler in the background of this process while the context lasts."""
    task = asyncio.create_task(schedule(made, interval=interval))
    try:
        yield
    finally:
        task.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await task


@contextlib.asynccontextmanager
async def standing_still(made: Installation) -> AsyncIterator[None]:
    """Prevents the start of a scheduler's pass while the context lasts.

    While a simulated past is being written into the log, some of its events are missing. So no job may act on the
    applications of this past.
    """
    async with _session(made) as connection, _a_pass(connection):
        yield


@contextlib.asynccontextmanager
async def _session(made: Installation) -> AsyncIterator[AsyncConnection]:
    """Opens a connection for the locks. The database frees the locks when the connection closes."""
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
    """Tries again and again to take a lock, until the lock is free.

    The statement that waits for a lock in the database is not used, because it would block the connection after the
    call was cancelled.
    """
    while True:
        row = await (await connection.execute("SELECT pg_try_advisory_lock(hashtext(%s))", (name,))).fetchone()
        if row and row[0]:
            return
        await asyncio.sleep(ASK_SECONDS)
