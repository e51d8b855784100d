"""Relay process: this module publishes the feeds to Kafka. Each agency has a separate thread.

Each thread is a service (see `infra.service`), so the process ends itself if a thread hangs.
"""

import contextlib
import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

import orjson
import psycopg
import structlog
from kafka import KafkaProducer
from kafka.errors import KafkaError

from domain.json_values import instant
from feeds.agencies.kafka import topic_names as names
from feeds.agencies.kafka.client import opened
from feeds.agencies.kafka.producer import ProducedRecord, Transactions, Untrusted
from feeds.agencies.kafka.relay import Refused, Relay
from feeds.agencies.kafka.relay_position import Hanging, Position, position_of, transactional_id
from feeds.agencies.messages import Message, Origin
from infra.metrics import RELAY_COMMITTED, RELAY_FAULTS, RELAY_POSITION
from infra.postgres.connections import connect
from infra.postgres.databases import for_derived
from infra.projector.outbox import CHANNEL
from infra.projector.stored_messages import MESSAGES, message_from
from infra.queries.relay_lag import RELAYS, Behind
from infra.service import BackgroundService, ServiceLimits

PAGE, PAGE_BYTES = 1000, 4 * 1024 * 1024
POLL_SECONDS, RIVAL_SECONDS = 0.5, 1.0
LIMITS = ServiceLimits(pass_seconds=180.0)
"""The sum of all time limits of a transaction is less than the time limit of a pass."""
EXPECTED = (KafkaError, psycopg.Error, OSError, Hanging, Refused, Untrusted)
HEARTBEAT_SECONDS = 1.0

STANDING = """
SELECT (SELECT position FROM feeds.distributed), coalesce(max(notification_id), 0) FROM stored_events
"""
THERE = """
SELECT originator_id, originator_version FROM feeds.messages JOIN stored_events ON notification_id = position
WHERE agency = %s AND position = %s
"""
KEPT = """
SELECT (SELECT coalesce(max(notification_id), 0) FROM stored_events WHERE notification_id <= from_position)
FROM eras WHERE from_position >= %s ORDER BY era LIMIT 1
"""
"""The last position that the log kept of the era to which a position belongs, if this era has ended."""
ERA = "SELECT max(era) FROM eras"
LEAD = "SELECT pg_try_advisory_lock(hashtext('jejak relay'), hashtext(%s))"
SAY = """
INSERT INTO feeds.relays (agency, position, fault, since) VALUES (%(agency)s, %(position)s, %(fault)s, %(since)s)
ON CONFLICT (agency) DO UPDATE SET fault = EXCLUDED.fault, since = EXCLUDED.since, at = clock_timestamp(),
    position = CASE WHEN EXCLUDED.position < 0 THEN relays.position ELSE EXCLUDED.position END
"""

log = structlog.get_logger("jejak.relay")


