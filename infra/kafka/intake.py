"""The intake: reads commands by topic, answers each once. Offset, events and answer are one transaction.

Any number of processes: Kafka's group shares the partitions out, and where it errs (a process that was thought dead
goes on) the offset in our own table decides, under its row's lock. What is temporary waits and is tried again; a record
that cannot be handled is answered as such after a few tries, so that none blocks what comes after it.
"""

import asyncio
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime
from uuid import UUID

import structlog
from eventsourcing.persistence import StoredEvent
from kafka.errors import KafkaError

from domain.codes import Channel, Role
from domain.intake import IntakeAnswered, IntakeEvent, IntakeMalformed, IntakeRefused
from domain.provenance import Act
from feeds.agencies.command_records import CommandRecord, SentCommand
from feeds.agencies.kafka.command_consumer import CommandPartition, CommandSource
from infra.composition import Installation
from infra.eventstore.identifiers import registry_id
from infra.eventstore.intake import Conflicting, End, IntakeLog, OffsetMove, Overtaken
from infra.eventstore.recorder import Save
from infra.eventstore.rows import rows_of
from infra.kafka.command_handler import Broken, ReadCommand, TopicCommandHandler, Verdict
from infra.metrics import INTAKE, INTAKE_INTERRUPTED, INTAKE_WAITING
from service_layer.faults import Unavailable

RECORDS_A_SAVE = 100
TRIES = 5
"""Of a record alone: after so many conflicts it waits, after so many faults of ours it is answered as one."""
BACK_OFF_SECONDS, BACK_OFF_MAX_SECONDS = 0.1, 5.0
RECONNECT_SECONDS = 2.0
DETAIL_MAX = 200

log = structlog.get_logger("jejak.intake")


@dataclass(slots=True)
class PartitionState:
    """A partition that is ours: `next` is the offset to answer next, `ends` where its own streams stand."""

    next: int
    ends: dict[UUID, End] = field(default_factory=dict)
    tries: int = 0
    pause: float = BACK_OFF_SECONDS
    resume_at: float | None = None


