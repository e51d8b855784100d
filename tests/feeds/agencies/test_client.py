"""Clients of Kafka while no Kafka is there: as many tries as one likes leave neither threads nor sockets behind."""

import gc
import logging
import threading
import warnings
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from kafka.errors import KafkaTimeoutError

from feeds.agencies.kafka.producer import Transactions
from feeds.agencies.kafka.relay_position import position_of

NOBODY = {"bootstrap_servers": ["127.0.0.1:9"]}


def held() -> tuple[int, int]:
    """Threads, and open files and sockets. Those of refused connections go with the next look for garbage."""
    with warnings.catch_warnings(action="ignore", category=ResourceWarning):
        gc.collect()
    return threading.active_count(), len(list(Path("/proc/self/fd").iterdir()))


@pytest.fixture
def _unheard() -> Iterator[None]:
    """What is logged is kept by pytest, and with it the sockets that it is about."""
    logging.disable()
    yield
    logging.disable(logging.NOTSET)


@pytest.mark.usefixtures("_unheard")
@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning", "ignore::ResourceWarning")
@pytest.mark.parametrize(
    "ask",
    [lambda: Transactions(NOBODY, "nobody"), lambda: position_of(NOBODY, "pln")],
    ids=["producer", "consumer"],
)
def test_a_client_that_finds_no_broker_leaves_nothing_behind(
    ask: Callable[[], object], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("feeds.agencies.kafka.client.BOOTSTRAP_MILLISECONDS", 300)
    before = held()
    for _ in range(3):
        with pytest.raises(KafkaTimeoutError):
            ask()
    assert held() == before
