"""Clock: the clock of the database, which decides when a system act is due.

The clock of a host may be wrong. Jejak must not record a system act (for example, a deemed approval) too early, because
an event cannot be deleted. So system acts use the clock of the database. The database also sets `recorded_at` by this
clock. If the clock of this host differs from the clock of the database by more than OFFSET_MAX_SECONDS, one of the two
clocks is wrong, and this host schedules nothing.
"""

import asyncio
import contextlib
import time
from datetime import UTC, datetime, timedelta
from typing import Self

import structlog

from infra.metrics import CLOCK_OFFSET
from infra.postgres.pool import Pool, borrowed
from infra.service import BackgroundService, ServiceLimits
from service_layer.faults import Unavailable

OFFSET_MAX_SECONDS = 2.0
MEASURE_SECONDS = 10.0

log = structlog.get_logger("jejak.clock")


class ClockOff(Exception):
    """The clock of this host and the clock of the database differ too much. The message says what to do."""


def host_time() -> datetime:
    return datetime.now(UTC)


class DatabaseClock:
    """The clock of the database, as this process knows it. Use this object as an asynchronous context manager."""

    def __init__(self, pool: Pool) -> None:
        self.pool = pool
        self.offset = 0.0
        """The clock of this host minus the clock of the database, in seconds."""
        self._known = (datetime.min.replace(tzinfo=UTC), time.monotonic())
        self._service = BackgroundService("clock", ServiceLimits(pass_seconds=60.0), expected=(Unavailable,))

    async def __aenter__(self) -> Self:
        await self.measure()
        self._task = asyncio.create_task(self._service.run_async(self._follow), name="clock")
        return self

    async def __aexit__(self, *_: object) -> None:
        self._task.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await self._task

    def now(self) -> datetime:
        """Returns the time of the database. The returned time is never later than the database's clock.

        The database read its clock before its answer arrived, and this method adds only the time since the arrival.
        """
        known, since = self._known
        return known + timedelta(seconds=time.monotonic() - since)

    @property
    def is_right(self) -> bool:
        return abs(self.offset) <= OFFSET_MAX_SECONDS

    async def check(self) -> None:
        """Compares both clocks again. Raises ClockOff, Unavailable."""
        await self.measure()
        if not self.is_right:
            ahead = "ahead of" if self.offset > 0 else "behind"
            raise ClockOff(
                f"the clock of this host is {abs(self.offset):.1f} seconds {ahead} the clock of the database, but"
                f" at most {OFFSET_MAX_SECONDS:g} seconds are allowed: correct the wrong clock, for example with NTP."
                " Until then, nothing is scheduled"
            )

    async def measure(self) -> None:
        """Compares both clocks. Raises Unavailable.

        The database reads its clock between the query and the answer. This host notes the time before the query and the
        time after the answer. If the time of the database lies between these two times, the offset counts as 0.
        """
        asked = host_time()
        async with borrowed(self.pool) as connection:
            [(known,)] = await (await connection.execute("SELECT clock_timestamp()")).fetchall()
        answered, self._known = host_time(), (known.astimezone(UTC), time.monotonic())
        was_right = self.is_right
        self.offset = (max(asked, min(known, answered)) - known).total_seconds()
        CLOCK_OFFSET.set(self.offset)
        if was_right and not self.is_right:
            log.error("the clock of this host and the clock of the database differ", offset_seconds=self.offset)
        if self.is_right and not was_right:
            log.info("the clocks of this host and of the database agree again", offset_seconds=self.offset)

    async def _follow(self) -> None:
        await asyncio.sleep(MEASURE_SECONDS)
        await self.measure()
        self._service.succeeded()
