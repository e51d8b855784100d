"""Intake: this module reads commands from the agencies' Kafka topics, and answers each command once.

The offset of a command, its events and its answer are stored in one transaction. Any number of intake processes may
run. Kafka's consumer group assigns each partition to one process. For a short time, two processes may believe that they
own the same partition. Then the offset in the database decides: only one of the two processes can change the offset,
because the row of the offset is locked.

After a temporary fault, the partition pauses and is tried again later (back-off). If a record still fails after a few
tries, its answer is an internal error. So the record does not block the records after it.
"""

import asyncio
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
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
from infra.service import BackgroundService, ServiceLimits
from service_layer.faults import Unavailable

RECORDS_A_SAVE = 100
TRIES = 5
"""The maximum number of tries for one record. After TRIES conflicts, the partition pauses.

After TRIES internal errors, the answer to the record is an internal error.
"""
BACK_OFF_SECONDS, BACK_OFF_MAX_SECONDS = 0.1, 5.0
LIMITS = ServiceLimits(back_off_seconds=1.0, back_off_max_seconds=5.0)
DETAIL_MAX = 200

log = structlog.get_logger("jejak.intake")


@dataclass(slots=True)
class PartitionState:
    """The state of a partition that is assigned to this process.

    `next` is the offset of the next record that needs an answer. `ends` contains two values for each answer stream of
    the partition: the version of the last event, and the commitment to this event.
    """

    next: int
    ends: dict[UUID, End] = field(default_factory=dict)
    tries: int = 0
    pause: float = BACK_OFF_SECONDS
    resume_at: float | None = None


