"""Reading times: as a column spells them, in the zone of the source, to UTC with their quality."""

import re
from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from typing import Literal
from zoneinfo import ZoneInfo

from domain.codes import Quality
from feeds.history.mapping import Mapping, Spelling

ReadTime = tuple[datetime, Quality]
Trouble = Literal["unreadable", "doubled", "missing"]

WORDS = ("iso", "epoch", "epoch_ms")
DATE_LONGEST = len("2011-10-11")
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


class TimeUnclear(Exception):
    """A text does not tell one instant, and no policy of the mapping says which to take."""

    def __init__(self, trouble: Trouble) -> None:
        super().__init__(trouble)
        self.trouble: Trouble = trouble


class TimeReader:
    """Reads one column. Without an offset a time is local in the mapping's zone; a date is its first instant."""

    def __init__(self, mapping: Mapping, spelling: Spelling) -> None:
        self._zone = ZoneInfo(mapping.zone)
        self._doubled, self._missing = mapping.doubled, mapping.missing
        self._day_at = frozenset(spelling.day_at)
        self._readers = [reader_of(pattern) for pattern in spelling.formats]

    def read(self, text: str) -> ReadTime:
        """Raises TimeUnclear."""
        for reader in self._readers:
            try:
                read, is_date = reader(text)
                return self._instant(read, is_date=is_date)
            except (ValueError, OverflowError):
                continue
        raise TimeUnclear("unreadable")

    def day(self, day: date) -> ReadTime:
        return self._instant(datetime(day.year, day.month, day.day), is_date=True)  # noqa: DTZ001 - made local there

    def is_weekend(self, instant: ReadTime) -> bool:
        at, quality = instant
        return quality is Quality.DAY and at.astimezone(self._zone).isoweekday() > 5  # noqa: PLR2004 - Friday

    def _instant(self, read: datetime, *, is_date: bool) -> ReadTime:
        local = read.astimezone(self._zone) if read.tzinfo else read.replace(tzinfo=self._zone)
        day = is_date or local.time().isoformat("seconds") in self._day_at
        if not (day or read.tzinfo):
            local = self._settled(local)
        return local.astimezone(UTC), Quality.DAY if day else Quality.SOURCE

    def _settled(self, local: datetime) -> datetime:
        """Where clocks were moved, a local time is two instants or none: the policy says which side is meant."""
        other = local.replace(fold=1)
        before, after = local.utcoffset(), other.utcoffset()
        if before is None or after is None or before == after:
            return local
        if before > after:
            return self._chosen("doubled", self._doubled, earlier=local, later=other)
        return self._chosen("missing", self._missing, earlier=other, later=local)

    def _chosen(self, trouble: Trouble, side: str | None, *, earlier: datetime, later: datetime) -> datetime:
        if side == "earlier":
            return earlier
        if side == "later":
            return later
        raise TimeUnclear(trouble)


ReadText = Callable[[str], tuple[datetime, bool]]
"""The time as it is spelt, aware if an offset is; and whether it is a date alone. Raises ValueError, OverflowError."""


def reader_of(pattern: str) -> ReadText:
    match pattern:
        case "iso":
            return lambda text: (datetime.fromisoformat(text), len(text) <= DATE_LONGEST)
        case "epoch":
            return lambda text: (EPOCH + timedelta(seconds=float(text)), False)
        case "epoch_ms":
            return lambda text: (EPOCH + timedelta(milliseconds=float(text)), False)
        case _:
            is_date = not re.search("%[HIcXs]", pattern)
            return lambda text: (datetime.strptime(text, pattern), is_date)  # noqa: DTZ007 - made local by the clock
