"""The audit compares an agency's Kafka topic with the log. The Kafka topic must hold each message once, in order, and
unaltered. If the agency does not know the earlier events of a file, the message must carry the right state of the file.

    faults_of : application, messages of the log, records of the topic -> [AuditFault]
    beginning : messages of the log -> versions of the messages that must carry the state of the file

This module is pure. Other modules make and send the messages. The audit shares no code with these modules, so it also
finds their mistakes.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

SHOWN_MAX = 20

FileState = Mapping[str, Any]
RANKS = ("holder", "owner", "asked")
"""The capacities in order. An agency sees the most fields in the first capacity, and the fewest fields in the last
capacity.
"""
REFERRED = "application.referred.v1"
REVISING = ("application.import-undone.v1", "application.import-restored.v1")
"""After these events, other events of the application stand than before, so every message carries the new state."""
HIDDEN_FROM_OWNER = frozenset({"number", "district", "regency"})
SEEN_BY_ASKED = frozenset({"submitted_at", "complete_at", "promise", "paused_since"})


class FaultKind(StrEnum):
    """The kinds of faults. The report uses these names."""

    GAP = "gap"
    DOUBLE = "double"
    DISORDER = "disorder"
    FOREIGN = "foreign"
    ALTERED = "altered"
    UNFOUNDED = "unfounded"


@dataclass(frozen=True, slots=True)
class LoggedMessage:
    """A message of the agency's feed. `digest` is the SHA-256 of the message's body. `so_far` is the state of the file
    in the message, or None if the message carries no state.
    """

    version: int
    previous: int
    position: int
    type: str
    digest: bytes
    capacity: str = "holder"
    so_far: FileState | None = None
    era: int = 1


@dataclass(frozen=True, slots=True)
class Seen:
    """A record of the Kafka topic. `odd` names the headers and parts of the record that do not match the record's
    id.
    """

    partition: int
    offset: int
    version: int
    previous: str
    type: str
    digest: bytes
    odd: str = ""
    era: int = 1

    @property
    def place(self) -> str:
        return f"partition {self.partition} offset {self.offset}"


@dataclass(frozen=True, slots=True)
class AuditFault:
    kind: FaultKind
    id: str
    words: str

    def __str__(self) -> str:
        return f"{self.kind}: {self.id}: {self.words}"


@dataclass(frozen=True, slots=True)
class Window:
    """A range of log positions. The Kafka topic must hold the messages of these positions. For each partition, the
    range begins after the partition's floor. The range ends with the relay's last position (`published`). `floors` maps
    each partition to its floor. The floor is the position just before the oldest record that the partition must hold.
    If the floor is None, all records of the partition may be older than the retention time. Then the partition need not
    hold any record.
    """

    floors: Mapping[int, int | None]
    published: int

    def demands(self, position: int, partition: int) -> bool:
        floor = self.floors[partition]
        return floor is not None and floor < position <= self.published


@dataclass(slots=True)
class AuditReport:
    """The report of an audit: it contains the totals, and the first SHOWN_MAX faults.

    `not_yet` counts the messages that the relay has not published yet. `no_longer` counts the messages that the Kafka
    topic has deleted because of their age.
    """

    applications: int = 0
    messages: int = 0
    records: int = 0
    not_yet: int = 0
    no_longer: int = 0
    counts: dict[FaultKind, int] = field(default_factory=dict)
    first: list[AuditFault] = field(default_factory=list)

    @property
    def whole(self) -> bool:
        return not self.counts

    def add(self, faults: Iterable[AuditFault]) -> None:
        for fault in faults:
            self.counts[fault.kind] = self.counts.get(fault.kind, 0) + 1
            if len(self.first) < SHOWN_MAX:
                self.first.append(fault)

    def judge(
        self,
        application: str,
        logged: Sequence[LoggedMessage],
        seen: Sequence[Seen],
        window: Window,
        home: int,
        *,
        states: Mapping[int, FileState],
    ) -> None:
        """Checks one application and adds the result to the report. `home` is the Kafka partition for the application's
        records. `states` has a key for each version that `beginning` returns. The value is the whole state of the file
        after this version, folded from the log.
        """
        self.applications += 1
        self.messages += len(logged)
        self.records += len(seen)
        there = {(record.version, record.era) for record in seen}
        absent = [message for message in logged if (message.version, message.era) not in there]
        self.not_yet += sum(message.position > window.published for message in absent)
        missing = [message for message in absent if window.demands(message.position, home)]
        self.no_longer += sum(message.position <= window.published for message in absent) - len(missing)
        self.add(
            AuditFault(
                FaultKind.GAP,
                f"{application}:{message.version}",
                f"position {message.position} is missing from the topic",
            )
            for message in missing
        )
        self.add(_of_states(application, logged, states))
        self.add(faults_of(application, logged, seen, home))


def beginning(logged: Sequence[LoggedMessage]) -> list[int]:
    """Returns the versions of the messages that must carry the state of the file, because the agency does not know all
    earlier events. The versions are sorted. `logged` is sorted by version.
    """
    pairs = zip([None, *logged], logged, strict=False)
    return [message.version for before, message in pairs if message.version > 1 and _begins(before, message)]


def _begins(before: LoggedMessage | None, message: LoggedMessage) -> bool:
    if before is None or message.type in REVISING:
        return True
    if message.capacity == "asked":
        return message.type == REFERRED
    sees_more = message.capacity in RANKS[: RANKS.index(before.capacity)]
    return before.version != message.version - 1 or sees_more


def _of_states(
    application: str, logged: Sequence[LoggedMessage], states: Mapping[int, FileState]
) -> Iterator[AuditFault]:
    """Compares the state of the file in each message with the log."""
    for message in logged:
        wanted = states.get(message.version)
        right = _visible(wanted, message.capacity) if wanted is not None else None
        if message.so_far == right:
            continue
        name = f"{application}:{message.version}"
        if right is None:
            yield AuditFault(FaultKind.UNFOUNDED, name, "it carries so_far, but the agency knows the earlier events")
        elif message.so_far is None:
            yield AuditFault(FaultKind.UNFOUNDED, name, "so_far is missing, but the agency lacks the earlier events")
        else:
            names = sorted(right.keys() | message.so_far.keys())
            wrong = [each for each in names if right.get(each) != message.so_far.get(each)]
            yield AuditFault(FaultKind.UNFOUNDED, name, f"so_far/{', so_far/'.join(wrong)} differ from the log")


def _visible(state: FileState, capacity: str) -> FileState:
    match capacity:
        case "asked":
            return {name: value for name, value in state.items() if name in SEEN_BY_ASKED}
        case "owner":
            return {name: value for name, value in state.items() if name not in HIDDEN_FROM_OWNER}
        case _:
            return state


def faults_of(
    application: str, logged: Sequence[LoggedMessage], seen: Sequence[Seen], home: int
) -> Iterator[AuditFault]:
    """Yields all faults of an application except gaps. `logged` is sorted by version. `seen` is sorted by partition and
    offset.

    If a restore lost an event, the log may have another event with the same id, but in a higher era. The record of the
    lost event is foreign.
    """
    yield from _of_log(application, logged)
    by_version = {(message.version, message.era): message for message in logged}
    before: set[int] = set()
    newest = 0
    for record in seen:
        name = f"{application}:{record.version}"
        message = by_version.get((record.version, record.era))
        if message is None:
            words = f"{record.place}: the agency's feed has no message with this id in era {record.era}"
            yield AuditFault(FaultKind.FOREIGN, name, words)
            continue
        if record.version in before:
            yield AuditFault(FaultKind.DOUBLE, name, f"{record.place}: the topic already has this message")
        elif record.version < newest:
            yield AuditFault(FaultKind.DISORDER, name, f"{record.place}: the record comes after version {newest}")
        if record.partition != home:
            yield AuditFault(FaultKind.DISORDER, name, f"{record.place}: the application's partition is {home}")
        if altered := _altered(message, record):
            yield AuditFault(FaultKind.ALTERED, name, f"{record.place}: {', '.join(altered)} differ from the log")
        before.add(record.version)
        newest = max(newest, record.version)


def _of_log(application: str, logged: Sequence[LoggedMessage]) -> Iterator[AuditFault]:
    """Yields the faults of the feed itself: messages that name a wrong previous version."""
    previous = 0
    for message in logged:
        name = f"{application}:{message.version}"
        if message.previous != previous:
            yield AuditFault(
                FaultKind.UNFOUNDED,
                name,
                f"the message names the previous version {message.previous}, but it is {previous}",
            )
        previous = message.version


def _altered(message: LoggedMessage, record: Seen) -> list[str]:
    compared = {
        "ce_type": record.type == f"jejak.{message.type}",
        "ce_previous": record.previous == f"{message.previous:010}",
        "value": record.digest == message.digest,
    }
    return [*([record.odd] if record.odd else []), *(name for name, same in compared.items() if not same)]
