"""Topic audit: `jejak audit-feed` compares an agency's Kafka topic with the log, one application after another.

The audit reads the topic as a Kafka consumer without a group. It writes the records to a private temporary file and
sorts them there. So a longer topic does not need more memory. docs/agencies.md defines the format of the records. Apart
from `projections/file_facts.py`, the audit uses no code that makes or sends messages.
"""

import hashlib
import re
import sqlite3
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing
from itertools import groupby
from operator import itemgetter
from time import monotonic
from typing import Any
from uuid import UUID

import orjson
import psycopg
from kafka import KafkaConsumer, TopicPartition
from kafka.errors import KafkaError
from kafka.partitioner.default import murmur2

from domain.json_values import data_of
from feeds.agencies.audit import RANKS, AuditFault, AuditReport, FaultKind, LoggedMessage, Seen, Window, beginning
from feeds.agencies.kafka import topic_names as names
from feeds.history.spill import temporary_database
from infra.eventstore.history import recorded_of
from infra.kafka.brokers import ClusterFault, login
from infra.postgres.connections import LONG_SECONDS, connect
from infra.postgres.packing import unpack
from infra.settings import Kafka
from projections import progress
from projections.file_facts import so_far
from projections.view import fold_standing

ID = re.compile(r"([0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}):([1-9][0-9]{0,9})")
POLL_MS, PAGE = 1000, 1000
STUCK_SECONDS = 60
"""The audit stops with an error if it gets no record for this number of seconds, although the brokers have more
records.
"""
WINDOWS = (64, 512, 4096, 1 << 62)
LOGGED = """
SELECT s.originator_id::text, s.originator_version, m.previous, m.position, s.topic, m.packed,
    (SELECT max(era)::integer FROM eras WHERE from_position < m.position)
FROM feeds.messages m JOIN stored_events s ON s.notification_id = m.position
WHERE m.agency = %s AND m.kind = 'event' ORDER BY s.originator_id, s.originator_version
"""
HISTORY = """
SELECT originator_version, topic, state, notification_id, recorded_at FROM stored_events
WHERE originator_id = %s AND originator_version <= %s ORDER BY originator_version
"""
SEEN = """
SELECT stream, partition, place, version, previous, type, digest, odd, era FROM seen ORDER BY stream, partition, place
"""
TABLE = """
CREATE TABLE seen (stream TEXT, partition INTEGER, place INTEGER, version INTEGER, previous TEXT, type TEXT,
    digest BLOB, odd TEXT, era INTEGER)
"""

Stand = Callable[[int, int], None]
"""A callback for progress.

Its two arguments are the number of records that were read, and the number of all records.
"""


def audit(
    kafka: Kafka, conninfo: str, agency: str, *, source: str, from_beginning: bool, stand: Stand
) -> tuple[AuditReport, int]:
    """Returns two values: the report, and the position up to which the relay has published. Raises ClusterFault.

    If `from_beginning` is true, the audit expects every message of the feed in the Kafka topic, from the first message
    on.
    """
    options = {"isolation_level": "read_committed", "enable_auto_commit": False, "max_poll_records": PAGE}
    try:
        with (
            closing(KafkaConsumer(**login(kafka), **options, client_id="jejak-audit")) as consumer,
            closing(temporary_database()) as scratch,
        ):
            published, begun = _published(consumer, agency)
            verdict = AuditReport()
            scratch.execute(TABLE)
            starts = _read(consumer, names.events(agency), scratch, verdict, source=source, stand=stand)
            with connect(conninfo, seconds=LONG_SECONDS) as connection:
                _await_feeds(connection, published)
                floors: dict[int, int | None] = dict.fromkeys(starts, 0)
                if not from_beginning:
                    floors = _floors(connection, agency, scratch, starts, empty=published if begun else 0)
                _compare(connection, agency, scratch, verdict, Window(floors, published))
            return verdict, published
    except KafkaError as error:
        raise ClusterFault(f"Kafka at {kafka.bootstrap}: {type(error).__name__}: {error}") from error


