"""Positions are handed out in the order of commit: who has read up to n never finds an event below n later."""

import threading
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from uuid import uuid4

import psycopg

from infra.eventstore.recorder import APPEND, Datastore, Recorder
from tests.conftest import Fresh
from tests.infra.eventstore.saves import a_save

WRITERS, SAVES, EVENTS = 4, 50, 3
BEHIND = "SELECT notification_id FROM stored_events WHERE notification_id > %s ORDER BY notification_id LIMIT 7"


def write(conninfo: str, start: threading.Barrier) -> list[int]:
    """A writer with a connection of its own, in its own order: what it was told, it must find again."""
    told: list[int] = []
    datastore = Datastore(conninfo, pool_size=1)
    try:
        recorder, stream = Recorder(datastore), uuid4()
        recorder.max_notification_id()
        start.wait(timeout=10)
        for number in range(SAVES):
            first = number * EVENTS + 1
            [outcome] = recorder.append([a_save(*range(first, first + EVENTS), stream=stream)])
            told += outcome.positions
    finally:
        datastore.close()
    return told


def follow(conninfo: str, start: threading.Barrier, written: threading.Event) -> list[int]:
    """A reader that goes by position alone and never looks back."""
    read: list[int] = []
    with psycopg.connect(conninfo, autocommit=True) as connection:
        start.wait(timeout=10)
        while True:
            done = written.is_set()
            page = [row[0] for row in connection.execute(BEHIND, (read[-1] if read else 0,), prepare=True)]
            read += page
            if done and not page:
                return read


def is_rising(values: Sequence[object]) -> bool:
    return list(values) == sorted(values, key=lambda value: (value,)) and len(set(values)) == len(values)


def test_a_reader_that_follows_the_positions_misses_no_event(fresh: Fresh) -> None:
    conninfo, written = fresh.databases.serving, threading.Event()
    start = threading.Barrier(WRITERS + 1)
    with ThreadPoolExecutor(WRITERS + 1) as threads:
        reader = threads.submit(follow, conninfo, start, written)
        writers = [threads.submit(write, conninfo, start) for _ in range(WRITERS)]
        told = [writer.result(timeout=60) for writer in writers]
        written.set()
        read = reader.result(timeout=60)
    assert read == sorted(position for positions in told for position in positions)
    assert len(read) == WRITERS * SAVES * EVENTS
    assert is_rising(read)
    assert all(is_rising(positions) for positions in told)
    with psycopg.connect(conninfo) as connection:
        against = connection.execute(
            "SELECT count(*) FROM (SELECT recorded_at, lag(recorded_at) OVER (ORDER BY notification_id) AS before"
            " FROM stored_events) AS pairs WHERE recorded_at < before"
        ).fetchone()
        together = connection.execute(
            "SELECT count(*) FROM stored_events a JOIN stored_events b USING (originator_id)"
            " WHERE b.notification_id = a.notification_id + 1 AND (a.originator_version - 1) / 3 ="
            " (b.originator_version - 1) / 3"
        ).fetchone()
    assert against == (0,)
    assert together == (WRITERS * SAVES * (EVENTS - 1),)  # no save lies between the events of another


def test_recorded_at_never_runs_against_the_positions_when_the_clock_jumps_back(
    recorder: Recorder, fresh: Fresh
) -> None:
    stream = uuid4()
    recorder.append([a_save(1, stream=stream)])
    with psycopg.connect(fresh.databases.owner) as connection:  # as if the clock had been an hour ahead
        connection.execute("UPDATE stored_events SET recorded_at = recorded_at + interval '1 hour'")
    recorder.append([a_save(2, stream=stream), a_save(1)])
    with psycopg.connect(fresh.databases.auditor) as connection:
        times = connection.execute("SELECT recorded_at FROM stored_events ORDER BY notification_id").fetchall()
    assert len(set(times)) == 1


def test_a_later_append_waits_until_the_earlier_is_committed(recorder: Recorder, fresh: Fresh) -> None:
    with psycopg.connect(fresh.databases.serving) as slow, ThreadPoolExecutor(1) as threads:
        slow.execute(APPEND, ([1], [uuid4()], [1], ["application.received.v1"], [b"{}"], [], [], []))
        later = threads.submit(recorder.append, [a_save(1)])
        assert not later.done()
        slow.commit()
        assert later.result(timeout=10)[0].positions == (2,)
