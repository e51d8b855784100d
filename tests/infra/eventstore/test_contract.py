"""The library's own contract for recorders, run on ours.

Left out, with reasons: AggregateRecorderTestCase (our recorder gives positions, as application recorders do, and that
case wants none); the transcoder's and the factory's cases (the log has a format of its own, and the factory for readers
does not write). Tracking and process recorders, applications and projections are in `test_library`.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import pytest
from eventsourcing.persistence import StoredEvent
from eventsourcing.tests import persistence

from infra.eventstore.recorder import Datastore, Recorder
from tests.conftest import Fresh

ZERO_BASED = {"topic", "non-interleaving-test-event"}
"""The topics of those cases whose streams open at version 0; ours open at 1."""


class FromZero(Recorder):
    """Adds one to the versions of streams that open at 0."""

    def insert_events(self, stored_events: Sequence[StoredEvent], **kwargs: Any) -> Sequence[int]:
        shifted = [
            StoredEvent(event.originator_id, event.originator_version + 1, event.topic, event.state)
            if event.topic in ZERO_BASED
            else event
            for event in stored_events
        ]
        return list(super().insert_events(shifted, **kwargs))


@dataclass
class Lent:
    """unittest's cases take no fixtures: what they need is left here for them."""

    datastore: Datastore | None = None


LENT = Lent()


@pytest.fixture(autouse=True)
def lent(fresh: Fresh) -> Iterator[None]:
    LENT.datastore = Datastore(fresh.databases.serving, pool_size=6)
    yield
    LENT.datastore.close()


def a_recorder() -> FromZero:
    assert LENT.datastore
    return FromZero(LENT.datastore)


class TestAsAnApplicationRecorder(persistence.ApplicationRecorderTestCase[FromZero]):
    INITIAL_VERSION = 1

    def create_recorder(self) -> FromZero:
        return a_recorder()

    def test_insert_subscribe(self) -> None:
        self.optional_test_insert_subscribe()


class TestPositionsDoNotInterleave(persistence.NonInterleavingNotificationIDsBaseCase):
    def create_recorder(self) -> FromZero:
        return a_recorder()
