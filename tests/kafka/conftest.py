"""One broker for all tests of a worker process; a test that stops or kills one has its own."""

from collections.abc import Iterator

import pytest

from tests.kafka.broker import Broker, broker


@pytest.fixture(scope="session")
def kafka() -> Iterator[Broker]:
    with broker() as made:
        yield made
