"""Ordered batches: this module handles many commands at once, and appends all their events together, in order.

Each command of a batch is decided in the usual way. Streams that were just read or extended are kept in memory, so a
batch may have several commands of one application. A batch is stored completely or not at all. If each command were
stored alone, another writer could append events between two commands. Then the log might refuse the first command and
accept the second command. If the log refuses a batch, its streams are removed from memory, and each command is handled
again alone.
"""

import asyncio
from collections.abc import Sequence
from contextlib import AbstractAsyncContextManager, nullcontext
from contextvars import ContextVar
from itertools import islice
from uuid import UUID

from domain.registry.registry import Registry
from infra.composition import Installation
from infra.eventstore.group_commit import GroupCommit
from infra.eventstore.history import entry_of
from infra.eventstore.recorder import Save, SaveOutcome, by_stream, stream_of
from infra.eventstore.store import PostgresEventStore
from infra.eventstore.stream_reader import Streams
from service_layer.streams import StreamHistory

REMEMBERED_MAX = 5000


class AskAgain(Exception):
    """The events of this command were not stored, or the outcome is unknown.

    The caller must handle the command again, without other commands.
    """


class Batch:
    """Collects the events of several commands, and appends all these events together.

    Each command is a member of the batch. Each member either joins the batch with its events, or leaves the batch
    without events. When every member has joined or left, the batch is appended.

    If a member was cancelled, `abandoned` is true, and the batch is never appended.
    """

    def __init__(self, members: int, writer: GroupCommit) -> None:
        self.writer = writer
        self.saves: dict[int, Save] = {}
        self.outcomes: dict[int, asyncio.Future[SaveOutcome]] = {}
        self.through = [asyncio.Event() for _ in range(members)]
        self.abandoned = False

    async def append(self, place: int, save: Save) -> SaveOutcome:
        """Adds a member to the batch, together with the member's events in `save`. Returns the outcome for these
        events.

        If the batch has only one member, the member gets the real outcome or error. Otherwise raises AskAgain if the
        events were not stored.
        """
        if self.through[place].is_set():  # the member's handler makes another attempt
            return await self.writer.append(save)
        self.saves[place] = save
        self.outcomes[place] = asyncio.get_running_loop().create_future()
        await self._is_through(place)
        return await self.outcomes[place]

    async def leave(self, place: int) -> None:
        """Call this method when the handling of a member has ended, even if the member has already joined the batch."""
        if not self.through[place].is_set():
            await self._is_through(place)

    async def stream_of(self, place: int) -> UUID | None:
        """Waits until a member has joined or left the batch. Returns the stream of the member's events.

        Returns None if the member left without events.
        """
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
        except Exception as error:  # noqa: BLE001 - each member gets the error
            for place in saves:
                self._finish(place, error if alone else AskAgain())
            return
        positions = iter(outcome.positions)
        for place, save in saves.items():
            own = SaveOutcome(outcome.kind, tuple(islice(positions, len(save.events))))
            self._finish(place, own if outcome.stored or alone else AskAgain())

    def _finish(self, place: int, result: SaveOutcome | Exception) -> None:
        outcome = self.outcomes[place]
        if outcome.done():  # the member was cancelled
            return
        if isinstance(result, SaveOutcome):
            outcome.set_result(result)
        else:
            outcome.set_exception(result)


PLACE: ContextVar[tuple[Batch, int]] = ContextVar("place")
"""Holds two values: the batch of the current task, and the place of the task in this batch."""


def joint(saves: Sequence[Save]) -> Save:
    """Joins several `Save` objects into one. The events keep their order."""
    claims = [owned for save in saves for owned in save.owned()]
    return Save(
        tuple(event for save in saves for event in save.events),
        tuple(claim for claim, _ in claims),
        tuple(owner for _, owner in claims),
    )


class BatchStreams:
    """Keeps streams in memory.

    The streams already include the events of the current batch, although the positions of these events are not known
    yet.
    """

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
        for stream, events in by_stream(save):
            history = self.known.get(stream) or StreamHistory.begin(stream)
            rows = ((row.originator_version, row.topic, row.state, 0, None) for row in events)
            self.keep(history.then(map(entry_of, rows)))

    async def begin(self) -> None:
        """Prepares for a batch: reads the current registry, and drops the streams of ended applications.

        If more than REMEMBERED_MAX streams are left, all streams are dropped.
        """
        await self.streams.registry_now()
        self.known = {stream: history for stream, history in self.known.items() if not history.application.ended}
        if len(self.known) > REMEMBERED_MAX:
            self.known = {}


class BatchedEventStore(PostgresEventStore):
    """An event store that appends the events of a whole batch together. `new_events` is the number of stored events."""

    def __init__(self, made: Installation) -> None:
        self.remembered = BatchStreams(made.streams)
        super().__init__(
            pool=made.pool,
            streams=self.remembered,
            writer=made.writer,
            keys=made.keys,
            named=made.named,
            receipt_codes=made.receipt_codes,
            now=made.clock.now,
        )
        self.new_events = 0

    async def batch(self, members: int) -> Batch:
        """Begins the next batch. The previous batch must be complete."""
        await self.remembered.begin()
        return Batch(members, self.writer)

    def turn(self, _: UUID) -> AbstractAsyncContextManager[None]:
        """Uses no lock: in a batch, the commands of one application already wait for each other."""
        return nullcontext()

    def kept(self, history: StreamHistory) -> None:
        """Does nothing, because `save` has already extended the history in memory."""

    async def save(self, save: Save) -> SaveOutcome:
        batch, place = PLACE.get()
        self.remembered.extend(save)
        stored = False
        try:
            outcome = await batch.append(place, save)
            stored = outcome.stored
        finally:
            if not stored:
                for stream, _ in by_stream(save):
                    self.remembered.forget(stream)
        self.new_events += len(save.events) if stored else 0
        return outcome
