"""The answer to one reader of a feed, without a server: what is sent when, and what ends it."""

import asyncio
import contextlib
import json
from collections.abc import Iterator
from typing import Any

import pytest

from api.endpoints import feed
from api.endpoints.feed import CHUNK_BYTES, FeedQuery, FeedResponse
from api.problems import Problem
from service_layer.faults import Unavailable, ViewBehind
from service_layer.ports import FeedEvent, TooManyReaders

pytestmark = pytest.mark.anyio

PATIENCE = 30.0


class Kept:
    """A feed in memory. `away`: the store cannot be reached; `complete`: it has all events; `room`: for readers."""

    def __init__(self, events: int, size: int = 20) -> None:
        self.events = [
            FeedEvent(f"id:{number}", json.dumps(f"{number:0{size}}").encode()) for number in range(1, events + 1)
        ]
        self.ending = self.away = False
        self.complete = True
        self.room = 1
        self.pages = 0
        self.moved = asyncio.Event()

    def has(self, agency: str) -> bool:
        return bool(agency)

    @contextlib.contextmanager
    def reading(self, agency: str) -> Iterator[None]:
        assert agency
        if not self.room:
            raise TooManyReaders
        self.room -= 1
        try:
            yield
        finally:
            self.room += 1

    async def place(self, agency: str, event_id: str) -> int | None:
        assert agency
        return int(event_id.partition(":")[2])

    async def whole(self) -> bool:
        return self.complete

    async def made(self, *, seconds: float) -> bool:
        return seconds > 0

    async def page(self, agency: str, place: int, *, limit: int, bytes_max: int) -> tuple[list[FeedEvent], int]:
        assert agency
        assert bytes_max
        if self.away:
            raise Unavailable
        self.pages += 1
        page = self.events[place : place + limit]
        return page, place + len(page)

    async def more(self, agency: str, place: int, *, seconds: float) -> bool:
        assert agency
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(self.moved.wait(), seconds)
        return not self.ending and place < len(self.events)


class Client:
    """Takes so many pieces, then no more until it is let; goes when `gone` is set."""

    def __init__(self, takes: int = 1_000_000) -> None:
        self.sent: list[dict[str, Any]] = []
        self.room = asyncio.Semaphore(takes)
        self.gone, self.got = asyncio.Event(), asyncio.Event()

    async def send(self, message: Any) -> None:
        self.sent.append(message)
        self.got.set()
        await self.room.acquire()

    async def receive(self) -> dict[str, Any]:
        await self.gone.wait()
        return {"type": "http.disconnect"}

    @property
    def body(self) -> bytes:
        return b"".join(message.get("body", b"") for message in self.sent)

    async def until(self, said: bytes) -> None:
        async with asyncio.timeout(PATIENCE):
            while said not in self.body:
                self.got.clear()
                await self.got.wait()

    @property
    def ended(self) -> bool:
        return not self.sent[-1].get("more_body", False)


async def answered(kept: Kept, client: Client, **asked: Any) -> None:
    known = FeedQuery(**{"after": "", "timeout": 0.0, "limit": 100, "stream": False, **asked})
    async with asyncio.timeout(PATIENCE):
        await FeedResponse(kept, "pln", known)({}, client.receive, client.send)


async def test_a_batch_is_one_array_in_pieces(monkeypatch: pytest.MonkeyPatch) -> None:
    assert CHUNK_BYTES == 64 * 1024
    monkeypatch.setattr(feed, "CHUNK_BYTES", 100)
    for events in (0, 1, 2, 50):
        client = Client()
        await answered(Kept(events), client)
        assert json.loads(client.body) == [f"{number:020}" for number in range(1, events + 1)]
        assert client.ended
        assert all(len(message.get("body", b"")) < 200 for message in client.sent)


async def test_a_stream_beats_while_nothing_happens_and_ends_with_the_process(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(feed, "HEARTBEAT_SECONDS", 0.01)
    kept, client = Kept(1), Client()
    answering = asyncio.create_task(answered(kept, client, stream=True))
    await client.until(b":\n\n:\n\n")
    kept.ending = True
    await answering
    assert client.body.startswith(b'retry: 2000\n\nid: id:1\ndata: "00000000000000000001"\n\n:\n\n')
    assert client.ended
    assert kept.room == 1


async def test_a_stream_ends_when_the_client_has_gone() -> None:
    kept, client = Kept(0), Client()
    answering = asyncio.create_task(answered(kept, client, stream=True))
    await client.until(b"retry")
    client.gone.set()
    await answering
    assert kept.room == 1


async def test_a_stream_ends_after_its_time(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(feed, "STREAM_SECONDS_MAX", -1.0)
    client = Client()
    await answered(Kept(1), client, stream=True)
    assert (client.body, client.ended) == (b"retry: 2000\n\n", True)


@pytest.mark.parametrize("stream", [True, False])
async def test_who_asks_while_the_store_is_away_is_told_so(stream: bool) -> None:  # noqa: FBT001 - both answers
    kept, client = Kept(3), Client()
    kept.away = True
    with pytest.raises(Unavailable):
        await answered(kept, client, stream=stream)
    assert client.sent == []


async def test_a_stream_ends_well_when_the_store_goes_away() -> None:
    kept, client = Kept(3), Client(takes=2)
    answering = asyncio.create_task(answered(kept, client, stream=True))
    await client.until(b"id: id:3\n")
    kept.away = True
    for _ in range(2):
        client.room.release()
    await answering
    assert client.ended


@pytest.mark.parametrize("stream", [True, False])
async def test_an_empty_answer_while_the_feed_is_being_made_is_behind(stream: bool) -> None:  # noqa: FBT001 - both answers
    kept, client = Kept(3), Client()
    kept.complete = False
    with pytest.raises(ViewBehind):
        await answered(kept, client, after="id:3", stream=stream)
    assert (client.sent, kept.room) == ([], 1)


async def test_a_stream_gives_the_events_that_a_feed_has_while_the_rest_is_being_made() -> None:
    kept, client = Kept(3), Client()
    kept.complete = False
    answering = asyncio.create_task(answered(kept, client, after="id:2", stream=True))
    await client.until(b"id: id:3\n")
    client.gone.set()
    await answering
    assert client.ended


async def test_no_page_is_read_before_the_last_is_on_its_way() -> None:
    kept, client = Kept(1000), Client(takes=3)
    answering = asyncio.create_task(answered(kept, client, stream=True))
    await client.until(b"id: id:200\n")
    for _ in range(100):
        await asyncio.sleep(0)
    assert (kept.pages, len(client.sent)) == (2, 4), "head, retry, the page that was taken, the one that is not"
    for _ in range(100):
        client.room.release()
    await client.until(b"id: id:1000\n")
    kept.ending = True
    kept.moved.set()
    await answering


async def test_who_finds_no_room_is_told_to_come_again() -> None:
    kept = Kept(1)
    kept.room = 0
    with pytest.raises(Problem) as many:
        await answered(kept, Client())
    assert (many.value.kind.code, many.value.headers) == ("readers-many", {"Retry-After": "5"})
