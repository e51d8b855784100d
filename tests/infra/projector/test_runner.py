"""The runner: each event counts once, whatever dies when, and whoever else runs."""

import signal
import subprocess
import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import replace
from typing import Any
from uuid import UUID

import psycopg
import pytest

from domain.application.events import Recorded
from infra.projector import fold, step, views
from infra.projector import runner as module
from infra.projector.fold import Shard
from infra.projector.runner import Runner
from infra.projector.step import Steps
from infra.service import ServiceLimits
from projections.view import Row
from tests.conftest import PROJECT, Fresh
from tests.infra.logs import PROGRESS, arriving, catch_up, differing, environment, reached, wait_for, writing
from tests.running import JEJAK

ROUNDS = 5
KILL = """
SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity
WHERE datname = current_database() AND usename = 'jejak_serving'
"""


@contextmanager
def running(conninfo: str) -> Iterator[Runner]:
    runner = Runner(PROGRESS, conninfo)
    runner.start()
    try:
        yield runner
    finally:
        runner.stop()


def until(so: Callable[[], Any], seconds: float = 60) -> None:
    deadline = time.monotonic() + seconds
    while not so():
        assert time.monotonic() < deadline, "it did not come to that"
        time.sleep(0.02)


def rows(conninfo: str) -> int:
    with psycopg.connect(conninfo) as connection:
        row = connection.execute("SELECT count(*) FROM views.progress").fetchone()
        return row[0] if row else 0


def test_every_event_counts_once_while_the_runners_connections_are_killed(
    fresh: Fresh, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "LIMITS", ServiceLimits(back_off_seconds=0.05))
    at = fresh.databases
    with (
        running(at.serving) as runner,
        arriving(at.owner) as writer,
        psycopg.connect(at.owner, autocommit=True) as killer,
    ):
        before = 0
        for _ in range(ROUNDS):
            until(lambda: reached(at.owner) > before)  # noqa: B023 - asked at once
            row = killer.execute(KILL).fetchone()
            assert row
            assert row[0] > 0
            before = reached(at.owner)
        until(lambda: reached(at.owner) > before)
        assert runner.thread.is_alive()
    with running(at.serving):
        wait_for(at.serving, seconds=20)
    assert differing(at.serving) == []
    assert rows(at.serving) == writer.written


def test_every_event_counts_once_while_the_process_that_projects_is_killed(fresh: Fresh) -> None:
    at = fresh.databases
    with arriving(at.owner) as writer:
        for _ in range(ROUNDS):
            before = reached(at.owner)
            with subprocess.Popen(
                [*JEJAK, "project"], env=environment(fresh), cwd=PROJECT, stdout=subprocess.PIPE, text=True
            ) as process:
                until(lambda: reached(at.owner) > before)  # noqa: B023 - asked at once
                process.send_signal(signal.SIGKILL)
    with running(at.serving):
        wait_for(at.serving, seconds=20)
    assert differing(at.serving) == []
    assert rows(at.serving) == writer.written


def test_a_rival_stands_by_and_takes_over(fresh: Fresh) -> None:
    at = fresh.databases
    with writing(at.owner) as writer, running(at.serving) as first:
        writer.lives(3)
        wait_for(at.serving, seconds=10)
        with running(at.serving):
            first.stop()
            writer.lives(3)
            wait_for(at.serving, seconds=10)
    assert rows(at.serving) == 6
    assert differing(at.serving) == []


def test_two_that_both_believe_to_lead_fold_every_event_once(fresh: Fresh, monkeypatch: pytest.MonkeyPatch) -> None:
    """As when a leader's lock is lost with its connection while its page is still being written."""
    at = fresh.databases
    with psycopg.connect(at.serving) as connection:
        views.ensure(PROGRESS, connection)
    sizes = iter(range(1, 10_000))
    few = fold.NEWER.replace("LIMIT %(limit)s", "LIMIT least(%(limit)s, 1 + floor(random() * 9))")
    monkeypatch.setattr(fold, "NEWER", few)
    with arriving(at.owner) as writer, ThreadPoolExecutor(2) as threads:

        def project() -> None:
            with psycopg.connect(at.serving, autocommit=True) as connection:
                rival = Steps(Shard(PROGRESS), connection)
                while next(sizes) < 300 or reached(at.owner) < 100:
                    rival.step()

        for done in [threads.submit(project) for _ in range(2)]:
            done.result(timeout=60)
    monkeypatch.undo()
    catch_up(Shard(PROGRESS), at.serving)
    assert reached(at.owner) == 4 * writer.written
    assert differing(at.serving) == []


def test_what_was_read_before_a_swap_is_not_written_after_it(fresh: Fresh, monkeypatch: pytest.MonkeyPatch) -> None:
    """As when a rebuild mends a row while a step folds on the broken one, and leaves the position as it was."""
    monkeypatch.setattr(step, "PAGE", 2)
    at, mended = fresh.databases, list[bool]()

    def swap(body: bytes) -> None:
        with psycopg.connect(at.serving) as connection:
            connection.execute("UPDATE views.progress SET body = %s", (body,))
            connection.execute("UPDATE views.tracking SET notification_id = notification_id")

    def fold(row: Row | None, application: UUID, events: Sequence[Recorded]) -> Row:
        if not mended:
            mended.append(True)
            swap(sound)
        folded: Row = PROGRESS.fold(row, application, events)
        return folded

    with writing(at.owner) as writer, psycopg.connect(at.serving, autocommit=True) as connection:
        writer.life()
        views.ensure(PROGRESS, connection)
        assert Steps(Shard(PROGRESS), connection).step()
        [(sound,)] = connection.execute("SELECT body FROM views.progress").fetchall()
        swap(sound.replace(b'"status":"received"', b'"status":"rejected"'))
        steps = Steps(Shard(replace(PROGRESS, fold=fold)), connection)
        assert steps.step(), "it is to be done again"
        assert reached(at.owner) == 2, "nothing was written"
        while steps.step():
            pass
    assert reached(at.owner) == 4
    assert differing(at.serving) == []


def test_a_view_that_is_dropped_in_a_quiet_hour_is_built_anew(fresh: Fresh) -> None:
    at = fresh.databases
    with writing(at.owner) as writer, running(at.serving):
        writer.lives(5)
        wait_for(at.serving, seconds=10)
        with psycopg.connect(at.owner) as connection:
            connection.execute("DROP TABLE views.progress")
        until(lambda: _rows_or_0(at.serving) == 5)
        wait_for(at.serving, seconds=10)
    assert differing(at.serving) == []


def _rows_or_0(conninfo: str) -> int:
    try:
        return rows(conninfo)
    except psycopg.errors.UndefinedTable:
        return 0


def test_events_of_the_registry_move_the_position_and_no_row(fresh: Fresh) -> None:
    at = fresh.databases
    with psycopg.connect(at.owner) as connection:
        connection.execute(
            "INSERT INTO stored_events VALUES (gen_random_uuid(), 1, 'office.registered.v1', '{}', 1, now())"
        )
    with running(at.serving):
        wait_for(at.serving, seconds=10)
    assert rows(at.serving) == 0