class PostgresSource:
    """Implements `feeds.agencies.kafka.relay.FeedSource`.

    The source has one database connection. This connection also takes an advisory lock for the feed. All other relays
    of the same feed wait for the lock. Without the lock, two relays would repeatedly end each other's Kafka
    transactions (fencing). This would be safe but slow.
    """

    well: Callable[[], None]
    """The relay calls this function while it waits for another process, so that it does not count as hanging."""

    def __init__(self, conninfo: str, agency: str, stopping: threading.Event) -> None:
        self.conninfo = for_derived(conninfo)
        self.agency = agency
        self.stopping = stopping
        self.well = lambda: None
        self._connection: psycopg.Connection[Any] | None = None

    def lead(self) -> bool:
        self.close()
        self._connection = connect(self.conninfo, autocommit=True)
        while self._one(LEAD, self.agency) != (True,):
            self.well()
            if self.stopping.wait(RIVAL_SECONDS):
                return False
        self._connection.execute(f"LISTEN {CHANNEL}")
        return True

    def close(self) -> None:
        if self._connection is not None:
            self._connection.close()
            self._connection = None

    def vouch(self, position: Position) -> None:
        while True:
            distributed, end = self._one(STANDING)
            kept = self._row(KEPT, position.position)
            if kept is not None and position.position > kept[0]:
                raise Refused(
                    "ahead-of-log",
                    f"{self.agency}: Kafka has the feed up to position {position.position}, but a restore lost all"
                    f" events after position {kept[0]}. Tell the agency, and run"
                    f" `jejak relay --begin {self.agency} --at {kept[0]} --anew`. See docs/operating.md, Kafka",
                )
            if position.position > end:
                raise Refused(
                    "ahead-of-log",
                    f"{self.agency}: Kafka has the feed up to position {position.position}, but the log ends at {end}:"
                    " the log was restored and lacks published events. Before any process writes, run"
                    ' `jejak era begin --reason "restored"`. See docs/operating.md, Kafka',
                )
            if distributed >= position.position:
                break
            self.well()
            if self.stopping.wait(POLL_SECONDS):  # the feeds are being rebuilt
                return
        if not position.count:
            return
        message = self._row(THERE, self.agency, position.position)
        if message is None or f"{message[0]}:{message[1]}" != position.id:
            raise Refused(
                "other-log",
                f"{self.agency}: position {position.position} of era {position.era} differs from the event that"
                " was published: the log or the routing was changed. See docs/operating.md, Kafka",
            )

    def era(self) -> int:
        return int(self._one(ERA)[0])

    def page(self, after: int) -> list[Message]:
        values = (self.agency, None, after, PAGE, PAGE_BYTES)
        rows = self._open().execute(MESSAGES, values, prepare=True, binary=True).fetchall()
        return [message_from(row) for row in rows]

    def wait(self, seconds: float) -> None:
        list(self._open().notifies(timeout=seconds, stop_after=1))

    def say(self, position: int, fault: str) -> bool:
        """For monitoring, writes the state of the relay to the table `feeds.relays`.

        If `position` is -1, the position in the table stays unchanged. Returns False if the state could not be written.
        Then the caller must write the state again.
        """
        values = {
            "agency": self.agency,
            "position": position,
            "fault": fault,
            "since": datetime.now(UTC) if fault else None,
        }
        try:
            self._open().execute(SAY, values, prepare=True)
        except psycopg.Error:
            return False
        return True

    def _open(self) -> psycopg.Connection[Any]:
        if self._connection is None:
            raise psycopg.OperationalError("not connected")
        return self._connection

    def _one(self, query: str, *values: object) -> tuple[Any, ...]:
        row = self._row(query, *values)
        if row is None:
            raise psycopg.OperationalError("no row")
        return row

    def _row(self, query: str, *values: object) -> tuple[Any, ...] | None:
        row: tuple[Any, ...] | None = self._open().execute(query, values, prepare=True).fetchone()
        return row


class KafkaDestination:
    """Implements `feeds.agencies.kafka.relay.Destination`."""

    def __init__(self, login: Mapping[str, Any], agency: str) -> None:
        self.login = login
        self.agency = agency
        self._transactions: Transactions | None = None

    def fence(self) -> None:
        self._transactions = Transactions(self.login, transactional_id(self.agency))

    def position(self) -> Position | None:
        return position_of(self.login, self.agency)

    def send(self, records: Sequence[ProducedRecord]) -> None:
        self._fenced().send(records)

    def commit(self) -> None:
        self._fenced().commit()

    def settle(self) -> None:
        self._fenced().settle()

    def discard(self) -> None:
        if self._transactions is not None:
            self._transactions.discard()
            self._transactions = None

    def _fenced(self) -> Transactions:
        if self._transactions is None:
            raise RuntimeError("fence first")
        return self._transactions


