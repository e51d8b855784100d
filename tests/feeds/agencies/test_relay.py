"""The order of steps of a relay, against a Kafka that fails wherever it likes: each message once, in order."""

import threading
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from feeds.agencies.kafka import topic_names as names
from feeds.agencies.kafka.producer import ProducedRecord, Untrusted
from feeds.agencies.kafka.relay import Refused, Relay, records_of
from feeds.agencies.kafka.relay_position import READ, Position, record_of
from feeds.agencies.messages import Message, MessageKind, Origin

AT = datetime(2026, 3, 9, 3, tzinfo=UTC)
ORIGIN = Origin("urn:gov:id:jejak:01", "https://jejak.example")
AGENCY = "pln"
BODY = b'{"application":"x","service":"ktp-el","standard":1,"office":"o","status":"received","capacity":"holder"}'
DUE = b'{"paused":false}'
DEAD = b'{"code":"not-json","place":"","partition":2,"offset":41}'


def message(position: int, kind: str = MessageKind.EVENT, *, stream: int = 0, due: bytes | None = DUE) -> Message:
    return Message(
        AGENCY, position, kind, str(UUID(int=stream)), position, 0, "application.received.v1", AT, AT, BODY, due
    )


@dataclass
class Kafka:
    """What was committed; and how each transaction fares: as asked, not even sent, dropped, or committed and then lost
    sight of.
    """

    fates: list[str]
    committed: list[ProducedRecord] = field(default_factory=list)
    sent: list[ProducedRecord] = field(default_factory=list)
    fenced: bool = False
    steps: list[str] = field(default_factory=list)

    def fence(self) -> None:
        self.fenced = True
        self.steps.append("fence")

    def position(self) -> Position | None:
        assert self.fenced, "read before the predecessors were fenced"
        self.steps.append("position")
        found = [READ.decode(record.value) for record in self.committed if record.topic == names.position(AGENCY)]
        return found[-1] if found else None

    def send(self, records: Sequence[ProducedRecord]) -> None:
        assert self.fenced
        assert not self.sent, "a transaction within a transaction"
        self.sent = list(records)
        self._meet("unsent")

    def commit(self) -> None:
        assert self.sent
        self._meet("dropped")

    def settle(self) -> None:
        """Whether it was committed is known only now."""
        assert self.sent
        self.committed += self.sent
        self.sent = []
        self._meet("unknown")
        if self.fates:
            self.fates.pop(0)

    def _meet(self, fate: str) -> None:
        if self.fates and self.fates[0] == fate:
            raise Untrusted(self.fates.pop(0))

    def discard(self) -> None:
        self.fenced = False
        self.sent = []


@dataclass
class Feed:
    messages: list[Message]
    pages: int = 3
    refused: Refused | None = None

    def lead(self) -> bool:
        return True

    def vouch(self, position: Position) -> None:  # noqa: ARG002 - the port's
        if self.refused:
            raise self.refused

    def era(self) -> int:
        return 1

    def page(self, after: int) -> list[Message]:
        return [one for one in self.messages if one.position > after][: self.pages]

    def wait(self, seconds: float) -> None:
        pass


@dataclass
class Watched:
    """Stops the relay once it has nothing to do, or was refused."""

    stopping: threading.Event
    faults: list[str] = field(default_factory=list)

    def published(self, agency: str, position: int, count: int) -> None:
        pass

    def idle(self, agency: str, position: int) -> None:  # noqa: ARG002 - the port's
        self.stopping.set()

    def fault(self, agency: str, fault: Exception) -> None:  # noqa: ARG002 - the port's
        self.faults.append(fault.code if isinstance(fault, Refused) else type(fault).__name__)
        if isinstance(fault, Refused):
            self.stopping.set()


@pytest.fixture(autouse=True)
def _without_rest(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("feeds.agencies.kafka.relay.BACK_OFF_SECONDS", 0.0)


def relayed(feed: Feed, kafka: Kafka) -> Watched:
    stopping = threading.Event()
    watched = Watched(stopping)
    Relay(AGENCY, source=feed, destination=kafka, origin=ORIGIN, witness=watched).run(stopping)
    return watched


def begun(fates: Sequence[str] = ()) -> Kafka:
    return Kafka(list(fates), [record_of(AGENCY, Position(0, 1))])


@given(
    st.lists(st.sampled_from(["done", "unsent", "dropped", "unknown"]), max_size=12),
    st.integers(0, 20),
    st.integers(1, 4),
)
def test_whatever_becomes_of_a_transaction_each_message_arrives_once_and_in_order(
    fates: list[str], count: int, pages: int
) -> None:
    feed, kafka = Feed([message(position) for position in range(1, count + 1)], pages), begun(fates)
    relayed(feed, kafka)
    events = [dict(one.headers)["ce_id"] for one in kafka.committed if one.topic == names.events(AGENCY)]
    assert events == [one.id.encode() for one in feed.messages]


def test_however_many_faults_follow_one_another_it_begins_again() -> None:
    """With a rest that doubled for ever, the number of seconds would outgrow what a float can hold."""
    kafka = begun(["dropped"] * 1_100)
    watched = relayed(Feed([message(1)]), kafka)
    assert len(watched.faults) == 1_100
    assert [one.value for one in kafka.committed if one.topic == names.events(AGENCY)] == [BODY]


def test_the_position_is_read_after_every_fault_and_never_before_the_fence() -> None:
    kafka = begun(["dropped", "unknown"])
    watched = relayed(Feed([message(1)]), kafka)
    assert kafka.steps == ["fence", "position"] * 3
    assert watched.faults == ["Untrusted", "Untrusted"]


def test_without_a_first_position_it_publishes_nothing_and_says_what_to_do() -> None:
    kafka = Kafka([])
    with pytest.raises(Refused, match="jejak relay --begin pln"):
        next(_follow(Feed([message(1)]), kafka))
    assert relayed(Feed([message(1)]), kafka).faults == ["not-begun"]
    assert kafka.committed == []


def test_a_feed_that_does_not_vouch_for_the_position_is_not_published() -> None:
    kafka = begun()
    watched = relayed(Feed([message(1)], refused=Refused("ahead-of-log", "restored")), kafka)
    assert watched.faults == ["ahead-of-log"]
    assert len(kafka.committed) == 1


def test_messages_go_by_kind_and_the_newest_status_of_each_application_once() -> None:
    messages = [
        message(1, stream=1),
        message(2, stream=1),
        message(3, stream=2, due=None),
        message(4, MessageKind.REPLY, stream=9, due=None),
        message(5, MessageKind.DEAD_LETTER, stream=9, due=None)._replace(body=DEAD),
    ]
    told = [(record.topic, record.key, record.value) for record in records_of(messages, ORIGIN)]
    assert [topic for topic, _, _ in told] == [
        *[names.events(AGENCY)] * 3,
        names.replies(AGENCY),
        names.dead_letters(AGENCY),
        names.status(AGENCY),
    ]
    headers = {name: value for record in records_of(messages, ORIGIN) for name, value in record.headers}
    assert headers["__connect.errors.topic"] == b"jejak.agency.pln.commands.v1"
    assert headers["__connect.errors.offset"] == b"41"
    assert told[-1][1:] == (str(UUID(int=1)).encode(), messages[1].status)
    assert b'"version":2' in (messages[1].status or b"")


def _follow(feed: Feed, kafka: Kafka) -> Iterator[Position]:
    relay = Relay(AGENCY, source=feed, destination=kafka, origin=ORIGIN, witness=Watched(threading.Event()))
    return relay.follow(threading.Event())
