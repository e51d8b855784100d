"""Reading feeds: each page once and in order, bounded; who waits is released by what comes, or by the end."""

import asyncio
from collections.abc import AsyncIterator, Iterator
from contextlib import ExitStack, asynccontextmanager
from uuid import UUID, uuid4

import pytest

from api.endpoints.feed import FeedQuery, FeedResponse
from api.problems import Problem
from feeds.agencies.messages import Origin
from infra.postgres.pool import pool
from infra.queries.agency_feed import READERS_MAX, READERS_OF_ONE_MAX, PostgresFeeds, origin_of
from service_layer.ports import TooManyReaders
from tests.builders import SEMARANG
from tests.conftest import Fresh
from tests.infra.logs import Writer
from tests.infra.projector.test_outbox import ENDED, TOPICS, asked, distributing, register, until_told

pytestmark = pytest.mark.anyio

AGENCY = "disdukcapil"
ORIGIN = Origin("urn:gov:id:jejak:01", "https://jejak.example")
MANY, PLENTY = 1000, 1024 * 1024
PATIENCE = 60.0


@pytest.fixture
def writer(fresh: Fresh) -> Iterator[Writer]:
    made = Writer(fresh.databases.serving)
    register(made, SEMARANG)
    yield made
    made.datastore.close()


@asynccontextmanager
async def reading(fresh: Fresh) -> AsyncIterator[PostgresFeeds]:
    at = fresh.databases.serving
    async with pool(at) as events, PostgresFeeds(events, at, TOPICS, ORIGIN) as feeds:
        with feeds.reading(AGENCY):
            yield feeds


def tell(fresh: Fresh) -> None:
    with distributing(fresh.databases.serving):
        until_told(fresh.databases.serving)


async def whole(feeds: PostgresFeeds, *, limit: int = MANY, bytes_max: int = PLENTY) -> list[list[str]]:
    """The ids of each page."""
    pages: list[list[str]] = []
    place = 0
    while True:
        events, place = await feeds.page(AGENCY, place, limit=limit, bytes_max=bytes_max)
        if not events:
            return pages
        pages.append([event.id for event in events])


def answer(feeds: PostgresFeeds, after: str) -> FeedResponse:
    return FeedResponse(feeds, AGENCY, FeedQuery(after=after, timeout=0, limit=1, stream=False))


def ids(lives: list[UUID]) -> list[str]:
    return [f"{life}:{version}" for life in lives for version in (1, 2, 3, 4)]


async def test_pages_hold_each_event_once_in_order_by_number_and_by_bytes(fresh: Fresh, writer: Writer) -> None:
    lives = writer.lives(3)
    tell(fresh)
    async with reading(fresh) as feeds:
        assert await whole(feeds) == [ids(lives)]
        by_five = await whole(feeds, limit=5)
        assert [len(page) for page in by_five] == [5, 5, 2]
        assert [each for page in by_five for each in page] == ids(lives)
        one_by_one = await whole(feeds, bytes_max=1)
        assert one_by_one == [[each] for each in ids(lives)], "one at the least"
        assert 1 < len(await whole(feeds, bytes_max=1000)) < 12


async def test_a_place_is_that_of_an_event_of_this_feed(fresh: Fresh, writer: Writer) -> None:
    [life] = writer.lives(1)
    tell(fresh)
    async with reading(fresh) as feeds:
        place = await feeds.place(AGENCY, f"{life}:2")
        assert place
        events, _ = await feeds.page(AGENCY, place, limit=MANY, bytes_max=PLENTY)
        assert [event.id for event in events] == [f"{life}:3", f"{life}:4"]
        assert await feeds.place(AGENCY, f"{life}:5") is None
        assert await feeds.place("another", f"{life}:2") is None
        assert not feeds.has("another")


