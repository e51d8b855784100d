"""The command path in waves: its usual reading and deciding, many at once, and one save for all of a wave, in order.

What was just read or saved is remembered rather than read again, so that a wave may hold several commands of one
application. It is stored whole or not at all: of two commands in a row the log could take the second without the first,
where a third came between. If it is refused, all is forgotten, and each command asked again alone.
"""

import asyncio
from collections.abc import Sequence
from contextvars import ContextVar
from itertools import islice
from typing import cast
from uuid import UUID

from domain.application import evolve
from domain.registry import Registry
from infra.main import Installation
from infra.pool import Pool
from infra.store.applications import StoredApplications
from infra.store.editions import Editions
from infra.store.history import History, Streams, entry_of
from infra.store.recorder import Outcome, Recorder, Save

REMEMBERED_MAX = 5000


class AskAgain(Exception):
    """The wave did not store this, or nobody knows: ask alone."""


class Wave:
    """Appends what its members save once each of them has joined with a save or left without one.

    `abandoned`: a member was cut short, so nothing of it is appended any more.
    """

    def __init__(self, members: int, recorder: Recorder) -> None:
        self.recorder = recorder
        self.saves: dict[int, Save] = {}
        self.outcomes: dict[int, asyncio.Future[Outcome]] = {}
        self.through = [asyncio.Event() for _ in range(members)]
        self.abandoned = False

    async def append(self, place: int, save: Save) -> Outcome:
        """Raises AskAgain where the wave has others and this was not stored; a wave of one tells all there is."""
        if self.through[place].is_set():  # of one that tries again
            [outcome] = await asyncio.to_thread(self.recorder.append, [save])
            return outcome
        self.saves[place] = save
        self.outcomes[place] = asyncio.get_running_loop().create_future()
        await self._is_through(place)
        return await self.outcomes[place]

    async def leave(self, place: int) -> None:
        """Called of every member in the end, also of one that has joined."""
        if not self.through[place].is_set():
            await self._is_through(place)

    async def stream_of(self, place: int) -> UUID | None:
        """To which it saves, once that is known; None where it saves nothing."""
        await self.through[place].wait()
        return stream_of(self.saves[place]) if place in self.saves else None

    async def _is_through(self, place: int) -> None:
        self.through[place].set()
        if self.saves and not self.abandoned and all(event.is_set() for event in self.through):
            await self._send()

    async def _send(self) -> None:
        alone = len(self.through) == 1
        saves = dict(sorted(self.saves.items()))
        try:
            [outcome] = await asyncio.to_thread(self.recorder.append, [joint(list(saves.values()))])
        except Exception as error:  # noqa: BLE001 - each member is told
            for place in saves:
                self._tell(place, error if alone else AskAgain())
            return
        positions = iter(outcome.positions)
        for place, save in saves.items():
            own = Outcome(outcome.kind, tuple(islice(positions, len(save.events))))
            self._tell(place, own if outcome.stored or alone else AskAgain())

    def _tell(self, place: int, what: Outcome | Exception) -> None:
        told = self.outcomes[place]
        if told.done():  # it was cancelled meanwhile
            return
        if isinstance(what, Outcome):
            told.set_result(what)
        else:
            told.set_exception(what)


PLACE: ContextVar[tuple[Wave, int]] = ContextVar("place")
"""The wave that this task belongs to, and where in it."""


def joint(saves: Sequence[Save]) -> Save:
    """One save for all, in their order."""
    claims = [(claim, stream_of(save)) for save in saves for claim in save.claims]
    return Save(
        tuple(event for save in saves for event in save.events),
        tuple(claim for claim, _ in claims),
        tuple(owner for _, owner in claims),
    )


def stream_of(save: Save) -> UUID:
    return cast("UUID", save.events[0].originator_id)


class Remembered(Streams):
    """The streams still written to, with what is being saved; of that the positions are not known."""

    def __init__(self, pool: Pool) -> None:
        super().__init__(pool)
        self.known: dict[UUID, History] = {}

    async def history(self, application_id: UUID) -> History:
        if application_id not in self.known:
            self._keep(await super().history(application_id))
        return self.known[application_id]

    def extend(self, save: Save) -> None:
        stream = stream_of(save)
        history = self.known.get(stream) or History.begin(stream)
        for row in save.events:
            entry = entry_of((row.originator_version, row.topic, row.state, 0, None))
            application = evolve(history.application, entry.recorded)
            history = History(stream, (*history.entries, entry), application)
        self._keep(history)

    def forget(self, save: Save) -> None:
        self.known.pop(stream_of(save), None)

    def bound(self) -> None:
        """Forgets what has ended; and all, if that was too little."""
        self.known = {stream: history for stream, history in self.known.items() if not history.application.ended}
        if len(self.known) > REMEMBERED_MAX:
            self.known = {}

    def _keep(self, history: History) -> None:
        self.known[history.application_id] = history


class Steady(Editions):
    """The registry, read once a wave: whoever of it asks first reads for all."""

    def __init__(self, pool: Pool) -> None:
        super().__init__(pool)
        self.asking = asyncio.Lock()
        self.known: Registry | None = None

    async def registry(self) -> Registry:
        async with self.asking:
            if self.known is None:
                self.known = await super().registry()
            return self.known


class InWaves(StoredApplications):
    """An append waits for its wave. Counts what is new."""

    def __init__(self, made: Installation) -> None:
        self.remembered, self.steady = Remembered(made.pool), Steady(made.pool)
        super().__init__(
            streams=self.remembered,
            recorder=made.recorder,
            keys=made.keys,
            named=made.named,
            editions=self.steady,
            paper=made.paper,
        )
        self.new_events = 0

    def wave(self, members: int) -> Wave:
        """The next one. No other may be under way."""
        self.steady.known = None
        self.remembered.bound()
        return Wave(members, self.recorder)

    async def append(self, save: Save) -> Outcome:
        wave, place = PLACE.get()
        self.remembered.extend(save)
        stored = False
        try:
            outcome = await wave.append(place, save)
            stored = outcome.stored
        finally:
            if not stored:
                self.remembered.forget(save)
        self.new_events += len(save.events) if stored else 0
        return outcome
