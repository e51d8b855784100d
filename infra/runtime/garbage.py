"""Garbage: this module tunes the garbage collector of a process that runs for a long time."""

import gc

GARBAGE_MAX = 10_000
"""The garbage collector looks for reference cycles after this number of new objects."""


def settle() -> None:
    """Tunes the garbage collector. Call this function once, when the process has started.

    Objects that were made at the start live as long as the process, so the garbage collector need not scan them. Most
    objects of a request are freed by reference counting, so the garbage collector can run rarely.
    """
    gc.collect()
    gc.freeze()
    gc.set_threshold(GARBAGE_MAX)
