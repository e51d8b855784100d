"""One broker for all tests of a worker process; a test that stops or kills one has its own."""

import gc
from collections.abc import Iterator, Sequence
from pathlib import Path

import pytest

from tests.kafka.broker import Broker, broker

HERE = Path(__file__).parent
LEFT = "ignore:Exception ignored in. <socket:pytest.PytestUnraisableExceptionWarning"
"""kafka-python leaves the sockets of lost connections and refused logins to the garbage collector."""


def pytest_collection_modifyitems(items: Sequence[pytest.Item]) -> None:
    for item in items:
        if HERE in item.path.parents:
            item.add_marker(pytest.mark.filterwarnings(LEFT))


@pytest.fixture(autouse=True, scope="module")
def _collected() -> Iterator[None]:
    """Here, not in some other test's time."""
    yield
    gc.collect()


@pytest.fixture(scope="session")
def kafka() -> Iterator[Broker]:
    with broker() as made:
        yield made
