"""Scheduled jobs send commands that become due as time passes. One job records deemed approvals: the law grants an
application if nobody decides in time. One job moves promises after a new calendar edition. One job lets payment
requests expire.

A job searches the desk view for files that may need a command, and sends a command for each of these files. Only the
command handler decides whether the command is carried out. The identity of the command is made from the job and its
subject (docs/event-format.md, Commands and digests). So each act is stored only once, even if a job runs late, runs
twice, runs twice at the same time, or is killed. If the command handler refuses a command, the job does nothing more.
"""

import asyncio
import time
from collections.abc import AsyncIterator, Callable, Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Protocol
from uuid import UUID

import structlog

from domain.application.outcomes import promise_now, silence_grants_at
from domain.json_values import parse_instant
from domain.provenance import Promise
from domain.refusals import Refusal
from domain.registry.editions import CalendarPublished
from domain.registry.registry import Registry
from projections import desk
from projections.desk import DeskRow
from service_layer.faults import Unavailable
from service_layer.handlers.commands import CommandHandler
from service_layer.requests import CommandRequest
from service_layer.system_acts import (
    DEEM_APPROVED,
    EXPIRE_PAYMENT,
    MOVE_PROMISE,
    deem_approved_request,
    expire_payment_request,
    move_promise_request,
)

AT_ONCE = 8
SETTLED = timedelta(seconds=10)
"""A command may be decided just before this process first sees a new calendar edition. After this duration, such a
command has ended (see `retries.SECONDS_MAX`).
"""
COMMANDS_PER_SECOND = 500
"""A job sends at most this number of commands in a second. So the job does not delay requests from the service
counters.
"""

log = structlog.get_logger("jejak.scheduler")


class DueFiles(Protocol):
    """Queries for files of the desk view that may need a command of a job. The files are read page by page. Every
    method may raise Unavailable.
    """

    async def registry(self) -> Registry:
        """Returns the current registry."""
        ...

    async def log_end(self) -> int:
        """Returns the position of the newest event, or 0 if the log is empty."""
        ...

    def silent(self, now: datetime, standards: Sequence[tuple[str, int]]) -> AsyncIterator[list[DeskRow]]:
        """Yields undecided files with a promised date before `now`. The query finds only files of the services and
        standards in `standards`. Each item of `standards` is the code of a service and the number of a standard.
        """
        ...

    def outdated(self, editions: Collection[str]) -> AsyncIterator[list[DeskRow]]:
        """Yields undecided files with an outdated promised date: this date was computed with a calendar edition that is
        not in `editions`.
        """
        ...

    def not_counted_by(self, edition: CalendarPublished) -> AsyncIterator[list[DeskRow]]:
        """Yields undecided files of the offices to which a calendar edition applies. The promised date of these files
        was computed without this edition, and is on or after the first day of this edition.
        """
        ...

    async def is_current(self) -> bool:
        """Returns whether the desk view has reached the end of the log."""
        ...

    def unpaid(self, now: datetime) -> AsyncIterator[list[DeskRow]]:
        """Yields files with a payment request that expired before `now`."""
        ...


class JobMeter(Protocol):
    """Counts what the jobs do."""

    def command(self, job: str, outcome: str) -> None: ...
    def passed(self, job: str) -> None:
        """Records that the job has completed a pass."""
        ...


@dataclass(frozen=True, slots=True)
class Errand:
    """One system act on an application."""

    application: UUID
    request: CommandRequest


@dataclass(slots=True)
class PassTally:
    """Counts the commands of one pass of a job. `done` counts the commands that are new in the log. `known` counts the
    commands that were already in the log. `failed` counts the commands that raised an unexpected error. The log of the
    process shows the error.
    """

    done: int = 0
    known: int = 0
    refused: int = 0
    failed: int = 0

    def __str__(self) -> str:
        return f"{self.done} done, {self.known} known, {self.refused} refused, {self.failed} failed"


