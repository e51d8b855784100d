"""Runner: a runner keeps one shard of a view up to date. It folds new events, and publishes its position.

The runners of a process form a group: one thread reads and folds for all views (infra/projector/group.py).

Only one process at a time projects a shard. This process has an advisory lock in its database session. All other
processes wait for the lock. After a database fault, the runner connects again and reads its position again.

If another release made the view's table, the runner does not write into this table. It replaces the table of an older
release (infra/projector/rebuild.py), and waits while the table belongs to a newer release.

If an event cannot be folded, only this view stops. The table `views.stopped` names the event. The runner tries to fold
the event again and again. The view continues after a corrected release is installed, or after the view is rebuilt.
"""

import threading
import time
from collections import defaultdict
from collections.abc import Collection, Iterator, Sequence
from contextlib import contextmanager
from typing import Any

import psycopg
import structlog
from psycopg.rows import dict_row

from infra.postgres.connections import connect
from infra.postgres.databases import for_derived
from infra.projector import definitions
from infra.projector.checkpoints import (
    clear_stopped,
    ensure,
    is_missing,
    log_end,
    position_of,
    positions_of,
    record_stopped,
    reshard,
)
from infra.projector.fold import Poisoned, Shard
from infra.projector.group import POLL_SECONDS, Member, RunnerGroup
from infra.projector.rebuild import upgrade
from infra.projector.step import OtherVersion, Resharded, Steps
from infra.projector.views import VIEWS
from infra.service import BackgroundService, ServiceLimits
from projections.view import View

LIMITS = ServiceLimits(back_off_seconds=0.5, back_off_max_seconds=5.0)
ALONE_SECONDS = 0.05
"""A runner that has folded all events pauses for this number of seconds while the group is far behind."""
POISON_SECONDS = 5.0
"""After this number of seconds, the runner of a stopped view tries to fold the event again."""

log = structlog.get_logger("jejak.runner")


class NoSuchShard(Exception):
    """A view has no shard with this number. The message names the allowed numbers."""


class Stopping(Exception):
    """The runner was told to stop while it rebuilds a view. The next runner continues the rebuild."""


EXPECTED = (psycopg.Error, OtherVersion, Stopping)


class Runner:
    """Projects one shard of a view in a separate thread until `stop` is called.

    The thread uses one connection for the lock, for notifications and for writing. `infra.postgres.listener.Listener`
    is not used here, because a listener needs a separate connection.
    """

    def __init__(
        self, view: View, conninfo: str, *, number: int = 0, of: int = 1, group: RunnerGroup | None = None
    ) -> None:
        self.view = view
        self.group = group or RunnerGroup()
        self.shard = Shard(view, number, of)
        self.conninfo = for_derived(conninfo)
        self.stopping = threading.Event()
        self.thread = threading.Thread(target=self._run, name=f"project {self.shard.name}", daemon=True)
        self.service = BackgroundService(f"view {self.shard.name}", LIMITS, expected=EXPECTED, fatal=(Resharded,))
        self.fault: str | None = None
        self.is_projecting = False

    def start(self) -> None:
        self.thread.start()

    def stop(self) -> None:
        self.stopping.set()
        if self.thread.ident is not None:
            self.thread.join(timeout=5)

    def _run(self) -> None:
        self.service.run(self.stopping, self._follow)

    def _follow(self) -> None:
        """Opens a connection and takes the lock. Folds all new events, and then takes part in the group."""
        with connect(self.conninfo, autocommit=True, row_factory=dict_row) as connection:
            ensure(self.view, connection)
            self._upgrade(connection)
            while not self._leads(connection):
                self.service.alive()
                if self.stopping.wait(POLL_SECONDS):
                    return
            steps = Steps(self.shard, connection)
            member = Member(steps, self.service, self.stopping, lambda: self._caught_up(connection))
            while not self.stopping.is_set():
                try:
                    if self._is_near_the_group(member):
                        self.group.take_part(member, connection)
                        steps.write()
                except Poisoned as poisoned:
                    self._record_poisoned(poisoned, connection)
                steps.forget()  # another process may have moved the position, or divided the view again
                if is_missing(self.view, connection):  # an operator may have dropped the view
                    ensure(self.view, connection)

    def _is_near_the_group(self, member: Member) -> bool:
        """Folds alone until the group has a place for this runner. Returns False if the runner must begin again.

        A runner that has stopped at an event also folds alone, until it has folded all events. Raises Poisoned.
        """
        steps = member.steps
        while member.is_faulty or not self.group.has_place(steps.begin()):
            if not steps.step():
                member.is_faulty = False
                member.caught_up()
                return not self.stopping.wait(ALONE_SECONDS) and self.group.has_place(steps.begin())
            self.service.alive()
            if self.stopping.is_set():
                return False
        return True

    def _upgrade(self, connection: psycopg.Connection[Any]) -> None:
        """Rebuilds the view if an older release made the table. Raises OtherVersion if this release still does not own
        the table.
        """
        if definitions.is_own(self.view, connection):
            return
        try:
            is_own = upgrade(self.view, self.conninfo, progress_of=self._go_on)
        except Poisoned as poisoned:
            self._record_poisoned(poisoned, connection)
            is_own = False
        if not is_own:
            raise OtherVersion(f"another release made the view {self.view.name}, or another process upgrades the view")
        log.info("view upgraded", view=self.view.name, version=self.view.version)

    def _go_on(self, *_: int) -> None:
        self.service.alive()
        if self.stopping.is_set():
            raise Stopping

    def _leads(self, connection: psycopg.Connection[dict[str, bool]]) -> bool:
        row = connection.execute(
            "SELECT pg_try_advisory_lock(hashtext(%s)) AS leads", (f"jejak project {self.shard.name}",)
        ).fetchone()
        return bool(row and row["leads"])

    def _record_poisoned(self, poisoned: Poisoned, connection: psycopg.Connection[dict[str, bool]]) -> None:
        if self.fault is None:
            log.error("projection stopped by an event that it cannot fold", view=self.shard.name, why=str(poisoned))
        self.fault, self.is_projecting = poisoned.fault, False
        record_stopped(self.shard, poisoned, connection)
        self.service.alive()
        self.stopping.wait(POISON_SECONDS)

    def _caught_up(self, connection: psycopg.Connection[dict[str, bool]]) -> None:
        """Deletes the stored fault of the shard. The fault may have occurred in an earlier process."""
        self.service.succeeded()
        if not self.is_projecting:
            clear_stopped(self.shard, connection)
        self.fault, self.is_projecting = None, True


