"""Spelling of times: this module finds the formats of a column's times. A format is tried only on a text of the same
form.
"""

import re
from collections import Counter
from datetime import UTC, datetime
from functools import cache, lru_cache
from itertools import product

from feeds.history.time_formats.patterns import TimePattern, order_of
from feeds.history.time_formats.written import DAY_FIRST, MONTH_FIRST, Plain, Written
from feeds.history.time_parsing import NUMBERS, ReadText, other_order

LONGEST = 60
PLAUSIBLE = (datetime(1980, 1, 1, tzinfo=UTC), datetime(2100, 1, 1, tzinfo=UTC))
NUMERIC = {"epoch": "9{9,10}([.,]9+)?", "epoch_ms": "9{12,13}([.,]9+)?", "excel": "9{5}([.,]9+)?"}
"""The forms of the numbers that may be times. `excel_1904` has the same form as `excel`, and is seldom meant."""

SHORT_YEARS = ("%d/%m/%y", "%m/%d/%y", "%d-%m-%y", "%m-%d-%y", "%d.%m.%y", "%d-%b-%y", "%d %b %y")
CLOCKS = ("%H:%M", "%H:%M:%S", "%H.%M", "%H.%M.%S", "%I:%M %p", "%I:%M:%S %p")

WRITTEN: dict[str, Written] = {
    "iso": Plain(),
    "dmy": Written(DAY_FIRST),
    "mdy": Written(MONTH_FIRST),
    **{
        pattern: TimePattern(pattern)
        for pattern in map("".join, product(SHORT_YEARS, ["", *(f" {clock}" for clock in CLOCKS)]))
    },
}
READERS: dict[str, ReadText] = {**WRITTEN, **{name: NUMBERS[name] for name in NUMERIC}}
PLACE = {name: place for place, name in enumerate(READERS)}
DIGITS = str.maketrans("012345678", "9" * 9)
NAMELESS = re.compile(r"\d+([.,]\d+)?|\d{1,2}[-./]\d{1,2}[-./]\d{2}( .*)?", re.ASCII)
OFFSET = re.compile(r"\d[:.]\d\d.*?(z|utc|gmt|wib|wita|wit|[+-]\d\d(:?\d\d){0,2})\)?$", re.ASCII | re.IGNORECASE)


@lru_cache(maxsize=10_000)
def _looking_like(form: str) -> tuple[str, ...]:
    written = [name for name, reader in WRITTEN.items() if reader.looks(form)]
    numbers = [name for name, look in NUMERIC.items() if re.fullmatch(look, form)]
    return (*written, *numbers)


def fitting(text: str) -> tuple[str, ...]:
    """Returns the formats with which the text can be read as a time."""
    if len(text) > LONGEST:
        return ()
    return tuple(name for name in _looking_like(text.translate(DIGITS)) if _reads(name, text))


def _reads(name: str, text: str) -> bool:
    try:
        read, _ = READERS[name](text)
    except (ValueError, OverflowError):
        return False
    return name not in NUMERIC or PLAUSIBLE[0] <= read.replace(tzinfo=UTC) < PLAUSIBLE[1]


def needs_a_name(text: str) -> bool:
    """Returns whether the text is a number, or has a year of two digits.

    Such a text may mean something else. It counts as a time only if the name of its column contains a word for times.
    """
    return bool(NAMELESS.fullmatch(text))


@cache
def order_in(fit: tuple[str, ...]) -> str | None:
    """Returns the only order of day and month in which a text can be read, for example "dmy". Returns "" if day and
    month may be exchanged. Returns None if the text does not depend on their order.
    """
    ordered = [name for name in fit if other_order(name)]
    if not ordered or len(ordered) < len(fit):
        return None
    return "" if any(other_order(name) in fit for name in ordered) else order_of(ordered[0]) or ordered[0]


def chosen(spellings: Counter[tuple[str, ...]]) -> list[str]:
    """Returns a short list of formats. Together the formats can read all texts (greedy set cover). The most frequent
    format comes first.

    Each key of `spellings` is a group of formats. The value is the number of texts that can be read with exactly these
    formats.
    """
    left, formats = Counter({fit: count for fit, count in spellings.items() if fit}), list[str]()
    while left:
        gain = Counter[str]()
        for fit, count in left.items():
            gain.update(dict.fromkeys(fit, count))
        best = min(gain, key=lambda name: (-gain[name], PLACE[name]))
        formats.append(best)
        left = Counter({fit: count for fit, count in left.items() if best not in fit})
    return formats


def has_offset(text: str) -> bool:
    return bool(OFFSET.search(text))
