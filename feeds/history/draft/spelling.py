"""Spelling of times: this module finds the formats of a column's times. A format is tried only on a text of the same
shape.
"""

import re
from collections import Counter
from collections.abc import Iterable, Iterator
from datetime import UTC, datetime
from functools import lru_cache
from itertools import product

from feeds.history.time_parsing import reader_of

LONGEST = 40
EPOCHS = {"epoch": r"9{9,10}(\.9+)?", "epoch_ms": r"9{12,13}"}
PLAUSIBLE = (datetime(1980, 1, 1, tzinfo=UTC), datetime(2100, 1, 1, tzinfo=UTC))

DATES = (
    *("%d/%m/%Y", "%m/%d/%Y", "%Y/%m/%d", "%d-%m-%Y", "%m-%d-%Y", "%d.%m.%Y", "%Y.%m.%d"),
    *("%d/%m/%y", "%m/%d/%y", "%d-%m-%y", "%d.%m.%y"),
    *("%d %b %Y", "%d %B %Y", "%d-%b-%Y", "%d-%b-%y", "%b %d, %Y", "%B %d, %Y", "%b %d %Y"),
)
CLOCKS = ("%H:%M", "%H:%M:%S", "%H:%M:%S.%f", "%I:%M %p", "%I:%M:%S %p")
ZONES = ("", "%z", " %z")
LOOKS = {
    "%d": "9{1,2}",
    "%m": "9{1,2}",
    "%Y": "9{4}",
    "%y": "9{2}",
    "%b": "a{3}",
    "%B": "a{3,9}",
    "%H": "9{1,2}",
    "%I": "9{1,2}",
    "%M": "9{2}",
    "%S": "9{2}",
    "%f": "9{1,6}",
    "%p": "a{2}",
    "%z": "(a|[+-]9{2}:?9{2})",
}
"""Maps each strptime directive to its shape. The shape is a regular expression in which 9 means any digit, and a means
any letter.
"""

SHAPE = {code: "9" if chr(code).isdigit() else "a" for code in range(128) if chr(code).isalnum()}


def _patterns() -> Iterator[tuple[str, re.Pattern[str]]]:
    for pattern, look in EPOCHS.items():
        yield pattern, re.compile(look)
    clocks = ["", *(f" {clock}{zone}" for clock, zone in product(CLOCKS, ZONES))]
    for pattern in map("".join, product(DATES, clocks)):
        parts = re.split("(%[a-zA-Z])", pattern)
        yield pattern, re.compile("".join(LOOKS.get(part) or re.escape(part) for part in parts))


PATTERNS = dict(_patterns())
PLACE = {pattern: place for place, pattern in enumerate(["iso", *PATTERNS])}


@lru_cache(maxsize=10_000)
def _looking_like(shape: str) -> tuple[str, ...]:
    fitting = [pattern for pattern, look in PATTERNS.items() if look.fullmatch(shape)]
    return ("iso", *fitting) if shape.startswith("9999") else (*fitting,)


def fitting(text: str) -> tuple[str, ...]:
    """Returns the formats with which the text can be read as a time."""
    if len(text) > LONGEST:
        return ()
    return tuple(pattern for pattern in _looking_like(text.translate(SHAPE)) if _reads(pattern, text))


def _reads(pattern: str, text: str) -> bool:
    try:
        instant, _ = reader_of(pattern)(text)
    except (ValueError, OverflowError):
        return False
    return pattern not in EPOCHS or PLAUSIBLE[0] <= instant < PLAUSIBLE[1]


def needs_a_name(text: str) -> bool:
    """Returns whether the text has only digits, or has a year of two digits.

    Such a text may be a number. It counts as a time only if the name of its column contains a word for times.
    """
    return len(re.findall("[0-9]", text)) == len(text) or bool(re.fullmatch(r"\d{1,2}[-./]\d{1,2}[-./]\d{2}", text))


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
        best = min(gain, key=lambda pattern: (-gain[pattern], PLACE[pattern]))
        formats.append(best)
        left = Counter({fit: count for fit, count in left.items() if best not in fit})
    return formats


def has_offset(text: str) -> bool:
    return bool(re.search(r"(?:Z|[+-]\d{2}:?\d{2}(?::?\d{2})?)$", text)) and ":" in text


def union(formats: Iterable[list[str]]) -> list[str]:
    return list(dict.fromkeys(pattern for patterns in formats for pattern in patterns))
