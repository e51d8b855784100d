"""Stream reader: this module reads streams, unique values (claims) and the registry. Concurrent requests share one
query.

The reader caches each stream, together with the last version that was read or written. A query reads only the events
after this version. So the result is always current, but most events are read and folded only once.
"""

from collections import OrderedDict, defaultdict
from collections.abc import Sequence
from typing import Any, Self, cast
from uuid import UUID

import orjson
import structlog
from psycopg import AsyncConnection

from domain.registry.editions import RegistryEvent
from domain.registry.registry import Registry, evolve
from infra.eventstore.envelope import b64, commitment
from infra.eventstore.history import entry_of
from infra.eventstore.topics import event_of
from infra.postgres.coalescer import Coalescer
from infra.postgres.databases import with_options
from service_layer.faults import ApplicationUnreadable, Unavailable
from service_layer.streams import StreamEntry, StreamHistory

log = structlog.get_logger("jejak.streams")

REMEMBERED_EVENTS = 5_000
"""The maximum number of events in the cache, counted over all streams.

One event takes about five kilobytes of memory.
"""

REGISTRY = ""
StreamQuery = UUID | tuple[bytes, ...] | str
"""A request to the coalescer. A UUID requests the stream with this id.

A tuple of unique values (claims) requests the id of the stream that has one of these values. An empty string requests
only the registry.
"""

READ = """
SELECT NULL::bytea, originator_id, originator_version, topic, state, notification_id, recorded_at FROM stored_events
WHERE topic NOT LIKE 'application.%%' AND topic NOT LIKE 'satisfaction.%%' AND topic NOT LIKE 'intake.%%'
    AND topic NOT LIKE 'import.%%'
    AND notification_id + 0 > %b
UNION ALL
SELECT NULL, e.* FROM unnest(%b::uuid[], %b::bigint[]) AS k (id, version) CROSS JOIN LATERAL (
    SELECT originator_id, originator_version, topic, state, notification_id, recorded_at FROM stored_events s
    WHERE s.originator_id = k.id AND s.originator_version > k.version
) AS e
UNION ALL
SELECT c.claim, c.originator_id, 0, '', ''::bytea, 0, NULL FROM unnest(%b::bytea[]) AS k (claim) CROSS JOIN LATERAL (
    SELECT claim, originator_id FROM claims WHERE claims.claim = k.claim
) AS c
"""
PLANNED = "-c enable_seqscan=off -c enable_hashjoin=off -c enable_mergejoin=off"
"""These planner options turn off sequential scans, hash joins and merge joins.

The first queries run while the tables are empty, and PostgreSQL caches their plans. Without these options, the cached
plans would scan whole tables, even after the tables have grown.
"""


class RegistryFold:
    """The registry, which was folded from all events up to `position`.

    `ends` contains the last event of each registry stream.
    """

    def __init__(self) -> None:
        self.registry = Registry()
        self.position = 0
        self.ends: dict[UUID, tuple[int, str, RegistryEvent]] = {}

    def fold(self, stream: UUID, version: int, topic: str, stored: bytes, position: int) -> None:
        state = orjson.loads(bytes(stored))
        event = cast("RegistryEvent", event_of(topic, state["data"]))
        self.registry = evolve(self.registry, event)
        self.ends[stream] = (version, b64(commitment(stream, version, topic, state)), event)
        self.position = position


