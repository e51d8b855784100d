"""The audit: compares an agency's Kafka topic with the log. The Kafka topic must hold each message once, in order, and
unaltered.

    faults_of : application, messages of the log, records of the topic -> [AuditFault]

This module is pure. It shares no code with the modules that make or send messages, so the audit also finds the mistakes
of these modules.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum

SHOWN_MAX = 20


class FaultKind(StrEnum):
    """The kinds of faults, named as in the report."""

    GAP = "gap"
    DOUBLE = "double"
    DISORDER = "disorder"
    FOREIGN = "foreign"
    ALTERED = "altered"
    UNFOUNDED = "unfounded"


@dataclass(frozen=True, slots=True)
class LoggedMessage:
    """A message of the agency's feed. `digest` is the SHA-256 of the message's body. `stored` says whether the log has
    the message's event at `position`.
    """

    version: int
    previous: int
    position: int
    type: str
    digest: bytes
    stored: bool = True


@dataclass(frozen=True, slots=True)
class Seen:
    """A record of the Kafka topic. `odd` lists the headers and parts of the record that contradict the record's id."""

    partition: int
    offset: int
    version: int
    previous: str
    type: str
    digest: bytes
    odd: str = ""

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
    """The range of log positions whose messages the Kafka topic must hold. The range begins after the floor of the
    partition and ends with the relay's last position (`published`). `floors` maps each partition to its floor: the
    position before the oldest record that the partition must hold. If the floor is None, all records of the partition
    may be older than the retention time, so the partition need not hold any record.
    """

    floors: Mapping[int, int | None]
    published: int

    def demands(self, position: int, partition: int) -> bool:
        floor = self.floors[partition]
        return floor is not None and floor < position <= self.published


@dataclass(slots=True)
class AuditReport:
    """The totals, and the first SHOWN_MAX faults.

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
        self, application: str, logged: Sequence[LoggedMessage], seen: Sequence[Seen], window: Window, home: int
    ) -> None:
        """Checks one application and adds the result. `home` is the Kafka partition for the application's records."""
        self.applications += 1
        self.messages += len(logged)
        self.records += len(seen)
        versions = {record.version for record in seen}
        absent = [message for message in logged if message.version not in versions]
        self.not_yet += sum(message.position > window.published for message in absent)
        missing = [message for message in absent if window.demands(message.position, home)]
        self.no_longer += sum(message.position <= window.published for message in absent) - len(missing)
        self.add(
            AuditFault(
                FaultKind.GAP, f"{application}:{message.version}", f"position {message.position} is not on the topic"
            )
            for message in missing
        )
        self.add(faults_of(application, logged, seen, home))


def faults_of(
    application: str, logged: Sequence[LoggedMessage], seen: Sequence[Seen], home: int
) -> Iterator[AuditFault]:
    """All faults of an application except gaps. `logged` is sorted by version. `seen` is sorted by partition and
    offset.
    """
    yield from _of_log(application, logged)
    by_version = {message.version: message for message in logged}
    before: set[int] = set()
    newest = 0
    for record in seen:
        name = f"{application}:{record.version}"
        message = by_version.get(record.version)
        if message is None:
            yield AuditFault(FaultKind.FOREIGN, name, f"{record.place}: the agency's feed has no message with this id")
        elif record.version in before:
            yield AuditFault(FaultKind.DOUBLE, name, f"{record.place}: the same message is there already")
        elif record.version < newest:
            yield AuditFault(FaultKind.DISORDER, name, f"{record.place}: after version {newest}")
        if message and record.partition != home:
            yield AuditFault(FaultKind.DISORDER, name, f"{record.place}: its application is on partition {home}")
        if message and (altered := _altered(message, record)):
            yield AuditFault(FaultKind.ALTERED, name, f"{record.place}: {', '.join(altered)} differ from the log")
        before.add(record.version)
        newest = max(newest, record.version)


def _of_log(application: str, logged: Sequence[LoggedMessage]) -> Iterator[AuditFault]:
    """Checks the feed's messages themselves against the events of the log."""
    previous = 0
    for message in logged:
        name = f"{application}:{message.version}"
        if not message.stored:
            yield AuditFault(
                FaultKind.UNFOUNDED, name, f"position {message.position} of the log has another event or none"
            )
        if message.previous != previous:
            yield AuditFault(
                FaultKind.UNFOUNDED, name, f"its previous version is given as {message.previous}, but it is {previous}"
            )
        previous = message.version


def _altered(message: LoggedMessage, record: Seen) -> list[str]:
    compared = {
        "ce_type": record.type == f"jejak.{message.type}",
        "ce_previous": record.previous == f"{message.previous:010}",
        "value": record.digest == message.digest,
    }
    return [*([record.odd] if record.odd else []), *(name for name, same in compared.items() if not same)]
