"""Saves for the tests of the append: rows that say nothing, for the order, the versions and the claims alone."""

from uuid import UUID, uuid4

from eventsourcing.persistence import StoredEvent

from infra.eventstore.recorder import Save


def a_save(*versions: int, stream: UUID | None = None, claims: tuple[bytes, ...] = ()) -> Save:
    return Save(rows(stream or uuid4(), *versions), claims)


def rows(stream: UUID, *versions: int) -> tuple[StoredEvent, ...]:
    return tuple(StoredEvent(stream, version, "application.received.v1", b"{}") for version in versions)