class Streams:
    """The cached streams of one process.

    Use this object as an asynchronous context manager, in the same event loop as the callers. Every method that queries
    the database raises Unavailable if the database cannot be reached.
    """

    def __init__(self, conninfo: str) -> None:
        self.published = RegistryFold()
        self.unreadable: set[int] = set()  # the positions of events that cannot be read, as far as the log names them
        self.remembered: OrderedDict[UUID, StreamHistory] = OrderedDict()
        self.events = 0
        self.line: Coalescer[StreamQuery, Any] = Coalescer(self._read, with_options(conninfo, PLANNED))

    async def __aenter__(self) -> Self:
        await self.line.__aenter__()
        return self

    async def __aexit__(self, *error: object) -> None:
        await self.line.__aexit__(*error)

    @property
    def registry(self) -> Registry:
        """Returns the registry that the last query read. This property does not query the database."""
        return self.published.registry

    async def registry_now(self) -> Registry:
        """Queries the database and returns the current registry."""
        await self.line.get(REGISTRY)
        return self.published.registry

    async def history(self, application_id: UUID) -> StreamHistory:
        """Returns the current history of a stream. If the stream does not exist, the history has no entries.

        Raises ApplicationUnreadable.
        """
        return cast("StreamHistory", await self.line.get(application_id))

    async def claimed(self, claims: Sequence[bytes]) -> UUID | None:
        """Returns the stream that has one of the given unique values (claims).

        Returns None if no stream has one of them.
        """
        return cast("UUID | None", await self.line.get(tuple(claims)))

    def keep(self, history: StreamHistory) -> None:
        """Caches a history. Call this method after an append.

        Then the next query does not read the new events again.
        """
        self._forget(history.application_id)
        self.remembered[history.application_id] = history
        self.events += len(history.entries)
        while self.events > REMEMBERED_EVENTS:
            self._forget(next(iter(self.remembered)))

    def _forget(self, stream: UUID) -> None:
        gone = self.remembered.pop(stream, None)
        self.events -= len(gone.entries) if gone else 0

    def forget(self, stream: UUID) -> None:
        """Removes a stream from the cache. The next query then reads the whole stream.

        Call this method if the log refused events that were based on the cached history.
        """
        self._forget(stream)

    async def _read(self, connection: AsyncConnection, keys: list[StreamQuery]) -> dict[StreamQuery, Any]:
        known = {key: self.remembered.get(key) or StreamHistory.begin(key) for key in keys if isinstance(key, UUID)}
        claims = [key for key in keys if isinstance(key, tuple)]
        values = (
            self.published.position,
            list(known),
            [history.application.version for history in known.values()],
            [claim for some in claims for claim in some],
        )
        cursor = await connection.execute(READ, values, prepare=True, binary=True)
        holders: dict[bytes, UUID] = {}
        newer: defaultdict[UUID, list[StreamEntry]] = defaultdict(list)
        editions = []
        for claim, stream, *row in await cursor.fetchall():
            if claim is not None:
                holders[bytes(claim)] = stream
            elif stream in known:
                newer[stream].append(self._entry(row))
            else:
                editions.append((stream, *row[:4]))
        self._publish(sorted(editions, key=lambda edition: edition[4]))
        found: dict[StreamQuery, Any] = {key: self._extended(history, newer[key]) for key, history in known.items()}
        for some in claims:
            found[some] = next((holders[one] for one in some if one in holders), None)
        return found

    def _entry(self, row: Sequence[Any]) -> StreamEntry:
        """Decodes a row of an application. Raises ApplicationUnreadable."""
        try:
            return entry_of(row)
        except Exception as fault:
            self._say_unreadable("an event of an application cannot be read", row[1], row[3])
            raise ApplicationUnreadable from fault

    def _say_unreadable(self, what: str, topic: str, position: int) -> None:
        """Names the event in the log once, because every command of the stream meets the event again."""
        if position not in self.unreadable:
            self.unreadable.add(position)
            log.error(what, topic=topic, position=position)

    def _publish(self, editions: Sequence[tuple[UUID, int, str, bytes, int]]) -> None:
        """Folds new editions into the registry.

        Raises Unavailable if an edition cannot be read, because commands must not be decided with an incomplete
        registry.
        """
        for edition in editions:
            try:
                self.published.fold(*edition)
            except Exception as fault:
                self._say_unreadable("an edition of the registry cannot be read", edition[2], edition[4])
                raise Unavailable from fault

    def _extended(self, history: StreamHistory, entries: list[StreamEntry]) -> StreamHistory:
        extended = history.then(sorted(entries, key=lambda entry: entry.recorded.version))
        if extended.entries:
            self.keep(extended)
        return extended
