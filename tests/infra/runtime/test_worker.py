"""The frame of a worker process: signals and the end of the parent stop it, in threads and in an event loop."""

import asyncio
import os
import signal
import threading
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager, contextmanager, nullcontext
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from infra import logs
from infra.runtime import worker as module
from infra.runtime.ops_server import Ops, OpsServer
from infra.runtime.signals import stopped_by_signals
from infra.runtime.worker import run_installation, run_worker, worker
from infra.settings import Settings, settings_from

GENEROUS = 30.0
OPS = Ops(verb="test")
FOUND = SimpleNamespace(serving="host=nowhere")


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    return settings_from({"JEJAK_DATA_DIR": str(tmp_path)})


@pytest.fixture(autouse=True)
def frame(monkeypatch: pytest.MonkeyPatch) -> Iterator[list[Callable[[], None]]]:
    """No database and no change of this process's logs. Yields what would be called when the parent ends."""

    @contextmanager
    def databases(_: Settings, *, kept_alive: bool) -> Iterator[Any]:
        assert kept_alive
        yield FOUND

    @asynccontextmanager
    async def installation(_: Settings, found: Any) -> AsyncIterator[str]:
        assert found is FOUND
        yield "an installation"

    attached: list[Callable[[], None]] = []
    monkeypatch.setattr(logs, "configure", lambda: None)
    monkeypatch.setattr(module, "databases", databases)
    monkeypatch.setattr(module, "installation", installation)
    monkeypatch.setattr(module, "attach", attached.append)
    monkeypatch.setattr(module, "settle", lambda: None)
    monkeypatch.setattr(module, "reporting", lambda *_: nullcontext())
    before = {number: signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM)}
    yield attached
    for number, handler in before.items():
        signal.signal(number, handler)


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_stops_a_worker_of_threads(settings: Settings, number: signal.Signals) -> None:
    with worker(settings, OPS) as working:
        assert not working.stopping.is_set()
        os.kill(os.getpid(), number)
        assert working.stopping.wait(GENEROUS)


def test_the_end_of_the_parent_stops_an_attached_worker(settings: Settings, frame: list[Callable[[], None]]) -> None:
    with worker(settings, OPS, attached=True) as working:
        [parent_ended] = frame
        threading.Thread(target=parent_ended).start()
        assert working.stopping.wait(GENEROUS)


def test_a_signal_stops_a_worker_of_an_event_loop(settings: Settings, frame: list[Callable[[], None]]) -> None:
    seen: list[Any] = []

    async def work(made: Any, stopping: asyncio.Event) -> None:
        [parent_ended] = frame
        threading.Thread(target=parent_ended).start()
        await asyncio.wait_for(stopping.wait(), GENEROUS)
        seen.append(made)

    run_worker(settings, OPS, work, attached=True)
    assert seen == ["an installation"]


def test_work_that_handles_signals_gets_the_installation_alone_and_until_then_a_signal_cancels_it(
    settings: Settings,
) -> None:
    seen: list[Any] = []

    async def work(made: Any, _: OpsServer) -> None:
        seen.append(made)
        try:
            os.kill(os.getpid(), signal.SIGTERM)
            await asyncio.sleep(GENEROUS)
        finally:
            seen.append("cleaned up")

    with pytest.raises(SystemExit) as ended:
        run_installation(settings, OPS, work)
    assert ended.value.code == 128 + signal.SIGTERM
    assert seen == ["an installation", "cleaned up"]


def test_a_signal_at_the_very_moment_of_waiting_stops_a_worker_too() -> None:
    """A handler that sets an event may wait for ever for the lock that the main thread has, as it begins to wait."""
    stopping = stopped_by_signals()
    for _ in range(200):
        os.kill(os.getpid(), signal.SIGTERM)
        stopping.wait(0.000_001)
    assert stopping.wait(GENEROUS)
