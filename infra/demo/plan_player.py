"""Plan player: this module plays the plan of a simulation. The real handlers decide and append each step.

All steps of a batch are appended by one call, in their order. So the events in the log always have the order of the
plan. Every step has a different idempotency key. If a plan is played again after an interruption, only the missing
steps are added. If a complete plan is played again, nothing is added. As in an office, one request links all
applications of a family, and the events of this request are stored together.
"""

import asyncio
import time
from collections.abc import Iterable, Iterator
from itertools import groupby, islice
from uuid import UUID

from domain.application.commands import Link
from domain.json_values import data_of, instant
from domain.refusals import Refusal
from infra.composition import Installation
from infra.demo.ordered_batches import PLACE, AskAgain, Batch, BatchedEventStore
from infra.progress import Advance
from service_layer.faults import KeyReused, NotYours
from service_layer.handlers.commands import CommandHandler
from service_layer.handlers.links import LinkHandler
from service_layer.requests import CommandRequest, LinkRequest
from simulation.life import PlanStep, person

CLIENT = "simulation"
AT_ONCE = 64
BATCHES_A_SECOND = 10
"""If a rate is given, at least this number of batches is played per second."""


class PlanPlayer:
    """Plays the steps of one plan. The name of the plan is a part of each idempotency key.

    The player counts the events of the steps in `events`, and the refused steps in `refused`. After a refused step, the
    later steps of the same application are skipped. A step is refused if another client changed the application, or
    if another release of Jejak made a different plan.
    """

    def __init__(self, made: Installation, plan_name: str) -> None:
        self.plan_name = plan_name
        self.store = BatchedEventStore(made)
        self.commands = CommandHandler(self.store)
        self.links = LinkHandler(self.store)
        self.persons_of = made.keys.persons_of
        self.ids: dict[int, UUID] = {}
        self.events = 0
        self.refused = 0

    @property
    def new_events(self) -> int:
        return self.store.new_events

    async def play(self, steps: Iterable[PlanStep], submitted: Advance, rate: float | None = None) -> None:
        """Plays all steps.

        `rate` is the maximum number of commands per second. None means no limit. After each batch, `submitted` is
        called with the number of submissions in the batch.
        """
        at_once = AT_ONCE if rate is None else max(1, min(AT_ONCE, int(rate / BATCHES_A_SECOND)))
        begun, played = time.monotonic(), 0
        for batch in batches(steps, at_once):
            if rate is not None:
                await asyncio.sleep(max(0.0, begun + played / rate - time.monotonic()))
            played += len(batch)
            self.events += sum(len(step.events) for step in batch)
            if isinstance(link := batch[0].command, Link):
                await self._link(batch[0], link)
            else:
                for step in await self._play_batch(batch):
                    await self._play_batch([step])
            submitted(sum(step.number == 0 for step in batch))

    async def _play_batch(self, steps: list[PlanStep]) -> list[PlanStep]:
        """Plays one batch. Returns the steps that must be tried again, in order."""
        batch = await self.store.batch(len(steps))
        last: dict[int, int] = {}
        tasks = []
        try:
            async with asyncio.TaskGroup() as members:
                for place, step in enumerate(steps):
                    tasks.append(members.create_task(self._play_step(batch, place, step, last.get(step.ordinal))))
                    last[step.ordinal] = place
        except ExceptionGroup as several:
            raise several.exceptions[0] from several
        return [step for step, task in zip(steps, tasks, strict=True) if task.result()]

    async def _play_step(self, batch: Batch, place: int, step: PlanStep, after: int | None) -> bool:
        """Plays one step in a batch. Returns True if the step must be tried again.

        The batch may contain earlier steps of the same application. `after` is the index of the last of these earlier
        steps. If there is no earlier step, `after` is None.
        """
        PLACE.set((batch, place))
        try:
            stream = None if after is None else await batch.stream_of(after)
            if stream is not None:
                self.ids[step.ordinal] = stream
            await self._handle(step)
        except AskAgain:
            return True
        except BaseException:
            batch.abandoned = True
            raise
        finally:
            await batch.leave(place)
        return False

    async def _handle(self, step: PlanStep) -> None:
        application = self.ids.get(step.ordinal) if step.number else None
        if application is None and step.number:
            return
        request = CommandRequest(
            command=step.command,
            act=step.act,
            client=CLIENT,
            key=f"{self.plan_name}/{step.ordinal}/{step.number}",
            body={**data_of(step.command), "at": instant(step.act.at)},
            personal={} if step.number else person(step.person),
        )
        try:
            answer = await self.commands.handle(application, request)
        except (Refusal, KeyReused):
            self.refused += 1
            self.ids.pop(step.ordinal, None)
        else:
            self.ids[step.ordinal] = answer.application_id

    async def _link(self, step: PlanStep, link: Link) -> None:
        """Links all applications of a family. The request comes from an office that holds one of these applications,
        and says that the family has shown all receipts.

        Nothing is linked if a submission of the family was refused.
        """
        ordinals = sorted((step.ordinal, *(other.int for other in link.others)))
        if not self.ids.keys() >= set(ordinals):
            return
        applications = [self.ids[ordinal] for ordinal in ordinals]
        request = LinkRequest(
            versions_seen=dict.fromkeys(applications),
            proved=frozenset(applications),
            life_event=link.life_event,
            act=step.act,
            client=CLIENT,
            key=f"{self.plan_name}/link/{link.link.int}",
            body={"life_event": link.life_event, "applications": ordinals, "at": instant(step.act.at)},
            holds=lambda application: application.office == step.act.office,
            persons_of=self.persons_of,
        )
        batch = await self.store.batch(1)
        PLACE.set((batch, 0))
        try:
            await self.links.handle(request)
        except (Refusal, KeyReused, NotYours):
            self.refused += 1


def batches(steps: Iterable[PlanStep], at_once: int) -> Iterator[list[PlanStep]]:
    """Divides the steps into batches of at most `at_once` steps. All link steps of one family are in the same batch."""
    for link, alike in groupby(steps, key=lambda step: step.command.link if isinstance(step.command, Link) else None):
        while batch := list(islice(alike, None if link else at_once)):
            yield batch
