"""The group of runners: each event is read and decoded once, and a runner that fails harms itself alone."""

import time
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from typing import Any
from uuid import UUID

import psycopg
import pytest

from domain.application.events import PinReset, Recorded
from infra.eventstore import history
from infra.projector import fold, group, step
from infra.projector import runner as module
from infra.projector.fold import RawEvent
from infra.projector.group import RunnerGroup
from infra.projector.runner import Runner, ensure_views
from infra.projector.views import VIEWS
from projections.view import Row, View
from tests.conftest import Fresh
from tests.infra.logs import PROGRESS, arriving, differing, stopped, wait_for, writing

KILL = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE usename = 'jejak_serving' AND pid <> %s"


@contextmanager
def running(conninfo: str, *views: View) -> Iterator[list[Runner]]:
    shared = RunnerGroup()
    started = [Runner(view, conninfo, group=shared) for view in views]
    for runner in started:
        runner.start()
    try:
        yield started
    finally:
        for runner in started:
            runner.stop()


def until(so: Callable[[], Any], seconds: float = 60) -> None:
    deadline = time.monotonic() + seconds
    while not so():
        assert time.monotonic() < deadline, "it did not come to that"
        time.sleep(0.02)


def test_all_views_decode_an_event_once(fresh: Fresh, monkeypatch: pytest.MonkeyPatch) -> None:
    at, decoded = fresh.databases, Counter[int]()
    recorded_of = history.recorded_of

    def counted(row: Sequence[Any]) -> Recorded:
        decoded[row[3]] += 1
        return recorded_of(row)

    ensure_views(at.serving)
    monkeypatch.setattr(fold, "recorded_of", counted)
    with writing(at.owner) as writer, running(at.serving, *VIEWS.values()) as runners:
        until(lambda: all(runner.is_projecting for runner in runners))
        decoded.clear()
        writer.lives(20)
        for view in VIEWS.values():
            wait_for(at.serving, view)
    assert len(decoded) == 80
    assert set(decoded.values()) == {1}
    monkeypatch.undo()
    assert [differing(at.serving, view) for view in VIEWS.values()] == [[]] * len(VIEWS)


def test_an_event_that_one_view_cannot_fold_stops_only_this_view(fresh: Fresh, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "POISON_SECONDS", 0.1)
    at, mended = fresh.databases, list[bool]()

    def bug(row: Row | None, application: UUID, events: Sequence[Recorded]) -> Row:
        if not mended and any(isinstance(recorded.event, PinReset) for recorded in events):
            raise ZeroDivisionError
        folded: Row = PROGRESS.fold(row, application, events)
        return folded

    sound = [view for name, view in VIEWS.items() if name != "progress"]
    with writing(at.owner) as writer, running(at.serving, replace(PROGRESS, fold=bug), *sound):
        first, *_ = writer.lives(3)
        until(lambda: stopped(at.serving))
        assert stopped(at.serving) == [("progress", 3, first)]
        writer.lives(3)
        for view in sound:
            wait_for(at.serving, view)
        mended.append(True)
        wait_for(at.serving)
        until(lambda: not stopped(at.serving))
        writer.lives(3)
        wait_for(at.serving)
    assert [differing(at.serving, view) for view in VIEWS.values()] == [[]] * len(VIEWS)


def test_a_view_that_is_dropped_or_set_back_under_load_catches_up_with_the_others(
    fresh: Fresh, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Small pages, so that the view is far from the group. Its connection and those of the others are killed too."""
    for one in (step, group):
        monkeypatch.setattr(one, "PAGE", 5)
    monkeypatch.setattr(module, "LIMITS", replace(module.LIMITS, back_off_seconds=0.05))
    at = fresh.databases
    with arriving(at.owner) as writer, running(at.serving, *VIEWS.values()) as runners:
        until(lambda: all(runner.is_projecting for runner in runners))
        with psycopg.connect(at.owner, autocommit=True) as owner:
            owner.execute("DROP TABLE views.desk")
            time.sleep(0.3)
            owner.execute("UPDATE views.tracking SET notification_id = 0 WHERE application_name = 'view-statistics'")
            time.sleep(0.3)
            owner.execute(KILL, (owner.info.backend_pid,))
            until(lambda: owner.execute("SELECT 1 FROM pg_tables WHERE tablename = 'desk'").fetchone())
        time.sleep(0.5)
    with running(at.serving, *VIEWS.values()):
        for view in VIEWS.values():
            wait_for(at.serving, view)
    assert writer.written > 0
    assert [differing(at.serving, view) for view in VIEWS.values()] == [[]] * len(VIEWS)


def test_rows_in_memory_stay_within_the_limit(fresh: Fresh, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(step, "ROWS_MAX", 3)
    at = fresh.databases
    ensure_views(at.serving)
    with writing(at.owner) as writer, psycopg.connect(at.serving, autocommit=True) as connection:
        steps = step.Steps(fold.Shard(PROGRESS), connection)
        for _ in range(4):
            writer.lives(2)
            while steps.step():
                pass
            assert len(steps.rows) <= 3
    assert differing(at.serving) == []


def test_a_page_gives_each_view_its_own_events() -> None:
    stream, other = UUID(int=1), UUID(int=2)
    events: list[RawEvent] = [
        (stream, 1, "application.submitted.v1", b"{}", 1, None),
        (other, 1, "satisfaction.answered.v1", b"{}", 2, None),
        (stream, 2, "application.received.v1", b"{}", 3, None),
        (stream, 3, "application.received.v1", None, 4, None),
    ]
    page = fold.LogPage(events)
    assert page.streams("application.", 0) == {stream: [events[0], events[2]]}
    assert page.streams("application.", 1) == {stream: [events[2]]}
    assert page.streams("satisfaction.", 0) == {other: [events[1]]}
