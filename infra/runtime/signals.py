"""Signals: SIGINT and SIGTERM end a process of Jejak, at whatever moment of the start they arrive.

A signal raises an exception, or cancels the main coroutine. Both may get lost. Python ignores an exception inside a
callback of the interpreter, for example while a module is imported. And a library may catch the cancellation: in Python
3.11, `asyncio.wait_for` does so if its result arrives at the same moment. So this module remembers each signal, and the
later steps of a start look whether a signal has arrived.
"""

import asyncio
import signal
import threading
from collections.abc import Coroutine, Iterator
from contextlib import contextmanager
from queue import SimpleQueue
from types import FrameType
from typing import Any, TypeVar

import uvloop

ENDING = (signal.SIGINT, signal.SIGTERM)
EXIT_TERMINATED = 128 + signal.SIGTERM

T = TypeVar("T")
_arrived: list[int] = []


def has_arrived() -> bool:
    """Returns whether a signal has arrived that must end this process."""
    return bool(_arrived)


@contextmanager
def ended_by_signals() -> Iterator[None]:
    """While the context lasts, SIGINT raises KeyboardInterrupt, and SIGTERM raises SystemExit.

    So this process cleans up before it ends.
    """
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    before = {number: signal.signal(number, _end) for number in ENDING}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
        if _end not in before.values():  # the outermost context
            _arrived.clear()


def _end(number: int, _: FrameType | None) -> None:
    _arrived.append(number)
    raise _reason()


def _reason() -> BaseException:
    return KeyboardInterrupt() if signal.SIGINT in _arrived else SystemExit(EXIT_TERMINATED)


def run_loop(main: Coroutine[Any, Any, T]) -> T:
    """Runs a coroutine to its end in a new uvloop event loop.

    SIGINT and SIGTERM cancel the coroutine. So the coroutine can always end its child processes and give up its share
    of the database server. A coroutine that handles the signals itself replaces these handlers.
    """

    async def terminable() -> T:
        task, loop = asyncio.current_task(), asyncio.get_running_loop()

        def cancel(number: int) -> None:
            if not has_arrived() and task is not None:
                task.cancel()  # once: a second signal must not interrupt what the coroutine cleans up
            _arrived.append(number)

        if threading.current_thread() is threading.main_thread():
            for number in ENDING:
                loop.add_signal_handler(number, cancel, number)
        if has_arrived():
            main.close()
            raise _reason()
        return await main

    with ended_by_signals(), asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        try:
            return runner.run(terminable())
        except asyncio.CancelledError:
            raise _reason() from None


def stop_event() -> asyncio.Event:
    """Returns an event that is set when SIGINT or SIGTERM arrives, or if one of them has arrived already.

    Call this function in the running event loop of the main thread.
    """
    stopping = asyncio.Event()
    for number in ENDING:
        asyncio.get_running_loop().add_signal_handler(number, stopping.set)
    if has_arrived():
        stopping.set()
    return stopping


def stopped_by_signals() -> threading.Event:
    """Returns an event that is set when SIGINT or SIGTERM arrives, or if one of them has arrived already. Call this
    function in the main thread.

    The signal handler must not set the event itself, because Python runs the handler in the main thread. Suppose that
    the main thread has just called `wait` of this event, and has the lock of the event. Then `set` in the signal
    handler would wait for this lock for ever. Instead, the handler puts an item into a SimpleQueue, which is always
    safe. A second thread then sets the event.
    """
    stopping, asked = threading.Event(), SimpleQueue[int]()

    def listen() -> None:
        asked.get()
        stopping.set()

    threading.Thread(target=listen, name="signals", daemon=True).start()
    for number in ENDING:
        signal.signal(number, lambda number, _: asked.put(number))
    if has_arrived():
        stopping.set()
    return stopping
