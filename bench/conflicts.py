"""`conflicts`: measures how many events per second are stored if one of ten appends names an outdated version.

In the baseline, no append names an outdated version.
"""

from collections.abc import Iterator
from statistics import median

from bench.rig.appending import PROCESSES, at_once, processes
from bench.rig.installed import installed, say
from bench.rig.lives import patterns
from bench.rig.report import Measured
from bench.rig.size import Size

RATIO = 0.8
STALE_EVERY = 10
CALLERS = 64
ROUNDS = 3


def run(*, size: Size, names: frozenset[str]) -> Iterator[Measured]:  # noqa: ARG001 - all benches have the same arguments
    seconds = size.pick(1.5, 5.0)
    with installed() as where, processes() as pool:
        known = patterns(where.registry)
        conninfo = where.databases.serving
        at_once(pool, conninfo, known, CALLERS, 0.5)  # warm up imports and query plans
        with_stale, without = [], []
        for number in range(ROUNDS):  # measured in turns, so other load affects both values
            say(f"conflicts: round {number + 1} of {ROUNDS}")
            without.append(at_once(pool, conninfo, known, CALLERS, seconds))
            with_stale.append(at_once(pool, conninfo, known, CALLERS, seconds, stale_every=STALE_EVERY))
        yield Measured(
            bench="conflicts",
            value=median(with_stale),
            unit="events/s",
            baseline=median(without),
            target=RATIO,
            rows=where.rows(),
            on=("envelope", "chain", "sealing", "claims", "serving role", "synchronous commit"),
            more={"stale_of_all": 1 / STALE_EVERY, "callers": CALLERS, "processes": PROCESSES},
            postgres=where.postgres,
        )
