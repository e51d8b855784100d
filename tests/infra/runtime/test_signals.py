"""A signal ends a process, also if the exception or the cancellation that it raises gets lost on the way."""

import asyncio
import gc
import os
import signal
from contextlib import suppress

import pytest

from infra.runtime.signals import EXIT_TERMINATED, ended_by_signals, has_arrived, run_loop, stop_event

BOTH = pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
ENDINGS: dict[int, type[BaseException]] = {signal.SIGINT: KeyboardInterrupt, signal.SIGTERM: SystemExit}


@BOTH
def test_a_signal_ends_what_runs_and_what_is_to_be_cleaned_up_is(number: signal.Signals) -> None:
    steps: list[str] = []

    async def work() -> None:
        try:
            os.kill(os.getpid(), number)
            await asyncio.sleep(30)
        finally:
            os.kill(os.getpid(), number)  # a second one does not disturb
            await asyncio.sleep(0.1)
            steps.append("cleaned up")

    with pytest.raises(ENDINGS[number]) as ended:
        run_loop(work())
    assert steps == ["cleaned up"]
    assert number == signal.SIGINT or ended.value.args == (EXIT_TERMINATED,)
    assert not has_arrived(), "the next one begins anew"


@BOTH
def test_a_cancellation_that_gets_lost_still_ends_the_process(number: signal.Signals) -> None:
    """In Python 3.11, `asyncio.wait_for` may lose it."""

    async def work() -> str:
        os.kill(os.getpid(), number)
        with suppress(asyncio.CancelledError):
            await asyncio.sleep(30)
        stopping = stop_event()
        assert stopping.is_set()
        return "stopped"

    assert run_loop(work()) == "stopped"


@BOTH
@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")
def test_an_exception_that_gets_lost_still_ends_the_process(number: signal.Signals) -> None:
    """Python ignores what is raised while it collects garbage."""

    class Collected:
        def __del__(self) -> None:
            os.kill(os.getpid(), number)
            sum(range(100_000))  # the handler runs between two instructions

    async def work() -> None:
        raise AssertionError("it must not begin")

    with ended_by_signals():
        Collected()
        gc.collect()
        assert has_arrived()
        with pytest.raises(ENDINGS[number]):
            run_loop(work())
