"""Time parsing: this module reads the times of a column in the time zone of the source. Each time becomes an instant in
UTC. The quality of the instant says whether the source knows only the date.
"""

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
    """This error means that a text does not stand for exactly one instant. Also, no policy of the mapping says which
    instant to use.
    """

    def __init__(self, trouble: Trouble) -> None:
        super().__init__(trouble)
        self.trouble: Trouble = trouble


class TimeReader:
    """Reads the times of one column. A time without an offset is local time in the mapping's zone. A date means the
    first instant of that day in this zone.
    """

    def __init__(self, mapping: Mapping, spelling: Spelling) -> None:
        self._zone = ZoneInfo(mapping.zone)
        self._doubled, self._missing = mapping.doubled, mapping.missing
        self._day_at = frozenset(spelling.day_at)
        self._readers = [reader_of(pattern) for pattern in spelling.formats]

    def read(self, text: str) -> ReadTime:
        """Returns the instant of a text. Raises TimeUnclear."""
        for reader in self._readers:
            try:
                parsed, is_date = reader(text)
                return self._instant(parsed, is_date=is_date)
            except (ValueError, OverflowError):
                continue
        raise TimeUnclear("unreadable")

    def local_date(self, text: str) -> str:
        """Returns the local date of a text in ISO 8601. Raises TimeUnclear."""
        return self.read(text)[0].astimezone(self._zone).date().isoformat()

    def day(self, day: date) -> ReadTime:
        return self._instant(datetime(day.year, day.month, day.day), is_date=True)  # noqa: DTZ001 - `_instant` makes it local

    def is_weekend(self, instant: ReadTime) -> bool:
        at, quality = instant
        return quality is Quality.DAY and at.astimezone(self._zone).isoweekday() > 5  # noqa: PLR2004 - Friday

    def _instant(self, parsed: datetime, *, is_date: bool) -> ReadTime:
        local = parsed.astimezone(self._zone) if parsed.tzinfo else parsed.replace(tzinfo=self._zone)
        day = is_date or local.time().isoformat("seconds") in self._day_at
        if not (day or parsed.tzinfo):
            local = self._settled(local)
        return local.astimezone(UTC), Quality.DAY if day else Quality.SOURCE

    def _settled(self, local: datetime) -> datetime:
        """Returns the instant of a local time. When clocks were moved back, a local time can mean two instants. When
        clocks were moved forward, some local times do not exist. In both cases, the policies of the mapping decide.
        """
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
"""Parses a text. Returns a datetime, and whether the text is only a date. The datetime has an offset only if the text
has an offset.

Raises ValueError, OverflowError.
"""


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
            return lambda text: (datetime.strptime(text, pattern), is_date)  # noqa: DTZ007 - TimeReader makes it local
