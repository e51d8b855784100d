"""Whether a topic holds what the log says an agency was told: each message once, per application in order, unaltered.

    faults_of : application, messages of the log, records of the topic -> [Fault]

Pure. It imports nothing of what makes or sends the messages: a mistake made there is not made here again.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum

SHOWN_MAX = 20


class FaultKind(StrEnum):
    """What may be wrong, in the words of the report."""

    GAP = "gap"
    DOUBLE = "double"
    DISORDER = "disorder"
    FOREIGN = "foreign"
    ALTERED = "altered"
    UNFOUNDED = "unfounded"


@dataclass(frozen=True, slots=True)
class LoggedMessage:
    """A message of the log. `digest`: of its body; `stored`: whether its event is in the log, at that position."""

    version: int
    previous: int
    position: int
    type: str
    digest: bytes
    stored: bool = True


@dataclass(frozen=True, slots=True)
class Seen:
    """A record of the topic. `odd`: names of what contradicts its own id."""

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
    """Which messages the topic must hold: those above the floor of their partition, up to what the relay published.

    `floors`: by partition, the position before the oldest record that must be there; None: nothing can be demanded,
    because what was there is older than the topic keeps.
    """

    floors: Mapping[int, int | None]
    published: int

    def demands(self, position: int, partition: int) -> bool:
        floor = self.floors[partition]
        return floor is not None and floor < position <= self.published


@dataclass(slots=True)
class AuditReport:
    """Sums, and the first faults in words."""

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
        self, application: str, told: Sequence[LoggedMessage], seen: Sequence[Seen], window: Window, home: int
    ) -> None:
        """One application's part. `home`: the partition of its key."""
        self.applications += 1
        self.messages += len(told)
        self.records += len(seen)
        there = {record.version for record in seen}
        absent = [message for message in told if message.version not in there]
        self.not_yet += sum(message.position > window.published for message in absent)
        missing = [message for message in absent if window.demands(message.position, home)]
        self.no_longer += sum(message.position <= window.published for message in absent) - len(missing)
        self.add(
            AuditFault(
                FaultKind.GAP, f"{application}:{message.version}", f"position {message.position} is not on the topic"
            )
            for message in missing
        )
        self.add(faults_of(application, told, seen, home))


def faults_of(application: str, told: Sequence[LoggedMessage], seen: Sequence[Seen], home: int) -> Iterator[AuditFault]:
    """But for gaps. `told` by version, `seen` by partition and offset."""
    yield from _of_log(application, told)
    known = {message.version: message for message in told}
    before: set[int] = set()
    newest = 0
    for record in seen:
        name = f"{application}:{record.version}"
        message = known.get(record.version)
        if message is None:
            yield AuditFault(FaultKind.FOREIGN, name, f"{record.place}: the log tells this agency nothing of that id")
        elif record.version in before:
            yield AuditFault(FaultKind.DOUBLE, name, f"{record.place}: it came before")
        elif record.version < newest:
            yield AuditFault(FaultKind.DISORDER, name, f"{record.place}: after version {newest}")
        if message and record.partition != home:
            yield AuditFault(FaultKind.DISORDER, name, f"{record.place}: its application is on partition {home}")
        if message and (altered := _altered(message, record)):
            yield AuditFault(FaultKind.ALTERED, name, f"{record.place}: {', '.join(altered)} not as in the log")
        before.add(record.version)
        newest = max(newest, record.version)


def _of_log(application: str, told: Sequence[LoggedMessage]) -> Iterator[AuditFault]:
    """The list that the topic is compared with is compared with the events."""
    previous = 0
    for message in told:
        name = f"{application}:{message.version}"
        if not message.stored:
            yield AuditFault(
                FaultKind.UNFOUNDED, name, f"position {message.position} of the log is another event, or none"
            )
        if message.previous != previous:
            yield AuditFault(
                FaultKind.UNFOUNDED, name, f"says that {message.previous} came before it: it was {previous}"
            )
        previous = message.version


def _altered(message: LoggedMessage, record: Seen) -> list[str]:
    compared = {
        "ce_type": record.type == f"jejak.{message.type}",
        "ce_previous": record.previous == f"{message.previous:010}",
        "value": record.digest == message.digest,
    }
    return [*([record.odd] if record.odd else []), *(name for name, same in compared.items() if not same)]
