"""`growth` compares a large installation with a small one. `burst` measures a rush of requests on a large installation.

In each round, `growth` measures both installations, one after the other. The small installation is the baseline.
"""

from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from itertools import repeat
from statistics import median

import orjson
import psycopg

from bench.append import CALLERS
from bench.lifecycle import live
from bench.rig.appending import at_once, processes
from bench.rig.filling import fill
from bench.rig.installed import Installed, installed, say, served
from bench.rig.lives import patterns
from bench.rig.load import Connection, Offered, Run, Work, request, run_loop
from bench.rig.report import Measured
from bench.rig.requests import OFFICE, ON, submission
from bench.rig.size import Size
from infra.projector.runner import ensure_views
from infra.projector.views import VIEWS, rebuild

FLAT, SLOWER = 0.9, 1.1
"""The limits for the large installation, as ratios to the values of the small installation.

FLAT is the lowest allowed ratio of the two throughputs. SLOWER is the highest allowed ratio of the two latencies.
"""
SLOW, RUSH = 1, 35
"""The number of submissions per second: SLOW is used before and after the rush, and RUSH is used during the rush.

After each submission, the client reads the timeline of the application.
"""
RECOVERS_SECONDS = 5.0
CALM_SECONDS = 0.1
"""An answer within this number of seconds never counts as late.

After the rush, an answer counts as late if it takes longer than this time and longer than every answer before the rush.
"""
ROUNDS = 6
"""The number of rounds for each installation. The reported figure is the median of the rounds.

The two installations are measured in turns, and their order changes after each round. So other load on the machine
affects both installations.
"""


@dataclass(frozen=True, slots=True)
class Level:
    """The figures of one installation.

    `rows` holds the row counts of the database before the first round. `lifecycles` and `appended` have one entry for
    each round.
    """

    rows: dict[str, int]
    lifecycles: list[Run]
    appended: list[float]

    @property
    def rate(self) -> float:
        return median(run.rate for run in self.lifecycles)

    @property
    def p95_ms(self) -> float:
        return median(run.spread(0.95).get("p95_ms", 0.0) for run in self.lifecycles)

    @property
    def fault(self) -> str | None:
        return next((run.fault for run in self.lifecycles if run.fault), None)


def run(*, size: Size, names: frozenset[str]) -> Iterator[Measured]:
    few, many = size.pick((500, 2_000), (10_000, 100_000), (10_000, 1_000_000))
    with installed(feeds=False) as large:
        _grow(large, many)
        if "burst" in names:
            yield _burst(large, size)
        if "growth" in names:
            with installed(feeds=False) as small:
                _grow(small, few)
                yield from _growth(large, *_levels(small, large, size))


def _grow(where: Installed, applications: int) -> None:
    """Fills an installation. Builds the views with the code of `jejak rebuild`, two views at a time.

    A rebuild is faster than a projection, because a projection folds one event after another.
    """
    fill(where, applications)
    ensure_views(where.databases.serving)
    say(f"growth: building the views of {applications:,} applications")
    with processes() as pool:
        for name in pool.map(_build, VIEWS, repeat(where.databases.serving)):
            say(f"growth: {name} is built")
    say("growth: vacuum and checkpoint, as after any bulk load")
    with psycopg.connect(where.databases.owner, autocommit=True) as connection:
        connection.execute("ANALYZE")
        for name in VIEWS:
            connection.execute(f"VACUUM views.{name}".encode())  # migration 0013 says why the log is not vacuumed
        connection.execute("CHECKPOINT")


def _build(name: str, conninfo: str) -> str:
    rebuild(VIEWS[name], conninfo, progress_of=lambda *_: None)
    return name


