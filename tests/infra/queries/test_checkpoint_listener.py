"""Who waits for a position of a view is released when its runner says so; the database is asked where nobody does."""

import asyncio
import contextlib
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager

import psycopg
import pytest

from infra.eventstore.eras import APART
from infra.metrics import METRICS
from infra.projector.checkpoints import TABLES
from infra.queries import checkpoint_listener
from infra.queries.checkpoint_listener import Positions
from tests.conftest import Fresh

pytestmark = pytest.mark.anyio
GENEROUS = 30.0


class Tracking:
    """What the runners would write and say."""

    def __init__(self, conninfo: str) -> None:
        self.connection = psycopg.connect(conninfo, autocommit=True)
        self.connection.execute(TABLES)

    def moves(self, name: str, position: int, said: str | None = None) -> None:
        with self.connection.transaction():
            self.connection.execute(
                "INSERT INTO views.tracking VALUES (%s, %s) ON CONFLICT (application_name)"
                " DO UPDATE SET notification_id = EXCLUDED.notification_id",
                (name, position),
            )
            if said is not None:
                self.connection.execute("SELECT pg_notify('views', %s)", (said,))

    def says(self, said: str) -> None:
        self.connection.execute("SELECT pg_notify('views', %s)", (said,))


@pytest.fixture
def tracking(fresh: Fresh) -> Iterator[Tracking]:
    made = Tracking(fresh.databases.serving)
    made.moves("view-progress", 10)
    with made.connection:
        yield made


async def test_what_is_heard_is_told_to_the_operator(fresh: Fresh, tracking: Tracking) -> None:
    async with listening(fresh) as heard:
        assert METRICS.get_sample_value("jejak_view_position", {"view": "progress"}) == 10
        tracking.connection.execute(
            "INSERT INTO views.stopped VALUES ('progress', 'progress', 12, gen_random_uuid(), 'KeyError')"
        )
        tracking.moves("view-progress", 11, "")
        assert await heard.reached("progress", 11, seconds=GENEROUS)
        assert METRICS.get_sample_value("jejak_view_stopped_position", {"view": "progress"}) == 12


@asynccontextmanager
async def listening(fresh: Fresh) -> AsyncIterator[Positions]:
    heard = Positions(fresh.databases.serving)
    task = asyncio.create_task(heard.listen())
    try:
        assert await heard.reached("progress", 10, seconds=GENEROUS)
        yield heard
    finally:
        task.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await task


async def waiting(heard: Positions, position: int) -> "asyncio.Task[bool]":
    task = asyncio.create_task(heard.reached("progress", position, seconds=GENEROUS))
    await asyncio.sleep(0)
    return task


async def test_a_runner_that_says_its_position_is_believed(fresh: Fresh, tracking: Tracking) -> None:
    async with listening(fresh) as heard:
        near, far = await waiting(heard, 20), await waiting(heard, 21)
        tracking.says("view-progress 20")  # and the table says 10 still
        assert await near
        assert not far.done()
        assert heard.passed(20)
        assert not heard.passed(21)
        tracking.says("view-progress 30")
        assert await far


async def test_after_any_other_word_the_positions_are_read(fresh: Fresh, tracking: Tracking) -> None:
    async with listening(fresh) as heard:
        for position, said in ((20, ""), (30, "view-progress far"), (40, "view-unheard 5")):
            one = await waiting(heard, position)
            tracking.moves("view-progress", position, said)
            assert await one


async def test_a_word_that_was_lost_is_not_waited_for(fresh: Fresh, tracking: Tracking) -> None:
    async with listening(fresh) as heard:
        one = await waiting(heard, 20)
        tracking.moves("view-progress", 20)
        assert await one


async def test_a_view_in_shards_is_where_the_last_of_them_is(fresh: Fresh, tracking: Tracking) -> None:
    tracking.moves("view-desk#0", 10)
    tracking.moves("view-desk#1", 40)
    async with listening(fresh) as heard:
        assert await heard.reached("desk", 10, seconds=GENEROUS)
        assert heard.position("desk") == 10
        tracking.says("view-desk#0 50")
        assert await heard.reached("desk", 40, seconds=GENEROUS)
        assert heard.position("desk") == 40


async def test_who_waits_in_vain_is_told_and_forgotten(fresh: Fresh, tracking: Tracking) -> None:
    async with listening(fresh) as heard:
        assert not await heard.reached("progress", 11, seconds=0.01)
        tracking.says("view-progress 11")
        assert await heard.reached("progress", 11, seconds=GENEROUS)


@pytest.mark.usefixtures("tracking")
async def test_a_lost_connection_is_made_again(fresh: Fresh) -> None:
    async with listening(fresh) as heard:
        one = await waiting(heard, 20)
        with psycopg.connect(fresh.databases.owner, autocommit=True) as killer:
            killer.execute(
                "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE query LIKE 'SELECT application_name%'"
            )
            killer.execute("UPDATE views.tracking SET notification_id = 20")
        assert await one


async def test_the_newest_era_is_known_as_far_as_no_other_can_have_begun(fresh: Fresh, tracking: Tracking) -> None:
    async with listening(fresh) as heard:
        assert heard.era == checkpoint_listener.EraRange(1, 0, APART)
        with psycopg.connect(fresh.databases.owner, autocommit=True) as owner:
            owner.execute("INSERT INTO eras (era, from_position, reason) VALUES (2, %s, 'restored')", (APART,))
        tracking.moves("view-progress", APART + 5, f"view-progress {APART + 5}")
        assert await heard.reached("progress", APART + 5, seconds=GENEROUS)
        assert heard.era == checkpoint_listener.EraRange(2, APART, 2 * APART)
