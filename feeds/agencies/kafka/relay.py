"""The relay of one agency: from its feed to Kafka, each message once and in order, whatever dies when.

The order of steps is what makes it so: fence whoever came before, then read from Kafka how far the feed was published,
then transactions that hold messages and the new position together. After any fault all of it begins anew. Kafka and the
feed are handed in, so that the steps can be tried without either.
"""

import random
import threading
from collections.abc import Iterator, Sequence
from typing import NamedTuple, Protocol

import orjson

from feeds.agencies.kafka import topic_names as names
from feeds.agencies.kafka.producer import ProducedRecord
from feeds.agencies.kafka.relay_position import Position, record_of
from feeds.agencies.messages import Headers, Message, MessageKind, Origin, binary, status_headers

WAIT_SECONDS = 0.25
"""A notification may be lost; this is the longest that one is waited for."""
BACK_OFF_SECONDS, DOUBLINGS, REFUSED_SECONDS = 0.2, 6, 5.0
"""Between two starts: twice as long after each fault, but not for ever, however long Kafka is away."""

BEGIN = "`jejak relay --begin {}` publishes it from its beginning, with `--now` from here on"
TOPICS = {
    MessageKind.EVENT: names.events,
    MessageKind.REPLY: names.replies,
    MessageKind.DEAD_LETTER: names.dead_letters,
}


class Refused(Exception):
    """The relay does not go on by itself: `code` is for the metric, the words say what an operator does."""

    def __init__(self, code: str, words: str) -> None:
        super().__init__(words)
        self.code = code


class Destination(Protocol):
    """Kafka, as a relay sees it. Any of these may raise anything; then `discard`, and from the beginning."""

    def fence(self) -> None: ...
    def position(self) -> Position | None: ...

    def send(self, records: Sequence[ProducedRecord]) -> None:
        """They are on their way when this returns."""
        ...

    def commit(self) -> None:
        """Kafka has all that was sent, and was told to commit it."""
        ...

    def settle(self) -> None:
        """It is committed."""
        ...

    def discard(self) -> None: ...


class FeedSource(Protocol):
    """An agency's feed."""

    def lead(self) -> bool:
        """Waits until nobody else relays this feed. False: told to stop meanwhile."""
        ...

    def vouch(self, position: Position) -> None:
        """That the feed has what was published. Waits while it is being made anew. Raises Refused."""
        ...

    def era(self) -> int: ...

    def page(self, after: int) -> list[Message]:
        """The next messages, at most so many and so large as one transaction bears."""
        ...

    def wait(self, seconds: float) -> None:
        """For more, at most so long."""
        ...


class Witness(Protocol):
    """Is told how it goes: for metrics, and for who watches over the process."""

    def published(self, agency: str, position: int, count: int) -> None: ...
    def idle(self, agency: str, position: int) -> None: ...
    def fault(self, agency: str, code: str, words: str) -> None: ...


class Page(NamedTuple):
    """What one transaction publishes."""

    messages: Sequence[Message] = ()
    records: Sequence[ProducedRecord] = ()


class Relay:
    def __init__(
        self, agency: str, *, source: FeedSource, destination: Destination, origin: Origin, witness: Witness
    ) -> None:
        self.agency = agency
        self.source = source
        self.destination = destination
        self.origin = origin
        self.witness = witness

    def run(self, stopping: threading.Event) -> None:
        """Until it is told to stop. Every fault ends in a fresh start, later and later while it lasts."""
        faults = 0
        while not stopping.is_set():
            rest = 0.0
            try:
                for _ in self.follow(stopping):
                    faults = 0
            except Refused as refused:
                self.witness.fault(self.agency, refused.code, str(refused))
                rest = REFUSED_SECONDS
            except Exception as fault:  # noqa: BLE001 - whatever it is, this producer is not to be trusted
                self.witness.fault(self.agency, type(fault).__name__, "")
                faults = min(faults + 1, DOUBLINGS)
                rest = BACK_OFF_SECONDS * 2**faults * random.uniform(0.5, 1)  # noqa: S311 - no secret
            finally:
                self.destination.discard()
            stopping.wait(rest)

    def follow(self, stopping: threading.Event) -> Iterator[Position]:
        """Yields the position after each transaction, and where there was nothing to publish."""
        if not self.source.lead():
            return
        self.destination.fence()
        known = self.destination.position()
        if known is None:
            raise Refused("not-begun", f"the feed of {self.agency} has no first position: {BEGIN.format(self.agency)}")
        self.source.vouch(known)
        following = Page()
        while not stopping.is_set():
            page = following if following.messages else self._page(known.position)
            if page.messages:
                known, following = self._publish(page, known)
                self.witness.published(self.agency, known.position, known.count)
            else:
                self.witness.idle(self.agency, known.position)
                self.source.wait(WAIT_SECONDS)
            yield known

    def _page(self, after: int) -> Page:
        messages = self.source.page(after)
        return Page(messages, records_of(messages, self.origin))

    def _publish(self, page: Page, before: Position) -> tuple[Position, Page]:
        """The position after it, and the page that follows: it is made ready while Kafka is at work."""
        last = page.messages[-1]
        after = Position(last.position, self.source.era(), last.id, len(page.messages), before.position)
        self.destination.send([*page.records, record_of(self.agency, after)])
        messages = self.source.page(after.position)
        self.destination.commit()
        following = Page(messages, records_of(messages, self.origin))
        self.destination.settle()
        return after, following


def records_of(messages: Sequence[Message], origin: Origin) -> list[ProducedRecord]:
    """In their order; then where each application is by now, once for all that these say of it."""
    records = [
        ProducedRecord(TOPICS[message.kind](message.agency), message.key, message.body, _headers(message, origin))
        for message in messages
    ]
    newest = {message.stream: message for message in messages if message.status is not None}
    records += (
        ProducedRecord(names.status(message.agency), message.key, message.status, status_headers(message, origin))
        for message in newest.values()
        if message.status is not None
    )
    return records


def _headers(message: Message, origin: Origin) -> Headers:
    headers = binary(message, origin)
    return [*headers, *dead_letter_headers(message)] if message.kind == MessageKind.DEAD_LETTER else headers


def dead_letter_headers(message: Message) -> Headers:
    """Where the record lies and what is wrong with it, under the names that Kafka Connect gave such headers."""
    said = orjson.loads(message.body)
    what = f"{said['code']} at {said['place'] or 'the body'}"
    return [
        ("__connect.errors.topic", names.commands(message.agency).encode()),
        ("__connect.errors.partition", str(said["partition"]).encode()),
        ("__connect.errors.offset", str(said["offset"]).encode()),
        ("__connect.errors.exception.message", what.encode()),
    ]
