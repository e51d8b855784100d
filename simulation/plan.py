"""The plan of a simulation contains everything that happens in a mall during the simulated days. The parameters
determine the plan.

    lives : Plan -> [Life]      in the order of their submissions in the log
    steps : Plan -> [PlanStep]  in the order of the log

`lives` and `steps` are lazy. The two iterators keep a life in memory only from its first step to its last step.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from functools import cached_property
from heapq import heappop, heappush
from itertools import islice

from domain.application.commands import SubmitApplication
from domain.registry.registry import Registry
from simulation.course import lived
from simulation.families import with_families
from simulation.life import Life, PlanStep
from simulation.mall import MARGIN_DAYS, Mall, NotSimulated
from simulation.sample import sample

APPLICATIONS_MAX = 1_000_000
DAYS_MAX = 1000


@dataclass(frozen=True, kw_only=True)
class Plan:
    """The parameters of a plan: `applications` is the number of applications. The applications arrive in the last
    `days` days before the day `until`.

    The simulation ends at the beginning of the day `until`, in Jakarta. `with_sample` says whether the first
    application is the sample that visitors see. Raises NotSimulated if the simulation is not possible.
    """

    seed: int
    days: int
    applications: int
    until: date
    registry: Registry = field(repr=False)
    with_sample: bool = False

    def __post_init__(self) -> None:
        if not 1 <= self.days <= DAYS_MAX:
            raise NotSimulated(f"a simulation has 1 to {DAYS_MAX} days")
        if not 0 <= self.applications <= APPLICATIONS_MAX:
            raise NotSimulated(f"a simulation has 0 to {APPLICATIONS_MAX} applications")
        _ = self.mall

    @cached_property
    def mall(self) -> Mall:
        return Mall(self.seed, self.until - timedelta(self.days), self.until, self.registry)

    @property
    def name(self) -> str:
        """A name that is different for each plan, so two plans never send the same command."""
        return f"{self.seed}/{self.until}/{self.days}/{self.applications}{'/sample' if self.with_sample else ''}"

    def lives(self) -> Iterator[Life]:
        first = int(self.with_sample and self.applications > 0)
        if first:
            yield sample(self.mall)
        for arrival, membership in with_families(self.mall.arrivals(self.applications - first, first), self.mall):
            yield lived(arrival, self.mall, membership)

    def steps(self) -> Iterator[PlanStep]:
        """Yield the steps, sorted by time of arrival, ordinal and number. All steps of the sample come first."""
        lives = self.lives()
        if self.with_sample:
            for life in islice(lives, 1):
                yield from life.steps
        yield from merged(lives)


def merged(lives: Iterable[Life]) -> Iterator[PlanStep]:
    """Merge the steps of the lives, sorted by time of arrival, ordinal and number.

    `lives` are sorted by their first steps. Each life is read only when its first step is due.
    """
    under_way: list[tuple[datetime, int, int, list[PlanStep]]] = []
    for life in lives:
        if not life.steps:
            continue
        first = life.steps[0]
        while under_way and under_way[0][:2] < (first.arrives, first.ordinal):
            yield _next(under_way)
        heappush(under_way, (first.arrives, first.ordinal, 0, life.steps))
    while under_way:
        yield _next(under_way)


def _next(under_way: list[tuple[datetime, int, int, list[PlanStep]]]) -> PlanStep:
    _, ordinal, number, steps = heappop(under_way)
    if number + 1 < len(steps):
        heappush(under_way, (steps[number + 1].arrives, ordinal, number + 1, steps))
    return steps[number]


def until_last_submission(steps: Iterable[PlanStep]) -> list[PlanStep]:
    """Return the steps up to the last submission. So the last returned step is a submission: if a log contains all the
    submissions, it also contains all other returned steps.
    """
    kept = list(steps)
    while kept and not isinstance(kept[-1].command, SubmitApplication):
        kept.pop()
    return kept


def latest(registry: Registry, day: date) -> date:
    """Return `day`, or the last earlier day on which a plan can end with these calendars."""
    ends = max((edition.last_day for edition in registry.national_calendars()), default=day + timedelta(MARGIN_DAYS))
    return min(day, ends - timedelta(MARGIN_DAYS))
