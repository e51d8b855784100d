"""A view can be made anew at any time: beside the live one, swapped in at once, and compared row by row."""

import signal
import subprocess
import sys
import threading
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from typing import LiteralString

import psycopg
import pytest
from psycopg import sql

from infra.projector import stream_scan
from infra.projector.runner import Runner
from infra.projector.views import VIEWS, rebuild
from projections.view import View
from tests.conftest import PROJECT, Fresh
from tests.infra.logs import arriving, differing, reached, wait_for, writing

COUNT = "SELECT count(*), max(version) FILTER (WHERE application_id = %s) FROM views.{}"
SPOIL: dict[str, tuple[LiteralString, LiteralString]] = {
    "progress": ("body = body || ' '", "number = ''"),
    "statistics": ("returns = 7", "due_at = now()"),
    "desk": ("details = details || ' '", "due_at = now()"),
}

OF_APPLICATIONS = [view for view in VIEWS.values() if view.topics == "application."]
of_each_view = pytest.mark.parametrize("view", OF_APPLICATIONS, ids=lambda view: view.name)


def made_anew(view: View, conninfo: str) -> int:
    return rebuild(view, conninfo, progress_of=lambda *_: None)


@of_each_view
def test_readers_never_see_a_view_empty_while_it_is_rebuilt_and_events_arrive(fresh: Fresh, view: View) -> None:
    at = fresh.databases
    with writing(at.owner) as writer:
        [known, *_] = writer.lives(20)
    runner, built = Runner(view, at.serving), threading.Event()
    runner.start()
    wait_for(at.serving, view)
    count = sql.SQL(COUNT).format(sql.Identifier(view.name))

    def read() -> int:
        """As the API does, with a prepared statement that outlives the swap."""
        last = reads = 0
        with psycopg.connect(at.serving, autocommit=True) as connection:
            while not built.is_set():
                row = connection.execute(count, (known,), prepare=True).fetchone()
                assert row
                assert row[0] >= last, "a row that was there is gone"
                assert row[1] == 4
                last, reads = row[0], reads + 1
        return reads

    with ThreadPoolExecutor(2) as threads:
        readers = [threads.submit(read) for _ in range(2)]
        with arriving(at.owner):
            for _ in range(4):
                assert made_anew(view, at.serving) > 0
        built.set()
        assert all(reader.result(timeout=20) > 4 for reader in readers)
    wait_for(at.serving, view)
    assert runner.fault is None
    runner.stop()
    assert differing(at.serving, view) == []


def test_all_views_may_be_rebuilt_at_once(fresh: Fresh) -> None:
    at = fresh.databases
    with writing(at.owner) as writer, psycopg.connect(at.owner, autocommit=True) as connection:
        writer.lives(3)
        for _ in range(5):
            connection.execute("DROP TABLE IF EXISTS views.rebuilding")
            begin = threading.Barrier(len(OF_APPLICATIONS))

            def made(view: View, begin: threading.Barrier = begin) -> int:
                begin.wait()
                return made_anew(view, at.serving)

            with ThreadPoolExecutor(len(OF_APPLICATIONS)) as threads:
                assert list(threads.map(made, OF_APPLICATIONS)) == [12] * len(OF_APPLICATIONS)
    assert all(differing(at.serving, view) == [] for view in OF_APPLICATIONS)


@of_each_view
def test_a_rebuild_makes_a_view_that_nobody_projected_yet(fresh: Fresh, view: View) -> None:
    at = fresh.databases
    with writing(at.owner) as writer:
        writer.lives(3)
    told: list[tuple[int, int]] = []
    assert rebuild(view, at.serving, progress_of=lambda *stand: told.append(stand)) == 12
    assert told == [(12, 12)]
    assert reached(at.owner, view) == 12
    assert differing(at.serving, view) == []


@of_each_view
def test_a_rebuild_that_was_killed_is_done_by_the_next(fresh: Fresh, view: View) -> None:
    at = fresh.databases
    with writing(at.owner) as writer:
        writer.lives(3)
    with psycopg.connect(at.serving) as connection:
        left_behind = sql.Identifier("views", f"{view.name}_new")
        connection.execute(sql.SQL("CREATE TABLE {} (left_behind integer)").format(left_behind))
    made_anew(view, at.serving)
    assert differing(at.serving, view) == []


