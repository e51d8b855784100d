"""Size: a round of a bench has one of three sizes.

QUICK is for a quick check, USUAL is for `make bench`, and FULL is for `make prove`.
"""

from enum import StrEnum
from typing import TypeVar

T = TypeVar("T")


class Size(StrEnum):
    QUICK = "quick"
    USUAL = "usual"
    FULL = "full"

    def pick(self, quick: T, usual: T, full: T | None = None) -> T:
        """Returns the value for this size. If `full` is None, a full round uses the value of a usual round."""
        if self is Size.QUICK:
            return quick
        return full if self is Size.FULL and full is not None else usual