class Intake:
    """Use `run` once. `open_source` joins the group; it is called again after what Kafka could not do."""

    def __init__(self, made: Installation, open_source: Callable[[], CommandSource]) -> None:
        self.open_source = open_source
        self.kept = IntakeLog(made.pool)
        self.clerk = TopicCommandHandler(made)
        self.streams = made.streams
        self.readings: dict[CommandPartition, PartitionState] = {}

    async def run(self, stopping: asyncio.Event) -> None:
        """Until `stopping`: then what is under way is finished first."""
        while not stopping.is_set():
            try:
                source = await asyncio.to_thread(self.open_source)
            except KafkaError as away:
                await self._interrupted(stopping, away)
                continue
            try:
                while not stopping.is_set():
                    await self.step(source, stopping)
            except KafkaError as away:
                await self._interrupted(stopping, away)
            finally:
                self.readings.clear()
                await asyncio.to_thread(source.close)

    async def _interrupted(self, stopping: asyncio.Event, away: KafkaError) -> None:
        # Of the client's own words: topics, groups and nodes, never what a record holds.
        log.warning("reading commands is interrupted", fault=type(away).__name__, detail=str(away)[:DETAIL_MAX])
        INTAKE_INTERRUPTED.labels("kafka").inc()
        try:
            await asyncio.wait_for(stopping.wait(), RECONNECT_SECONDS)
        except TimeoutError:
            return

    async def step(self, source: CommandSource, stopping: asyncio.Event) -> None:
        """One poll, and the answers to what it brought. Raises KafkaError."""
        polled = await asyncio.to_thread(source.poll)
        ours, fresh = source.assigned()
        for place in self.readings.keys() - ours:
            INTAKE_WAITING.remove(place.agency, str(place.partition))
        self.readings = {place: known for place, known in self.readings.items() if place in ours - fresh}
        begun = set(self.readings)
        for place in sorted(ours - begun):
            await self._begin(source, place)
        for place, records in polled.items():
            if place in begun:  # what came before the place was sought is read again from there
                await self._answer_all(source, place, records, stopping)
        self._resume(source)
        if polled:
            source.show({place: reading.next for place, reading in self.readings.items() if place in polled})
        for place, reading in self.readings.items():
            INTAKE_WAITING.labels(place.agency, str(place.partition)).set(source.waiting(place, reading.next))

    async def _begin(self, source: CommandSource, place: CommandPartition) -> None:
        """Goes on where our own table says. A topic that ends before that was made anew, or lost its end."""
        try:
            reached = await self.kept.reached(place.topic, place.partition)
            first, last = await asyncio.to_thread(source.bounds, place)
            if reached > last:
                log.warning(
                    "a topic ends before what was answered of it: read again from its beginning, answered once",
                    topic=place.topic,
                    partition=place.partition,
                    answered=reached,
                    end=last,
                )
                move = OffsetMove(topic=place.topic, partition=place.partition, believed=reached, reached=0)
                await self.kept.store(move, None, place.agency, {})
                reached = 0
        except (Unavailable, Overtaken):
            INTAKE_INTERRUPTED.labels("database").inc()
            return  # at the next poll again; what comes until then is passed over
        source.seek(place, max(reached, first))
        self.readings[place] = PartitionState(next=reached)

    async def _answer_all(
        self, source: CommandSource, place: CommandPartition, records: Sequence[CommandRecord], stopping: asyncio.Event
    ) -> None:
        reading = self.readings[place]
        new = [record for record in records if record.offset >= reading.next]
        for some in _in_parts(new):
            if stopping.is_set():
                return
            try:
                reason = await self._answered(place, reading, some)
            except Exception as fault:  # noqa: BLE001 - this partition waits, and the others go on
                log.error("a partition stands still", topic=place.topic, partition=place.partition, **_kind(fault))  # noqa: TRY400
                reason = "fault"
            if reason == "overtaken":
                del self.readings[place]  # if it is still ours, it begins again
                return
            if reason:
                INTAKE_INTERRUPTED.labels(reason).inc()
                source.seek(place, max(reading.next, new[0].offset))
                source.pause(place)
                reading.resume_at = time.monotonic() + reading.pause
                reading.pause = min(2 * reading.pause, BACK_OFF_MAX_SECONDS)
                return
            reading.pause, reading.tries = BACK_OFF_SECONDS, 0

    def _resume(self, source: CommandSource) -> None:
        for place, reading in self.readings.items():
            if reading.resume_at is not None and time.monotonic() >= reading.resume_at:
                reading.resume_at = None
                source.resume(place)

    async def _answered(
        self, place: CommandPartition, reading: PartitionState, records: Sequence[CommandRecord]
    ) -> str:
        """Answers them all. Returns why not, "" where it did."""
        try:
            asked = [await self.clerk.asking(place, record) for record in records]
        except Unavailable:
            return "database"
        for some in _together(asked):
            reason = await self._some(place, reading, some)
            if reason:
                return reason
        return ""

    async def _some(self, place: CommandPartition, reading: PartitionState, asked: Sequence[ReadCommand]) -> str:
        """In one save; where one of them stands in the way, one by one."""
        if len(asked) > 1:
            with suppress(Conflicting, Broken):
                return await self._saved(place, reading, asked)
        for one in asked:
            reason = await self._alone(place, reading, one)
            if reason:
                return reason
        return ""

    async def _alone(self, place: CommandPartition, reading: PartitionState, one: ReadCommand) -> str:
        for _ in range(TRIES):
            try:
                reason = await self._saved(place, reading, [one])
            except Conflicting:
                continue
            except Broken:
                reading.tries += 1
                return "fault"
            reading.tries = 0
            return reason
        return "conflict"

    async def _saved(self, place: CommandPartition, reading: PartitionState, asked: Sequence[ReadCommand]) -> str:
        """One transaction. Raises Conflicting and Broken: then nothing is stored, and nothing remembered."""
        try:
            verdicts = await self._verdicts(place, reading, asked)
            move = OffsetMove(
                topic=place.topic,
                partition=place.partition,
                believed=reading.next,
                reached=asked[-1].record.offset + 1,
            )
            # What was malformed has no answer yet: it may be mended and sent under the same id.
            save, ends = await self._save(place, reading, verdicts)
            digests = {
                event.command: each.asking.keys[0].digest
                for each in verdicts
                if not isinstance(event := each.event, IntakeMalformed)
            }
            await self.kept.store(move, save, place.agency, digests)
        except Unavailable:
            reading.ends.clear()
            return "database"
        except Overtaken:
            return "overtaken"
        except Conflicting:
            reading.ends.clear()
            for each in asked:
                self._forget(each)
            raise
        reading.next = move.reached
        reading.ends |= ends
        _count(asked, verdicts)
        return ""

    async def _verdicts(
        self, place: CommandPartition, reading: PartitionState, asked: Sequence[ReadCommand]
    ) -> list[Verdict]:
        """In the order of the records, without those that repeat what was answered before."""
        ids = [each.id for each in asked if each.id is not None]
        known = await self.kept.known(place.agency, ids) if ids else {}
        registry = await self.streams.registry_now()
        last = reading.tries >= TRIES - 1
        found = await asyncio.gather(
            *(self.clerk.verdict(each, known.get(each.id) if each.id else None, registry, last=last) for each in asked),
            return_exceptions=True,  # so that none goes on behind our back
        )
        for each in found:
            if isinstance(each, BaseException):
                raise each
        return [each for each in found if isinstance(each, Verdict)]

    async def _save(
        self, place: CommandPartition, reading: PartitionState, verdicts: Sequence[Verdict]
    ) -> tuple[Save | None, dict[UUID, End]]:
        """All events of these verdicts, to be stored together, and where the partition's own streams stand then."""
        missing = {_stream(place, each.event) for each in verdicts} - reading.ends.keys()
        ends = {**reading.ends, **(await self.kept.ends(missing) if missing else {})}
        act = Act(at=datetime.now(UTC), by=Role.SYSTEM, channel=Channel.INTERNAL)
        rows: list[StoredEvent] = []
        claims: list[bytes] = []
        owners: list[UUID] = []
        for each in verdicts:
            rows += each.rows
            claims += each.claims
            owners += [each.owner] * len(each.claims) if each.owner else []
            stream, identity = _stream(place, each.event), each.asking.keys[0]
            version, prev = ends[stream]
            [row], prev = rows_of(
                stream, version, prev, [each.event], act, command=identity.command, digest=identity.digest
            )
            rows.append(row)
            ends[stream] = (version + 1, prev)
        return (Save(tuple(rows), tuple(claims), tuple(owners)) if rows else None), ends

    def _forget(self, asked: ReadCommand) -> None:
        if isinstance(asked.sent, SentCommand) and asked.sent.target is not None:
            self.streams.forget(asked.sent.target)