def _published(consumer: KafkaConsumer, agency: str) -> tuple[int, bool]:
    """Returns two values: the position up to which the relay has published, and whether nothing was published yet.

    The position is in the newest committed record of the relay. If nothing was published yet, it is the position at
    which an operator began the feed.

    This position is read first, and the messages of the Kafka topic are read later. So the topic then contains all
    messages up to this position.
    """
    at = TopicPartition(names.position(agency), 0)
    _partitions(consumer, at.topic)
    consumer.assign([at])
    end, start = consumer.end_offsets([at])[at], consumer.beginning_offsets([at])[at]
    for window in WINDOWS:
        since = max(start, end - window)
        consumer.seek(at, since)
        newest = None
        for record in _until(consumer, {at: end}):
            newest = record
        if newest is not None:
            value = orjson.loads(newest.value)
            return int(value["position"]), not value["count"]
        if since == start:
            break
    raise ClusterFault(f"{at.topic} has no position yet: `jejak relay --begin {agency}` begins the feed")


def _read(
    consumer: KafkaConsumer, topic: str, scratch: sqlite3.Connection, verdict: AuditReport, *, source: str, stand: Stand
) -> dict[int, int]:
    """Copies all records of the topic into the temporary file. Returns the first offset of each partition."""
    partitions = [TopicPartition(topic, number) for number in sorted(_partitions(consumer, topic))]
    consumer.assign(partitions)
    starts, ends = consumer.beginning_offsets(partitions), consumer.end_offsets(partitions)
    consumer.seek_to_beginning(*partitions)
    total = sum(ends.values()) - sum(starts.values())
    for read, record in enumerate(_until(consumer, ends), 1):
        if read % PAGE == 0:
            stand(read, total)
        row = _row(record, source)
        if row is None:
            verdict.records += 1
            place = f"partition {record.partition} offset {record.offset}"
            verdict.add([AuditFault(FaultKind.FOREIGN, place, "its ce_id is not a valid message id")])
        else:
            scratch.execute("INSERT INTO seen VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)", row)
    return {at.partition: offset for at, offset in starts.items()}


def _until(consumer: KafkaConsumer, ends: dict[TopicPartition, int]) -> Iterator[Any]:
    """Yields the records of each partition up to the offset in `ends`. The record at this offset is not included.

    The offsets of a partition have gaps, so the offset of the last record is not known. Therefore this function reads
    each partition until the consumer has reached the offset in `ends`.
    """
    quiet_since = monotonic()
    left = {at for at, end in ends.items() if consumer.position(at) < end}
    while left:
        for at, records in consumer.poll(timeout_ms=POLL_MS).items():
            quiet_since = monotonic()
            yield from (record for record in records if record.offset < ends[at])
        left = {at for at in left if consumer.position(at) < ends[at]}
        if monotonic() - quiet_since > STUCK_SECONDS:
            raise ClusterFault(
                f"no record for {STUCK_SECONDS} s, although {next(iter(left)).topic} has more records: try again"
            )


def _partitions(consumer: KafkaConsumer, topic: str) -> set[int]:
    partitions: set[int] | None = consumer.partitions_for_topic(topic)
    if not partitions:
        raise ClusterFault(
            f"there is no topic {topic} that this user may see: `jejak topics plan` shows what is missing"
        )
    return partitions


def _row(record: Any, source: str) -> tuple[object, ...] | None:  # noqa: ANN401 - kafka-python has no types
    headers = {name: bytes(value or b"").decode("utf-8", "replace") for name, value in record.headers}
    matched = ID.fullmatch(headers.get("ce_id", ""))
    if not matched:
        return None
    stream, version = matched[1], int(matched[2])
    wanted = {
        "ce_specversion": "1.0",
        "ce_source": source,
        "ce_sequence": f"{version:010}",
        "ce_subject": f"application/{stream}",
        "ce_partitionkey": stream,
        "content-type": "application/json",
    }
    odd = [name for name, value in wanted.items() if headers.get(name) != value]
    if len(headers) != len(record.headers):
        odd.append("a header twice")
    if record.key != stream.encode():
        odd.append("key")
    digest = hashlib.sha256(record.value or b"").digest()
    previous, kind = headers.get("ce_previous", ""), headers.get("ce_type", "")
    era = int(headers["ce_era"]) if re.fullmatch("[1-9][0-9]{0,8}", headers.get("ce_era", "")) else 1
    return (stream, record.partition, record.offset, version, previous, kind, digest, ", ".join(odd), era)