class Intake:
    """The intake of one process. Call `run` only once.

    `open_source` joins the consumer group. After a KafkaError, the intake calls `open_source` again.
    """

    def __init__(self, installation: Installation, open_source: Callable[[], CommandSource]) -> None:
        self.open_source = open_source
        self.service = BackgroundService("intake", LIMITS, expected=(KafkaError, Unavailable, OSError))
        self.kept = IntakeLog(installation.pool)
        self.clerk = TopicCommandHandler(installation)
        self.streams = installation.streams
        self.clock = installation.clock
        self.readings: dict[CommandPartition, PartitionState] = {}

    async def run(self, stopping: asyncio.Event) -> None:
        """Runs until `stopping` is set.

        If events are being stored when `stopping` is set, the method ends only after these events are stored.
        """
        await self.service.run_async(lambda: self._follow(stopping), stopping)

    async def _follow(self, stopping: asyncio.Event) -> None:
        try:
            source = await asyncio.to_thread(self.open_source)
            try:
                while not stopping.is_set():
                    await self.step(source, stopping)
                    self.service.succeeded()
            finally:
                self.readings.clear()
                await asyncio.to_thread(source.close)
        except KafkaError as away:
            # The error message may name topics, groups and nodes, but never contains data from a record.
            log.warning("reading commands is interrupted", fault=type(away).__name__, detail=str(away)[:DETAIL_MAX])
            INTAKE_INTERRUPTED.labels("kafka").inc()
            raise

    async def step(self, source: CommandSource, stopping: asyncio.Event) -> None:
        """Polls Kafka once, and answers the records that Kafka returned. Raises KafkaError."""
        polled = await asyncio.to_thread(source.poll)
        assigned, fresh = source.assigned()
        for place in self.readings.keys() - assigned:
            INTAKE_WAITING.remove(place.agency, str(place.partition))
        self.readings = {place: state for place, state in self.readings.items() if place in assigned - fresh}
        begun = set(self.readings)
        for place in sorted(assigned - begun):
            await self._begin(source, place)
        for place, records in polled.items():
            if place in begun:  # after `_begin`, the records of a new partition are polled again
                await self._answer_all(source, place, records, stopping)
        self._resume(source)
        if polled:
            source.show({place: reading.next for place, reading in self.readings.items() if place in polled})
        for place, reading in self.readings.items():
            INTAKE_WAITING.labels(place.agency, str(place.partition)).set(source.waiting(place, reading.next))

    async def _begin(self, source: CommandSource, place: CommandPartition) -> None:
        """Moves the consumer to the offset that is stored in the database.

        If the Kafka topic ends before this offset, the topic was created again, or some of its records were lost. In
        this case, the partition is read from the beginning.
        """
        try:
            reached = await self.kept.reached(place.topic, place.partition)
            first, last = await asyncio.to_thread(source.bounds, place)
            if reached > last:
                log.warning(
                    "a topic ends before the answered offset: reading the topic from its beginning",
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
            return  # the next step tries again. Until then, polled records are ignored
        source.seek(place, max(reached, first))
        self.readings[place] = PartitionState(next=reached)

    async def _answer_all(
        self, source: CommandSource, place: CommandPartition, records: Sequence[CommandRecord], stopping: asyncio.Event
    ) -> None:
        reading = self.readings[place]
        new = [record for record in records if record.offset >= reading.next]
        for some in _in_parts(new):
            self.service.alive()
            if stopping.is_set():
                return
            try:
                reason = await self._answered(place, reading, some)
            except Exception as fault:  # noqa: BLE001 - only this partition pauses
                log.error("a partition does not advance", topic=place.topic, partition=place.partition, **_kind(fault))  # noqa: TRY400
                reason = "fault"
            if reason == "overtaken":
                del self.readings[place]  # `_begin` runs again if this process still owns the partition
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
        """Answers the records.

        Returns an empty string after success. After a failure, returns its cause: "database", "overtaken", "fault" or
        "conflict".
        """
        try:
            commands = [await self.clerk.asking(place, record) for record in records]
        except Unavailable:
            return "database"
        for some in _together(commands):
            reason = await self._some(place, reading, some)
            if reason:
                return reason
        return ""

    async def _some(self, place: CommandPartition, reading: PartitionState, commands: Sequence[ReadCommand]) -> str:
        """Answers all commands in one transaction.

        If one command makes this impossible, answers each command in a separate transaction. Returns the same kinds of
        value as `_answered`: an empty string after success, or the cause of a failure.
        """
        if len(commands) > 1:
            with suppress(Conflicting, Broken):
                return await self._saved(place, reading, commands)
        for command in commands:
            reason = await self._alone(place, reading, command)
            if reason:
                return reason
        return ""

    async def _alone(self, place: CommandPartition, reading: PartitionState, command: ReadCommand) -> str:
        for _ in range(TRIES):
            try:
                reason = await self._saved(place, reading, [command])
            except Conflicting:
                continue
            except Broken:
                reading.tries += 1
                return "fault"
            reading.tries = 0
            return reason
        return "conflict"

    async def _saved(self, place: CommandPartition, reading: PartitionState, commands: Sequence[ReadCommand]) -> str:
        """Answers the commands in one transaction. Raises Conflicting and Broken.

        If it raises one of these errors, nothing is stored, and the offset is unchanged.
        """
        try:
            verdicts = await self._verdicts(place, reading, commands)
            move = OffsetMove(
                topic=place.topic,
                partition=place.partition,
                believed=reading.next,
                reached=commands[-1].record.offset + 1,
            )
            # The id of a malformed command is not stored. So the sender can correct the command and send the same id
            # again.
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
            for command in commands:
                self._forget(command)
            raise
        reading.next = move.reached
        reading.ends |= ends
        _count(commands, verdicts)
        return ""

    async def _verdicts(
        self, place: CommandPartition, reading: PartitionState, commands: Sequence[ReadCommand]
    ) -> list[Verdict]:
        """Returns the verdicts in the order of the records. A command that was answered before gets no verdict."""
        ids = [command.id for command in commands if command.id is not None]
        answered = await self.kept.known(place.agency, ids) if ids else {}
        registry = await self.streams.registry_now()
        last = reading.tries >= TRIES - 1
        results = await asyncio.gather(
            *(
                self.clerk.verdict(command, answered.get(command.id) if command.id else None, registry, last=last)
                for command in commands
            ),
            return_exceptions=True,  # waits for all verdicts, even after an error
        )
        for result in results:
            if isinstance(result, BaseException):
                raise result
        return [result for result in results if isinstance(result, Verdict)]

    async def _save(
        self, place: CommandPartition, reading: PartitionState, verdicts: Sequence[Verdict]
    ) -> tuple[Save | None, dict[UUID, End]]:
        """Returns two values. The first value is a `Save` that contains all events of the verdicts.

        It is None if there are no events. The second value contains the version of the last event of each answer
        stream, and the commitment to this event.
        """
        missing = {_stream(place, each.event) for each in verdicts} - reading.ends.keys()
        ends = {**reading.ends, **(await self.kept.ends(missing) if missing else {})}
        act = Act(at=self.clock.now(), by=Role.SYSTEM, channel=Channel.INTERNAL)
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

    def _forget(self, command: ReadCommand) -> None:
        if isinstance(command.sent, SentCommand) and command.sent.target is not None:
            self.streams.forget(command.sent.target)


def _kind(fault: Exception) -> dict[str, str]:
    """Returns the class name of an error for the log.

    The message and the traceback could quote the record, so they are left out.
    """
    return {"fault": type(fault).__name__}


def _stream(place: CommandPartition, event: IntakeEvent) -> UUID:
    """Returns the stream for an event of the intake.

    Each partition has one stream of answers and one stream of dead letters.
    """
    kind = "dead-letters" if isinstance(event, IntakeMalformed) else "answers"
    return registry_id("intake", f"{place.topic}/{place.partition}/{kind}")


def _in_parts(records: Sequence[CommandRecord]) -> Iterator[Sequence[CommandRecord]]:
    return (records[start : start + RECORDS_A_SAVE] for start in range(0, len(records), RECORDS_A_SAVE))


def _together(commands: Sequence[ReadCommand]) -> Iterator[list[ReadCommand]]:
    """Splits the commands into groups without changing their order. The commands of one group can be decided
    concurrently.

    All commands of a group have different ids and belong to different applications.
    """
    some: list[ReadCommand] = []
    taken: set[UUID] = set()
    for each in commands:
        own = {each.sent.id, each.sent.target or each.sent.id} if isinstance(each.sent, SentCommand) else set()
        if some and not taken.isdisjoint(own):
            yield some
            some, taken = [], set()
        some.append(each)
        taken |= own
    if some:
        yield some


def _count(commands: Sequence[ReadCommand], verdicts: Sequence[Verdict]) -> None:
    for each in verdicts:
        match each.event:
            case IntakeAnswered():
                INTAKE.labels("applied", "").inc()
            case IntakeRefused() as refused:
                INTAKE.labels("refused", refused.code).inc()
            case IntakeMalformed() as malformed:
                INTAKE.labels("malformed", malformed.code).inc()
    INTAKE.labels("repeated", "").inc(len(commands) - len(verdicts))