async def test_while_the_feeds_are_being_made_nobody_is_sent_back_to_the_beginning(
    fresh: Fresh, writer: Writer
) -> None:
    [life] = writer.lives(1)
    async with reading(fresh) as feeds:
        for after in (f"{life}:2", f"{uuid4()}:1"):
            with pytest.raises(Problem) as behind:
                await answer(feeds, after)._place()
            assert (behind.value.kind.code, behind.value.headers) == ("behind", {"Retry-After": "5"})
        await asyncio.to_thread(tell, fresh)
        assert await answer(feeds, f"{life}:2")._place() > 0
        with pytest.raises(Problem) as unknown:
            await answer(feeds, f"{uuid4()}:1")._place()
        assert unknown.value.kind.code == "event-not-in-feed"


async def test_who_waits_is_released_by_what_comes(fresh: Fresh, writer: Writer) -> None:
    with distributing(fresh.databases.serving):
        async with reading(fresh) as feeds:
            waiting = [asyncio.create_task(feeds.more(AGENCY, 0, seconds=PATIENCE)) for _ in range(5)]
            await asyncio.to_thread(writer.life)
            assert await asyncio.gather(*waiting) == [True] * 5
            events, place = await feeds.page(AGENCY, 0, limit=MANY, bytes_max=PLENTY)
            while len(events) < 4:
                assert await feeds.more(AGENCY, place, seconds=PATIENCE)
                more, place = await feeds.page(AGENCY, place, limit=MANY, bytes_max=PLENTY)
                events += more
            assert not await feeds.more(AGENCY, place, seconds=0.01)


async def test_a_lost_connection_is_made_again(fresh: Fresh, writer: Writer) -> None:
    with distributing(fresh.databases.serving):
        async with reading(fresh) as feeds:
            waiting = asyncio.create_task(feeds.more(AGENCY, 0, seconds=PATIENCE))
            await asyncio.sleep(0)
            await asyncio.to_thread(asked, fresh.databases.owner, ENDED)
            await asyncio.to_thread(writer.life)
            assert await waiting


async def test_what_is_made_anew_is_waited_for_not_asked_for_again_and_again(fresh: Fresh, writer: Writer) -> None:
    writer.lives(2)
    tell(fresh)
    async with reading(fresh) as feeds:
        _, place = await feeds.page(AGENCY, 0, limit=3, bytes_max=PLENTY)
        assert await feeds.more(AGENCY, place, seconds=PATIENCE)
        await asyncio.to_thread(asked, fresh.databases.owner, "DELETE FROM feeds.messages RETURNING position")
        assert await feeds.page(AGENCY, place, limit=3, bytes_max=PLENTY) == ([], place)
        assert not await feeds.more(AGENCY, place, seconds=0.01)


async def test_the_end_releases_all_at_once(fresh: Fresh) -> None:
    async with reading(fresh) as feeds:
        waiting = asyncio.create_task(feeds.more(AGENCY, 0, seconds=PATIENCE))
        await asyncio.sleep(0)
        feeds.end()
        assert not await waiting
        assert feeds.ending
        assert not await feeds.more(AGENCY, 0, seconds=PATIENCE)


async def test_there_is_room_for_so_many_readers_and_so_many_of_one_agency(fresh: Fresh) -> None:
    at = fresh.databases.serving
    async with pool(at) as events:
        feeds = PostgresFeeds(events, at, TOPICS, ORIGIN)
        with ExitStack() as held:
            for _ in range(READERS_OF_ONE_MAX):
                held.enter_context(feeds.reading(AGENCY))
            with pytest.raises(TooManyReaders), feeds.reading(AGENCY):
                pass
            for number in range(READERS_MAX - READERS_OF_ONE_MAX):
                held.enter_context(feeds.reading(f"other-{number % 20}"))
            with pytest.raises(TooManyReaders), feeds.reading("one-more"):
                pass
        with feeds.reading(AGENCY):
            assert sum(feeds._readers.values()) == 1


async def test_an_installation_signs_by_its_name_and_address(fresh: Fresh) -> None:
    assert origin_of(fresh.settings) == Origin("urn:gov:id:jejak:01", "http://127.0.0.1:8000")
