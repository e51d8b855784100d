"""A process of writers that append as fast as they can, each to streams of its own, by our recorder or the library's.

`python -m tests.fire.writing HOW CONNINFO TABLE WRITERS` says "ready", waits for a line with the seconds to write, and
answers with the positions that it was told.
"""

import json
import sys
import time
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from uuid import uuid4

from eventsourcing.persistence import StoredEvent
from eventsourcing.postgres import PostgresApplicationRecorder

from infra.eventstore.recorder import Datastore, Recorder, Save
from tests.infra.eventstore.saves import rows

OURS, LIBRARY = "ours", "library"
EVENTS_MAX = 3
STREAM_EVENTS = 30

Append = Callable[[tuple[StoredEvent, ...]], Sequence[int]]


def library(conninfo: str, table: str, pool_size: int = 1) -> PostgresApplicationRecorder:
    """The library's recorder with its insert function, which takes no lock."""
    datastore = Datastore(conninfo, pool_size=pool_size)
    datastore.enable_db_functions = True
    return PostgresApplicationRecorder(datastore, events_table_name=table)


def appending(how: str, conninfo: str, table: str, writers: int) -> Append:
    if how == LIBRARY:
        theirs = library(conninfo, table, writers)
        return lambda events: theirs.insert_events(events) or ()
    recorder = Recorder(Datastore(conninfo, pool_size=writers), events_table_name=table)

    def append(events: tuple[StoredEvent, ...]) -> Sequence[int]:
        [outcome] = recorder.append([Save(events)])
        assert outcome.stored
        return outcome.positions

    return append


def write(append: Append, until: float) -> list[int]:
    told: list[int] = []
    stream, version = uuid4(), 1
    while time.monotonic() < until:
        count = 1 + version % EVENTS_MAX
        told += append(rows(stream, *range(version, version + count)))
        version += count
        if version > STREAM_EVENTS:
            stream, version = uuid4(), 1
    return told


def main(how: str, conninfo: str, table: str, writers: str) -> None:
    append = appending(how, conninfo, table, int(writers))
    append(rows(uuid4(), 1))  # what is prepared once is prepared before the start
    print("ready", flush=True)
    seconds = float(sys.stdin.readline())
    until = time.monotonic() + seconds
    with ThreadPoolExecutor(int(writers)) as threads:
        told = [threads.submit(write, append, until) for _ in range(int(writers))]
        print(json.dumps([position for one in told for position in one.result()]), flush=True)


if __name__ == "__main__":
    main(*sys.argv[1:])