KILLED = """
import os, signal, sys
from infra.projector import rebuild, stream_scan
from infra.projector.views import VIEWS
stream_scan.PAGE = 10
def progress_of(folded, total):
    if folded >= int(sys.argv[3]):
        os.kill(os.getpid(), signal.SIGKILL)
rebuild.rebuild(VIEWS[sys.argv[1]], sys.argv[2], progress_of=progress_of)
"""


def killed_at(folded: int, view: View, conninfo: str) -> int:
    command = [sys.executable, "-c", KILLED, view.name, conninfo, str(folded)]
    return subprocess.run(command, cwd=PROJECT, check=False).returncode


@of_each_view
def test_a_rebuild_that_was_killed_goes_on_where_it_was(fresh: Fresh, view: View) -> None:
    at = fresh.databases
    with writing(at.owner) as writer:
        writer.lives(20)
        assert killed_at(30, view, at.serving) == -signal.SIGKILL
        writer.lives(2)
        assert killed_at(60, view, at.serving) == -signal.SIGKILL
        writer.lives(2)
    told: list[tuple[int, int]] = []
    assert rebuild(view, at.serving, progress_of=lambda *stand: told.append(stand)) == 96
    assert told == [(80, 80)], "in one page, the rest: the end is that of the first start"
    assert differing(at.serving, view) == []
    assert leftovers(at.serving) == []


def test_what_another_release_left_half_built_is_dropped(fresh: Fresh) -> None:
    at, view = fresh.databases, VIEWS["desk"]
    with writing(at.owner) as writer:
        writer.lives(20)
    assert killed_at(30, view, at.serving) == -signal.SIGKILL
    view = replace(view, version=view.version + 1)
    told: list[int] = []
    rebuild(view, at.serving, progress_of=lambda folded, _: told.append(folded))
    assert told == [80]
    assert differing(at.serving, view) == []


def leftovers(conninfo: str) -> list[str]:
    with psycopg.connect(conninfo) as connection:
        tables = connection.execute("SELECT tablename FROM pg_tables WHERE tablename LIKE '%\\_new'").fetchall()
        return [*(row[0] for row in tables), *connection.execute("SELECT view FROM views.rebuilding").fetchall()]


@of_each_view
def test_one_stream_may_be_longer_than_a_page(fresh: Fresh, view: View, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(stream_scan, "PAGE", 3)
    at = fresh.databases
    with writing(at.owner) as writer:
        writer.lives(7)
    assert made_anew(view, at.serving) == 28
    assert differing(at.serving, view) == []


@of_each_view
def test_every_row_that_a_rebuild_would_make_differently_is_named(fresh: Fresh, view: View) -> None:
    at, table = fresh.databases, sql.Identifier("views", view.name)
    with writing(at.owner) as writer:
        changed, other, missing, twin, *_ = writer.lives(5)
    made_anew(view, at.serving)
    with psycopg.connect(at.serving) as connection:
        for spoiled, application in zip(SPOIL[view.name], (changed, other), strict=True):
            spoil = sql.SQL("UPDATE {} SET {} WHERE application_id = %s").format(table, sql.SQL(spoiled))
            connection.execute(spoil, (application,))
        connection.execute(sql.SQL("DELETE FROM {} WHERE application_id = %s").format(table), (missing,))
        strange = sql.SQL("UPDATE {} SET application_id = gen_random_uuid() WHERE application_id = %s RETURNING 1")
        connection.execute(strange.format(table), (twin,))
        invented = connection.execute(
            sql.SQL(
                "SELECT application_id FROM {} WHERE application_id NOT IN (SELECT originator_id FROM events)"
            ).format(table)
        ).fetchone()
        assert invented
    assert differing(at.serving, view) == sorted([changed, other, missing, twin, invented[0]])
    made_anew(view, at.serving)
    assert differing(at.serving, view) == []


@of_each_view
def test_the_comparison_takes_the_position_reached_and_not_the_end_of_the_log(fresh: Fresh, view: View) -> None:
    at = fresh.databases
    with writing(at.owner) as writer:
        writer.lives(2)
        made_anew(view, at.serving)
        writer.lives(2)
        assert differing(at.serving, view) == []
