"""Appending: several processes append simulated applications. Each process has many concurrent callers."""

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
from infra.runtime.garbage import settle

PROCESSES = 2


@dataclass(frozen=True, slots=True)
class Stint:
    """The result of one process: the number of events that it stored, and the times at which its work began and ended.

    The times are seconds of the monotonic clock. This clock is the same for all processes.
    """

    events: int
    begun: float
    ended: float


def stint(conninfo: str, known: list[Pattern], callers: int, seconds: float, stale_every: int = 0) -> Stint:
    """Runs concurrent callers for `seconds`. `callers` is the number of callers.

    Each caller appends the events of one application one by one, and then continues with the next application. If
    `stale_every` is n, every n-th append names an outdated version of its stream, and the log must refuse this append.
    If `stale_every` is 0, no append names an outdated version.
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
    """Yields a pool of spawned processes. Only the parent process reacts to Ctrl-C.

    The processes are not forked. A forked process would also have its parent's lock on the embedded server.
    """
    with ProcessPoolExecutor(PROCESSES, mp_context=get_context("spawn")) as pool:
        before = signal.signal(signal.SIGINT, signal.SIG_IGN)  # the new processes inherit this setting
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
    """Runs `callers` concurrent callers in each process.

    Returns the number of events per second of all processes together.
    """
    began = [pool.submit(stint, conninfo, known, callers, seconds, stale_every) for _ in range(PROCESSES)]
    stints = [each.result() for each in began]
    return sum(each.events for each in stints) / (max(s.ended for s in stints) - min(s.begun for s in stints))
