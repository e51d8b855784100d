"""A view in shards is the same view; how many there are can change at any time."""

from contextlib import ExitStack
from uuid import UUID

import psycopg
import pytest

from infra.projector import fold
from infra.projector.checkpoints import ensure, positions_of, reshard
from infra.projector.rebuild import rebuild
from infra.projector.runner import NoSuchShard, Runner, runners
from tests.conftest import Fresh
from tests.infra.logs import PROGRESS, arriving, catch_up, differing, reached, wait_for, writing


def cut_into(conninfo: str, shards: int) -> list[Runner]:
    with psycopg.connect(conninfo, autocommit=True) as connection:
        ensure(PROGRESS, connection)
        reshard(PROGRESS, shards, connection)
    return [Runner(PROGRESS, conninfo, number=number, of=shards) for number in range(shards)]


def test_a_shard_that_the_view_does_not_have_is_named_with_those_it_has(fresh: Fresh) -> None:
    """`jejak project --shard 9` of 1 projected nothing, and said "projecting"."""
    with pytest.raises(NoSuchShard, match="--shard 9: the number must be from 0 to 0"):
        runners(fresh.databases.serving, numbers=[0, 9])


def test_two_shards_equal_one_and_each_has_its_own_applications(fresh: Fresh) -> None:
    at = fresh.databases
    with writing(at.owner) as writer:
        lives = writer.lives(40)
    one, other = (runner.shard for runner in cut_into(at.serving, 2))
    catch_up(one, at.serving)
    with psycopg.connect(at.serving) as connection:
        found = {row[0] for row in connection.execute("SELECT application_id FROM views.progress")}
    assert found == {life for life in lives if life.bytes[-1] % 2 == 0}
    assert reached(at.serving) == 0, "the view has come as far as its last shard"
    assert differing(at.serving) == [], "each row is compared up to its own shard's position"
    catch_up(other, at.serving)
    assert reached(at.serving) == 160
    assert differing(at.serving) == []


def test_the_cut_may_change_while_events_arrive_and_nothing_is_missed_or_counted_twice(
    fresh: Fresh, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(fold, "PAGE", 10)
    at = fresh.databases
    with arriving(at.owner), ExitStack() as ending:
        old: list[Runner] = []
        ended: list[str] = []
        for shards in (1, 3, 2, 4, 1):
            started = cut_into(at.serving, shards)
            for runner in started:
                ending.callback(runner.stop)
                runner.service.end = lambda name, _: ended.append(name)
                runner.start()
            for runner in old:
                runner.thread.join(timeout=60)
            assert sorted(ended) == sorted(runner.service.name for runner in old), "their processes would start again"
            ended.clear()
            wait_for(at.serving, seconds=60)
            old = started
    with psycopg.connect(at.serving) as connection, connection.cursor() as cursor:
        assert len(positions_of(PROGRESS, cursor)) == 1
    [last] = cut_into(at.serving, 1)
    catch_up(last.shard, at.serving)
    assert differing(at.serving) == []


def test_a_rebuild_brings_all_shards_to_the_same_position(fresh: Fresh) -> None:
    at = fresh.databases
    with writing(at.owner) as writer:
        writer.lives(5)
        cut_into(at.serving, 12)
        assert rebuild(PROGRESS, at.serving, progress_of=lambda *_: None) == 20
    with psycopg.connect(at.serving) as connection, connection.cursor() as cursor:
        assert positions_of(PROGRESS, cursor) == [20] * 12
    assert differing(at.serving) == []


def test_who_does_not_say_how_many_takes_the_cut_that_there_is(fresh: Fresh) -> None:
    at = fresh.databases
    names = [runner.shard.name for runner in runners(at.serving, shards=2)]
    assert names[:2] == ["progress#0/2", "progress#1/2"]
    assert [runner.shard.name for runner in runners(at.serving)] == names
    assert {runner.shard.number for runner in runners(at.serving, numbers=[1])} == {1}


def test_every_application_is_of_one_shard(fresh: Fresh) -> None:
    """The database and the program agree about which."""
    ids = [UUID(int=number * 7) for number in range(200)]
    with psycopg.connect(fresh.databases.serving) as connection:
        for of in (1, 2, 3, 64):
            rows = connection.execute("SELECT get_byte(uuid_send(id), 15) %% %s FROM unnest(%s) AS id", (of, ids))
            assert [row[0] for row in rows] == [fold.part_of(key, of) for key in ids]
