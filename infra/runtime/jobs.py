"""What time brings about when nobody asks: silence grants, a newer calendar moves promises, payments expire.

A job reads the desk for those it may concern and asks a command of each over the usual path, which alone decides. The
command's id is made of job and subject (event-format, section 4), so that a job may run late, twice, at once or be
killed: each act is stored once. A refusal means that there is nothing to do.
"""

import asyncio
import time
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

import structlog

from domain.application.commands import Command, DeemApproved, ExpirePayment, MovePromise
from domain.application.outcomes import promise_now, silence_grants_at
from domain.codes import Channel, Role
from domain.json_values import parse_instant
from domain.provenance import Act, Promise
from domain.refusals import Refusal
from domain.registry.editions import Registry
from infra.composition import Installation
from infra.metrics import SCHEDULED, SCHEDULER_RAN
from infra.postgres.pool import borrowed
from infra.projector.views import read_row
from projections import desk, desk_queries
from projections.view import Row
from service_layer.faults import Unavailable
from service_layer.requests import CommandRequest

CLIENT = "system"
PAGE = 200
AT_ONCE = 8
A_SECOND = 500
"""Commands of a job, at most: who stands at a counter comes first."""
FIRST = (datetime.min.replace(tzinfo=UTC), UUID(int=0))

log = structlog.get_logger("jejak.scheduler")


@dataclass(frozen=True, slots=True, kw_only=True)
class Errand:
    """One command of a job. `subject`: what it is about, the same for ever. `at`: when that happens, UTC."""

    application: UUID
    subject: str
    command: Command
    at: datetime


@dataclass(slots=True)
class Tally:
    """Of one pass: `done` is new in the log, `known` was there already; `failed`: a fault of ours, told in our log."""

    done: int = 0
    known: int = 0
    refused: int = 0
    failed: int = 0

    def __str__(self) -> str:
        return f"{self.done} done, {self.known} known, {self.refused} refused, {self.failed} failed"