def _levels(small: Installed, large: Installed, size: Size) -> tuple[Level, Level]:
    """In each round, this function measures both installations, one after the other.

    While the lifecycles are measured, both servers run all the time. So the work that a server does once a minute
    affects the figures of both installations. The appends are measured last, because they add more events than the
    other measurements.
    """
    levels = [Level(where.rows("progress"), [], []) for where in (small, large)]
    seconds, rounds = size.pick(2, 6), size.pick(1, ROUNDS)
    with served(small) as small_port, served(large) as large_port:
        pairs = list(zip((small, large), (small_port, large_port), levels, strict=True))
        for number in range(rounds + 1):
            for where, port, level in pairs[:: (-1) ** number]:
                lived = run_loop(live(where, port, seconds if number else 1))
                if number:  # the first round warms up query plans and caches
                    level.lifecycles.append(lived)
                    say(f"growth: at {level.rows['progress']:,} applications {lived.rate:.0f} lifecycles/s")
    with processes() as pool:
        for number in range(rounds + 1):
            for where, _, level in pairs[:: (-1) ** number]:
                rate = _append(pool, where, seconds if number else 1)
                if number:
                    level.appended.append(rate)
                    say(f"growth: at {level.rows['progress']:,} applications {rate:.0f} events/s appended")
    return levels[0], levels[1]


def _append(pool: ProcessPoolExecutor, where: Installed, seconds: float) -> float:
    return at_once(pool, where.databases.serving, patterns(where.registry), CALLERS[1], seconds)


def _growth(where: Installed, before: Level, after: Level) -> Iterator[Measured]:
    sizes = {"from": before.rows}
    p95 = [before.p95_ms, after.p95_ms]
    yield Measured(
        bench="growth lifecycle",
        value=after.rate,
        unit="lifecycles/s",
        baseline=before.rate,
        target=FLAT,
        most={"p95_ratio": SLOWER},
        rows=after.rows,
        on=ON,
        more={
            **sizes,
            "p95_ms": p95,
            "p95_ratio": round(p95[1] / p95[0], 3) if p95[0] else None,
            "turns": [[round(run.rate) for run in level.lifecycles] for level in (before, after)],
        },
        fault=before.fault or after.fault,
        postgres=where.postgres,
    )
    yield Measured(
        bench="growth append",
        value=median(after.appended),
        unit="events/s",
        baseline=median(before.appended),
        target=FLAT,
        rows=after.rows,
        on=("envelope", "chain", "sealing", "claims"),
        more=sizes,
        postgres=where.postgres,
    )


def _burst(where: Installed, size: Size) -> Measured:
    calm, rush = size.pick((3, 4), (15, 30))
    say(f"burst: {SLOW} a second, {RUSH} for {rush} s, {SLOW} again")
    with served(where) as port:
        run_loop(
            live(where, port, 1)
        )  # the projector may not have started yet, so a first load runs before the measured load
        before, during, after = run_loop(_offered(port, where.bearer(OFFICE), calm, rush))
    errors = [error for part in (before, during, after) for error in part.errors]
    bound = max(CALM_SECONDS, *before.seconds)
    late = [number / SLOW + took for number, took in enumerate(after.seconds) if took > bound]
    return Measured(
        bench="burst",
        value=len(during.seconds) / during.elapsed,
        unit="submissions and reads/s",
        least=0.9 * RUSH,
        most={"recovered_s": RECOVERS_SECONDS},
        rows=where.rows("progress"),
        on=ON,
        more={
            "recovered_s": round(max([0.0, during.elapsed - rush, *late]), 2),
            **{
                name: part.spread(0.5, 0.95, 1)
                for name, part in (("before", before), ("during", during), ("after", after))
            },
        },
        fault=f"{len(errors)} errors, the first: {errors[0]}" if errors else None,
        postgres=where.postgres,
    )


async def _offered(port: int, bearer: bytes, calm: float, rush: float) -> list[Run]:
    """Sends each request at its planned time, even if earlier requests are not answered yet.

    The latency of a request is measured from its planned time.
    """
    offered = Offered(port)

    async def submit_and_read(connection: Connection) -> None:
        reply = await connection.expect(201, submission(bearer))
        path = f"/v1/applications/{orjson.loads(reply.body)['application_id']}/timeline"
        seen = b"sync-token: " + reply.header(b"sync-token")
        await connection.expect(200, request("GET", path, bearer=bearer, headers=(seen,)))

    def work() -> Work:
        return submit_and_read

    parts = ((SLOW, calm), (RUSH, rush), (SLOW, max(calm, 2 * RECOVERS_SECONDS)))
    runs = await offered.at_rates(work, *parts)
    offered.close()
    return runs
