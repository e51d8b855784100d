"""The feed endpoint: an agency reads its CloudEvents over HTTP, page by page or as a stream (SSE).

Backpressure: the next page is read from the store only after the previous page was sent. So a slow reader needs the
memory of only one page, and does not delay other readers.
"""

import asyncio
import contextlib
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import partial
from typing import Any

from starlette.requests import Request
from starlette.types import Receive, Scope, Send

from api.authorization import principal_of
from api.conditional import WAIT_SECONDS
from api.dependencies import dependencies_of
from api.problems import Problem
from api.responses import Given
from service_layer.bodies import Instant
from service_layer.faults import NotYours, Unavailable, ViewBehind
from service_layer.ports import FeedEvent, Feeds, TooManyReaders
from service_layer.rights import relation_for

BATCH, STREAM = "application/cloudevents-batch+json", "text/event-stream"
EVENT_ID = r"^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}:[1-9][0-9]{0,17}$"
LIMIT_MAX, TIMEOUT_MS_MAX = 1000, 60_000
LIMIT, TIMEOUT = re.compile(r"[1-9][0-9]{0,2}|1000"), re.compile(r"0|[1-9][0-9]{0,3}|[1-5][0-9]{4}|60000")
BATCH_BYTES_MAX = 1024 * 1024
STREAM_PAGE, STREAM_BYTES_MAX = 100, 64 * 1024
CHUNK_BYTES = 64 * 1024
HEARTBEAT_SECONDS = 15.0
RETRY_MS = 2000
STREAM_SECONDS_MAX = 3600.0
"""The stream ends after this number of seconds. Then the client connects again, so its bearer token is checked again.
"""

QUERY: Mapping[str, Mapping[str, Any]] = {
    "lastEventId": {
        "type": "string",
        "pattern": EVENT_ID,
        "description": "The id of the last event that you have read",
    },
    "timeout": {
        "type": "integer",
        "minimum": 0,
        "maximum": TIMEOUT_MS_MAX,
        "default": 0,
        "description": "Milliseconds to wait if there is no new event yet",
    },
    "limit": {"type": "integer", "minimum": 1, "maximum": LIMIT_MAX, "default": 100},
}


async def get_feed(request: Request) -> "FeedResponse":
    """Read an agency's own feed: a page of events after `lastEventId`, or a stream.

    Events are CloudEvents 1.0 in the order in which they were recorded. An empty page means that there is no new event
    yet. While the feed is being rebuilt, the answer is 503 `behind` instead of an empty page or an empty stream.
    With `timeout`, the request waits for a new event. A page contains at most `limit` events. A page ends earlier if
    its events reach 1 MiB. With `Accept: text/event-stream`, the answer is a stream (SSE). The stream begins after the
    event that Last-Event-ID names.
    """
    principal = principal_of(request)
    relation_for("get-feed", principal)
    agency = request.path_params["agency"]
    if principal.agency != agency:
        raise NotYours
    feeds = dependencies_of(request).feeds
    if not feeds.has(agency):
        raise Problem("no-feed")
    return FeedResponse(feeds, agency, _query_of(request))


class CloudEventBody(Given, kw_only=True):
    """A CloudEvents 1.0 event. `dataschema` is the address of the schema of `data`. `previous` points to the previous
    event of the same subject in this feed: `previous` equals the `sequence` of that event. If the feed has no previous
    event with this subject, `previous` consists of zeros.
    """

    specversion: str
    id: str
    source: str
    type: str
    time: Instant
    subject: str
    dataschema: str
    sequence: str
    previous: str
    partitionkey: str
    recordedtime: Instant
    dataclassification: str
    datacontenttype: str
    data: dict[str, Any]


@dataclass(frozen=True, slots=True)
class FeedQuery:
    """The query parameters of one request. `after` is the id of the last event that the client has. If the client has
    no event, `after` is empty. `timeout` is in seconds.
    """

    after: str
    timeout: float
    limit: int
    stream: bool


def _query_of(request: Request) -> FeedQuery:
    stream = STREAM in request.headers.get("accept", "")
    query = request.query_params
    after = (request.headers.get("last-event-id", "") if stream else "") or query.get("lastEventId", "")
    if after and not re.fullmatch(EVENT_ID, after):
        raise _wrong("lastEventId", "Send the `id` of an event of this feed.")
    timeout, limit = query.get("timeout", "0"), query.get("limit", "100")
    if not TIMEOUT.fullmatch(timeout):
        raise _wrong("timeout", f"Milliseconds, a whole number from 0 to {TIMEOUT_MS_MAX}.")
    if not LIMIT.fullmatch(limit):
        raise _wrong("limit", f"A whole number from 1 to {LIMIT_MAX}.")
    return FeedQuery(after, int(timeout) / 1000, int(limit), stream)


