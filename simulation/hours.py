"""The opening hours of an office during a simulation. The list of openings is sorted, so that a look-up is fast."""

from bisect import bisect_right
from collections.abc import Sequence
from datetime import datetime, timedelta

Opening = tuple[datetime, datetime]


class Hours:
    """The openings of one office, sorted by time, in UTC."""

    def __init__(self, openings: Sequence[Opening]) -> None:
        self.openings = openings
        self._opens = [opens for opens, _ in openings]

    def is_open(self, at: datetime) -> bool:
        place = bisect_right(self._opens, at) - 1
        return place >= 0 and at < self.openings[place][1]

    def forward(self, at: datetime, grace: timedelta) -> datetime:
        """Return `at` if the office is open at `at`.

        Otherwise find the next opening, and return its beginning plus `grace`.

        If `grace` is too long, the result is the beginning of the last tenth of that opening. If there is no later
        opening, return `at`.
        """
        if self.is_open(at):
            return at
        place = bisect_right(self._opens, at)
        if place == len(self.openings):
            return at
        opens, closes = self.openings[place]
        return min(opens + grace, opens + (closes - opens) * 0.9)

    def back(self, at: datetime, grace: timedelta) -> datetime:
        """Return `at` if the office is open at `at`.

        Otherwise find the last opening before `at`, and return its end minus `grace`.

        If `grace` is too long, the result is the end of the first tenth of that opening. If there is no earlier
        opening, return `at`.
        """
        place = bisect_right(self._opens, at) - 1
        if place < 0 or self.is_open(at):
            return at
        opens, closes = self.openings[place]
        return max(closes - grace, opens + (closes - opens) * 0.1)
