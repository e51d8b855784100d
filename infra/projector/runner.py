"""Runs the projections: wakes on the log's notification, folds what is new, lets those wait who asked for a position.

One process projects a shard of a view at a time (an advisory lock of the session); any other stands by. A fault stops
nothing for good: the connection is made anew, the position read again. An event that cannot be folded stops its view
alone, is named in `views.stopped`, and tried again until a fix or a rebuild lets the view go on.
"""

import threading
import time
from collections.abc import Collection

import psycopg
import structlog
from psycopg.rows import dict_row

from infra.postgres.databases import for_derived
from infra.projector.checkpoints import cut, ensure, go_on, is_missing, position_of, positions_of, stop
from infra.projector.fold import Poisoned, Shard
from infra.projector.step import Steps
from infra.projector.views import VIEWS
from projections.view import View

POLL_SECONDS = 0.5
"""A notification may be lost with its connection; this is the longest that one is waited for."""
BACK_OFF_SECONDS = 0.5
REST_SECONDS = {"desk": 0.02, "statistics": 0.2, "satisfaction": 0.2}
"""Between two pages that were not full: a page then tells what many commands did. An officer does not notice 20 ms; a
citizen's view does not rest at all.
"""
POISON_SECONDS = 5.0
"""How long a view that is stopped by an event waits before it tries that event again."""

log = structlog.get_logger("jejak.runner")


class Runner:
    """Projects one shard of a view in a thread of its own until it is told to stop."""

    def __init__(self, view: View, conninfo: str, *, number: int = 0, of: int = 1) -> None:
        self.view = view
        self.shard = Shard(view, number, of)
        self.conninfo = for_derived(conninfo)
        self.stopping = threading.Event()
        self.thread = threading.Thread(target=self._run, name=f"project {self.shard.name}", daemon=True)
        self.fault: str | None = None
        self.well = False

    def start(self) -> None:
        self.thread.start()

    def stop(self) -> None:
        self.stopping.set()
        if self.thread.ident is not None:
            self.thread.join(timeout=5)

    def _run(self) -> None:
        while not self.stopping.is_set():
            try:
                self._follow()
            except psycopg.Error as fault:
                self.fault = type(fault).__name__
                log.warning("projection interrupted", view=self.shard.name, fault=self.fault)
                self.stopping.wait(BACK_OFF_SECONDS)
            except Exception as fault:
                self.fault = type(fault).__name__
                log.exception("projection ended", view=self.shard.name)
                return

    def _follow(self) -> None:
        """Holds one connection, which leads, listens and writes; each turn folds all there is, then waits."""
        with psycopg.connect(self.conninfo, autocommit=True, row_factory=dict_row) as connection:
            ensure(self.view, connection)
            while not self._leads(connection):
                if self.stopping.wait(POLL_SECONDS):
                    return
            connection.execute("LISTEN stored_events")
            steps = Steps(self.shard, connection)
            while not self.stopping.is_set():
                try:
                    while steps.step():
                        if self.stopping.is_set():
                            return
                except Poisoned as poisoned:
                    self._stand_still(poisoned, connection)
                else:
                    self._go_on(connection)
                    self.stopping.wait(REST_SECONDS.get(self.view.name, 0))
                if not list(connection.notifies(timeout=POLL_SECONDS, stop_after=1)):
                    steps.known = None  # in a quiet hour it may have been moved, or cut
                    if is_missing(self.view, connection):  # or dropped: made anew, too
                        ensure(self.view, connection)

    def _leads(self, connection: psycopg.Connection[dict[str, bool]]) -> bool:
        row = connection.execute(
            "SELECT pg_try_advisory_lock(hashtext(%s)) AS leads", (f"jejak project {self.shard.name}",)
        ).fetchone()
        return bool(row and row["leads"])

    def _stand_still(self, poisoned: Poisoned, connection: psycopg.Connection[dict[str, bool]]) -> None:
        if self.fault is None:
            log.error("projection stopped by an event it cannot fold", view=self.shard.name, why=str(poisoned))
        self.fault, self.well = poisoned.fault, False
        stop(self.shard, poisoned, connection)
        self.stopping.wait(POISON_SECONDS)

    def _go_on(self, connection: psycopg.Connection[dict[str, bool]]) -> None:
        """Whatever stopped it, here or in a process before this one, is over."""
        if not self.well:
            go_on(self.shard, connection)
        self.fault, self.well = None, True


def lay_out(conninfo: str) -> None:
    """The tables of all views, empty where they are missing."""
    with psycopg.connect(conninfo, autocommit=True) as connection:
        for view in VIEWS.values():
            ensure(view, connection)


def runners(conninfo: str, *, shards: int | None = None, numbers: Collection[int] = ()) -> list[Runner]:
    """One for each shard of each view, or for those of `numbers`. `shards` cuts the views anew, for all processes."""
    lay_out(conninfo)
    with psycopg.connect(conninfo, autocommit=True) as connection:
        for view in VIEWS.values():
            if shards:
                cut(view, shards, connection)
        cuts = {view.name: len(positions_of(view, connection.cursor())) for view in VIEWS.values()}
    return [
        Runner(view, conninfo, number=number, of=cuts[view.name])
        for view in VIEWS.values()
        for number in range(cuts[view.name])
        if not numbers or number in numbers
    ]


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
