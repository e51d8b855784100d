"""Ending: chooses the signals that end the embedded PostgreSQL, and protects the end from other signals."""

import fcntl
import os
import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager

# A usual stop may take at most 5 s. So the sum of these times, and of the 0.9 s for which a process waits for its turn,
# is below 5 s.
FAST_SECONDS, IMMEDIATE_SECONDS = 3.0, 1.0
GONE_SECONDS = 60.0  # the kernel may need this time to end a process that waits for a slow disk


def signal_after(seconds: float) -> signal.Signals:
    """Returns the next signal for a server that has not ended yet. `seconds` is the time since the first signal."""
    if seconds < FAST_SECONDS:
        return signal.SIGINT
    return signal.SIGQUIT if seconds < FAST_SECONDS + IMMEDIATE_SECONDS else signal.SIGKILL


@contextmanager
def undisturbed() -> Iterator[None]:
    """While the context lasts, SIGINT and SIGTERM do nothing. The work in the context always ends after a limited time.

    Only the main thread can be interrupted by a signal.
    """
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    before = {number: signal.signal(number, lambda *_: None) for number in (signal.SIGINT, signal.SIGTERM)}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def unlock(descriptor: int) -> None:
    """Unlocks a lock file and closes its descriptor.

    If the descriptor is only closed, the file may stay locked. Suppose that another thread starts a program at this
    moment. Then this program may have a copy of the descriptor.
    """
    fcntl.flock(descriptor, fcntl.LOCK_UN)
    os.close(descriptor)
