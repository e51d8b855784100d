"""Runs the projections: wakes on the log's notification, folds what is new, lets those wait who asked for a position.

One process projects a view at a time (an advisory lock of the session); any other stands by. A fault stops nothing for
good: the connection is made anew, the position read again.
"""

import threading
import time
from collections.abc import Collection

import psycopg
import structlog
from eventsourcing.persistence import IntegrityError, PersistenceError
from psycopg.rows import dict_row, tuple_row

from infra.metrics import EVENTS_PROJECTED, VIEW_POSITION
from infra.store.recorder import Datastore
from infra.views import (
    LOG,
    PAGE,
    VIEWS,
    ViewRecorder,
    apply,
    ensure,
    identifier,
    locked_position_of,
    position_of,
    read_page,
)
from projections.view import View

POLL_SECONDS = 0.5
"""A notification may be lost with its connection; this is the longest that one is waited for."""
BACK_OFF_SECONDS = 0.5

log = structlog.get_logger("jejak.runner")


class Runner:
    """Projects one view in a thread of its own until it is told to stop."""

    def __init__(self, view: View, conninfo: str) -> None:
        self.view = view
        self.conninfo = conninfo
        self.stopping = threading.Event()
        self.thread = threading.Thread(target=self._run, name=f"project {view.name}", daemon=True)
        self.fault: str | None = None
        self.datastore = Datastore(conninfo, schema="views", pool_size=1)
        self.recorder = ViewRecorder(self.datastore)

    def start(self) -> None:
        self.thread.start()

    def stop(self) -> None:
        self.stopping.set()
        if self.thread.ident is not None:
            self.thread.join(timeout=5)
        self.datastore.close()

    def _run(self) -> None:
        while not self.stopping.is_set():
            try:
                self._follow()
            except (psycopg.Error, PersistenceError) as fault:
                self.fault = type(fault).__name__
                log.warning("projection interrupted", view=self.view.name, fault=self.fault)
                self.stopping.wait(BACK_OFF_SECONDS)
            except Exception as fault:
                self.fault = type(fault).__name__
                log.exception("projection stopped by an event it cannot fold", view=self.view.name)
                return

    def _follow(self) -> None:
        """Holds a connection that listens; each turn folds all there is, then waits."""
        with psycopg.connect(self.conninfo, autocommit=True, row_factory=dict_row) as connection:
            ensure(self.view, connection)
            while not self._leads(connection):
                if self.stopping.wait(POLL_SECONDS):
                    return
            connection.execute("LISTEN stored_events")
            while not self.stopping.is_set():
                while self.step():
                    if self.stopping.is_set():
                        return
                self.fault = None
                if not list(connection.notifies(timeout=POLL_SECONDS, stop_after=1)):
                    ensure(self.view, connection)  # a view that was dropped in a quiet hour is made anew, too

    def _leads(self, connection: psycopg.Connection[dict[str, bool]]) -> bool:
        row = connection.execute(
            "SELECT pg_try_advisory_lock(hashtext(%s)) AS leads", (f"jejak project {self.view.name}",)
        ).fetchone()
        return bool(row and row["leads"])

    def step(self) -> bool:
        """One page: its rows and the position reached, in one transaction. True if there may be more."""
        with self.datastore.get_connection() as connection, connection.transaction():
            cursor = psycopg.Cursor(connection, row_factory=tuple_row)
            page = read_page(cursor, locked_position_of(self.view, cursor))
            if not page:
                return False
            try:
                self.recorder.track(connection.cursor(), self.view, page[-1][4])
            except IntegrityError:
                return True  # a rival has come as far: read the position again
            apply(self.view, identifier(self.view), cursor, page)
            connection.execute("SELECT pg_notify('views', %s)", (f"{LOG}-{self.view.name} {page[-1][4]}",))
        EVENTS_PROJECTED.labels(self.view.name).inc(len(page))
        VIEW_POSITION.labels(self.view.name).set(page[-1][4])
        return len(page) == PAGE


def runners(conninfo: str) -> list[Runner]:
    return [Runner(view, conninfo) for view in VIEWS.values()]


def wait_until_caught_up(
    conninfo: str, *, views: Collection[View] = tuple(VIEWS.values()), seconds: float = 3600.0
) -> None:
    """Returns when each of `views` has passed the end of the log as it is now. Raises TimeoutError."""
    deadline = time.monotonic() + seconds
    with psycopg.connect(conninfo, autocommit=True) as connection, connection.cursor() as cursor:
        for view in views:
            ensure(view, connection)  # the runners may not have come so far
        cursor.execute("SELECT coalesce(max(notification_id), 0) FROM stored_events")
        row = cursor.fetchone()
        end = int(row[0]) if row else 0
        while any(position_of(view, cursor) < end for view in views):
            if time.monotonic() > deadline:
                raise TimeoutError("the views did not catch up with the log")
            time.sleep(0.02)
