"""The command consumer reads the command topics of the agencies. The command consumer is a member of a consumer group.

Jejak stores the offset of each partition in its own table. When a member of the group gets a partition, it continues at
this offset, and ignores the offset that Kafka stores. The consumer also commits offsets to Kafka. Only tools that show
the consumer lag use these offsets.
"""

from collections.abc import Iterable, Mapping, Sequence
from contextlib import suppress
from typing import Any, NamedTuple, Protocol

from kafka import ConsumerRebalanceListener, KafkaConsumer, TopicPartition
from kafka.errors import KafkaError
from kafka.structs import OffsetAndMetadata

from feeds.agencies.command_records import CommandRecord
from feeds.agencies.kafka import topic_names as names
from feeds.agencies.kafka.client import opened

GROUP = "jejak-intake"
RECORDS_A_POLL = 500
POLL_SECONDS = 0.5
ASK_MILLISECONDS = 5_000
CLOSE_MILLISECONDS = 5_000


class CommandPartition(NamedTuple):
    """A partition of an agency's command topic."""

    agency: str
    partition: int

    @property
    def topic(self) -> str:
        return names.commands(self.agency)


class CommandSource(Protocol):
    """One member of the consumer group. Two threads must not use the same member. Every method may raise KafkaError."""

    def poll(self) -> Mapping[CommandPartition, Sequence[CommandRecord]]:
        """Returns the next records of each partition, in order. Waits at most half a second."""
        ...

    def assigned(self) -> tuple[frozenset[CommandPartition], frozenset[CommandPartition]]:
        """Returns two sets of partitions. The first set has all partitions of this member as of the last poll. The
        second set has the partitions that this member got since the last call of this method, even if the member had
        some of these partitions before.
        """
        ...

    def bounds(self, place: CommandPartition) -> tuple[int, int]:
        """Returns two offsets: the first offset that is available in the partition, and the offset after the last
        committed record.
        """
        ...

    def seek(self, place: CommandPartition, offset: int) -> None: ...
    def pause(self, place: CommandPartition) -> None: ...
    def resume(self, place: CommandPartition) -> None: ...

    def show(self, reached: Mapping[CommandPartition, int]) -> None:
        """Commits to Kafka the offset that was reached in each partition. Only tools that show the consumer lag read
        the committed offsets.
        """
        ...

    def waiting(self, place: CommandPartition, reached: int) -> int:
        """Returns the consumer lag: the number of offsets after `reached`, as of the last poll."""
        ...

    def close(self) -> None: ...


class _Assignments(ConsumerRebalanceListener):  # type: ignore[misc] # the client has no types
    def __init__(self) -> None:
        self.fresh: set[TopicPartition] = set()

    def on_partitions_revoked(self, revoked: Iterable[TopicPartition]) -> None:
        """Does nothing. If this member still stores answers for a revoked partition, the database rejects its outdated
        offset.
        """

    def on_partitions_assigned(self, assigned: Iterable[TopicPartition]) -> None:
        self.fresh |= set(assigned)


class Commands:
    """A `CommandSource` over Kafka. `connection` contains the options with which the client connects to the brokers."""

    def __init__(self, agencies: Iterable[str], connection: Mapping[str, Any]) -> None:
        self.agency_of = {names.commands(agency): agency for agency in agencies}
        self.assignments = _Assignments()
        self.consumer: Any = opened(
            KafkaConsumer,
            **connection,
            group_id=GROUP,
            client_id=GROUP,
            enable_auto_commit=False,
            isolation_level="read_committed",
            auto_offset_reset="earliest",
            allow_auto_create_topics=False,
            metadata_max_age_ms=30_000,
            session_timeout_ms=6_000,
            heartbeat_interval_ms=1_500,
            max_poll_records=RECORDS_A_POLL,
            metrics_enabled=False,
        )
        self.consumer.subscribe(list(self.agency_of), listener=self.assignments)

    def poll(self) -> dict[CommandPartition, list[CommandRecord]]:
        polled = self.consumer.poll(timeout_ms=int(POLL_SECONDS * 1000), max_records=RECORDS_A_POLL)
        return {
            self._place(partition): [
                CommandRecord(offset=each.offset, headers=tuple(each.headers or ()), value=each.value)
                for each in records
            ]
            for partition, records in polled.items()
        }

    def assigned(self) -> tuple[frozenset[CommandPartition], frozenset[CommandPartition]]:
        fresh, self.assignments.fresh = self.assignments.fresh, set()
        ours = frozenset(map(self._place, self.consumer.assignment()))
        return ours, ours & frozenset(map(self._place, fresh))

    def bounds(self, place: CommandPartition) -> tuple[int, int]:
        at = _partition(place)
        first = self.consumer.beginning_offsets([at], timeout_ms=ASK_MILLISECONDS)[at]
        last = self.consumer.end_offsets([at], timeout_ms=ASK_MILLISECONDS)[at]
        return int(first), int(last)

    def seek(self, place: CommandPartition, offset: int) -> None:
        self.consumer.seek(_partition(place), offset)

    def pause(self, place: CommandPartition) -> None:
        self.consumer.pause(_partition(place))

    def resume(self, place: CommandPartition) -> None:
        self.consumer.resume(_partition(place))

    def show(self, reached: Mapping[CommandPartition, int]) -> None:
        offsets = {_partition(place): OffsetAndMetadata(offset, "", -1) for place, offset in reached.items()}
        with suppress(KafkaError):
            self.consumer.commit_async(offsets)

    def waiting(self, place: CommandPartition, reached: int) -> int:
        end = self.consumer.highwater(_partition(place))
        return max(0, end - reached) if end is not None else 0

    def close(self) -> None:
        with suppress(KafkaError):
            self.consumer.close(autocommit=False, timeout_ms=CLOSE_MILLISECONDS)

    def _place(self, partition: TopicPartition) -> CommandPartition:
        return CommandPartition(self.agency_of[partition.topic], partition.partition)


def _partition(place: CommandPartition) -> TopicPartition:
    return TopicPartition(place.topic, place.partition)