def _wrong(name: str, detail: str) -> Problem:
    return Problem("malformed-request", errors=[{"pointer": f"?{name}", "detail": detail}])


class FeedResponse:
    """An ASGI application that sends the answer to one reader. The number of readers at the same time is limited. A
    client counts as a reader until the server has sent the whole answer.
    """

    def __init__(self, feeds: Feeds, agency: str, query: FeedQuery) -> None:
        self.feeds = feeds
        self.agency = agency
        self.query = query

    async def __call__(self, _: Scope, receive: Receive, send: Send) -> None:
        try:
            with self.feeds.reading(self.agency), _gone(receive) as gone:
                place = await self._place()
                await (self._stream if self.query.stream else self._batch)(place, gone, send)
        except TooManyReaders:
            raise Problem("readers-many", headers={"Retry-After": "5"}) from None

    async def _place(self) -> int:
        """Returns the place of the client's last event in the feed. While the feed is being built, this event may be
        missing from the feed.

        Raises Problem `behind` or `event-not-in-feed`.
        """
        if not self.query.after:
            return 0
        place = await self.feeds.place(self.agency, self.query.after)
        if place is None:
            complete = await self.feeds.made(seconds=WAIT_SECONDS)
            place = await self.feeds.place(self.agency, self.query.after)
            if place is None and not complete:
                raise Problem("behind", headers={"Retry-After": "5"})
        if place is None:
            raise Problem("event-not-in-feed")
        return place

    async def _batch(self, place: int, gone: "asyncio.Future[None]", send: Send) -> None:
        events = await self._page(place)
        if not events and self.query.timeout and await self._more(place, self.query.timeout, gone):
            events = await self._page(place)
        if not events and not await self.feeds.whole():
            raise ViewBehind
        await send(_start(BATCH))
        for chunk in _chunks(events):
            await send({"type": "http.response.body", "body": chunk, "more_body": True})
        await send({"type": "http.response.body", "body": b"]"})

    async def _page(self, place: int) -> list[FeedEvent]:
        events, _ = await self.feeds.page(self.agency, place, limit=self.query.limit, bytes_max=BATCH_BYTES_MAX)
        return events

    async def _stream(self, place: int, gone: "asyncio.Future[None]", send: Send) -> None:
        now = asyncio.get_running_loop().time
        until = now() + STREAM_SECONDS_MAX
        page = partial(self.feeds.page, self.agency, limit=STREAM_PAGE, bytes_max=STREAM_BYTES_MAX)
        events, place = await page(place)
        if not events and not await self.feeds.whole():
            raise ViewBehind
        await send(_start(STREAM, (b"x-accel-buffering", b"no")))
        await send({"type": "http.response.body", "body": f"retry: {RETRY_MS}\n\n".encode(), "more_body": True})
        with contextlib.suppress(Unavailable):  # this ends the stream; the client then connects again
            while not (self.feeds.ending or gone.done() or now() > until):
                piece = b"".join(b"id: %s\ndata: %s\n\n" % (event.id.encode(), event.document) for event in events)
                if events or not await self._more(place, HEARTBEAT_SECONDS, gone):
                    await send({"type": "http.response.body", "body": piece or b":\n\n", "more_body": True})
                events, place = await page(place)
        await send({"type": "http.response.body", "body": b""})

    async def _more(self, place: int, seconds: float, gone: "asyncio.Future[None]") -> bool:
        """Waits until one of three things happens: the feed has a new event, the client disconnects, or the timeout
        passes. Returns True if the feed has a new event.
        """
        more = asyncio.create_task(self.feeds.more(self.agency, place, seconds=seconds))
        first: set[asyncio.Future[Any]] = {more, gone}
        try:
            await asyncio.wait(first, return_when=asyncio.FIRST_COMPLETED)
            return more.done() and more.result()
        finally:
            more.cancel()


@contextlib.contextmanager
def _gone(receive: Receive) -> "Iterator[asyncio.Future[None]]":
    """Yields a future that completes when the client disconnects."""

    async def wait() -> None:
        while (await receive())["type"] != "http.disconnect":
            pass

    watching = asyncio.ensure_future(wait())
    try:
        yield watching
    finally:
        watching.cancel()


def _start(media_type: str, *more: tuple[bytes, bytes]) -> dict[str, Any]:
    headers = [(b"content-type", media_type.encode()), (b"cache-control", b"no-store"), *more]
    return {"type": "http.response.start", "status": 200, "headers": headers}


def _chunks(events: list[FeedEvent]) -> Iterator[bytes]:
    """Yields a JSON array without the closing bracket, in pieces of about CHUNK_BYTES. A piece is made only after the
    previous piece is sent.
    """
    piece = bytearray(b"[")
    for number, event in enumerate(events):
        piece += b"," * (number > 0) + event.document
        if len(piece) >= CHUNK_BYTES:
            yield bytes(piece)
            piece.clear()
    yield bytes(piece)