class Jobs:
    """`now` gives the time, UTC."""

    def __init__(self, made: Installation, now: Callable[[], datetime] = lambda: datetime.now(UTC)) -> None:
        self.made = made
        self.now = now
        self.by_name: dict[str, Callable[[], AsyncIterator[list[Errand]]]] = {
            "move-promise": self.outdated,
            "expire-payment": self.unpaid,
            "deem-approved": self.silent,
        }
        """In this order: silence grants by dates that are up to date."""
        self.unmoved: dict[UUID, tuple[int, tuple[str, ...]]] = {}
        """The version of each application whose date these calendars do not move: it is not computed again."""

    async def run(self, name: str, advance: Callable[[int], None] = lambda _: None) -> Tally:
        """One pass. Raises Unavailable, and psycopg's UndefinedTable where the desk is not there yet."""
        tally, begun, asked, end = Tally(), time.monotonic(), 0, await self._log_end()
        async for errands in self.by_name[name]():
            for first in range(0, len(errands), AT_ONCE):
                some = errands[first : first + AT_ONCE]
                faults = await asyncio.gather(
                    *(self.do(name, errand, end, tally) for errand in some), return_exceptions=True
                )
                for fault in faults:
                    if fault:
                        raise fault
                asked += len(some)
                advance(len(some))
                await asyncio.sleep(max(0.0, begun + asked / A_SECOND - time.monotonic()))
        SCHEDULER_RAN.labels(name).set_to_current_time()
        return tally

    async def do(self, job: str, errand: Errand, end: int, tally: Tally) -> None:
        """One that fails stops no other. Raises Unavailable."""
        asked = CommandRequest(
            command=errand.command,
            act=Act(at=errand.at, by=Role.SYSTEM, channel=Channel.INTERNAL),
            client=CLIENT,
            key=f"{job}\0{errand.subject}",
        )
        try:
            answer = await self.made.commands.handle(errand.application, asked)
            outcome = "done" if answer.position > end else "known"
        except Refusal:
            outcome = "refused"
        except Unavailable:
            raise
        except Exception:
            log.exception("an errand failed", job=job)
            outcome = "failed"
        setattr(tally, outcome, getattr(tally, outcome) + 1)
        SCHEDULED.labels(job, outcome).inc()

    async def silent(self) -> AsyncIterator[list[Errand]]:
        """Nobody decided by the date at which silence grants. It happens then, whenever it is found out."""
        registry, now = await self.made.editions.registry(), self.now()
        granting = [s for editions in registry.services.values() for s in editions if s.deemed_approval]
        values = {
            "now": now,
            "services": [standard.service for standard in granting],
            "standards": [standard.standard for standard in granting],
        }
        async for rows in self.pages(desk_queries.SILENT, "due_at", values if granting else None):
            yield [
                Errand(
                    application=row["application_id"],
                    subject=str(row["application_id"]),
                    command=DeemApproved(now=now),
                    at=at,
                )
                for row in rows
                if (at := granted_at(row, registry)) and at < now
            ]

    async def outdated(self) -> AsyncIterator[list[Errand]]:
        """The date rests on an edition of a calendar that is in force no more, and the one in force moves it."""
        registry = await self.made.editions.registry()
        editions = tuple(sorted(f"{c.code}@{c.edition}" for c in registry.calendars.values()))
        unmoved: dict[UUID, tuple[int, tuple[str, ...]]] = {}
        async for rows in self.pages(desk_queries.OUTDATED, "due_at", {"editions": list(editions)}):
            errands = []
            for row in rows:
                key, seen = row["application_id"], (row["version"], editions)
                moved = None if self.unmoved.get(key) == seen else moved_promise(row, registry)
                if moved is None:
                    unmoved[key] = seen
                    continue
                subject = f"{key}/{moved.calendar}"
                errands.append(Errand(application=key, subject=subject, command=MovePromise(), at=self.now()))
            yield errands
        self.unmoved = unmoved

    async def unpaid(self) -> AsyncIterator[list[Errand]]:
        """A request of payment expires at its own time, or at once where that was over when it was made."""
        now = self.now()
        async for rows in self.pages(desk_queries.UNPAID, "payment_expires_at", {"now": now}):
            yield [
                Errand(
                    application=row["application_id"],
                    subject=f"{row['application_id']}/{payment['payment']}",
                    command=ExpirePayment(payment=payment["payment"]),
                    at=max(parse_instant(payment["requested_at"]), parse_instant(payment["expires_at"])),
                )
                for row in rows
                for payment in row["details"]["payments"]
                if payment["expires_at"] and parse_instant(payment["expires_at"]) < now
            ]

    async def pages(self, query: str, key: str, values: dict[str, Any] | None) -> AsyncIterator[list[Row]]:
        """The desk's rows in the order of `key`; none where there are no `values`."""
        at, after = FIRST
        while values is not None:
            async with borrowed(self.made.pool) as connection:
                cursor = await connection.execute(query, {**values, "at": at, "id": after, "limit": PAGE})
                rows = [read_row(desk.VIEW, stored) for stored in await cursor.fetchall()]
            if not rows:
                return
            yield rows
            at, after = rows[-1][key], rows[-1]["application_id"]

    async def _log_end(self) -> int:
        async with borrowed(self.made.pool) as connection:
            row = await (await connection.execute(desk_queries.LOG_END)).fetchone()
        return int(row[0]) if row else 0


def moved_promise(row: Row, registry: Registry) -> Promise | None:
    """The promise as the calendars in force give it; None where that is the date that stands, or no date of ours."""
    standard = registry.standard(row["service"], row["standard"])
    if standard is None:
        return None
    try:
        moved = promise_now(desk.promised(row), registry, standard)
    except Refusal:  # no calendar reaches so far, or yet
        return None
    return moved if moved and moved.due_at != row["due_at"] else None


def granted_at(row: Row, registry: Registry) -> datetime | None:
    standard = registry.standard(row["service"], row["standard"])
    return silence_grants_at(desk.promised(row), registry, standard) if standard else None
