"""A view can be made anew at any time: beside the live one, swapped in at once, and compared row by row."""

import threading
from concurrent.futures import ThreadPoolExecutor
from typing import LiteralString

import psycopg

from infra.runner import Runner, wait_until_caught_up
from infra.views import VIEWS, rebuild
from tests.conftest import Fresh
from tests.infra.logs import PROGRESS, arriving, differing, reached, writing

COUNT = "SELECT count(*), max(version) FILTER (WHERE application_id = %s) FROM views.progress"


def made_anew(conninfo: str) -> int:
    return rebuild(PROGRESS, conninfo, progress_of=lambda *_: None)


def test_readers_never_see_a_view_empty_while_it_is_rebuilt_and_events_arrive(fresh: Fresh) -> None:
    at = fresh.databases
    with writing(at.owner) as writer:
        [known, *_] = writer.lives(20)
    runner, built = Runner(PROGRESS, at.serving), threading.Event()
    runner.start()
    wait_until_caught_up(at.serving, seconds=10)

    def read() -> int:
        """As the API does, with a prepared statement that outlives the swap."""
        last = reads = 0
        with psycopg.connect(at.serving, autocommit=True) as connection:
            while not built.is_set():
                row = connection.execute(COUNT, (known,), prepare=True).fetchone()
                assert row
                assert row[0] >= last, "a row that was there is gone"
                assert row[1] == 4
                last, reads = row[0], reads + 1
        return reads

    with ThreadPoolExecutor(2) as threads:
        readers = [threads.submit(read) for _ in range(2)]
        with arriving(at.owner):
            for _ in range(4):
                assert made_anew(at.serving) > 0
        built.set()
        assert all(reader.result(timeout=20) > 4 for reader in readers)
    wait_until_caught_up(at.serving, seconds=10)
    assert runner.fault is None
    runner.stop()
    assert differing(at.serving) == []


def test_a_rebuild_makes_a_view_that_nobody_projected_yet(fresh: Fresh) -> None:
    at = fresh.databases
    with writing(at.owner) as writer:
        writer.lives(3)
    told: list[tuple[int, int]] = []
    assert rebuild(VIEWS["progress"], at.serving, progress_of=lambda *stand: told.append(stand)) == 12
    assert told == [(12, 12)]
    assert reached(at.owner) == 12
    assert differing(at.serving) == []


def test_a_rebuild_that_was_killed_is_done_by_the_next(fresh: Fresh) -> None:
    at = fresh.databases
    with writing(at.owner) as writer:
        writer.lives(3)
    with psycopg.connect(at.serving) as connection:
        connection.execute("CREATE TABLE views.progress_new (left_behind integer)")
    made_anew(at.serving)
    assert differing(at.serving) == []


def test_every_row_that_a_rebuild_would_make_differently_is_named(fresh: Fresh) -> None:
    at = fresh.databases
    with writing(at.owner) as writer:
        changed, renumbered, missing, *_ = writer.lives(5)
    made_anew(at.serving)
    spoil: tuple[LiteralString, ...] = (
        "UPDATE views.progress SET body = body || ' ' WHERE application_id = %s",
        "UPDATE views.progress SET number = '' WHERE application_id = %s",
        "DELETE FROM views.progress WHERE application_id = %s",
    )
    with psycopg.connect(at.serving) as connection:
        for statement, application in zip(spoil, (changed, renumbered, missing), strict=True):
            connection.execute(statement, (application,))
        row = connection.execute(
            "INSERT INTO views.progress VALUES (gen_random_uuid(), '', 1, '{}') RETURNING application_id"
        ).fetchone()
        assert row
    assert differing(at.serving) == sorted([changed, renumbered, missing, row[0]])
    made_anew(at.serving)
    assert differing(at.serving) == []


def test_the_comparison_takes_the_position_reached_and_not_the_end_of_the_log(fresh: Fresh) -> None:
    at = fresh.databases
    with writing(at.owner) as writer:
        writer.lives(2)
        made_anew(at.serving)
        writer.lives(2)
        assert differing(at.serving) == []
