"""What the API reads of the views, and what it need not ask."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from uuid import UUID

import orjson
import psycopg
import pytest

from domain.registry.registry import Registry
from infra.composition import installation
from infra.queries.applications import PostgresViews
from infra.queries.checkpoint_listener import EraRange
from infra.runtime import api_dependencies
from infra.runtime.api_dependencies import RecentCatalogue
from service_layer.faults import Unavailable
from tests.conftest import Fresh
from tests.infra.logs import PROGRESS, writing
from tests.infra.projector.test_views import made_anew

pytestmark = pytest.mark.anyio
GENEROUS = 30.0


@asynccontextmanager
async def reading(fresh: Fresh, lives: int = 0) -> AsyncIterator[tuple[PostgresViews, list[UUID]]]:
    """Over a log of so many lives, projected."""
    with writing(fresh.databases.owner) as writer:
        known = [writer.life() for _ in range(lives)]
    await asyncio.to_thread(made_anew, PROGRESS, fresh.databases.serving)
    async with (
        installation(fresh.settings, fresh.databases) as made,
        PostgresViews(made.pool, made.databases.serving) as views,
    ):
        assert await views.reached(4 * lives, seconds=GENEROUS)
        yield views, known


async def test_a_timeline_is_the_rows_own(fresh: Fresh) -> None:
    async with reading(fresh, lives=3) as (views, known):
        for application in known:
            row, told = await asyncio.gather(views.row(application), views.timeline(application))
            assert row
            assert told
            assert orjson.loads(told.items) == row["timeline"]
            assert (told.version, told.office, list(told.offices)) == (row["version"], row["office"], row["offices"])
            assert await views.row_by_number(row["tracking_number"]) == row
        assert await views.row(UUID(int=1)) is None
        assert await views.timeline(UUID(int=1)) is None


async def test_while_a_view_is_dropped_it_cannot_be_read(fresh: Fresh) -> None:
    async with reading(fresh, lives=1) as (views, known):
        with psycopg.connect(fresh.databases.serving, autocommit=True) as connection:
            connection.execute("DROP TABLE views.progress")
        for read in (views.row, views.timeline):
            with pytest.raises(Unavailable):
                await read(known[0])


async def test_the_log_holds_what_it_has_of_the_era_in_which_it_came(fresh: Fresh) -> None:
    async with reading(fresh, lives=2) as (views, _):
        known = views.positions.era
        for era in (known, None):  # as known, and asked for
            views.positions.era = era
            assert await views.holds(1, 8)
            assert not await views.holds(1, 9)
            assert not await views.holds(2, 8)
            assert await views.era_of(8) == 1
        views.positions.era = EraRange(2, 8, 1_000_000)
        assert await views.holds(1, 8), "of an era before"
        assert not await views.holds(2, 9)
        assert await views.era_of(8) == 1


async def test_what_was_reached_is_not_asked_for(fresh: Fresh, monkeypatch: pytest.MonkeyPatch) -> None:
    async with reading(fresh, lives=1) as (views, _):
        for asked in ("pool", "eras"):
            monkeypatch.setattr(views, asked, None)
        assert await views.holds(1, 4)
        assert await views.reached(4, seconds=0)
        assert await views.era_of(4) == 1


class Counted:
    """Editions that count how often they are asked, and answer when they are let."""

    def __init__(self) -> None:
        self.asked = 0
        self.let = asyncio.Event()

    async def registry(self) -> Registry:
        self.asked += 1
        await self.let.wait()
        return Registry()


async def test_for_rights_the_registry_is_asked_by_one_for_all(monkeypatch: pytest.MonkeyPatch) -> None:
    editions = Counted()
    catalogue = RecentCatalogue(editions.registry)
    first = [asyncio.create_task(catalogue.recent()) for _ in range(3)]
    await asyncio.sleep(0)
    editions.let.set()
    known = await asyncio.gather(*first)
    assert editions.asked == 1
    monkeypatch.setattr(api_dependencies, "RECENT_SECONDS", 0.0)
    editions.let.clear()
    second = asyncio.create_task(catalogue.recent())
    await asyncio.sleep(0)
    assert await catalogue.recent() is known[0], "while one asks, the others do not wait"
    editions.let.set()
    await second
    assert editions.asked == 2
