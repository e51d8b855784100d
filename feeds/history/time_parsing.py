"""Time parsing: this module reads the times of a column in the time zone of the source. Each time becomes an instant in
UTC. The quality of the instant says whether the source knows only the date.
"""

from collections.abc import Callable
from datetime import UTC, date, datetime
from typing import Literal
from zoneinfo import ZoneInfo

from domain.codes import Quality
from feeds.history.empty_words import EmptyWords
from feeds.history.mapping import Mapping, Spelling
from feeds.history.time_formats.moments import Moment
from feeds.history.time_formats.numbers import epoch, epoch_ms, excel, excel_1904
from feeds.history.time_formats.patterns import TimePattern, order_of, swapped
from feeds.history.time_formats.written import DAY_FIRST, MONTH_FIRST, Plain, Written

ReadTime = tuple[datetime, Quality]
Trouble = Literal["unreadable", "doubled", "missing", "order"]
ReadText = Callable[[str], Moment]
"""Parses a text. The time has an offset only if the text has an offset. Raises ValueError, OverflowError."""

NUMBERS: dict[str, ReadText] = {"epoch": epoch, "epoch_ms": epoch_ms, "excel": excel, "excel_1904": excel_1904}
WORDS = ("iso", "dmy", "mdy", *NUMBERS)
OTHER_ORDER = {"dmy": "mdy", "mdy": "dmy"}
RIVALS = ({"dmy", "mdy"}, {"ymd", "ydm"}, {"excel", "excel_1904"})
"""A column cannot have two of these meanings, because each of them gives the same text another time."""
REMEMBERED = 10_000


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

    `proof` is the place of the first time that can only be read with day and month in the order of the mapping. Its
    value is "" if the formats have no such order.
    """

    def __init__(self, mapping: Mapping, spelling: Spelling, column: str = "") -> None:
        self.column = column
        self._zone = ZoneInfo(mapping.zone)
        self._doubled, self._missing = mapping.doubled, mapping.missing
        self._day_at = frozenset(spelling.day_at)
        self._empty = EmptyWords(mapping.empty_words)
        self._readers = [reader_of(pattern) for pattern in spelling.formats]
        ordered = {pattern: other for pattern in spelling.formats if (other := other_order(pattern))}
        self._ordered, self._swapped = [*map(reader_of, ordered)], [*map(reader_of, ordered.values())]
        self.proof: str | None = None if ordered else ""
        self._empty_first = any(_reads(self._readers, word) for word in mapping.empty_words)
        self._known: dict[str, ReadTime | None] = {}

    def read(self, text: str) -> ReadTime | None:
        """Returns the instant of a text. Returns None if the text means that there is no time. Raises TimeUnclear."""
        if text in self._known:
            return self._known[text]
        if len(self._known) >= REMEMBERED:
            self._known.clear()
        if self._empty_first and text in self._empty:
            read = None
        else:
            parsed = self._parsed(text)
            read = parsed and self._instant(*parsed)
        self._known[text] = read
        return read

    def is_empty(self, text: str) -> bool:
        return not text or text in self._empty

    def proves_order(self, text: str) -> bool:
        """Returns whether a text that was read cannot be read with day and month in the other order."""
        return _reads(self._ordered, text) and not _reads(self._swapped, text)

    def local_date(self, text: str) -> str:
        """Returns the local date of a text in ISO 8601. Raises TimeUnclear."""
        read = self.read(text)
        return read[0].astimezone(self._zone).date().isoformat() if read else ""

    def day(self, day: date) -> ReadTime:
        return self._instant(datetime(day.year, day.month, day.day), is_date=True)  # noqa: DTZ001 - `_instant` makes it local

    def is_weekend(self, instant: ReadTime) -> bool:
        at, quality = instant
        return quality is Quality.DAY and at.astimezone(self._zone).isoweekday() > 5  # noqa: PLR2004 - Friday

    def _parsed(self, text: str) -> Moment | None:
        for reader in self._readers:
            try:
                return reader(text)
            except (ValueError, OverflowError):
                continue
        if text in self._empty:
            return None
        raise TimeUnclear("order" if _reads(self._swapped, text) else "unreadable")

    def _instant(self, parsed: datetime, is_date: bool | None) -> ReadTime:  # noqa: FBT001 - a moment
        try:
            local = parsed.astimezone(self._zone) if parsed.tzinfo else parsed.replace(tzinfo=self._zone)
            day = is_date or (
                is_date is False and bool(self._day_at) and local.time().isoformat("seconds") in self._day_at
            )
            if not (day or parsed.tzinfo):
                local = self._settled(local)
            return local.astimezone(UTC), Quality.DAY if day else Quality.SOURCE
        except OverflowError as fault:
            raise TimeUnclear("unreadable") from fault

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


def reader_of(pattern: str) -> ReadText:
    """Returns the reader of one format of a mapping. Raises ValueError, re.error if the pattern cannot be read."""
    match pattern:
        case "iso":
            return Plain()
        case "dmy":
            return Written(DAY_FIRST)
        case "mdy":
            return Written(MONTH_FIRST)
        case _:
            return NUMBERS.get(pattern) or TimePattern(pattern)


def other_order(pattern: str) -> str | None:
    """Returns the format with day and month exchanged. Returns None if the format has no such rival."""
    if pattern in WORDS:
        return OTHER_ORDER.get(pattern)
    return swapped(pattern) if order_of(pattern) else None


def rivals(formats: list[str]) -> bool:
    """Returns whether two of the formats can read the same text with different meanings."""
    orders = {order_of(pattern) or pattern for pattern in formats}
    return any(pair <= orders for pair in RIVALS)


def formats_of(text: str) -> list[str]:
    """Returns the words for formats with which the text can be read."""
    return [word for word in WORDS if _reads([reader_of(word)], text)]


def _reads(readers: list[ReadText], text: str) -> bool:
    for reader in readers:
        try:
            reader(text)
        except (ValueError, OverflowError):
            continue
        return True
    return False
