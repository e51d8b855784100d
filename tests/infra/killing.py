"""A scheduler's job in processes that die where they are told: `kill -9` to itself, at the nth pass of a named point.

One process has everything imported and forks a child for each run, since hundreds of starts would take the time. It is
asked on stdin, a JSON object a line, and answers with the children's wait statuses once all have ended. No child takes
the scheduler's lock: two of them are at it at once.
"""

import asyncio
import json
import os
import signal
import subprocess
import sys
from collections import Counter
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from typing import Any

from infra.composition import Installation, installation
from infra.eventstore.recorder import Save, SaveOutcome
from infra.postgres.databases import databases
from infra.queries import due_files
from infra.queries.due_files import DueKey, PostgresDueFiles
from infra.runtime.scheduler import PrometheusJobMeter
from infra.settings import settings_from
from projections.desk import DeskRow
from service_layer import scheduled_jobs
from service_layer.scheduled_jobs import Errand, Jobs, PassTally
from tests.conftest import PROJECT, Fresh
from tests.infra.logs import environment

POINTS = {
    "begun": 1,
    "page read": 3,
    "page done": 3,
    "before errand": 4,
    "after errand": 3,
    "before append": 3,
    "after append": 3,
}
"""How often each is passed, at the least, by a job that has six errands on three pages."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Run:
    """`times` at once; each dies at the `ordinal`th pass of `point`, or of nothing."""

    job: str
    point: str = ""
    ordinal: int = 0
    times: int = 1
    page: int = 2
    at_once: int = 2


class MortalDueFiles(PostgresDueFiles):
    reach: Callable[[str], None]

    async def pages(self, query: str, key: DueKey, values: dict[str, Any]) -> AsyncIterator[list[DeskRow]]:
        async for rows in super().pages(query, key, values):
            self.reach("page read")
            yield rows
            self.reach("page done")


class Mortal(Jobs):
    def __init__(self, made: Installation, run: Run) -> None:
        found = MortalDueFiles(made.pool, made.editions.registry)
        found.reach = self.reach
        super().__init__(made.commands, found, PrometheusJobMeter())
        self.last = run
        self.passed: Counter[str] = Counter()
        append = made.store.save

        async def mortal_append(save: Save) -> SaveOutcome:
            self.reach("before append")
            outcome = await append(save)
            self.reach("after append")
            return outcome

        made.store.save = mortal_append  # type: ignore[method-assign] # the test's own
        self.reach("begun")

    def reach(self, point: str) -> None:
        self.passed[point] += 1
        if (point, self.passed[point]) == (self.last.point, self.last.ordinal):
            os.kill(os.getpid(), signal.SIGKILL)

    async def do(self, job: str, errand: Errand, end: int, tally: PassTally) -> None:
        self.reach("before errand")
        await super().do(job, errand, end, tally)
        self.reach("after errand")


async def live(run: Run) -> None:
    due_files.PAGE, scheduled_jobs.AT_ONCE = run.page, run.at_once
    settings = settings_from(os.environ)
    with databases(settings) as found:
        async with installation(settings, found) as made:
            tally = await Mortal(made, run).run(run.job)
            assert not tally.failed


def forked(run: Run) -> int:
    child = os.fork()
    if child:
        return child
    try:
        asyncio.run(live(run))
    except BaseException as error:  # noqa: BLE001 - a child never goes on with the parent's work
        print(repr(error), file=sys.stderr, flush=True)
        os._exit(1)
    os._exit(0)


def main() -> None:
    for line in sys.stdin:
        run = Run(**json.loads(line))
        children = [forked(run) for _ in range(run.times)]
        statuses = [os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) for child in children]
        print(json.dumps(statuses), flush=True)


class Mortals:
    """Asks such a process."""

    def __init__(self, process: subprocess.Popen[str]) -> None:
        self.process = process

    def __call__(self, run: Run) -> list[int]:
        assert self.process.stdin
        assert self.process.stdout
        print(json.dumps(asdict(run)), file=self.process.stdin, flush=True)
        statuses: list[int] = json.loads(self.process.stdout.readline())
        return statuses


@contextmanager
def mortals(fresh: Fresh) -> Iterator[Mortals]:
    with subprocess.Popen(
        [sys.executable, "-m", "tests.infra.killing"],
        env=environment(fresh),
        cwd=PROJECT,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    ) as process:
        yield Mortals(process)


if __name__ == "__main__":
    main()
