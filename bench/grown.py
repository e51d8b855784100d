"""`growth` and `burst`: what many applications cost, and what a rush does to a log that has many.

The log grows in one run, on one installation: each figure has the one before as its baseline.
"""

from collections.abc import Iterator
from dataclasses import dataclass

import orjson

from bench.append import CALLERS
from bench.appending import at_once, processes
from bench.filling import fill
from bench.installed import Installed, installed, say, served
from bench.lifecycle import OFFICE, ON, live, submission
from bench.lives import patterns
from bench.load import Connection, Offered, Run, Work, request, run_loop
from bench.report import Measured
from bench.size import Size

FLAT, SLOWER = 0.9, 1.1
"""The least throughput and the most latency, as shares of those when the log was small."""
SLOW, RUSH = 1, 35
"""Submissions a second, and as many reads."""
RECOVERS_SECONDS = 5.0
CALM_SECONDS = 0.1
"""An answer within it is nobody's trouble, whatever it was before."""


@dataclass(frozen=True, slots=True)
class Level:
    """How fast it is with so many rows, counted before."""

    rows: dict[str, int]
    lifecycles: Run
    appended: float


def run(*, size: Size, names: frozenset[str]) -> Iterator[Measured]:
    small, large = size.pick((500, 2_000), (10_000, 100_000), (10_000, 1_000_000))
    with installed() as where:
        if "growth" in names:
            fill(where, small)
            before = _level(where, size)
            fill(where, large - small)
            yield from _growth(where, before, _level(where, size))
        else:
            fill(where, large)
        if "burst" in names:
            yield _burst(where, size)


def _level(where: Installed, size: Size) -> Level:
    """Appending comes last: of all that is measured it adds most."""
    seconds = size.pick(3, 8)
    with served(where) as port:
        rows = where.rows("progress")
        say(f"growth: at {rows['progress']:,} applications")
        lifecycles = run_loop(live(where, port, seconds))
    with processes() as pool:
        known = patterns(where.registry)
        at_once(pool, where.databases.serving, known, CALLERS[1], 1)
        return Level(rows, lifecycles, at_once(pool, where.databases.serving, known, CALLERS[1], seconds))


def _growth(where: Installed, before: Level, after: Level) -> Iterator[Measured]:
    sizes = {"from": before.rows}
    fault = before.lifecycles.fault or after.lifecycles.fault
    p95 = [level.lifecycles.spread(0.95).get("p95_ms", 0.0) for level in (before, after)]
    yield Measured(
        bench="growth lifecycle",
        value=after.lifecycles.rate,
        unit="lifecycles/s",
        baseline=before.lifecycles.rate,
        target=FLAT,
        most={"p95_ratio": SLOWER},
        rows=after.rows,
        on=ON,
        more={**sizes, "p95_ms": p95, "p95_ratio": round(p95[1] / p95[0], 3) if p95[0] else None},
        fault=fault,
        postgres=where.postgres,
    )
    yield Measured(
        bench="growth append",
        value=after.appended,
        unit="events/s",
        baseline=before.appended,
        target=FLAT,
        rows=after.rows,
        on=("envelope", "chain", "sealing", "claims"),
        more=sizes,
        postgres=where.postgres,
    )


def _burst(where: Installed, size: Size) -> Measured:
    calm, rush = size.pick((4, 6), (15, 30))
    say(f"burst: {SLOW} a second, {RUSH} for {rush} s, {SLOW} again")
    with served(where) as port:
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
    """Each at its planned instant, whether or not the ones before were answered; latency counts from there."""
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
