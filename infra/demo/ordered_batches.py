"""The command path in waves: its usual reading and deciding, many at once, and one save for all of a wave, in order.

What was just read or saved is remembered rather than read again, so that a wave may hold several commands of one
application. It is stored whole or not at all: of two commands in a row the log could take the second without the first,
where a third came between. If it is refused, all is forgotten, and each command asked again alone.
"""

import asyncio
from collections.abc import Sequence
from contextlib import AbstractAsyncContextManager, nullcontext
from contextvars import ContextVar
from itertools import islice
from uuid import UUID

from domain.registry.editions import Registry
from infra.composition import Installation
from infra.eventstore.group_commit import GroupCommit
from infra.eventstore.history import entry_of
from infra.eventstore.recorder import Save, SaveOutcome, stream_of
from infra.eventstore.store import PostgresEventStore
from infra.eventstore.stream_reader import Streams
from service_layer.streams import StreamHistory

REMEMBERED_MAX = 5000


class AskAgain(Exception):
    """The wave did not store this, or nobody knows: ask alone."""


class Batch:
    """Appends what its members save once each of them has joined with a save or left without one.

    `abandoned`: a member was cut short, so nothing of it is appended any more.
    """

    def __init__(self, members: int, writer: GroupCommit) -> None:
        self.writer = writer
        self.saves: dict[int, Save] = {}
        self.outcomes: dict[int, asyncio.Future[SaveOutcome]] = {}
        self.through = [asyncio.Event() for _ in range(members)]
        self.abandoned = False

    async def append(self, place: int, save: Save) -> SaveOutcome:
        """Raises AskAgain where the wave has others and this was not stored; a wave of one tells all there is."""
        if self.through[place].is_set():  # of one that tries again
            return await self.writer.append(save)
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
            outcome = await self.writer.append(joint(list(saves.values())))
        except Exception as error:  # noqa: BLE001 - each member is told
            for place in saves:
                self._tell(place, error if alone else AskAgain())
            return
        positions = iter(outcome.positions)
        for place, save in saves.items():
            own = SaveOutcome(outcome.kind, tuple(islice(positions, len(save.events))))
            self._tell(place, own if outcome.stored or alone else AskAgain())

    def _tell(self, place: int, what: SaveOutcome | Exception) -> None:
        told = self.outcomes[place]
        if told.done():  # it was cancelled meanwhile
            return
        if isinstance(what, SaveOutcome):
            told.set_result(what)
        else:
            told.set_exception(what)


PLACE: ContextVar[tuple[Batch, int]] = ContextVar("place")
"""The wave that this task belongs to, and where in it."""


def joint(saves: Sequence[Save]) -> Save:
    """One save for all, in their order."""
    claims = [(claim, stream_of(save)) for save in saves for claim in save.claims]
    return Save(
        tuple(event for save in saves for event in save.events),
        tuple(claim for claim, _ in claims),
        tuple(owner for _, owner in claims),
    )


class BatchStreams:
    """The streams still written to, with what is being saved; of that the positions are not known."""

    def __init__(self, streams: Streams) -> None:
        self.streams = streams
        self.known: dict[UUID, StreamHistory] = {}

    @property
    def registry(self) -> Registry:
        return self.streams.registry

    async def history(self, application_id: UUID) -> StreamHistory:
        if application_id not in self.known:
            self.keep(await self.streams.history(application_id))
        return self.known[application_id]

    async def claimed(self, claims: Sequence[bytes]) -> UUID | None:
        return await self.streams.claimed(claims)

    def keep(self, history: StreamHistory) -> None:
        self.known[history.application_id] = history

    def forget(self, stream: UUID) -> None:
        self.known.pop(stream, None)
        self.streams.forget(stream)

    def extend(self, save: Save) -> None:
        stream = stream_of(save)
        history = self.known.get(stream) or StreamHistory.begin(stream)
        rows = ((row.originator_version, row.topic, row.state, 0, None) for row in save.events)
        self.keep(history.then(map(entry_of, rows)))

    async def begin(self) -> None:
        """A wave: with the registry as of now. Forgets what has ended; and all, if that was too little."""
        await self.streams.registry_now()
        self.known = {stream: history for stream, history in self.known.items() if not history.application.ended}
        if len(self.known) > REMEMBERED_MAX:
            self.known = {}


class BatchedEventStore(PostgresEventStore):
    """An append waits for its wave. Counts what is new."""

    def __init__(self, made: Installation) -> None:
        self.remembered = BatchStreams(made.streams)
        super().__init__(
            pool=made.pool,
            streams=self.remembered,
            writer=made.writer,
            keys=made.keys,
            named=made.named,
            receipt_codes=made.receipt_codes,
        )
        self.new_events = 0

    async def wave(self, members: int) -> Batch:
        """The next one. No other may be under way."""
        await self.remembered.begin()
        return Batch(members, self.writer)

    def turn(self, _: UUID) -> AbstractAsyncContextManager[None]:
        """A wave may hold several commands of one application: they wait for each other in the wave."""
        return nullcontext()

    def kept(self, history: StreamHistory) -> None:
        """It was extended before it was saved."""

    async def save(self, save: Save) -> SaveOutcome:
        wave, place = PLACE.get()
        self.remembered.extend(save)
        stored = False
        try:
            outcome = await wave.append(place, save)
            stored = outcome.stored
        finally:
            if not stored:
                self.remembered.forget(stream_of(save))
        self.new_events += len(save.events) if stored else 0
        return outcome
