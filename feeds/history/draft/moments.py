"""Moments of a column: this module collects the times of day and the offsets of the times, and proposes a zone and the
times of day that stand for a date.
"""

import re
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta, timezone
from statistics import median
from zoneinfo import ZoneInfo, available_timezones

DAYS_MAX, CLOCKS_MAX = 1_500, 5_000
SOME_DAY = date(2026, 1, 15)
FEW = 0.1  # if more than this share of the times are midnights, the source knows only the date
NEARLY_ALL = 0.98
FAMILIAR = (
    *("Asia/Jakarta", "Asia/Makassar", "Asia/Jayapura", "Asia/Singapore"),
    *("Europe/Amsterdam", "Europe/London", "America/New_York", "America/Chicago", "America/Los_Angeles"),
)
NAIVE_CLOCK = re.compile(r"\D(\d{1,2})[:.](\d\d)(?:[:.](\d\d)(?:[.,]\d+)?)?(?: ?[APap][Mm]| [A-Z]{3,4})?$")
YEAR = re.compile(r"(?<!\d)(19|20)\d\d(?!\d)")


@dataclass(slots=True)
class Moments:
    """`naive` counts the times of day of texts without an offset, and `stamped` the times of day of texts with an
    offset, by offset. `days` and `midnights` contain a limited number of dates with their offsets.
    """

    naive: Counter[str] = field(default_factory=Counter)
    stamped: Counter[tuple[time, timedelta]] = field(default_factory=Counter)
    days: set[tuple[date, timedelta]] = field(default_factory=set)
    midnights: set[tuple[date, timedelta]] = field(default_factory=set)
    years: Counter[int] = field(default_factory=Counter)

    def see(self, text: str) -> None:
        year = YEAR.search(text)
        if year:
            self.years[int(year[0])] += 1
        try:
            parsed = datetime.fromisoformat(text)
        except ValueError:
            parsed = None
        offset = parsed.utcoffset() if parsed else None
        if parsed is None or offset is None:
            self._see_naive(text)
            return
        clock = parsed.time().replace(microsecond=0)
        if len(self.stamped) < CLOCKS_MAX or (clock, offset) in self.stamped:
            self.stamped[clock, offset] += 1
        if len(self.days) < DAYS_MAX:
            self.days.add((parsed.date(), offset))
        if clock == time() and len(self.midnights) < DAYS_MAX:
            self.midnights.add((parsed.date(), offset))

    def _see_naive(self, text: str) -> None:
        clock = NAIVE_CLOCK.search(text)
        if clock:
            hour, minute, second = clock[1], clock[2], clock[3] or "00"
            word = f"{hour:0>2}:{minute}:{second}"
            if len(self.naive) < CLOCKS_MAX or word in self.naive:
                self.naive[word] += 1

    def day_at(self, zone: ZoneInfo) -> list[str]:
        """Returns the local times of day that stand for a date: the midnights of the zone and of the written
        offsets, if they are too many to be chance.
        """
        clocks = clocks_of(self.midnights, zone)
        count = self.naive["00:00:00"]
        for (clock, offset), times in self.stamped.items():
            if clock == time():
                count += times
            elif not offset and _in_zone(clock, zone) == "00:00:00":
                count += times
                clocks.add("00:00:00")
        if self.naive["00:00:00"]:
            clocks.add("00:00:00")
        return sorted(clocks) if count > FEW * (self.naive.total() + self.stamped.total()) else []

    @property
    def has_clocks(self) -> bool:
        return bool(self.naive or self.stamped)

    @property
    def typical_year(self) -> float:
        return median(self.years.elements())

    @property
    def span_of_years(self) -> int:
        return max(self.years) - min(self.years)


def _in_zone(clock: time, zone: ZoneInfo) -> str:
    """Returns the local time of day for a time of day in UTC."""
    return datetime.combine(SOME_DAY, clock, UTC).astimezone(zone).time().isoformat("seconds")


def clocks_of(midnights: Iterable[tuple[date, timedelta]], zone: ZoneInfo) -> set[str]:
    return {
        datetime.combine(day, time(), timezone(offset)).astimezone(zone).time().isoformat("seconds")
        for day, offset in midnights
    }


def zone_of(columns: Sequence[Moments], default: str) -> tuple[str, bool]:
    """Returns two values: the zone that fits the offsets of the times best, and whether the offsets decided this. The
    zone of the installation is used if it fits, or if there are no offsets.

    The offset of UTC says nothing about the zone. But if a midnight of UTC is on another day in the zone of the
    installation, the zone is UTC.
    """
    days = {(day, offset) for column in columns for day, offset in column.days if offset}
    names = (default, *FAMILIAR, *sorted(available_timezones())) if days else ()
    for share in (1.0, NEARLY_ALL):
        for name in names:
            zone = ZoneInfo(name)
            if sum(offset in _offsets(day, zone) for day, offset in days) >= share * len(days):
                return name, True
    utc = {day for column in columns for day, offset in column.midnights if not offset}
    if any(datetime.combine(day, time(), UTC).astimezone(ZoneInfo(default)).date() != day for day in utc):
        return "UTC", True
    return default, False


def _offsets(day: date, zone: ZoneInfo) -> set[timedelta | None]:
    """Returns the offsets at midnight and at noon. The offsets differ if the clock changes on this day."""
    return {datetime.combine(day, time(hour), zone).utcoffset() for hour in (0, 12)}
