"""Lives: simulated applications as rows of the log.

Each application has its own id, tracking number, dossier key, sealed part and chain.
"""

import secrets
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

from domain.application.events import ApplicationEvent, Submitted
from domain.provenance import Act
from domain.registry.registry import Registry
from domain.tracking_number import tracking_number
from infra.eventstore.identifiers import new_application_id
from infra.eventstore.recorder import Save
from infra.eventstore.rows import rows_of
from infra.keys.key_folder import KEY_BYTES
from infra.keys.key_store import DossierKey
from infra.keys.receipt_codes import SERIAL_BITS
from simulation.life import Life, PlanStep, person
from simulation.plan import Plan, latest

INSTANCE = "01"
DIGEST_BYTES = 16
EVENTS_EACH = 8
"""The number of events in a pattern: the submission and seven later events."""
PATTERNS = 200


@dataclass(slots=True)
class Stream:
    """An application that is being written to the log, with the data for its next row."""

    id: UUID
    personal: Mapping[str, Mapping[str, Any]]
    version: int
    prev: str
    key: DossierKey

    @classmethod
    def begin(cls, personal: Mapping[str, Mapping[str, Any]]) -> "Stream":
        key = DossierKey(uuid4(), "applicant", secrets.token_bytes(KEY_BYTES))
        return cls(new_application_id(), personal, 0, "", key)

    def save(self, act: Act, events: tuple[ApplicationEvent, ...]) -> Save:
        """Makes rows from `events`, and returns them as a `Save`.

        The first `Save` of an application also has a sealed part and two claims: the id of the command, and the
        tracking number.
        """
        command = uuid4()
        first = self.version == 0
        if isinstance(events[0], Submitted):
            number = tracking_number(INSTANCE, secrets.randbits(SERIAL_BITS))
            events = (replace(events[0], number=number), *events[1:])
            claims = (command.bytes, number.encode())
        rows, self.prev = rows_of(
            self.id,
            self.version,
            self.prev,
            events,
            act,
            command=command,
            digest=secrets.token_hex(DIGEST_BYTES),
            personal=self.personal if first else None,
            keys={self.key.role: self.key} if first else None,
        )
        self.version += len(rows)
        return Save(tuple(rows), claims if first else ())


def plan(registry: Registry, applications: int, *, days: int = 90) -> Plan:
    """Returns a plan that ends yesterday, so that no event is in the future."""
    until: date = latest(registry, datetime.now(UTC).date() - timedelta(days=1))
    return Plan(seed=1, days=days, applications=applications, until=until, registry=registry)


def steps_as_saves(steps: Iterable[PlanStep]) -> Iterator[tuple[Stream, Save]]:
    """Yields one `Save` for each step, in the order of the plan. So the events of different applications alternate."""
    streams: dict[int, Stream] = {}
    for step in steps:
        if step.number == 0:
            streams[step.ordinal] = Stream.begin(person(step.ordinal))
        stream = streams[step.ordinal]
        yield stream, stream.save(step.act, step.events)


@dataclass(frozen=True, slots=True)
class Pattern:
    """The first eight events of a simulated application. Many applications can be made from one pattern."""

    personal: Mapping[str, Mapping[str, Any]]
    events: tuple[tuple[Act, ApplicationEvent], ...]

    def saves(self) -> Iterator[tuple[Stream, Save]]:
        """Yields one `Save` for each event of a new application.

        The generator makes each `Save` only when the caller asks for it.
        """
        stream = Stream.begin(self.personal)
        for act, event in self.events:
            yield stream, stream.save(act, (event,))


def patterns(registry: Registry) -> list[Pattern]:
    """Returns one pattern for each simulated application that has at least eight events."""
    return [pattern for life in plan(registry, PATTERNS).lives() if (pattern := _pattern(life))]


def _pattern(life: Life) -> Pattern | None:
    events = [(step.act, event) for step in life.steps for event in step.events]
    if len(events) < EVENTS_EACH:
        return None
    return Pattern(person(life.steps[0].ordinal), tuple(events[:EVENTS_EACH]))
