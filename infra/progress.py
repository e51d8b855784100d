"""Progress: the callbacks by which a long task reports its progress to its caller."""

from collections.abc import Callable

Advance = Callable[[int], None]
"""Called with the number of units that were done since the last call."""
Progress = Callable[[int, int], None]
"""Called with the number of units that are done, and with the number of all units."""
