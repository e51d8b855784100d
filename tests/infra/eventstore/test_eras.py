"""A new era: beyond all positions that clients may have seen, once, and whatever the restore lost."""

from concurrent.futures import ThreadPoolExecutor

import psycopg
import pytest

from infra.eventstore.eras import APART, ERA_MAX, REASON_MAX, EraNotBegun, begin, eras
from infra.eventstore.recorder import Recorder
from infra.keys.sync_tokens import ERA_BYTES
from infra.projector.fold import Shard
from infra.projector.views import VIEWS, ensure
from tests.conftest import Fresh
from tests.infra.eventstore.conftest import recorder
from tests.infra.eventstore.saves import a_save
from tests.infra.logs import PROGRESS, catch_up, differing, reached, writing

__all__ = ["recorder"]


def appended(recorder: Recorder) -> int:
    [outcome] = recorder.append([a_save(1)])
    return outcome.positions[0]


def numbers(fresh: Fresh) -> list[tuple[int, int]]:
    return [(era.number, era.from_position) for era in eras(fresh.databases.auditor)]


def lose(fresh: Fresh, *statements: str) -> None:
    """As a restore to a point in time does."""
    with psycopg.connect(fresh.databases.owner) as connection:
        for statement in statements:
            connection.execute(statement.encode())


def test_the_next_position_is_beyond_all_that_the_last_era_could_have_handed_out(
    recorder: Recorder, fresh: Fresh
) -> None:
    last = [appended(recorder) for _ in range(3)][-1]
    era = begin(fresh.databases.owner, reason="restored")
    assert (era.number, era.from_position, era.reason) == (2, last + APART, "restored")
    assert appended(recorder) == last + APART + 1
    again = begin(fresh.databases.owner, reason="promoted")
    assert (again.number, again.from_position) == (3, last + APART + 1 + APART)
    assert numbers(fresh) == [(1, 0), (2, era.from_position), (3, again.from_position)]


def test_begun_twice_by_mistake_the_second_is_refused(recorder: Recorder, fresh: Fresh) -> None:
    owner = fresh.databases.owner
    with pytest.raises(EraNotBegun, match="nothing was appended since era 1 began"):
        begin(owner, reason="nothing there yet")
    appended(recorder)
    begin(owner, reason="restored")
    with pytest.raises(EraNotBegun, match=r"nothing was appended since era 2 began.* --seen 2"):
        begin(owner, reason="restored")
    with pytest.raises(EraNotBegun):
        begin(owner, reason="restored", seen=1)
    assert [number for number, _ in numbers(fresh)] == [1, 2]


def test_begun_by_many_at_once_it_is_one(recorder: Recorder, fresh: Fresh) -> None:
    appended(recorder)
    with ThreadPoolExecutor(6) as threads:
        begun = [threads.submit(begin, fresh.databases.owner, reason="restored") for _ in range(6)]
        refused = [one.exception(timeout=30) for one in begun]
    assert [type(one) for one in refused if one] == [EraNotBegun] * 5
    assert [number for number, _ in numbers(fresh)] == [1, 2]


def test_an_era_whose_events_were_all_lost_is_left_for_the_next(recorder: Recorder, fresh: Fresh) -> None:
    appended(recorder)
    second = begin(fresh.databases.owner, reason="restored")
    lost = appended(recorder)
    lose(fresh, f"DELETE FROM stored_events WHERE notification_id = {lost}")
    third = begin(fresh.databases.owner, reason="restored again", seen=2)
    assert (third.number, third.from_position) == (3, second.from_position + APART)
    with pytest.raises(EraNotBegun):
        begin(fresh.databases.owner, reason="restored again", seen=2)


def test_an_era_whose_row_was_lost_gives_its_number_to_none(recorder: Recorder, fresh: Fresh) -> None:
    first = appended(recorder)
    begin(fresh.databases.owner, reason="restored")
    lost = appended(recorder)
    lose(
        fresh,
        f"DELETE FROM stored_events WHERE notification_id = {lost}",
        "DELETE FROM eras WHERE era = 2",
        f"SELECT setval('stored_events_notification_id_seq', {first})",
    )
    third = begin(fresh.databases.owner, reason="restored further back", seen=2)
    assert (third.number, third.from_position) == (3, first + 2 * APART)
    assert appended(recorder) > lost, "the positions of the lost era were used"
    assert [number for number, _ in numbers(fresh)] == [1, 3]


def test_an_append_that_is_under_way_belongs_to_the_old_era(recorder: Recorder, fresh: Fresh) -> None:
    appended(recorder)
    with psycopg.connect(fresh.databases.owner) as slow, ThreadPoolExecutor(1) as threads:
        slow.execute(
            "SELECT append_events(ARRAY[1], ARRAY[gen_random_uuid()], ARRAY[1::bigint],"
            " ARRAY['application.received.v1'], ARRAY['{}'::bytea], '{}', '{}', '{}')"
        )
        later = threads.submit(begin, fresh.databases.owner, reason="too early")
        assert not later.done()
        slow.commit()
        assert later.result(timeout=30).from_position == 2 + APART


@pytest.mark.parametrize("reason", ["", "x" * (REASON_MAX + 1)])
def test_a_reason_is_short_and_there(reason: str, fresh: Fresh) -> None:
    with pytest.raises(EraNotBegun, match="1 to 200 characters"):
        begin(fresh.databases.owner, reason=reason)


def test_an_era_fits_into_a_token(recorder: Recorder, fresh: Fresh) -> None:
    appended(recorder)
    with pytest.raises(EraNotBegun, match="does not fit into a Sync-Token"):
        begin(fresh.databases.owner, reason="a slip of the finger", seen=ERA_MAX)
    assert numbers(fresh) == [(1, 0)]
    assert ERA_MAX < 2 ** (8 * ERA_BYTES)


def test_only_the_owner_begins_an_era(recorder: Recorder, fresh: Fresh) -> None:
    appended(recorder)
    for conninfo in (fresh.databases.serving, fresh.databases.auditor):
        with pytest.raises(psycopg.errors.Error):
            begin(conninfo, reason="not mine to begin")
    assert numbers(fresh) == [(1, 0)]


def test_the_views_go_over_the_gap(fresh: Fresh) -> None:
    with writing(fresh.databases.serving) as writer:
        writer.lives(3)
        begin(fresh.databases.owner, reason="restored")
        writer.lives(3)
    for view in VIEWS.values():
        with psycopg.connect(fresh.databases.serving) as connection:
            ensure(view, connection)
        catch_up(Shard(view), fresh.databases.serving)
        assert differing(fresh.databases.serving, view) == []
    assert reached(fresh.databases.auditor, PROGRESS) == 12 + APART + 12
