"""Plays a plan over the real command path: the command handler decides each step and appends it.

The log is in the plan's order, whatever the timing: what the steps of a wave save is appended by one call, in their
order. Every step has a key of its own, so a plan that was cut short is completed by playing it again, and playing it
once more adds nothing.
"""

import asyncio
import time
from collections.abc import Iterable, Iterator
from itertools import islice
from uuid import UUID

from domain.json_values import data_of, instant
from domain.refusals import Refusal
from infra.composition import Installation
from infra.demo.ordered_batches import PLACE, AskAgain, Batch, BatchedEventStore
from infra.progress import Advance
from service_layer.faults import KeyReused
from service_layer.handlers.commands import CommandHandler
from service_layer.requests import CommandRequest
from simulation.life import PlanStep, person

CLIENT = "simulation"
AT_ONCE = 64
WAVES_A_SECOND = 10
"""At least, where a rate is asked for."""


class PlanPlayer:
    """Asks the steps of one plan, by the plan's name in each key. Counts as it goes.

    A refused step ends its application's part: somebody else has moved it on, or another release planned it otherwise.
    """

    def __init__(self, made: Installation, plan_name: str) -> None:
        self.plan_name = plan_name
        self.store = BatchedEventStore(made)
        self.commands = CommandHandler(self.store)
        self.ids: dict[int, UUID] = {}
        self.events = 0
        self.refused = 0

    @property
    def new_events(self) -> int:
        return self.store.new_events

    async def play(self, steps: Iterable[PlanStep], submitted: Advance, rate: float | None = None) -> None:
        """`rate`: commands a second, at most; None: as fast as it goes. `submitted` is told of each wave's new ones."""
        at_once = AT_ONCE if rate is None else max(1, min(AT_ONCE, int(rate / WAVES_A_SECOND)))
        begun, asked = time.monotonic(), 0
        for wave in waves(steps, at_once):
            if rate is not None:
                await asyncio.sleep(max(0.0, begun + asked / rate - time.monotonic()))
            asked += len(wave)
            self.events += sum(len(step.events) for step in wave)
            for step in await self._at_once(wave):
                await self._at_once([step])
            submitted(sum(step.number == 0 for step in wave))

    async def _at_once(self, steps: list[PlanStep]) -> list[PlanStep]:
        """Returns those that must be asked again, in order."""
        wave = await self.store.wave(len(steps))
        last: dict[int, int] = {}
        tasks = []
        try:
            async with asyncio.TaskGroup() as members:
                for place, step in enumerate(steps):
                    tasks.append(members.create_task(self._take_part(wave, place, step, last.get(step.ordinal))))
                    last[step.ordinal] = place
        except ExceptionGroup as several:
            raise several.exceptions[0] from several
        return [step for step, task in zip(steps, tasks, strict=True) if task.result()]

    async def _take_part(self, wave: Batch, place: int, step: PlanStep, after: int | None) -> bool:
        """`after`: the place in the wave of the application's step before. True if it must be asked again."""
        PLACE.set((wave, place))
        try:
            stream = None if after is None else await wave.stream_of(after)
            if stream is not None:
                self.ids[step.ordinal] = stream
            await self._ask(step)
        except AskAgain:
            return True
        except BaseException:
            wave.abandoned = True
            raise
        finally:
            await wave.leave(place)
        return False

    async def _ask(self, step: PlanStep) -> None:
        application = self.ids.get(step.ordinal) if step.number else None
        if application is None and step.number:
            return
        asked = CommandRequest(
            command=step.command,
            act=step.act,
            client=CLIENT,
            key=f"{self.plan_name}/{step.ordinal}/{step.number}",
            body={**data_of(step.command), "at": instant(step.act.at)},
            personal={} if step.number else person(step.ordinal),
        )
        try:
            answer = await self.commands.handle(application, asked)
        except (Refusal, KeyReused):
            self.refused += 1
            self.ids.pop(step.ordinal, None)
        else:
            self.ids[step.ordinal] = answer.application_id


def waves(steps: Iterable[PlanStep], at_once: int) -> Iterator[list[PlanStep]]:
    left = iter(steps)
    while wave := list(islice(left, at_once)):
        yield wave
