"""Progress: how a long task tells its caller how far it is."""

from collections.abc import Callable

Advance = Callable[[int], None]
"""Told how many more units are done."""
Progress = Callable[[int, int], None]
"""Told how many units are done, and of how many."""
