"""How large a round is: QUICK for a look, USUAL for `make bench`, FULL for `make prove`."""

from enum import StrEnum
from typing import TypeVar

T = TypeVar("T")


class Size(StrEnum):
    QUICK = "quick"
    USUAL = "usual"
    FULL = "full"

    def pick(self, quick: T, usual: T, full: T | None = None) -> T:
        """Without a `full` of its own a full round is a usual one."""
        if self is Size.QUICK:
            return quick
        return full if self is Size.FULL and full is not None else usual
