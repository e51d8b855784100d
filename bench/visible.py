"""`visible`: measures how long it takes from the commit of a command until the citizen's view shows its event.

The commands are sent at a fixed rate.
"""

import asyncio
import time
from bisect import bisect_left
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field

import psycopg

from bench.rig.installed import Installed, installed, say, served
from bench.rig.load import Connection, Offered, Run, Work, run_loop
from bench.rig.queue import one, queue
from bench.rig.report import Measured, percentile, spread
from bench.rig.requests import OFFICE, ON
from bench.rig.size import Size
from infra.projector.group import POLL_SECONDS
from infra.projector.runner import wait_until_caught_up
from infra.projector.views import LOG
from projections import progress

RATE = 500
P50_MS, P99_MS = 5, 50
WARM_SECONDS = 2.0
CATCH_UP_SECONDS = 30.0
REACHED = "SELECT notification_id FROM views.tracking WHERE application_name = %s"
COMMITTED = """SELECT notification_id, extract(epoch FROM recorded_at)::float8 FROM stored_events
WHERE notification_id > %s ORDER BY notification_id"""


@dataclass(slots=True)
class Watch:
    """The observed positions of a view, in ascending order. `times` has the Unix time of each observation."""

    positions: list[int] = field(default_factory=list)
    times: list[float] = field(default_factory=list)

    def visible(self, position: int) -> float | None:
        """Returns the time at which the view was first seen at `position` or later, or None if this was never seen."""
        place = bisect_left(self.positions, position)
        return self.times[place] if place < len(self.times) else None


def run(*, size: Size, names: frozenset[str]) -> Iterator[Measured]:  # noqa: ARG001 - all benches have the same arguments
    seconds = size.pick(4, 20)
    with installed() as where, served(where) as port:
        say(f"visible: {RATE} commands a second for {seconds} s")
        answered, watch, after = run_loop(_offered(where, port, seconds))
        with psycopg.connect(where.databases.serving) as connection:
            committed = connection.execute(COMMITTED, (after,)).fetchall()
        seen = [(at, watch.visible(position)) for position, at in committed]
        waits = [max(0.0, visible - at) for at, visible in seen if visible is not None]
        missed = len(seen) - len(waits)
        yield Measured(
            bench="visible",
            value=percentile(waits, 0.5) * 1000 if waits else 0.0,
            unit="ms, half of all",
            most={"p50_ms": P50_MS, "p99_ms": P99_MS},
            rows=where.rows("progress"),
            on=(*ON, "feeds"),
            more={
                **(spread(waits, 0.5, 0.95, 0.99) if waits else {}),
                "offered": RATE,
                "answered": round(answered.rate, 1),
                "planned_to_answer": answered.spread(0.5, 0.99),
            },
            fault=answered.fault or (f"{missed} events were never seen in the view" if missed else None),
            postgres=where.postgres,
        )


async def _offered(where: Installed, port: int, seconds: float) -> tuple[Run, Watch, int]:
    """Sends the commands.

    Returns three values. The first value holds the answers. The second value holds the observed positions of the view.
    The third value is the last position of the log before the measured events.
    """
    commands = Commands(where, int(RATE * (seconds + WARM_SECONDS)))
    wait_until_caught_up(where.databases.serving)
    offered = Offered(port)
    async with _watching(where.databases.serving) as watch:
        await offered.at_rates(commands, (RATE, WARM_SECONDS))
        after = _end(where)
        [answered] = await offered.at_rates(commands, (RATE, seconds))
        with suppress(TimeoutError):  # the events after the last observation are counted as missed
            await asyncio.to_thread(
                wait_until_caught_up, where.databases.serving, views=[progress.VIEW], seconds=CATCH_UP_SECONDS
            )
            await asyncio.sleep(2 * POLL_SECONDS)  # gives the watch enough time to see the last position
    offered.close()
    return answered, watch, after


class Commands:
    """Makes only one command for each application, so that no command must wait for another command."""

    def __init__(self, where: Installed, applications: int) -> None:
        self.bearer = where.bearer(OFFICE)
        self.waiting = iter(queue(where, applications))

    def __call__(self) -> Work:
        application = next(self.waiting)

        async def ask(connection: Connection) -> None:
            await one(connection, self.bearer, application)

        return ask


@asynccontextmanager
async def _watching(conninfo: str) -> AsyncIterator[Watch]:
    watch = Watch()
    async with await psycopg.AsyncConnection.connect(conninfo, autocommit=True) as connection:
        watching = asyncio.create_task(_watch(watch, connection))
        try:
            yield watch
        finally:
            watching.cancel()
            with suppress(asyncio.CancelledError):
                await watching


async def _watch(watch: Watch, connection: psycopg.AsyncConnection) -> None:
    """Reads the position of the view `progress` after every notification of any view."""
    await connection.execute("LISTEN views")
    while True:
        cursor = await connection.execute(REACHED, (f"{LOG}-{progress.VIEW.name}",), prepare=True)
        row, now = await cursor.fetchone(), time.time()
        if row and (not watch.positions or row[0] > watch.positions[-1]):
            watch.positions.append(row[0])
            watch.times.append(now)
        async for _ in connection.notifies(timeout=POLL_SECONDS, stop_after=1):
            pass


def _end(where: Installed) -> int:
    with psycopg.connect(where.databases.serving) as connection:
        row = connection.execute("SELECT coalesce(max(notification_id), 0) FROM stored_events").fetchone()
    return int(row[0]) if row else 0