def _kind(fault: Exception) -> dict[str, str]:
    """All that a log may say of it: a trace, or its words, might show what was sent."""
    return {"fault": type(fault).__name__}


def _stream(place: CommandPartition, event: IntakeEvent) -> UUID:
    """Of the answers of a partition, or of its dead letters."""
    kind = "dead-letters" if isinstance(event, IntakeMalformed) else "answers"
    return registry_id("intake", f"{place.topic}/{place.partition}/{kind}")


def _in_parts(records: Sequence[CommandRecord]) -> Iterator[Sequence[CommandRecord]]:
    return (records[start : start + RECORDS_A_SAVE] for start in range(0, len(records), RECORDS_A_SAVE))


def _together(asked: Sequence[ReadCommand]) -> Iterator[list[ReadCommand]]:
    """In their order, those that can be decided side by side: of distinct commands, on distinct applications."""
    some: list[ReadCommand] = []
    taken: set[UUID] = set()
    for each in asked:
        own = {each.sent.id, each.sent.target or each.sent.id} if isinstance(each.sent, SentCommand) else set()
        if some and not taken.isdisjoint(own):
            yield some
            some, taken = [], set()
        some.append(each)
        taken |= own
    if some:
        yield some


def _count(asked: Sequence[ReadCommand], verdicts: Sequence[Verdict]) -> None:
    for each in verdicts:
        match each.event:
            case IntakeAnswered():
                INTAKE.labels("applied", "").inc()
            case IntakeRefused() as refused:
                INTAKE.labels("refused", refused.code).inc()
            case IntakeMalformed() as malformed:
                INTAKE.labels("malformed", malformed.code).inc()
    INTAKE.labels("repeated", "").inc(len(asked) - len(verdicts))
