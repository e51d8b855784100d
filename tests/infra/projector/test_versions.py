"""A view has a version: a runner writes only into a table of its own version. A view answers only when it is whole."""

import time
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import psycopg
import pytest
from hypothesis import given
from hypothesis import strategies as st
from psycopg import sql

from infra.projector import definitions
from infra.projector.checkpoints import ensure, is_missing
from infra.projector.fold import Shard
from infra.projector.rebuild import rebuild, upgrade
from infra.projector.runner import Runner
from infra.projector.step import OtherVersion, Resharded, Steps
from infra.projector.views import VIEWS
from projections import desk, progress, satisfaction_figures, statistics
from projections.view import View
from tests.conftest import Fresh
from tests.infra.logs import arriving, catch_up, differing, wait_for, writing

DESK = VIEWS["desk"]


def newer(view: View) -> View:
    """The same table, but another fold: a release that counts differently."""

    def fold(row: Any, key: Any, events: Any) -> Any:
        return {**view.fold(row, key, events), "channel": "newer"}

    return replace(view, version=view.version + 1, fold=fold)


def state(view: View, conninfo: str) -> str:
    with psycopg.connect(conninfo) as connection:
        row = connection.execute(f"SELECT {view.state}").fetchone()
    assert row
    return str(row[0])


def stored_version(view: View, conninfo: str) -> int | None:
    with psycopg.connect(conninfo) as connection:
        return definitions.version_of(view, connection)


def until(condition: Callable[[], bool], seconds: float = 20) -> None:
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, "it did not happen in time"
        time.sleep(0.02)


def test_an_old_runner_never_writes_into_a_view_of_a_newer_release(fresh: Fresh) -> None:
    at, new = fresh.databases, newer(DESK)
    with writing(at.owner) as writer, psycopg.connect(at.serving, autocommit=True) as connection:
        writer.lives(3)
        ensure(DESK, connection)
        old = Steps(Shard(DESK), connection)
        assert not old.step()
        assert upgrade(new, at.serving, progress_of=lambda *_: None)
        writer.lives(2)
        old.known = None  # as after each wait of a runner
        with pytest.raises(OtherVersion):
            old.step()
        catch_up(Shard(new), at.serving)
    assert differing(at.serving, new) == []


def test_runners_of_two_releases_side_by_side_end_with_the_newer_one(fresh: Fresh) -> None:
    at, new = fresh.databases, newer(DESK)
    runners = [Runner(DESK, at.serving), Runner(new, at.serving)]
    with arriving(at.owner):
        runners[0].start()
        until(lambda: runners[0].is_projecting)
        runners[1].start()
        until(lambda: runners[1].is_projecting and "OtherVersion" in runners[0].service.state.last_fault)
    wait_for(at.serving, new)
    for runner in runners:
        runner.stop()
    assert stored_version(DESK, at.serving) == new.version
    assert differing(at.serving, new) == []


def test_an_old_runner_makes_no_table_for_a_view_of_a_newer_release(fresh: Fresh) -> None:
    at, new = fresh.databases, newer(DESK)
    with psycopg.connect(at.serving, autocommit=True) as connection:
        ensure(new, connection)
        connection.execute("DROP TABLE views.desk")
        ensure(DESK, connection)
        assert is_missing(DESK, connection)
        ensure(new, connection)
        assert definitions.is_own(new, connection)


def test_an_older_release_takes_a_view_back_only_by_rebuild(fresh: Fresh) -> None:
    at, new = fresh.databases, newer(DESK)
    with writing(at.owner) as writer:
        writer.lives(2)
    rebuild(new, at.serving, progress_of=lambda *_: None)
    assert not upgrade(DESK, at.serving, progress_of=lambda *_: None)
    rebuild(DESK, at.serving, progress_of=lambda *_: None)
    assert stored_version(DESK, at.serving) == DESK.version
    assert differing(at.serving, DESK) == []


def test_a_table_of_a_release_without_versions_is_replaced_and_its_runner_ends(fresh: Fresh) -> None:
    at = fresh.databases
    with writing(at.owner) as writer, psycopg.connect(at.serving, autocommit=True) as connection:
        writer.lives(2)
        ensure(VIEWS["progress"], connection)  # makes the tables of the projector
        connection.execute("CREATE TABLE views.desk (application_id uuid PRIMARY KEY)")
        connection.execute("INSERT INTO views.tracking VALUES ('stored-desk', 8)")
        ensure(DESK, connection)
        assert state(DESK, at.serving) == "behind"
        assert upgrade(DESK, at.serving, progress_of=lambda *_: None)
        assert state(DESK, at.serving) == "whole"
        old = connection.execute("SELECT FROM views.tracking WHERE application_name = 'stored-desk'").fetchone()
        assert old is None, "a runner of the old release sees that its shard is gone, and ends"
    assert differing(at.serving, DESK) == []


def test_the_old_view_answers_until_the_new_one_is_whole_if_its_rows_can_be_read(fresh: Fresh) -> None:
    at, blind = fresh.databases, newer(DESK)
    reads = replace(blind, reads_from=DESK.version)
    with writing(at.owner) as writer, psycopg.connect(at.serving, autocommit=True) as connection:
        writer.lives(2)
        ensure(DESK, connection)
        catch_up(Shard(DESK), at.serving)
        assert [state(view, at.serving) for view in (DESK, blind, reads)] == ["whole", "behind", "older"]
        assert connection.execute(f"SELECT {reads.answers}").fetchone() == (True,)
        with pytest.raises(psycopg.DatabaseError, match="the view desk is older"):
            connection.execute(f"SELECT {reads.answers_absent}")
        upgrade(reads, at.serving, progress_of=lambda *_: None)
        assert [state(view, at.serving) for view in (DESK, blind, reads)] == ["behind", "whole", "whole"]


