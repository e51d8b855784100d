"""Written times: this module reads times that people and programs write as text.

Every text has one meaning only. A date that begins with the year, or that names the month by a word, has one meaning.
In all other dates, the format says whether the day or the month comes first.
"""

import re
from collections.abc import Sequence
from datetime import datetime

from feeds.history.time_formats.moments import CLOCK, MONTH, WEEKDAY, ZONE, Moment, checked, compiled, moment

ISO = compiled(r"[1-9]\d{3}-\d\d-\d\d(?:[t ]\d\d:\d\d(?::\d\d(?:[.,]\d{1,9})?)?(?:z|[+-]\d\d:?\d\d(?::?\d\d)?)?)?")
"""The usual form. The standard library reads this form faster than this module."""
DATE_LONGEST = len("2011-10-11")

JOINT = r"(?:t|,? (?:- )?(?:(?:pukul|pkl|jam|at)\b[.:]? )?)"
TAIL = rf"(?:{JOINT}{CLOCK}{ZONE}?)?"
DIGITS = r"(?P<hour>\d\d)(?P<minute>\d\d)(?:(?P<second>\d\d)(?:[.,](?P<fraction>\d{1,9}))?)?"
LEAD = rf"(?:{WEEKDAY},? )?"
YEAR, DAY = r"(?P<year>\d{4})", r"(?P<day>\d{1,2})"
YEAR_FIRST = rf"{YEAR}(?P<mark>[-/.])(?P<month>\d{{1,2}})(?P=mark)(?P<day>\d{{1,2}})"
PACKED = rf"{YEAR}(?P<month>\d\d)(?P<day>\d\d)"

PLAIN = [
    compiled(text)
    for text in (
        f"{LEAD}{YEAR_FIRST}{TAIL}",
        f"{YEAR_FIRST}[t ]{DIGITS}{ZONE}?",
        f"{PACKED}{TAIL}",
        f"{PACKED}[t ]?{DIGITS}{ZONE}?",
        rf"{LEAD}{DAY}(?:[-/ ]|\. ?){MONTH}(?:[-/]|,? ){YEAR}{TAIL}",
        f"{LEAD}{MONTH} {DAY},? {YEAR}{TAIL}",
        f"{YEAR}[-/ ]{MONTH}[-/ ]{DAY}{TAIL}",
        f"{WEEKDAY},? {MONTH} {DAY} {CLOCK}{ZONE}? {YEAR}",
    )
]
DAY_FIRST = [compiled(rf"{LEAD}{DAY}(?P<mark>[-/. ])(?P<month>\d{{1,2}})(?P=mark){YEAR}{TAIL}")]
MONTH_FIRST = [compiled(rf"{LEAD}(?P<month>\d{{1,2}})(?P<mark>[-/. ]){DAY}(?P=mark){YEAR}{TAIL}")]

INVISIBLE = dict.fromkeys(map(ord, "\u200b\u200c\u200d\u200e\u200f\u2060\ufeff\u00ad"))


def spaced(text: str) -> str:
    """Returns the text with single spaces. Characters that nobody can see are left out."""
    return " ".join(text.translate(INVISIBLE).replace("\u2019", "'").split())


class Written:
    """Reads the texts that match one of the patterns. The pattern that matched the last text is tried first, because
    the texts of a column mostly have one form. Each text matches at most one pattern.
    """

    def __init__(self, patterns: Sequence[re.Pattern[str]]) -> None:
        self._patterns = [*patterns]

    def __call__(self, text: str) -> Moment:
        found = self._found(text) or self._found(spaced(text))
        if not found:
            raise ValueError("another form")
        return moment(found)

    def looks(self, text: str) -> bool:
        """Returns whether the text has the form of this format. Its digits do not matter."""
        return bool(self._found(spaced(text)))

    def _found(self, text: str) -> re.Match[str] | None:
        for place, pattern in enumerate(self._patterns):
            if found := pattern.fullmatch(text):
                if place:
                    self._patterns.insert(0, self._patterns.pop(place))
                return found
        return None


class Plain(Written):
    """Reads the texts that have the same meaning everywhere."""

    def __init__(self) -> None:
        super().__init__(PLAIN)

    def __call__(self, text: str) -> Moment:
        if ISO.fullmatch(text) and text[11:13] != "24":
            parsed = datetime.fromisoformat(text.upper())
            if parsed.tzinfo:
                checked(parsed.utcoffset())
            return parsed, len(text) <= DATE_LONGEST
        return super().__call__(text)
