"""`append` and `append_pgbench`: two processes append events through the event store. Each call appends one event."""

from collections.abc import Iterator

import orjson
import psycopg

from bench.baselines import inserts, stock
from bench.rig.appending import PROCESSES, at_once, processes
from bench.rig.installed import Installed, installed, say
from bench.rig.lives import Pattern, patterns
from bench.rig.report import Measured
from bench.rig.size import Size
from infra.eventstore.envelope import b64, commitment

SECONDS = (2.0, 6.0)
"""The duration of each part in seconds. The first value is for a quick round, the second value is for a usual round."""
CALLERS = (32, 64, 128)
THREADS = (1, 8, 32)
SAMPLE = 200
ON = ("envelope", "chain", "sealing", "claims", "serving role", "synchronous commit")
STREAM = "SELECT originator_version, topic, state FROM stored_events WHERE originator_id = %s ORDER BY 1"
NEWEST = """SELECT DISTINCT originator_id FROM (
    SELECT originator_id FROM stored_events WHERE topic LIKE 'application.%%' ORDER BY notification_id DESC LIMIT %s
) AS newest"""


def run(*, size: Size, names: frozenset[str]) -> Iterator[Measured]:
    seconds = size.pick(*SECONDS)
    with installed() as where:
        known = patterns(where.registry)
        by_callers = _ours(where, known, seconds)
        callers, rate = max(by_callers.items(), key=lambda item: item[1])
        rows, fault = where.rows(), _fault(where)
        details = {
            "callers": callers,
            "processes": PROCESSES,
            "by_callers": {str(number): round(value) for number, value in by_callers.items()},
        }

        def measured(bench: str, baseline: float | None, target: float, plausible: float, **more: object) -> Measured:
            return Measured(
                bench=bench,
                value=rate,
                unit="events/s",
                baseline=baseline,
                target=target,
                baseline_least=plausible,
                rows=rows,
                on=ON,
                more={**details, **more},
                fault=fault if baseline else "pgbench is not installed",
                postgres=where.postgres,
            )

        if "append" in names:
            alone = _stock(where, known, seconds)
            yield measured("append", max(alone.values()), 30, stock.PLAUSIBLE, baseline_by_threads=_rounded(alone))
        if "append_pgbench" in names:
            by_clients = _pgbench(where, seconds)
            best = max(by_clients.values(), default=None)
            yield measured("append_pgbench", best, 1.5, inserts.PLAUSIBLE, baseline_by_clients=_rounded(by_clients))


def _ours(where: Installed, known: list[Pattern], seconds: float) -> dict[int, float]:
    with processes() as pool:
        at_once(pool, where.databases.serving, known, CALLERS[0], 0.5)  # warm up imports and query plans
        rates = {}
        for callers in CALLERS:
            say(f"append: {PROCESSES} processes of {callers} callers")
            rates[callers] = at_once(pool, where.databases.serving, known, callers, seconds)
    return rates


def _stock(where: Installed, known: list[Pattern], seconds: float) -> dict[int, float]:
    lives = [[row for _, save in pattern.saves() for row in save.events] for pattern in known]
    rates = {}
    for threads in THREADS:
        say(f"append: the stock recorder with {threads} threads")
        rates[threads] = stock.appended_per_second(where.databases.owner, lives, threads=threads, seconds=seconds)
    return rates


def _pgbench(where: Installed, seconds: float) -> dict[int, float]:
    pgbench = inserts.program(where.databases.tools)
    if pgbench is None:
        return {}
    rates = {}
    for clients in inserts.CLIENTS:
        say(f"append: pgbench with {clients} clients")
        rates[clients] = inserts.inserted_per_second(
            pgbench, where.databases.owner, clients=clients, seconds=round(seconds)
        )
    return rates


def _fault(where: Installed) -> str | None:
    """Checks the log, and returns a fault message or None.

    The check reads some of the newest streams and verifies their chains. The check also finds positions of the log that
    were used twice.
    """
    with psycopg.connect(where.databases.owner) as connection:
        doubled = connection.execute("SELECT count(*) - count(DISTINCT notification_id) FROM stored_events").fetchone()
        if doubled and doubled[0]:
            return f"{doubled[0]} positions are used twice"
        for (stream,) in connection.execute(NEWEST, (SAMPLE,)).fetchall():
            prev = ""
            for place, (version, topic, stored) in enumerate(connection.execute(STREAM, (stream,)), 1):
                state = orjson.loads(stored)
                if version != place or state["prev"] != prev:
                    return f"the chain of {stream} breaks at {place}"
                prev = b64(commitment(stream, version, topic, state))
    return None


def _rounded(rates: dict[int, float]) -> dict[str, int]:
    return {str(number): round(rate) for number, rate in rates.items()}
