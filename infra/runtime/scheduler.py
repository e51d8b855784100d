"""Scheduler: runs the scheduled jobs again and again. A pass runs each job once.

An installation may have several schedulers. Only the scheduler that has an advisory lock of the database works. The
other schedulers stand by. During each pass, the scheduler also has a second advisory lock. So the command `jejak
schedule --once` waits until a running pass has ended. The stored events would be correct without these locks, because
each act is stored only once, even if two schedulers work at the same time.
"""

import asyncio
import contextlib
import math
from collections.abc import AsyncIterator, Awaitable, Callable
from datetime import datetime

import psycopg
import structlog
from psycopg import AsyncConnection

from infra.composition import Installation
from infra.metrics import SCHEDULED, SCHEDULER_RAN
from infra.postgres.clock import ClockOff
from infra.postgres.connections import WORK_SECONDS, connect_async
from infra.queries.due_files import PostgresDueFiles
from infra.service import BackgroundService, ServiceLimits
from service_layer.faults import Unavailable, ViewBehind
from service_layer.scheduled_jobs import Jobs, PassTally

ASK_SECONDS = 1.0
"""The number of seconds between two attempts to get the lock."""
LIMITS = ServiceLimits(back_off_seconds=1.0)
REST_SECONDS = 30.0
"""While the scheduler rests between two passes, it gives a sign of life after this number of seconds."""
LEADS, PASS = "jejak schedule", "jejak schedule pass"

log = structlog.get_logger("jejak.scheduler")


class PrometheusJobMeter:
    """Implements `service_layer.scheduled_jobs.JobMeter`."""

    def command(self, job: str, outcome: str) -> None:
        SCHEDULED.labels(job, outcome).inc()

    def passed(self, job: str) -> None:
        SCHEDULER_RAN.labels(job).set_to_current_time()


def jobs_of(made: Installation, now: Callable[[], datetime] | None = None) -> Jobs:
    """Returns the jobs of this installation. `now` returns the current time in UTC (default: the database's time)."""
    due_files = PostgresDueFiles(made.pool, made.editions.registry)
    return Jobs(made.commands, due_files, PrometheusJobMeter(), now or made.clock.now)


async def schedule(made: Installation, *, interval: float) -> None:
    """Runs one pass after another until cancelled. Pauses for `interval` seconds after each pass.

    If a pass is cancelled before its end, the next pass does the remaining work. While the clock of this host is wrong,
    this scheduler gives up the lock, so that a scheduler on another host can work.
    """
    jobs = jobs_of(made)
    service = BackgroundService("scheduler", LIMITS, expected=(psycopg.Error, Unavailable, ClockOff))

    async def lead() -> None:
        async with _session(made) as connection:
            await _locked(connection, LEADS, service.alive)
            waits = False
            while True:
                await made.clock.check()
                try:
                    async with _a_pass(connection, service.alive):
                        for job in jobs.by_name:
                            tally = await jobs.run(job, lambda _: service.alive())
                            if tally.done or tally.failed:
                                log.info("scheduled", job=job, done=tally.done, failed=tally.failed)
                except ViewBehind:  # for example an upgrade is building the view of the desk
                    if not waits:
                        log.info("the scheduler waits until the view of the desk has caught up with the log")
                    waits = True
                    service.alive()
                    await asyncio.sleep(ASK_SECONDS)
                    continue
                waits = False
                service.succeeded()
                await _rest(interval, service.alive)

    await service.run_async(lead)


async def _rest(seconds: float, alive: Callable[[], None]) -> None:
    for start in range(0, math.ceil(seconds), int(REST_SECONDS)):
        alive()
        await asyncio.sleep(min(REST_SECONDS, seconds - start))


async def schedule_once(made: Installation, run: Callable[[Jobs, str], Awaitable[PassTally]]) -> None:
    """If a pass is running, waits until this pass has ended.

    Then runs one pass: calls `run` with the name of each job. Raises ClockOff.
    """
    jobs = jobs_of(made)
    await made.clock.check()
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
    """While the context lasts, no scheduler starts a pass.

    A simulation appends events of past days one after another. Until all these events are in the log, no job may act on
    the simulated applications.
    """
    async with _session(made) as connection, _a_pass(connection):
        yield


@contextlib.asynccontextmanager
async def _session(made: Installation) -> AsyncIterator[AsyncConnection]:
    """Opens a connection for the locks. The database frees the locks when the connection closes."""
    async with await connect_async(made.databases.serving, seconds=WORK_SECONDS) as connection:
        yield connection


@contextlib.asynccontextmanager
async def _a_pass(connection: AsyncConnection, alive: Callable[[], None] = lambda: None) -> AsyncIterator[None]:
    await _locked(connection, PASS, alive)
    try:
        yield
    finally:
        await connection.execute("SELECT pg_advisory_unlock(hashtext(%s))", (PASS,))


async def _locked(connection: AsyncConnection, name: str, alive: Callable[[], None]) -> None:
    """Tries to get a lock again and again, until the lock is free.

    PostgreSQL also has a function that waits for a lock. This function is not used: if the task were cancelled during
    the wait, the connection would stay blocked.
    """
    while True:
        row = await (await connection.execute("SELECT pg_try_advisory_lock(hashtext(%s))", (name,))).fetchone()
        if row and row[0]:
            return
        alive()
        await asyncio.sleep(ASK_SECONDS)