def test_after_a_start_a_view_answers_when_it_has_reached_the_end_of_the_log(fresh: Fresh) -> None:
    at = fresh.databases
    with writing(at.owner) as writer, psycopg.connect(at.serving, autocommit=True) as connection:
        writer.lives(2)
        ensure(DESK, connection)
        catch_up(Shard(DESK), at.serving)
        writer.lives(2)
        assert state(DESK, at.serving) == "whole"
        definitions.start(DESK, connection)
        assert state(DESK, at.serving) == "behind"
        with pytest.raises(psycopg.DatabaseError, match="the view desk is behind") as behind:
            connection.execute(f"SELECT FROM views.desk WHERE {DESK.answers}")
        assert behind.value.sqlstate == "JV503"
        catch_up(Shard(DESK), at.serving)
        assert state(DESK, at.serving) == "whole"


def test_an_empty_table_that_is_behind_does_not_answer_with_no_rows(fresh: Fresh) -> None:
    at = fresh.databases
    with writing(at.owner) as writer, psycopg.connect(at.serving, autocommit=True) as connection:
        writer.lives(1)
        ensure(DESK, connection)
        for query in ("SELECT * FROM views.desk WHERE {}", "SELECT count(*) FROM views.desk WHERE {} AND open"):
            with pytest.raises(psycopg.DatabaseError, match="the view desk is behind"):
                connection.execute(query.format(DESK.answers))


POSITIONS = st.integers(0, 3)
FLAGS = st.sampled_from(["stopped", "own form"])


def expected(version: int, *, whole_from: int, started: int, position: int, stopped: bool, own_form: bool) -> str:
    """The rule of docs/adr/0030, for a release that makes version 3 and reads from version 2 on."""
    if not own_form or version not in (2, 3) or position < whole_from:
        return "behind"
    if version == 2:
        return "older"
    if position >= started:
        return "whole"
    return "stopped" if stopped else "behind"


def test_the_state_of_a_view_is_the_same_as_the_rule(fresh: Fresh) -> None:
    view = replace(DESK, version=3, reads_from=2)
    with psycopg.connect(fresh.databases.serving, autocommit=True) as connection:
        ensure(view, connection)

        @given(st.integers(1, 4), POSITIONS, POSITIONS, st.lists(POSITIONS, min_size=1, max_size=2), st.sets(FLAGS))
        def check(version: int, whole_from: int, started: int, shards: list[int], flags: set[str]) -> None:
            stopped, own_form = "stopped" in flags, "own form" in flags
            connection.execute("DELETE FROM views.tracking")
            connection.execute("DELETE FROM views.stopped")
            connection.execute(
                "UPDATE views.definitions SET version = %s, form = %s, whole_from = %s, started = %s",
                (version, view.form if own_form else "other", whole_from, started),
            )
            for number, position in enumerate(shards):
                connection.execute("INSERT INTO views.tracking VALUES (%s, %s)", (f"view-desk#{number}", position))
            if stopped:
                connection.execute("INSERT INTO views.stopped VALUES ('desk', 'desk', 1, gen_random_uuid(), 'Error')")
            known = expected(
                version,
                whole_from=whole_from,
                started=started,
                position=min(shards),
                stopped=stopped,
                own_form=own_form,
            )
            assert connection.execute(f"SELECT {view.state}").fetchone() == (known,)

        check()


def test_a_shard_that_is_gone_is_told_apart_from_another_version(fresh: Fresh) -> None:
    with psycopg.connect(fresh.databases.serving, autocommit=True) as connection:
        ensure(DESK, connection)
        with pytest.raises(Resharded):
            Steps(Shard(DESK, 0, 2), connection).step()


def test_every_query_over_a_view_asks_whether_the_view_answers(fresh: Fresh) -> None:
    """A query that forgets the condition would answer with no rows while the view is built."""
    nobody, day = "00000000-0000-0000-0000-000000000000", "2026-01-01T00:00:00Z"
    lists = ("ids", "services", "standards", "editions", "offices", "zones", "statuses")
    values: dict[str, Any] = (
        {name: [] for name in lists}
        | dict.fromkeys(("number", "office", "edition"), "x")
        | dict.fromkeys(("now", "at", "since", "as_of", "place"), day)
        | dict.fromkeys(("after", "id"), nobody)
        | {"status": None, "officer": None, "limit": 1, "step": 10, "zone": "Asia/Jakarta"}
    )
    queries = (
        *(progress.BY_NUMBER, progress.BY_ID, progress.BY_ID_OR_ABSENT),
        *(desk.QUEUE, desk.SILENT, desk.OUTDATED, desk.NOT_COUNTED_BY, desk.UNPAID),
        *(satisfaction_figures.CELLS, statistics.CUT),
    )
    at = fresh.databases
    with writing(at.owner) as writer, psycopg.connect(at.serving, autocommit=True) as connection:
        writer.lives(1)
        for view in VIEWS.values():
            ensure(view, connection)
        for query in queries:
            with pytest.raises(psycopg.DatabaseError) as behind:
                connection.execute(sql.SQL(query), values)
            assert behind.value.sqlstate == "JV503", query
        for view in VIEWS.values():
            catch_up(Shard(view), at.serving)
        for query in queries:
            connection.execute(sql.SQL(query), values)
