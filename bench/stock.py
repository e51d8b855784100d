"""The baseline of the library alone: its recorder as it comes, one event a save, and its kind of projection."""

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
"""Appends a second: less was never seen on a machine that had nothing else to do."""


@contextmanager
def datastore(conninfo: str, *, schema: str = SCHEMA) -> Iterator[PostgresDatastore]:
    """As the library's factory makes it by default. `conninfo`: the owner's."""
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
    made = PostgresApplicationRecorder(store, events_table_name="stock_events")
    made.create_table()
    return made


def renamed(lives: Sequence[Sequence[StoredEvent]]) -> Iterator[StoredEvent]:
    """The same rows under ids of their own, without end: as large, and nothing to make when they are wanted."""
    for life in cycle(lives):
        stream = new_application_id()
        for row in life:
            yield StoredEvent(stream, row.originator_version, row.topic, row.state)


def appended_per_second(
    conninfo: str, lives: Sequence[Sequence[StoredEvent]], *, threads: int, seconds: float
) -> float:
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
    """What the library's documentation shows: one event, one transaction, one upsert and the tracking row."""

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
    """The log that is there, from its beginning, for so long or to its end."""
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
