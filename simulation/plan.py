"""A plan: all that happens in a mall within some days. A pure function of its few numbers and of the registry.

    lives : Plan -> [Life]      in the order of their submissions in the log
    steps : Plan -> [Step]      in the order of the log

Both are made as they are read, so a plan of any size takes the room of the lives that are under way.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field, replace
from datetime import date, datetime, timedelta
from functools import cached_property
from heapq import heappop, heappush
from itertools import islice

from domain.application.commands import SubmitApplication
from domain.registry.editions import Registry
from simulation.course import lived
from simulation.life import Life, PlanStep
from simulation.mall import MARGIN_DAYS, Mall, NotSimulated
from simulation.sample import sample

APPLICATIONS_MAX = 1_000_000
DAYS_MAX = 1000


@dataclass(frozen=True, kw_only=True)
class Plan:
    """`applications` arrive in the `days` before `until`; nothing happens from the beginning of that day on.

    `with_sample`: the first of them is the one that visitors are shown. Raises NotSimulated for what cannot be.
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
        """Tells this plan from any other: no command of two plans is the same."""
        return f"{self.seed}/{self.until}/{self.days}/{self.applications}{'/sample' if self.with_sample else ''}"

    def lives(self) -> Iterator[Life]:
        first = int(self.with_sample and self.applications > 0)
        if first:
            yield sample(self.mall)
        for arrival in self.mall.arrivals(self.applications - first):
            yield lived(replace(arrival, ordinal=arrival.ordinal + first), self.mall)

    def steps(self) -> Iterator[PlanStep]:
        """By time of arrival, then ordinal, then number; the sample's before all others, whatever happens after."""
        lives = self.lives()
        if self.with_sample:
            for life in islice(lives, 1):
                yield from life.steps
        yield from merged(lives)


def merged(lives: Iterable[Life]) -> Iterator[PlanStep]:
    """The steps of lives that come in the order of their first ones, each life read only once its time has come."""
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
    """Without what comes after it, so that a log with all submissions holds all of the plan."""
    found = list(steps)
    while found and not isinstance(found[-1].command, SubmitApplication):
        found.pop()
    return found


def latest(registry: Registry, day: date) -> date:
    """`day`, or the last one before it that the calendars can bear."""
    ends = max((edition.last_day for edition in registry.national_calendars()), default=day + timedelta(MARGIN_DAYS))
    return min(day, ends - timedelta(MARGIN_DAYS))