def ensure_views(conninfo: str) -> None:
    """Makes the missing tables of all views. New tables are empty. Call this function when Jejak starts.

    Each view answers again when it has reached the present end of the log.
    """
    with connect(conninfo, autocommit=True) as connection:
        for view in VIEWS.values():
            ensure(view, connection)
            definitions.start(view, connection)


def runners(conninfo: str, *, shards: int | None = None, numbers: Collection[int] = ()) -> list[Runner]:
    """Returns one runner for each shard of each view. If `numbers` is given, returns only the runners of these shards.

    If `shards` is given, every view is first divided into this number of shards. The new shards apply to all processes.
    Raises NoSuchShard.
    """
    ensure_views(conninfo)
    with connect(conninfo, autocommit=True) as connection:
        for view in VIEWS.values():
            if shards:
                reshard(view, shards, connection)
        shard_counts = {view.name: len(positions_of(view, connection.cursor())) for view in VIEWS.values()}
    for name, count in shard_counts.items():
        if numbers and max(numbers) >= count:
            raise NoSuchShard(
                f"--shard {max(numbers)}: the number must be from 0 to {count - 1}, because the view {name} has {count}"
                " shards (`--shards N` divides the views again)"
            )
    groups = defaultdict[tuple[int, int], RunnerGroup](RunnerGroup)
    return [
        Runner(view, conninfo, number=number, of=shard_counts[view.name], group=groups[number, shard_counts[view.name]])
        for view in VIEWS.values()
        for number in range(shard_counts[view.name])
        if not numbers or number in numbers
    ]


def wait_until_caught_up(
    conninfo: str, *, views: Collection[View] = tuple(VIEWS.values()), seconds: float = 3600.0
) -> None:
    """Waits until each of `views` has folded all events that are in the log at the time of the call.

    Raises TimeoutError if the views do not catch up within `seconds`.
    """
    deadline = time.monotonic() + seconds
    with connect(conninfo, autocommit=True) as connection, connection.cursor() as cursor:
        for view in views:
            ensure(view, connection)  # the runners may not have started yet
        end = log_end(connection)
        while any(position_of(view, cursor) < end for view in views):
            if time.monotonic() > deadline:
                raise TimeoutError("the views did not catch up with the log")
            time.sleep(0.02)


@contextmanager
def projecting(conninfo: str, shards: int | None = None, numbers: Sequence[int] = ()) -> Iterator[list[Runner]]:
    """Runs the projections in this process. While another process runs the projections, this process stands by.

    `conninfo` belongs to the serving role.
    """
    started = runners(conninfo, shards=shards, numbers=numbers)
    for runner in started:
        runner.start()
    try:
        yield started
    finally:
        for runner in started:
            runner.stop()