class Jobs:
    """The jobs of one installation. `now` returns the current time in UTC."""

    def __init__(
        self,
        commands: CommandHandler,
        due_files: DueFiles,
        meter: JobMeter,
        now: Callable[[], datetime] = lambda: datetime.now(UTC),
    ) -> None:
        self.commands = commands
        self.due_files = due_files
        self.meter = meter
        self.now = now
        self.by_name: dict[str, Callable[[PassTally], AsyncIterator[list[Errand]]]] = {
            MOVE_PROMISE: self.outdated,
            EXPIRE_PAYMENT: self.unpaid,
            DEEM_APPROVED: self.silent,
        }
        """The order of the jobs matters. Promises are moved before deemed approvals are recorded, because a deemed
        approval needs the current promised date.
        """
        self.first_seen: dict[str, datetime] = {}
        self.swept: set[str] = set()
        """`first_seen` is the time at which this process first saw each local calendar edition. `swept` lists the local
        editions that this process has swept (see `_unswept`).
        """
        self.unmoved: dict[UUID, tuple[int, tuple[str, ...]]] = {}
        """A cache of applications for which the promised date did not move. It maps each application to its version and
        to the calendar editions at that time. While the version and the editions stay the same, the date is not
        computed again.
        """

    async def run(self, name: str, advance: Callable[[int], None] = lambda _: None) -> PassTally:
        """Runs one pass of a job. Raises Unavailable. Raises UndefinedTable of psycopg if the desk view does not
        exist.
        """
        tally, begun, sent, end = PassTally(), time.monotonic(), 0, await self.due_files.log_end()
        async for errands in self.by_name[name](tally):
            for first in range(0, len(errands), AT_ONCE):
                some = errands[first : first + AT_ONCE]
                faults = await asyncio.gather(
                    *(self.do(name, errand, end, tally) for errand in some), return_exceptions=True
                )
                for fault in faults:
                    if fault:
                        raise fault
                sent += len(some)
                advance(len(some))
                await asyncio.sleep(max(0.0, begun + sent / COMMANDS_PER_SECOND - time.monotonic()))
        self.meter.passed(name)
        return tally

    async def do(self, job: str, errand: Errand, end: int, tally: PassTally) -> None:
        """Sends one command. A failure does not stop the other commands. Raises Unavailable."""
        try:
            result = await self.commands.handle(errand.application, errand.request)
            outcome = "done" if result.position > end else "known"
        except Refusal:
            outcome = "refused"
        except Unavailable:
            raise
        except Exception:
            log.exception("a scheduled command failed", job=job)
            outcome = "failed"
        setattr(tally, outcome, getattr(tally, outcome) + 1)
        self.meter.command(job, outcome)

    def _errands(
        self, job: str, rows: list[DeskRow], tally: PassTally, errands: Callable[[DeskRow], Iterable[Errand]]
    ) -> list[Errand]:
        """Returns the errands of all files. If the errands of a file cannot be computed, only this file is skipped."""
        found: list[Errand] = []
        for row in rows:
            try:
                found += errands(row)
            except Exception:
                log.exception("a file cannot be scheduled", job=job, application=str(row["application_id"]))
                tally.failed += 1
                self.meter.command(job, "failed")
        return found

    async def silent(self, tally: PassTally) -> AsyncIterator[list[Errand]]:
        """Yields errands that record deemed approvals: nobody decided in time, so the law granted the application. The
        act gets the time at which the law granted the application, even if the job runs later.
        """
        registry, now = await self.due_files.registry(), self.now()
        granting = [s for editions in registry.services.values() for s in editions if s.deemed_approval]
        if not granting:
            return

        def granted(row: DeskRow) -> Iterator[Errand]:
            at = granted_at(row, registry)
            if at and at < now:
                yield Errand(row["application_id"], deem_approved_request(row["application_id"], at, now))

        async for rows in self.due_files.silent(now, [(s.service, s.standard) for s in granting]):
            yield self._errands(DEEM_APPROVED, rows, tally, granted)

    async def outdated(self, tally: PassTally) -> AsyncIterator[list[Errand]]:
        """Yields errands that move promises. The promised date was computed with an old calendar edition, and the
        edition in force gives another date.
        """
        registry = await self.due_files.registry()
        editions = tuple(sorted(calendar.name for calendar in registry.calendars.values()))
        unmoved: dict[UUID, tuple[int, tuple[str, ...]]] = {}

        def moving(row: DeskRow) -> Iterator[Errand]:
            key, seen = row["application_id"], (row["version"], editions)
            moved = None if self.unmoved.get(key) == seen else moved_promise(row, registry)
            if moved is None:
                unmoved[key] = seen
            else:
                yield Errand(key, move_promise_request(key, moved, self.now()))

        async for rows in self.due_files.outdated(editions):
            yield self._errands(MOVE_PROMISE, rows, tally, moving)
        for calendar in self._unswept(registry):
            begun, is_current = self.now(), await self.due_files.is_current()
            async for rows in self.due_files.not_counted_by(calendar):
                yield self._errands(MOVE_PROMISE, rows, tally, moving)
            if is_current and begun - self.first_seen[calendar.name] >= SETTLED:
                self.swept.add(calendar.name)
        self.unmoved = unmoved

    def _unswept(self, registry: Registry) -> list[CalendarPublished]:
        """Returns the local editions that this process has not swept yet.

        A promise names the calendar edition with which its date was computed. If a local calendar has a new code, no
        earlier promise names an edition with this code. So the job cannot find the files by the name of an old edition.
        Instead, a sweep reads all undecided files of the edition's offices. A sweep is complete only if two conditions
        were true before the sweep began. First, the desk view had reached the end of the log. Second, every command
        that was decided without the edition had ended.
        """
        local = [calendar for calendar in registry.calendars.values() if calendar.offices]
        for calendar in local:
            self.first_seen.setdefault(calendar.name, self.now())
        return [calendar for calendar in local if calendar.name not in self.swept]

    async def unpaid(self, tally: PassTally) -> AsyncIterator[list[Errand]]:
        """Yields errands for expired payment requests.

        A payment request expires at its expiry time. If the expiry time is before the time of the request, the payment
        request expires at the time of the request.
        """
        now = self.now()

        def expired(row: DeskRow) -> Iterator[Errand]:
            key = row["application_id"]
            for payment in row["details"]["payments"]:
                if not payment["expires_at"]:
                    continue
                at = max(parse_instant(payment["requested_at"]), parse_instant(payment["expires_at"]))
                if at < now:
                    yield Errand(key, expire_payment_request(key, payment["payment"], at))

        async for rows in self.due_files.unpaid(now):
            yield self._errands(EXPIRE_PAYMENT, rows, tally, expired)


def moved_promise(row: DeskRow, registry: Registry) -> Promise | None:
    """Computes the promise again with the calendars in force. Returns None if the promised date does not change, or if
    no calendar covers the new date.
    """
    standard = registry.standard(row["service"], row["standard"])
    if standard is None:
        return None
    try:
        moved = promise_now(desk.promised(row), registry, standard)
    except Refusal:
        return None
    return moved if moved and moved.due_at != row["due_at"] else None


def granted_at(row: DeskRow, registry: Registry) -> datetime | None:
    """Returns the time (UTC) at which the law grants the application if nobody decides before this time. Returns None
    if no deemed approval is possible for the file.
    """
    standard = registry.standard(row["service"], row["standard"])
    return silence_grants_at(desk.promised(row), registry, standard) if standard else None
