"""Recorder: this module extends the library's PostgreSQL recorder.

The recorder appends events with a database function. The database function `append_events` takes several `Save`
objects, and reports an outcome for each of them. The serving role cannot insert rows into `stored_events`. This role
can only select from the table and call the function. The library has two ways to insert events, but Jejak uses neither
of them. The default way is LOCK TABLE and INSERT. The other way is a database function of the library, which the
setting POSTGRES_ENABLE_DB_FUNCTIONS enables. With this function, readers can miss events.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from itertools import groupby, repeat
from typing import Any, cast
from uuid import UUID

from eventsourcing.persistence import IntegrityError, PersistenceError, StoredEvent
from eventsourcing.postgres import ConnectionPool, PostgresApplicationRecorder, PostgresDatastore
from psycopg import Connection, Cursor
from psycopg.rows import DictRow, dict_row, tuple_row

from infra.postgres.connections import PING_SECONDS, WORK_SECONDS, LimitedConnection, NoAnswer, limited
from infra.postgres.pool import ASK_SECONDS, RECONNECT_SECONDS

__all__ = ["Datastore", "PersistenceError", "Recorder", "Save", "SaveOutcome"]

APPEND = """
SELECT save, outcome, first_position, recorded_at
FROM append_events(%b::integer[], %b::uuid[], %b::bigint[], %b::text[], %b::bytea[],
                   %b::integer[], %b::bytea[], %b::uuid[])
ORDER BY save
"""


@dataclass(frozen=True, slots=True)
class Save:
    """Events that are stored together or not at all. `claims` are values that must be unique in the log.

    `owners` contains the stream of each unique value. This field is needed only if the events belong to several
    streams. Without `owners`, all unique values belong to the stream of the first event.
    """

    events: tuple[StoredEvent, ...]
    claims: tuple[bytes, ...] = ()
    owners: tuple[UUID, ...] = ()

    def owned(self) -> Iterator[tuple[bytes, UUID]]:
        return zip(self.claims, self.owners or repeat(stream_of(self)), strict=False)


@dataclass(frozen=True, slots=True)
class SaveOutcome:
    """The outcome of a `Save`. `kind` is "stored", or the reason for a refusal: "stale" or "claimed".

    The log refuses a `Save` in two cases. In the first case (stale), the versions of its events do not follow the last
    versions in the log. In the second case (claimed), one of its unique values is already in the log. `positions` are
    the positions of the stored events. After a refusal, `positions` is empty. `recorded_at` is the time (UTC) at which
    the log stored all these events.
    """

    kind: str
    positions: tuple[int, ...]
    recorded_at: datetime | None = field(default=None, compare=False)

    @property
    def stored(self) -> bool:
        return self.kind == "stored"


class Datastore(PostgresDatastore):
    """Opens the library's datastore with a connection string."""

    def __init__(self, conninfo: str, *, pool_size: int = 4) -> None:
        super().__init__(dbname="", host="", port="", user="", password="", schema="public")
        self.pool.close()
        self.pool = ConnectionPool(
            limited(conninfo, WORK_SECONDS),
            connection_class=LimitedConnection[DictRow],
            kwargs={"row_factory": dict_row, "autocommit": True},
            min_size=1,
            max_size=pool_size,
            open=False,
            configure=self.after_connect_func(),
            timeout=2 * ASK_SECONDS,
            reconnect_timeout=RECONNECT_SECONDS,
            check=self._check,
        )

    def _check(self, connection: Connection[DictRow]) -> None:
        """Checks whether the connection still works.

        If the connection does not work, all idle connections are replaced, as in `infra.postgres.pool`.
        """
        try:
            with cast("LimitedConnection[DictRow]", connection).within(PING_SECONDS):
                ConnectionPool.check_connection(connection)
        except NoAnswer:
            self.pool.drain()
            raise


class Recorder(PostgresApplicationRecorder):
    """The library's application recorder. This class appends events with `append_events`."""

    def __init__(self, datastore: Datastore, *, events_table_name: str = "stored_events") -> None:
        super().__init__(datastore, events_table_name=events_table_name)

    def insert_events(self, stored_events: Sequence[StoredEvent], **kwargs: Any) -> Sequence[int]:  # noqa: ANN401 - the library's signature
        """Stores all events. Raises IntegrityError if the log refuses the events. The library requires this error.

        `kwargs` may contain `claims`.
        """
        if not stored_events:
            return ()
        outcome = self.append([Save(tuple(stored_events), tuple(kwargs.get("claims", ())))])[0]
        if not outcome.stored:
            raise IntegrityError(outcome.kind)
        return outcome.positions

    def append(self, saves: Sequence[Save]) -> list[SaveOutcome]:
        """Appends several `Save` objects in one transaction. Returns one outcome for each `Save`, in the same order.

        The append is a single statement in autocommit mode. So the database releases the lock of the log at once, even
        if this process reads the answer late.

        If the connection is lost, the library's OperationalError is raised. Then the events may or may not be stored,
        and the caller must read the log.
        """
        with self.datastore.get_connection() as connection:
            cursor = Cursor(connection, row_factory=tuple_row)
            rows = cursor.execute(APPEND, columns(saves), prepare=True, binary=True).fetchall()
        return outcomes(saves, rows)


def columns(saves: Sequence[Save]) -> tuple[list[Any], ...]:
    """Returns the arguments of the statement `APPEND`. Each argument is an array.

    The `Save` objects are numbered from 0.
    """
    events = [(number, event) for number, save in enumerate(saves) for event in save.events]
    claims = [(number, claim, owner) for number, save in enumerate(saves) for claim, owner in save.owned()]
    return (
        [number for number, _ in events],
        [_uuid(event) for _, event in events],
        [event.originator_version for _, event in events],
        [event.topic for _, event in events],
        [event.state for _, event in events],
        [number for number, _, _ in claims],
        [claim for _, claim, _ in claims],
        [owner for _, _, owner in claims],
    )


def outcomes(saves: Sequence[Save], rows: Sequence[tuple[Any, ...]]) -> list[SaveOutcome]:
    """Reads the answer to the statement `APPEND`. Returns one outcome for each `Save`, in the same order.

    The events of one `Save` have consecutive positions.
    """
    return [
        SaveOutcome(kind, tuple(range(first, first + len(save.events))) if kind == "stored" else (), recorded_at)
        for save, (_, kind, first, recorded_at) in zip(saves, rows, strict=True)
    ]


def stream_of(save: Save) -> UUID:
    """Returns the stream of the first event."""
    return _uuid(save.events[0])


def by_stream(save: Save) -> Iterator[tuple[UUID, Iterator[StoredEvent]]]:
    """Yields each stream of a save with its events. The events of one stream are consecutive."""
    return groupby(save.events, key=_uuid)


def _uuid(event: StoredEvent) -> UUID:
    return event.originator_id if isinstance(event.originator_id, UUID) else UUID(event.originator_id)
