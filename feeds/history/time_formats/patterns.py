"""Patterns: this module reads times by a pattern of strptime such as `%d/%m/%Y %H:%M`.

The patterns are stricter than those of the standard library: minutes and seconds have two digits, and a day of the week
must be right. Months and days of the week may have Indonesian names.
"""

import re
from datetime import datetime

from feeds.history.time_formats.moments import MONTH, WEEKDAY, ZONE, Moment, compiled
from feeds.history.time_formats.written import Written, spaced

LONG = {"%c": "%a %b %d %H:%M:%S %Y", "%x": "%m/%d/%y", "%X": "%H:%M:%S"}
PARTS = {
    "%Y": r"(?P<year>\d{4})",
    "%y": r"(?P<short>\d\d)",
    "%m": r"(?P<month>\d{1,2})",
    "%d": r"(?P<day>\d{1,2})",
    "%b": MONTH,
    "%B": MONTH,
    "%a": WEEKDAY,
    "%A": WEEKDAY,
    "%H": r"(?P<hour>\d{1,2})",
    "%I": r"(?P<hour>\d{1,2})",
    "%M": r"(?P<minute>\d\d)",
    "%S": r"(?P<second>\d\d)",
    "%f": r"(?P<fraction>\d{1,9})",
    "%p": r"(?P<half>[ap])\.?m\b\.?",
    "%z": ZONE,
    "%%": "%",
}
RARE = re.compile("%[GVujUWw]")
"""Days of a week or of a year. The standard library reads patterns with these directives."""


class TimePattern(Written):
    """Raises ValueError, re.error for a pattern with unknown directives. If a pattern lacks the day, the month or the
    year, or has hours without minutes, then no text matches the pattern.
    """

    def __init__(self, pattern: str) -> None:
        for short, long in LONG.items():
            pattern = pattern.replace(short, long)
        self._rare = pattern if RARE.search(pattern) else None
        self._is_date = not re.search("%[HI]", pattern)
        patterns = [] if self._rare else [compiled(_expression(pattern))]
        super().__init__([one for one in patterns if _whole({*one.groupindex})])

    def __call__(self, text: str) -> Moment:
        if self._rare:
            return datetime.strptime(text, self._rare), self._is_date  # noqa: DTZ007 - a local time
        return super().__call__(text)

    def looks(self, text: str) -> bool:
        return bool(self._rare) or super().looks(text)


def _expression(pattern: str) -> str:
    tokens = ["", *re.findall("%.|[^%]+|%", spaced(pattern)), ""]
    expression = ""
    for before, token, after in zip(tokens, tokens[1:], tokens[2:], strict=False):
        part = PARTS.get(token) or re.escape(token)
        if token[0] == "%" and token not in PARTS:
            raise ValueError(f"unknown directive {token}")
        touching = any(r"\d" in PARTS.get(neighbour, "") for neighbour in (before, after))
        expression += part.replace(r"\d{1,2}", r"\d\d") if touching else part
    return expression


def _whole(parts: set[str]) -> bool:
    date = "day" in parts and not parts.isdisjoint({"month", "name"}) and not parts.isdisjoint({"year", "short"})
    return date and ("hour" in parts) == ("minute" in parts)


ORDERS = {"%d%m%Y": "dmy", "%m%d%Y": "mdy", "%Y%m%d": "ymd", "%Y%d%m": "ydm"}


def order_of(pattern: str) -> str | None:
    """Returns the order of day, month and year in a pattern, for example "dmy". Returns None if the month is a word."""
    directives = "".join(re.findall("%[dmYy]", pattern.replace("%x", LONG["%x"]))).replace("y", "Y")
    return ORDERS.get(directives)


def swapped(pattern: str) -> str:
    """Returns the pattern with day and month exchanged."""
    return re.sub("%[dm]", lambda found: "%m" if found[0] == "%d" else "%d", pattern.replace("%x", LONG["%x"]))
