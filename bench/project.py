"""`project` and `project all`: projects an existing log into one view and into all views.

The baseline is a projection as in the library's documentation.
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
"""The lowest allowed ratios to the baseline, for one view and for all views."""
PLAUSIBLE = 300
"""The lowest plausible baseline, in events per second.

For each event, the baseline writes an upsert and a tracking row.
"""
STREAMS = "SELECT count(DISTINCT originator_id) FROM stored_events WHERE topic LIKE 'application.%'"
EVENTS_EACH = 14
"""The approximate number of events of a simulated life."""


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
    """Returns the seconds until one view has folded the whole log, while no other part of Jejak works."""
    say(f"project: {view.name} alone")
    runner = Runner(view, where.databases.serving)
    return _through(where, [runner], [view])


def _together(where: Installed) -> float:
    """Returns the seconds until all views have folded the log, with runners as in `jejak serve`.

    Each event of the log counts once, and not once per view.
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
    """Drops all views. The runners then create the tables again and begin at position 0."""
    with psycopg.connect(where.databases.serving, autocommit=True) as connection:
        for name in VIEWS:
            connection.execute(f"DROP TABLE views.{name}".encode())


def _fault(where: Installed) -> str | None:
    """Returns a fault message if the view `progress` does not have one row for each application, or else None."""
    rows = where.rows("progress")
    with psycopg.connect(where.databases.serving) as connection:
        row = connection.execute(STREAMS).fetchone()
    streams = row[0] if row else 0
    return None if rows["progress"] == streams else f"{rows['progress']} rows for {streams} applications"
