"""An event that a view cannot fold stops that view alone, and is named; after a fix it goes on by itself."""

import asyncio
import time
from collections.abc import Callable, Sequence
from contextlib import ExitStack
from dataclasses import replace
from typing import Any
from uuid import UUID

import psycopg
import pytest

from domain.application.events import PinReset, Received, Recorded, Submitted
from infra.postgres.pool import pool
from infra.projector import runner as module
from infra.projector import step
from infra.projector.fold import Poisoned, Shard
from infra.projector.runner import Runner
from infra.projector.views import VIEWS, rebuild
from infra.queries.applications import PostgresViews
from projections.view import Row, View
from tests.builders import INFORMATION, SEMARANG
from tests.conftest import Fresh
from tests.infra.logs import PAPER, PROGRESS, catch_up, differing, reached, stopped, wait_for, writing

STATISTICS = VIEWS["statistics"]


class Bug:
    """A fold that cannot bear a PIN that is reset, until it is mended."""

    mended = False

    def fold(self, row: Row | None, application: UUID, events: Sequence[Recorded]) -> Row:
        if not self.mended and any(isinstance(recorded.event, PinReset) for recorded in events):
            raise ZeroDivisionError
        folded: Row = PROGRESS.fold(row, application, events)
        return folded


async def told(conninfo: str) -> list[dict[str, Any]]:
    """What /readyz says of it, in any process."""
    async with pool(conninfo) as made:
        return await PostgresViews(made, conninfo).stopped()


def documents(view: View) -> list[str]:
    """The columns that could be unreadable."""
    return [column for column, kind in view.columns.items() if kind.startswith("bytea")]


def until(so: Callable[[], Any], seconds: float = 60) -> None:
    deadline = time.monotonic() + seconds
    while not so():
        assert time.monotonic() < deadline, "it did not come to that"
        time.sleep(0.02)


def test_it_stops_that_view_alone_is_named_and_goes_on_once_it_is_mended(
    fresh: Fresh, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(module, "POISON_SECONDS", 0.1)
    at, bug = fresh.databases, Bug()
    broken, sound = Runner(replace(PROGRESS, fold=bug.fold), at.serving), Runner(STATISTICS, at.serving)
    with writing(at.owner) as writer, ExitStack() as ending:
        for runner in (broken, sound):
            ending.callback(runner.stop)
        first, *_ = writer.lives(3)
        for runner in (broken, sound):
            runner.start()
        wait_for(at.serving, STATISTICS)
        until(lambda: stopped(at.serving))
        assert stopped(at.serving) == [("progress", 3, first)]
        assert asyncio.run(told(at.serving)) == [{"view": "progress", "position": 3, "application_id": str(first)}]
        assert broken.fault == "ZeroDivisionError"
        assert reached(at.serving) == 2, "what stands before it is folded"
        writer.lives(1)
        wait_for(at.serving, STATISTICS)
        assert capsys.readouterr().out.count("projection stopped by an event") == 1, "said once"
        bug.mended = True
        wait_for(at.serving)
        until(lambda: not stopped(at.serving))
    assert differing(at.serving) == differing(at.serving, STATISTICS) == []


def test_a_rebuild_lets_it_go_on_as_well(fresh: Fresh, monkeypatch: pytest.MonkeyPatch) -> None:
    """As after a release that mends the fold, while the old one still runs."""
    monkeypatch.setattr(module, "POISON_SECONDS", 0.1)
    at = fresh.databases
    broken = Runner(replace(PROGRESS, fold=Bug().fold), at.serving)
    with writing(at.owner) as writer:
        writer.lives(2)
    broken.start()
    try:
        until(lambda: stopped(at.serving))
        rebuild(PROGRESS, at.serving, progress_of=lambda *_: None)
        until(lambda: not stopped(at.serving) and broken.fault is None)
    finally:
        broken.stop()
    assert differing(at.serving) == []


@pytest.mark.parametrize(
    "name", [name for name, view in VIEWS.items() if documents(view) and view.topics == "application."]
)
def test_a_row_that_cannot_be_read_stops_that_view_alone_and_a_rebuild_heals_it(
    fresh: Fresh, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    """The runner's thread ended for ever, without a name, and a rebuild did not bring it back."""
    monkeypatch.setattr(module, "POISON_SECONDS", 0.1)
    monkeypatch.setattr(step, "ROWS_MAX", 0)  # so the row is read from the table
    at, view = fresh.databases, VIEWS[name]
    runner = Runner(view, at.serving)
    with writing(at.owner) as writer:
        life = writer.append(Submitted(service=INFORMATION, standard=1, number=PAPER.new_number()), office=SEMARANG)
        runner.start()
        try:
            wait_for(at.serving, view)
            with psycopg.connect(at.serving, autocommit=True) as connection:
                connection.execute(f"UPDATE views.{name} SET {documents(view)[0]} = 'no JSON'")
            writer.more(life, Received(), office=SEMARANG)
            writer.lives(1)
            until(lambda: stopped(at.serving))
            assert stopped(at.serving) == [(name, 2, life)]
            assert runner.thread.is_alive()
            rebuild(view, at.serving, progress_of=lambda *_: None)
            until(lambda: not stopped(at.serving) and runner.fault is None)
            wait_for(at.serving, view)
        finally:
            runner.stop()
    assert differing(at.serving, view) == []


def test_a_topic_of_the_future_is_named_by_whoever_meets_it(fresh: Fresh) -> None:
    at = fresh.databases
    with psycopg.connect(at.owner) as connection:
        connection.execute(
            "INSERT INTO stored_events VALUES (%s, 1, 'application.unheard-of.v1', '{}', 9, now())", (UUID(int=5),)
        )
    wrong = f"progress cannot fold the event at position 9, of {UUID(int=5)} \\(KeyError\\)"
    with pytest.raises(Poisoned, match=wrong):
        rebuild(PROGRESS, at.serving, progress_of=lambda *_: None)
    with pytest.raises(Poisoned, match=wrong):
        catch_up(Shard(PROGRESS), at.serving)
