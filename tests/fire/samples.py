"""What a running Jejak holds, looked at again and again: memory, files, connections, WAL, disk and lag."""

import itertools
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from statistics import linear_regression, mean

import psycopg

from bench.disk import sizes
from infra.postgres.databases import Databases
from tests.fire.processes import MEGABYTE, anonymous, family, open_files, resident
from tests.journeys.test_restart import processes_of
from tests.running import Jejak

NOT_OF_EVENTS = {"public.accesses", "public.pin_networks", "public.pin_failures"}
"""Tables that grow with what is read and tried, not with events."""
LOOK = """
SELECT (SELECT max(notification_id) FROM stored_events),
    (SELECT count(*) FROM pg_stat_activity WHERE backend_type = 'client backend'),
    pg_current_wal_insert_lsn() - '0/0',
    (SELECT min(notification_id) FROM views.tracking),
    (SELECT position FROM feeds.distributed)
"""


@dataclass(frozen=True, slots=True)
class Sample:
    """`memory` and `files` by the verb of each process. The database's memory is what its processes do not share."""

    seconds: float
    events: int
    connections: int
    wal: int
    disk: int
    lag: int
    memory: dict[str, int]
    files: dict[str, int]


def sample(running: Jejak, databases: Databases, seconds: float) -> Sample:
    assert running.process
    with psycopg.connect(databases.owner, autocommit=True) as connection:
        row = connection.execute(LOOK).fetchone()
    assert row
    events, connections, wal, folded, told = map(int, row)
    processes = family(running.process.pid)
    database = 0
    for pid in processes_of(running.folder):
        with suppress(OSError, StopIteration):  # the process of a connection that has ended since
            database += anonymous(pid)
    return Sample(
        seconds=seconds,
        events=events,
        connections=connections,
        wal=wal,
        disk=sum(relation.bytes for relation in sizes(databases) if relation.table not in NOT_OF_EVENTS),
        lag=events - min(folded, told),
        memory={name: resident(pid) for name, pid in processes.items()} | {"postgres": database},
        files={name: open_files(pid) for name, pid in processes.items()},
    )


@dataclass(frozen=True, slots=True)
class Growth:
    """By how much a line through all samples rises from the first to the last, and their mean."""

    rise: float
    mean: float


def growth(samples: Sequence[Sample], value: Callable[[Sample], float]) -> Growth:
    values, seconds = [value(each) for each in samples], [each.seconds for each in samples]
    return Growth(linear_regression(seconds, values).slope * (seconds[-1] - seconds[0]), mean(values))


def per_event(samples: Sequence[Sample], value: Callable[[Sample], float]) -> float:
    """What each event took, of those between the first sample and the last."""
    first, last = samples[0], samples[-1]
    return (value(last) - value(first)) / (last.events - first.events)


def table(samples: Sequence[Sample], lines: int = 60) -> str:
    """At most about so many lines; the numbers of an event are those since the line before."""
    shown = [*samples[:: 1 + len(samples) // lines], samples[-1]]
    names = list(samples[-1].memory)
    head = ["min", "ev/s", *(f"{name} MB" for name in names), "files", "conns", "WAL B/ev", "disk B/ev", "lag"]
    rows = ["  ".join(head)]
    for before, now in itertools.pairwise(shown):
        if now.events == before.events:
            continue
        cells = [
            f"{now.seconds / 60:.1f}",
            f"{(now.events - before.events) / (now.seconds - before.seconds):.0f}",
            *(f"{now.memory.get(name, 0) / MEGABYTE:.1f}" for name in names),
            "+".join(str(count) for count in now.files.values()),
            str(now.connections),
            f"{per_event([before, now], lambda each: each.wal):.0f}",
            f"{per_event([samples[0], now], lambda each: each.disk):.0f}",
            str(now.lag),
        ]
        rows.append("  ".join(cell.rjust(len(name)) for cell, name in zip(cells, head, strict=True)))
    return "\n".join(rows)
