"""Group: the runners of a process read the log together, so each page of the log is read and decoded once.

One runner leads: its thread waits for new events, and folds them for all runners of the group. The threads of the other
runners sleep. The leader sends every runner back to its own thread if nothing happens for a while, if the leader stops,
or if the database fails. It sends a single runner back if this runner cannot fold an event, or if another process has
written its position. In its own thread, a runner looks at its table and its position. If a runner is
far away from the position of the group, it folds alone until it is near.
"""

import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import psycopg
from psycopg.rows import tuple_row

from domain.application.events import Recorded
from infra.projector.fold import PAGE, AnyCursor, LogPage, Poisoned, read_page
from infra.projector.step import Steps
from infra.service import BackgroundService

POLL_SECONDS = 0.5
"""The leader waits at most this number of seconds for a notification.

If a connection is lost, a notification may be lost too.
"""
QUIET_POLLS = 4
"""After this number of waits without an event, all runners look at their tables and positions."""
WRITE_SECONDS = {"desk": 0.02, "statistics": 0.2, "satisfaction": 0.2}
"""A view folds and stores new events at most once in this number of seconds. So the events of several commands are
folded together, and one statement stores them.

An officer does not notice 20 ms. The view `progress`, which citizens read, is stored at once.
"""


@dataclass(slots=True, eq=False)
class Member:
    """A runner in a group. `stopping` is set when the runner must stop. `caught_up` is called after the runner has
    folded all events.
    """

    steps: Steps
    service: BackgroundService
    stopping: threading.Event
    caught_up: Callable[[], None]
    released: threading.Event = field(default_factory=threading.Event)
    is_faulty: bool = False
    """Whether the runner failed in the group. Then it must fold alone until it has caught up."""
    folded_at: float = 0.0
    waiting: LogPage | None = None
    """The events that were read and are not folded yet."""

    def due_in(self, now: float) -> float:
        """Returns the number of seconds until the events may be folded. Returns 0 if they may be folded now."""
        return max(self.folded_at + WRITE_SECONDS.get(self.steps.shard.view.name, 0.0) - now, 0.0)

    @property
    def read_to(self) -> int:
        """The position up to which the events were read."""
        return self.waiting.events[-1][4] if self.waiting else self.steps.folded

    @property
    def is_written(self) -> bool:
        """Whether every event that was read is folded and stored."""
        return self.waiting is None and self.steps.is_written

    def take(self, page: LogPage) -> LogPage:
        """Returns the waiting events, followed by the events of the page. Then no event waits."""
        taken, self.waiting = (self.waiting.followed_by(page) if self.waiting else page), None
        return taken


class RunnerGroup:
    """The runners of one process that project the same shard of their views."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._is_led = False
        self._members: list[Member] = []
        self._quiet = 0
        """The number of waits without an event, in a row."""
        self._decoded: dict[int, Recorded] = {}
        """The decoded events that a member may still need, by position."""

    def has_place(self, position: int) -> bool:
        """Returns whether a runner at this position may take part. The members of a group are at near positions."""
        with self._lock:
            folded = [member.steps.folded for member in self._members]
        return not folded or abs(min(folded) - position) <= PAGE

    def take_part(self, member: Member, connection: psycopg.Connection[Any]) -> None:
        """Folds new events together with the group. Returns when the runner must go on alone.

        `connection` is the runner's own connection, in autocommit mode. The thread that calls this method leads the
        group if no other thread leads.
        """
        member.released.clear()
        member.waiting = None
        with self._lock:
            leads = not self._is_led
            self._is_led = True
            self._members.append(member)
        if not leads:
            member.released.wait()  # the watch of the services ends the process if the leader hangs
            return
        try:
            self._lead(member, connection)
        finally:
            with self._lock:
                self._is_led = False
                for other in self._members:
                    other.released.set()
                self._members.clear()

    def _lead(self, leader: Member, connection: psycopg.Connection[Any]) -> None:
        connection.execute("LISTEN stored_events")
        self._quiet = 0
        self._decoded.clear()
        try:
            while self._pass(leader, connection):
                pass
        except BaseException:
            for member in self._now():
                member.steps.forget()
            raise
        connection.execute("UNLISTEN stored_events")

    def _pass(self, leader: Member, connection: psycopg.Connection[Any]) -> bool:
        """Folds one page for all members, and waits for the next events. Returns False if the leader must go on alone.

        If nothing has happened for a while, the leader goes on alone too.
        """
        cursor = psycopg.Cursor(connection, row_factory=tuple_row)
        members = self._now()
        page = read_page(leader.steps.shard, cursor, min(member.read_to for member in members), PAGE)
        is_full = len(page) == PAGE
        shared = LogPage(page, self._decoded)
        for member in members:
            self._fold(member, shared, cursor, is_full=is_full)
        if len(self._decoded) > PAGE:
            folded = min((member.steps.folded for member in self._now()), default=0)
            for position in [position for position in self._decoded if position <= folded]:
                del self._decoded[position]
        if leader.stopping.is_set() or leader.released.is_set():
            return False
        if is_full:
            return True
        now = time.monotonic()
        waits = [member.due_in(now) for member in self._now() if not member.is_written]
        notified = list(connection.notifies(timeout=min(waits, default=POLL_SECONDS), stop_after=1))
        self._quiet = 0 if notified or waits else self._quiet + 1
        return self._quiet < QUIET_POLLS

    def _fold(self, member: Member, page: LogPage, cursor: AnyCursor, *, is_full: bool) -> None:
        """Folds a page for one member and stores the rows, if the member is due. If this fails, releases the member."""
        now, steps = time.monotonic(), member.steps
        events = member.take(page)
        try:
            if is_full or len(events.events) >= PAGE or not member.due_in(now):
                steps.fold(events, cursor)
                if not steps.is_written and not is_full:  # after a long read, the last events are folded at once
                    member.folded_at = now
                steps.write(cursor)
            elif events.events:
                member.waiting = events
            if not is_full and member.is_written:
                member.caught_up()
        except (Poisoned, psycopg.ProgrammingError):  # for example, an operator has dropped the table
            member.is_faulty = True
            steps.forget()
        member.service.alive()
        if steps.known is None or member.stopping.is_set():
            with self._lock:
                self._members.remove(member)
            member.released.set()

    def _now(self) -> list[Member]:
        with self._lock:
            return list(self._members)
