"""Library baseline: appends and projects events with only the library `eventsourcing`.

The library's recorder appends one event at a time.
"""

import time
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from itertools import cycle

import orjson
import psycopg
from eventsourcing.persistence import Notification, StoredEvent, Tracking
from eventsourcing.postgres import PostgresApplicationRecorder, PostgresDatastore, PostgresTrackingRecorder
from psycopg.conninfo import conninfo_to_dict
from psycopg.sql import SQL

from infra.eventstore.identifiers import new_application_id

SCHEMA = "stock"
PLAUSIBLE = 500
"""If the baseline is below this number of appends per second, the result is not valid.

Every idle machine on which we ran the benchmark was at least this fast.
"""


@contextmanager
def datastore(conninfo: str, *, schema: str = SCHEMA) -> Iterator[PostgresDatastore]:
    """Yields a datastore that has the default settings of the library.

    `conninfo` must name the owner of the database.
    """
    with psycopg.connect(conninfo, autocommit=True) as connection:
        connection.execute(f"CREATE SCHEMA IF NOT EXISTS {SCHEMA}")
    given = conninfo_to_dict(conninfo)
    store = PostgresDatastore(
        dbname=str(given["dbname"]),
        host=str(given["host"]),
        port=str(given["port"]),
        user=str(given["user"]),
        password=str(given.get("password", "")),
        connect_timeout=30,
        idle_in_transaction_session_timeout=5,
        pool_size=5,
        max_overflow=10,
        schema=schema,
    )
    try:
        yield store
    finally:
        store.close()


def recorder(store: PostgresDatastore) -> PostgresApplicationRecorder:
    """Returns a recorder of the library, which writes to the table `stock_events`."""
    made = PostgresApplicationRecorder(store, events_table_name="stock_events")
    made.create_table()
    return made


def renamed(lives: Sequence[Sequence[StoredEvent]]) -> Iterator[StoredEvent]:
    """Yields stored events for many applications. `lives` has a list of events for each of a few applications.

    The events of these few applications are yielded again and again, each time with a new stream id. The events are
    already encoded, so the encoding is not measured.
    """
    for life in cycle(lives):
        stream = new_application_id()
        for row in life:
            yield StoredEvent(stream, row.originator_version, row.topic, row.state)


def appended_per_second(
    conninfo: str, lives: Sequence[Sequence[StoredEvent]], *, threads: int, seconds: float
) -> float:
    """Appends the events of `lives` again and again from several threads. Returns the number of events per second."""
    with datastore(conninfo) as store:
        into = recorder(store)

        def save_until(end: float) -> int:
            saved = 0
            for row in renamed(lives):
                into.insert_events([row])
                saved += 1
                if time.monotonic() >= end:
                    break
            return saved

        begun = time.monotonic()
        with ThreadPoolExecutor(threads) as pool:
            saved = sum(pool.map(save_until, [begun + seconds] * threads))
        return saved / (time.monotonic() - begun)


class View(PostgresTrackingRecorder):
    """A projection that is written as in the library's documentation. Each event is projected in its own transaction.

    The transaction inserts or updates one row of the view, and inserts one tracking row.
    """

    def __init__(self, store: PostgresDatastore) -> None:
        super().__init__(store, tracking_table_name="stock_tracking")
        self.sql_create_statements.append(SQL(TABLE).format())

    def project(self, row: Notification) -> None:
        state = orjson.loads(row.state)
        with self.datastore.transaction(commit=True) as cursor:
            self._insert_tracking(cursor, Tracking("stock", row.id))
            cursor.execute(UPSERT, (row.originator_id, row.originator_version, row.topic, state["at"]), prepare=True)


TABLE = """CREATE TABLE IF NOT EXISTS stock.stock_view (id uuid PRIMARY KEY, version bigint, topic text, at text)"""
UPSERT = """INSERT INTO stock.stock_view VALUES (%s, %s, %s, %s) ON CONFLICT (id)
DO UPDATE SET version = EXCLUDED.version, topic = EXCLUDED.topic, at = EXCLUDED.at"""
PAGE = 500


def projected_per_second(conninfo: str, seconds: float) -> float:
    """Projects the log from its first event. Returns the number of events per second.

    The projection stops after `seconds`, or earlier if the log has no more events.
    """
    with datastore(conninfo) as store, datastore(conninfo, schema="public") as log:
        view = View(store)
        view.create_table()
        rows = PostgresApplicationRecorder(log, events_table_name="stored_events")
        events, position, begun = 0, 0, time.monotonic()
        while page := rows.select_notifications(position + 1, PAGE):
            for row in page:
                view.project(row)
                events += 1
                if time.monotonic() - begun >= seconds:
                    return events / (time.monotonic() - begun)
            position = page[-1].id
        return events / (time.monotonic() - begun)
