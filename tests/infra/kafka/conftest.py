"""One broker for all tests of a worker process; a test that stops or kills one has its own."""

import gc
import logging
import sys
import threading
import time
from collections.abc import Iterator, Sequence
from pathlib import Path

import pytest

from tests.infra.kafka.broker import Broker, broker

HERE = Path(__file__).parent
LEFT = "ignore:Exception ignored in. <socket:pytest.PytestUnraisableExceptionWarning"
"""kafka-python leaves the sockets of lost connections and refused logins to the garbage collector."""

logging.getLogger("kafka").setLevel(logging.CRITICAL)
"""pytest keeps what is logged, and with an exception its frames, and with these such sockets, to the very end."""


def pytest_collection_modifyitems(items: Sequence[pytest.Item]) -> None:
    for item in items:
        if HERE in item.path.parents:
            item.add_marker(pytest.mark.filterwarnings(LEFT))


@pytest.fixture(autouse=True, scope="module")
def _collected() -> Iterator[None]:
    """Here, not in some other test's time: once the threads are over that still hold some. Some never end."""
    yield
    deadline = time.monotonic() + 5
    while _of_kafka() - ENDLESS and time.monotonic() < deadline:
        time.sleep(0.05)
    ENDLESS.update(_of_kafka())
    gc.collect()


ENDLESS: set[threading.Thread] = set()


def _of_kafka() -> set[threading.Thread]:
    names = ((thread, thread.name) for thread in threading.enumerate())
    return {thread for thread, name in names if name.startswith("kafka-io-") or name.endswith("-network-thread")}


def pytest_unconfigure() -> None:
    """What pytest itself kept alive to here would else be told as an error of nobody's."""
    hook, sys.unraisablehook = sys.unraisablehook, lambda _: None
    gc.collect()
    sys.unraisablehook = hook


@pytest.fixture(scope="session")
def kafka() -> Iterator[Broker]:
    with broker() as made:
        yield made
