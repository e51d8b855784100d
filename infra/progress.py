"""Progress: a long task reports its progress on the terminal or by a callback."""

import sys
from collections.abc import Callable

Advance = Callable[[int], None]
"""The callback takes the number of units that were finished since the last call."""
Progress = Callable[[int, int], None]
"""The callback takes two values: the number of finished units, and the number of all units."""


def told(what: str) -> None:
    """Prints what Jejak is doing now, so that the user of the terminal knows why Jejak takes long."""
    print(f"jejak: {what}", file=sys.stderr, flush=True)  # noqa: T201 - output for the terminal