class Watch:
    """Implements `feeds.agencies.kafka.relay.Witness`. This class watches the relays: it updates metrics, writes log
    lines, and updates the table `feeds.relays`.
    """

    def __init__(self) -> None:
        self._say: dict[str, Callable[[int, str], bool]] = {}
        self._services: dict[str, BackgroundService] = {}
        self._said: dict[str, tuple[int, str]] = {}

    def over(self, agency: str, say: Callable[[int, str], bool]) -> BackgroundService:
        """Begins to watch the relay of an agency. The parameter `say` is a function that writes the state of the relay.

        Returns the service of the relay.
        """
        self._say[agency] = say
        self._services[agency] = BackgroundService(f"relay {agency}", LIMITS, expected=EXPECTED)
        return self._services[agency]

    def published(self, agency: str, position: int, count: int) -> None:  # noqa: ARG002 - the port's signature
        RELAY_COMMITTED.labels(agency).set_to_current_time()
        self._go(agency, position)

    def idle(self, agency: str, position: int) -> None:
        self._go(agency, position)

    def _go(self, agency: str, position: int) -> None:
        self._services[agency].succeeded()
        RELAY_POSITION.labels(agency).set(position)
        self._tell(agency, position, "")

    def fault(self, agency: str, fault: Exception) -> None:
        code = fault.code if isinstance(fault, Refused) else type(fault).__name__
        RELAY_FAULTS.labels(agency, code).inc()
        if isinstance(fault, Refused) and self._said.get(agency, (0, ""))[1] != code:
            log.warning("relay waits for an operator", agency=agency, fault=code, what=str(fault))
        self._services[agency].failed(fault)  # the relay itself pauses before it begins again
        self._tell(agency, -1, code)

    def _tell(self, agency: str, position: int, fault: str) -> None:
        if self._said.get(agency) != (position, fault) and self._say[agency](position, fault):
            self._said[agency] = position, fault


class Relays:
    """Runs one relay for each agency. Each relay has its own thread in this process."""

    def __init__(self, conninfo: str, login: Mapping[str, Any], agencies: Sequence[str], origin: Origin) -> None:
        self.stopping = threading.Event()
        self.watch = Watch()
        self.conninfo = conninfo
        self.login = login
        self.threads = [
            threading.Thread(target=self._run, args=(agency, conninfo, origin), name=f"relay {agency}", daemon=True)
            for agency in agencies
        ]
        self.heart = threading.Thread(target=self._beat, args=(origin,), name="heartbeat", daemon=True)

    def start(self) -> None:
        for thread in (*self.threads, self.heart):
            thread.start()

    def stop(self) -> None:
        self.stopping.set()
        for thread in (*self.threads, self.heart):
            thread.join(timeout=5)

    def measure(self) -> None:
        """Updates the metrics of the lag from the database.

        So these metrics are correct even if Kafka cannot be reached.
        """
        with contextlib.suppress(psycopg.Error), connect(self.conninfo) as connection:
            for row in connection.execute(RELAYS):
                Behind.of(*row).measure()

    def _run(self, agency: str, conninfo: str, origin: Origin) -> None:
        source = PostgresSource(conninfo, agency, self.stopping)
        service = self.watch.over(agency, source.say)
        source.well = service.alive
        destination = KafkaDestination(self.login, agency)
        relay = Relay(agency, source=source, destination=destination, origin=origin, witness=self.watch)
        service.run(self.stopping, lambda: relay.run(self.stopping))
        source.close()

    def _beat(self, origin: Origin) -> None:
        """Sends one record per second to the heartbeat topic. Every agency may read this topic.

        If an agency gets no new messages for some time, the heartbeat records show that Kafka and the relay process are
        still working.
        """
        service = BackgroundService("heartbeat", LIMITS, expected=(KafkaError, OSError))

        def beat() -> None:
            with _heart(self.login) as producer:
                while not self.stopping.wait(HEARTBEAT_SECONDS):
                    value = orjson.dumps({"at": instant(datetime.now(UTC)), "source": origin.source})
                    producer.send(names.HEARTBEAT, value=value, headers=[("content-type", b"application/json")])
                    service.succeeded()

        service.run(self.stopping, beat)


@contextlib.contextmanager
def _heart(login: Mapping[str, Any]) -> Iterator[KafkaProducer]:
    producer = opened(
        KafkaProducer,
        **login,
        enable_idempotence=True,
        request_timeout_ms=2_000,
        delivery_timeout_ms=5_000,
        max_block_ms=2_000,
        allow_auto_create_topics=False,
        metrics_enabled=False,
    )
    try:
        yield producer
    finally:
        with contextlib.suppress(KafkaError):
            producer.close(timeout=2)
