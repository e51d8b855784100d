"""`replay`: fetches the rows of the log and decodes them into events of the domain.

The baseline only fetches the rows.
"""

import time
from collections.abc import Callable, Iterator
from statistics import median
from typing import Any

import psycopg
from psycopg.rows import tuple_row

from bench.rig.filling import append_plan
from bench.rig.installed import Installed, installed, say
from bench.rig.report import Measured
from bench.rig.size import Size
from infra.eventstore.history import recorded_of
from infra.projector.fold import pages
from projections import progress

RATIO = 0.25
PLAUSIBLE = 50_000
"""If the baseline is below this number of rows per second, the result is not valid.

Every idle machine on which we ran the benchmark was at least this fast.
"""
ROUNDS = 5
EVENTS_EACH = 14

Page = list[tuple[Any, ...]]


def run(*, size: Size, names: frozenset[str]) -> Iterator[Measured]:  # noqa: ARG001 - all benches have the same arguments
    with installed() as where:
        say("replay: writing the log")
        append_plan(where, applications=size.pick(8_000, 60_000) // EVENTS_EACH)
        replayed, fetched = [], []
        for number in range(ROUNDS):  # measured in turns, so other load affects both values
            say(f"replay: round {number + 1} of {ROUNDS}")
            fetched.append(_through(where, fetch))
            replayed.append(_through(where, replay))
        yield Measured(
            bench="replay",
            value=median(replayed),
            unit="events/s",
            baseline=median(fetched),
            target=RATIO,
            baseline_least=PLAUSIBLE,
            rows=where.rows(),
            on=("decoding", "acts", "events"),
            postgres=where.postgres,
        )


def fetch(_: Page) -> None:
    """Does nothing, because the baseline only measures how fast the rows are fetched."""


def replay(page: Page) -> None:
    """Decodes the rows into events."""
    for row in page:
        if row[3] is not None:
            recorded_of(row[1:])


def _through(where: Installed, each: Callable[[Page], None]) -> float:
    """Reads the log page by page and calls `each` for every page. Returns the number of rows per second."""
    with psycopg.connect(where.databases.serving, row_factory=tuple_row) as connection, connection.cursor() as cursor:
        rows, begun = 0, time.perf_counter()
        for page in pages(progress.VIEW, cursor, 0):
            each(page)
            rows += len(page)
        return rows / (time.perf_counter() - begun)
