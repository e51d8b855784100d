"""Library baseline: the unchanged recorder of `eventsourcing` with one event per save, and a library projection."""

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
"""The lowest plausible baseline, in appends per second. Every idle machine reached this value."""


@contextmanager
def datastore(conninfo: str, *, schema: str = SCHEMA) -> Iterator[PostgresDatastore]:
    """Yields a datastore with the defaults of the library's factory.

    `conninfo` connects as the owner of the database.
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
    """Returns the library's recorder over a table `stock_events`."""
    made = PostgresApplicationRecorder(store, events_table_name="stock_events")
    made.create_table()
    return made


def renamed(lives: Sequence[Sequence[StoredEvent]]) -> Iterator[StoredEvent]:
    """Yields the rows of `lives` again and again, each life with a new stream id.

    The contents of the rows are made before the measurement, so this work is not measured.
    """
    for life in cycle(lives):
        stream = new_application_id()
        for row in life:
            yield StoredEvent(stream, row.originator_version, row.topic, row.state)


def appended_per_second(
    conninfo: str, lives: Sequence[Sequence[StoredEvent]], *, threads: int, seconds: float
) -> float:
    """Appends `lives` again and again from several threads. Returns events per second."""
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
    """A projection as in the library's documentation. Each event has a separate transaction.

    The transaction writes one row of the view by an upsert, and one tracking row.
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
    """Projects the log from its beginning, for `seconds` or until the end of the log. Returns events per second."""
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
