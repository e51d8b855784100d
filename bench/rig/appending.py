"""Appending: appends simulated applications through the event store, by concurrent callers in several processes."""

import asyncio
import signal
import time
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import cycle
from multiprocessing import get_context

import uvloop

from bench.rig.lives import Pattern
from infra.eventstore.group_commit import GroupCommit
from infra.runtime.serve import settle

PROCESSES = 2


@dataclass(frozen=True, slots=True)
class Stint:
    """The work of one process: the number of stored events, and the times at which the work began and ended.

    The times are in seconds of the monotonic clock, which all processes share.
    """

    events: int
    begun: float
    ended: float


def stint(conninfo: str, known: list[Pattern], callers: int, seconds: float, stale_every: int = 0) -> Stint:
    """Runs `callers` callers for `seconds`. Each caller appends one application after another, event by event.

    If `stale_every` is n, every n-th save names an outdated version of its stream, and the log must refuse this save.
    If `stale_every` is 0, no save is outdated.
    """
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        return runner.run(_stint(conninfo, known, callers, seconds, stale_every))


async def _stint(conninfo: str, known: list[Pattern], callers: int, seconds: float, stale_every: int) -> Stint:
    lives = cycle(known)
    settle()  # the real server also calls `settle` before it serves
    async with GroupCommit(conninfo) as through:
        begun = time.monotonic()
        async with asyncio.TaskGroup() as group:
            tasks = [group.create_task(_caller(through, lives, begun + seconds, stale_every)) for _ in range(callers)]
        return Stint(sum(task.result() for task in tasks), begun, time.monotonic())


async def _caller(through: GroupCommit, lives: Iterator[Pattern], until: float, stale_every: int = 0) -> int:
    events = saves = 0
    for pattern in lives:
        for _, save in pattern.saves():
            outcome = await through.append(save)
            if not outcome.stored:
                raise AssertionError(f"an append without a conflict was {outcome.kind}")
            events += len(outcome.positions)
            saves += 1
            if stale_every and saves % (stale_every - 1) == 0:
                saves += 1
                again = await through.append(save)
                if again.kind != "stale":
                    raise AssertionError(f"an append of an existing version was {again.kind}")
            if time.monotonic() >= until:
                return events
    return events


@contextmanager
def processes() -> Iterator[ProcessPoolExecutor]:
    """Yields a pool of spawned processes. Only the parent handles Ctrl-C.

    The processes are not forked, because a forked process would also hold its parent's lock on the embedded server.
    """
    with ProcessPoolExecutor(PROCESSES, mp_context=get_context("spawn")) as pool:
        before = signal.signal(signal.SIGINT, signal.SIG_IGN)  # the new processes inherit the ignored signal
        try:
            list(pool.map(abs, range(PROCESSES)))
        finally:
            signal.signal(signal.SIGINT, before)
        try:
            yield pool
        except BaseException:
            pool.shutdown(cancel_futures=True)  # the queue of calls may be long
            raise


def at_once(
    pool: ProcessPoolExecutor,
    conninfo: str,
    known: list[Pattern],
    callers: int,
    seconds: float,
    *,
    stale_every: int = 0,
) -> float:
    """Returns how many events all processes together stored per second, with `callers` callers in each process."""
    began = [pool.submit(stint, conninfo, known, callers, seconds, stale_every) for _ in range(PROCESSES)]
    stints = [each.result() for each in began]
    return sum(each.events for each in stints) / (max(s.ended for s in stints) - min(s.begun for s in stints))