def _await_feeds(connection: psycopg.Connection[Any], published: int) -> None:
    row = connection.execute("SELECT position FROM feeds.distributed").fetchone()
    if row is None or row[0] < published:
        raise ClusterFault("the feeds are being rebuilt from the log: try again when `jejak project` is done")


def _compare(
    connection: psycopg.Connection[Any], agency: str, scratch: sqlite3.Connection, verdict: AuditReport, window: Window
) -> None:
    with connection.cursor("logged") as cursor:
        cursor.itersize = PAGE
        cursor.execute(LOGGED, (agency,))
        for stream, logged, seen in _side_by_side(iter(cursor), scratch.execute(SEEN)):
            home = (murmur2(stream.encode()) & 0x7FFFFFFF) % len(window.floors)
            states = _states(connection, UUID(stream), beginning(logged))
            verdict.judge(stream, logged, seen, window, home, states=states)


def _states(connection: psycopg.Connection[Any], stream: UUID, versions: Sequence[int]) -> dict[int, dict[str, Any]]:
    """Returns the state of the application after each of the given versions. The states are folded from the log."""
    if not versions:
        return {}
    rows = connection.execute(HISTORY, (stream, versions[-1])).fetchall()
    history = [recorded_of(row) for row in rows]
    return {
        version: data_of(so_far(fold_standing(progress.VIEW, stream, history[:version])))
        for version in versions
        if version <= len(history)
    }


def _floors(
    connection: psycopg.Connection[Any], agency: str, scratch: sqlite3.Connection, starts: dict[int, int], *, empty: int
) -> dict[int, int | None]:
    """Returns the floor of each partition. The audit expects only messages whose position is above the floor.

    `empty` is the floor of every partition if the Kafka topic has no records. If a partition still has its first
    record, its floor is just below the oldest record of the whole topic. Earlier messages may never have been published
    to the topic. If Kafka has deleted the first records of a partition (retention), the floor is just below the oldest
    record that is left in this partition.
    """
    oldest: dict[int, int] = {}
    for partition in starts:
        first = scratch.execute(
            "SELECT stream, version FROM seen WHERE partition = ? ORDER BY place LIMIT 1", (partition,)
        ).fetchone()
        row = (
            first
            and connection.execute(
                "SELECT position FROM feeds.messages WHERE agency = %s AND position = (SELECT notification_id"
                " FROM stored_events WHERE originator_id = %s AND originator_version = %s)",
                (agency, *first),
            ).fetchone()
        )
        if row:
            oldest[partition] = row[0] - 1
    everywhere = min(oldest.values(), default=empty)
    return {number: everywhere if start == 0 else oldest.get(number) for number, start in starts.items()}


def _side_by_side(
    logged: Iterator[tuple[Any, ...]], seen: Iterator[tuple[Any, ...]]
) -> Iterator[tuple[str, list[LoggedMessage], list[Seen]]]:
    """Yields the messages and the records of each application.

    Both inputs must be sorted by application (a merge join).
    """
    logged_groups, seen_groups = groupby(logged, itemgetter(0)), groupby(seen, itemgetter(0))
    log_group, topic_group = next(logged_groups, None), next(seen_groups, None)
    while log_group or topic_group:
        stream = min(group[0] for group in (log_group, topic_group) if group)
        messages, records = [], []
        if log_group and log_group[0] == stream:
            messages = [_logged(row) for row in log_group[1]]
            log_group = next(logged_groups, None)
        if topic_group and topic_group[0] == stream:
            records = [Seen(*row[1:]) for row in topic_group[1]]
            topic_group = next(seen_groups, None)
        yield stream, messages, records


def _logged(row: tuple[Any, ...]) -> LoggedMessage:
    """Makes a `LoggedMessage` from a row.

    If the body is not a JSON object, the message gets a default capacity and no state.
    """
    stream, version, previous, position, topic, packed, era = row
    body = b'{"application":"%b",' % stream.encode() + unpack(packed).partition(b"\n")[0]
    try:
        said = orjson.loads(body)
    except orjson.JSONDecodeError:
        said = None
    said = said if isinstance(said, dict) else {}
    capacity, state = said.get("capacity"), said.get("so_far")
    return LoggedMessage(
        version,
        previous,
        position,
        topic,
        hashlib.sha256(body).digest(),
        capacity if capacity in RANKS else RANKS[0],
        state if state is None or isinstance(state, dict) else {},
        era,
    )
