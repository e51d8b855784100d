"""Callers that append made-up lives through the store, as many at once as asked, in processes of their own."""

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

from bench.lives import Pattern
from infra.eventstore.group_commit import GroupCommit
from infra.runtime.serve import settle

PROCESSES = 2


@dataclass(frozen=True, slots=True)
class Stint:
    """What one process did: events stored, from when to when. In seconds of the monotonic clock, which all share."""

    events: int
    begun: float
    ended: float


def stint(conninfo: str, known: list[Pattern], callers: int, seconds: float, stale_every: int = 0) -> Stint:
    """Each caller carries one application after another through its events, saving one at a time.

    `stale_every` n: every n-th save is one that the log must refuse, beside those that it stores; 0: none is.
    """
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        return runner.run(_stint(conninfo, known, callers, seconds, stale_every))


async def _stint(conninfo: str, known: list[Pattern], callers: int, seconds: float, stale_every: int) -> Stint:
    lives = cycle(known)
    settle()  # as the server does before it serves
    async with GroupCommit(conninfo) as through:
        begun = time.monotonic()
        async with asyncio.TaskGroup() as group:
            tasks = [group.create_task(_caller(through, lives, begun + seconds, stale_every)) for _ in range(callers)]
        return Stint(sum(task.result() for task in tasks), begun, time.monotonic())


async def _caller(through: GroupCommit, lives: Iterator[Pattern], until: float, stale_every: int = 0) -> int:
    events = asked = 0
    for pattern in lives:
        for _, save in pattern.saves():
            outcome = await through.append(save)
            if not outcome.stored:
                raise AssertionError(f"an append that nothing stands against was {outcome.kind}")
            events += len(outcome.positions)
            asked += 1
            if stale_every and asked % (stale_every - 1) == 0:
                asked += 1
                again = await through.append(save)
                if again.kind != "stale":
                    raise AssertionError(f"a version that exists was {again.kind}")
            if time.monotonic() >= until:
                return events
    return events


@contextmanager
def processes() -> Iterator[ProcessPoolExecutor]:
    """Spawned, not forked: who holds the embedded server must not be copied. Ctrl-C is the parent's alone."""
    with ProcessPoolExecutor(PROCESSES, mp_context=get_context("spawn")) as pool:
        before = signal.signal(signal.SIGINT, signal.SIG_IGN)  # as they inherit it
        try:
            list(pool.map(abs, range(PROCESSES)))
        finally:
            signal.signal(signal.SIGINT, before)
        try:
            yield pool
        except BaseException:
            pool.shutdown(cancel_futures=True)  # what is under way is bounded, what waits is not
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
    """Events stored a second, by all processes together, each with so many callers."""
    began = [pool.submit(stint, conninfo, known, callers, seconds, stale_every) for _ in range(PROCESSES)]
    stints = [each.result() for each in began]
    return sum(each.events for each in stints) / (max(s.ended for s in stints) - min(s.begun for s in stints))
