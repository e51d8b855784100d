"""Progress: this module defines two types of callbacks. A long task calls such a callback to report its progress."""

from collections.abc import Callable

Advance = Callable[[int], None]
"""The callback takes the number of units that were finished since the last call."""
Progress = Callable[[int, int], None]
"""The callback takes two values: the number of finished units, and the number of all units."""
