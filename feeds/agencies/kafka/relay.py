"""The relay of one agency publishes the agency's feed to Kafka. The relay publishes each message once and in order,
even after crashes.

Three steps in a fixed order guarantee that each message is published once. First, the relay fences all earlier relays.
Second, the relay reads from Kafka the position up to which the feed was published. Third, the relay publishes
transactions. Each transaction contains messages and the new position. After any fault, the relay starts again with the
first step. Kafka and the feed are parameters, so tests can run the steps without Kafka and without a database.
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
"""The relay waits at most this long for a notification. Then it reads the feed anyway, because a notification may be
lost.
"""
BACK_OFF_SECONDS, DOUBLINGS, REFUSED_SECONDS = 0.2, 6, 5.0
"""After a fault, the relay waits for BACK_OFF_SECONDS before it starts again. The waiting time is doubled after each
further fault, but at most DOUBLINGS times. After `Refused`, the relay waits for REFUSED_SECONDS.
"""

BEGIN = "`jejak relay --begin {}` publishes the feed from its beginning, and with `--now` only from now on"
TOPICS = {
    MessageKind.EVENT: names.events,
    MessageKind.REPLY: names.replies,
    MessageKind.DEAD_LETTER: names.dead_letters,
}


class Refused(Exception):
    """The relay cannot continue without an operator.

    `code` names the reason in the metric. The text of the exception says what the operator must do.
    """

    def __init__(self, code: str, words: str) -> None:
        super().__init__(words)
        self.code = code


class Destination(Protocol):
    """Through this interface, the relay publishes records to Kafka and reads its position from Kafka. Every method may
    raise any exception. After an exception, the relay calls `discard` and starts again.
    """

    def fence(self) -> None: ...
    def position(self) -> Position | None: ...

    def send(self, records: Sequence[ProducedRecord]) -> None:
        """Begins a transaction and queues the records for sending."""
        ...

    def commit(self) -> None:
        """Waits until Kafka has all records, and tells Kafka to commit them."""
        ...

    def settle(self) -> None:
        """Waits until Kafka confirms the commit."""
        ...

    def discard(self) -> None: ...


class FeedSource(Protocol):
    """Through this interface, the relay reads an agency's feed."""

    def lead(self) -> bool:
        """Waits until no other process relays this feed. Returns False if the relay must stop while it waits."""
        ...

    def vouch(self, position: Position) -> None:
        """Checks that the feed contains the message that was published last. Waits while the feed is being rebuilt.

        Raises Refused.
        """
        ...

    def era(self) -> int: ...

    def page(self, after: int) -> list[Message]:
        """`after` is a log position. Returns the messages that come next in the feed. The messages fit into one
        transaction.
        """
        ...

    def wait(self, seconds: float) -> None:
        """Waits for at most `seconds` until there are new messages."""
        ...


class Witness(Protocol):
    """The relay reports its progress to this object. The reports are used for metrics, and to notice when the relay
    hangs.
    """

    def published(self, agency: str, position: int, count: int) -> None: ...
    def idle(self, agency: str, position: int) -> None: ...
    def fault(self, agency: str, fault: Exception) -> None: ...


class Page(NamedTuple):
    """The messages and records of one transaction."""

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
        """Runs the relay until `stopping` is set. After every fault the relay starts again, with exponential
        back-off.
        """
        faults = 0
        while not stopping.is_set():
            rest = 0.0
            try:
                for _ in self.follow(stopping):
                    faults = 0
            except Refused as refused:
                self.witness.fault(self.agency, refused)
                rest = REFUSED_SECONDS
            except Exception as fault:  # noqa: BLE001 - after any fault the producer must not be used again
                self.witness.fault(self.agency, fault)
                faults = min(faults + 1, DOUBLINGS)
                rest = BACK_OFF_SECONDS * 2**faults * random.uniform(0.5, 1)  # noqa: S311 - no secret
            finally:
                self.destination.discard()
            stopping.wait(rest)

    def follow(self, stopping: threading.Event) -> Iterator[Position]:
        """Yields the relay's position in two cases: after each transaction, and each time that the feed has no new
        message.
        """
        if not self.source.lead():
            return
        self.destination.fence()
        reached = self.destination.position()
        if reached is None:
            raise Refused("not-begun", f"the feed of {self.agency} has no first position: {BEGIN.format(self.agency)}")
        self.source.vouch(reached)
        following = Page()
        while not stopping.is_set():
            page = following if following.messages else self._page(reached.position)
            if page.messages:
                reached, following = self._publish(page, reached)
                self.witness.published(self.agency, reached.position, reached.count)
            else:
                self.witness.idle(self.agency, reached.position)
                self.source.wait(WAIT_SECONDS)
            yield reached

    def _page(self, after: int) -> Page:
        messages = self.source.page(after)
        return Page(messages, records_of(messages, self.origin))

    def _publish(self, page: Page, before: Position) -> tuple[Position, Page]:
        """Publishes a page. While Kafka commits, this method prepares the next page. Returns the new position and the
        next page.
        """
        last = page.messages[-1]
        after = Position(last.position, self.source.era(), last.id, len(page.messages), before.position)
        self.destination.send([*page.records, record_of(self.agency, after)])
        messages = self.source.page(after.position)
        self.destination.commit()
        following = Page(messages, records_of(messages, self.origin))
        self.destination.settle()
        return after, following


def records_of(messages: Sequence[Message], origin: Origin) -> list[ProducedRecord]:
    """Returns the records of the messages in order, followed by the status records. There is one status record for each
    application, with the newest status.
    """
    records = [
        ProducedRecord(TOPICS[message.kind](message.agency), message.key, message.body, _headers(message, origin))
        for message in messages
    ]
    newest = {message.stream: message for message in messages if message.due is not None}
    records += (
        ProducedRecord(names.status(message.agency), message.key, status, status_headers(message, origin))
        for message in newest.values()
        if (status := message.status) is not None
    )
    return records


def _headers(message: Message, origin: Origin) -> Headers:
    headers = binary(message, origin)
    return [*headers, *dead_letter_headers(message)] if message.kind == MessageKind.DEAD_LETTER else headers


def dead_letter_headers(message: Message) -> Headers:
    """Returns headers that tell where the malformed record is, and what is wrong with the record. The headers have the
    same names as in Kafka Connect.
    """
    letter = orjson.loads(message.body)
    fault = f"{letter['code']} at {letter['place'] or 'the body'}"
    return [
        ("__connect.errors.topic", names.commands(message.agency).encode()),
        ("__connect.errors.partition", str(letter["partition"]).encode()),
        ("__connect.errors.offset", str(letter["offset"]).encode()),
        ("__connect.errors.exception.message", fault.encode()),
    ]
