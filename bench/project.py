"""`project` and `project all`: measure how fast a log is projected into one view, and into all views.

The baseline is a projection that is written as in the library's documentation.
"""

import time
from collections.abc import Iterator, Sequence

import psycopg

from bench.baselines import stock
from bench.rig.filling import append_plan
from bench.rig.installed import Installed, installed, say
from bench.rig.report import Measured
from bench.rig.size import Size
from infra.projector.runner import Runner, runners, wait_until_caught_up
from infra.projector.views import VIEWS
from projections.view import View

LEAN = "desk"
ONE, ALL = 50, 15
"""The lowest allowed ratios to the baseline. ONE is for a single view, and ALL is for all views together."""
PLAUSIBLE = 300
"""If the baseline is below this number of events per second, the result is not valid.

For each event, the baseline writes one row of the view and one tracking row.
"""
STREAMS = "SELECT count(DISTINCT originator_id) FROM stored_events WHERE topic LIKE 'application.%'"
EVENTS_EACH = 14
"""The approximate number of events of one simulated application."""


def run(*, size: Size, names: frozenset[str]) -> Iterator[Measured]:  # noqa: ARG001 - all benches have the same arguments
    with installed() as where:
        say("project: writing the log")
        append_plan(where, applications=size.pick(12_000, 100_000) // EVENTS_EACH)
        events = where.rows()["events"]
        say("project: the stock projection")
        baseline = stock.projected_per_second(where.databases.owner, size.pick(2, 8))
        alone = {name: events / _alone(where, view) for name, view in VIEWS.items()}
        together = events / _together(where)
        for bench, value, target, on in (
            ("project", alone[LEAN], ONE, (LEAN,)),
            ("project all", together, ALL, tuple(VIEWS)),
        ):
            yield Measured(
                bench=bench,
                value=value,
                unit="events/s",
                baseline=baseline,
                target=target,
                baseline_least=PLAUSIBLE,
                rows=where.rows(*VIEWS),
                on=on,
                more={"alone": {name: round(rate) for name, rate in alone.items()}},
                fault=_fault(where),
                postgres=where.postgres,
            )


def _alone(where: Installed, view: View) -> float:
    """Starts only the runner of one view. Returns the number of seconds until this runner has folded the whole log."""
    say(f"project: {view.name} alone")
    runner = Runner(view, where.databases.serving)
    return _through(where, [runner], [view])


def _together(where: Installed) -> float:
    """Starts the runners of all views, as `jejak serve` does.

    Returns the number of seconds until all runners have folded the whole log.

    The caller counts each event of the log only once, although each view folds the event.
    """
    say("project: all views together")
    _forget(where)
    return _through(where, runners(where.databases.serving), list(VIEWS.values()))


def _through(where: Installed, started: Sequence[Runner], views: Sequence[View]) -> float:
    begun = time.perf_counter()
    for runner in started:
        runner.start()
    try:
        wait_until_caught_up(where.databases.serving, views=views)
        return time.perf_counter() - begun
    finally:
        for runner in started:
            runner.stop()


def _forget(where: Installed) -> None:
    """Drops the tables of all views. New runners create the tables again, and begin at position 0."""
    with psycopg.connect(where.databases.serving, autocommit=True) as connection:
        for name in VIEWS:
            connection.execute(f"DROP TABLE views.{name}".encode())


def _fault(where: Installed) -> str | None:
    """Returns a fault message if the number of rows in the view `progress` is not the number of applications.

    Otherwise returns None.
    """
    rows = where.rows("progress")
    with psycopg.connect(where.databases.serving) as connection:
        row = connection.execute(STREAMS).fetchone()
    streams = row[0] if row else 0
    return None if rows["progress"] == streams else f"{rows['progress']} rows for {streams} applications"
