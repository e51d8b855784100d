"""Column survey: this module collects the statistics of one column in one pass over the file. It uses a limited amount
of memory.
"""

import math
import re
from collections import Counter
from dataclasses import dataclass, field
from functools import lru_cache
from typing import NamedTuple
from zlib import crc32

from feeds.history.draft import role
from feeds.history.draft.moments import Moments
from feeds.history.draft.spelling import chosen, fitting, has_offset, needs_a_name, order_in
from feeds.history.empty_words import EmptyWords
from feeds.history.mapping import EMPTY_WORDS

EMPTY = EmptyWords(EMPTY_WORDS)
WORDS_MAX = 500
WORDS_LENGTH = 100_000  # characters of all words together
SKETCH_BITS = 1 << 19
MOST = 0.5  # a column is a time column if more than this share of its texts can be read as times
SOME = 0.3  # a column is personal if more than this share of its texts look personal
LONG_TEXT, WORDS_OF_A_TEXT, TEXTS_MIN = 40, 3, 20

PERSONAL = re.compile(
    r"[^\s@]+@[^\s@]+\.\w+|\d{16}|\d{15}|\d{18}|(\+62|62|08)[\d -]{8,13}|\d{2}\.\d{3}\.\d{3}\.\d-\d{3}\.\d{3}"
)
"""An e-mail address, a NIK, an NPWP, a NIP or a telephone number. A case id with so many digits has a name that says
so.
"""
CLOCK = re.compile(r"([01]?\d|2[0-4])[:.][0-5]\d([:.][0-5]\d)?")


class Traits(NamedTuple):
    """The traits of one text. `fit` holds the formats with which the text can be read as a time."""

    empty: bool
    numeric: bool
    spaces: int
    personal: bool
    clock: bool
    fit: tuple[str, ...]
    doubtful: bool
    offset: bool
    order: str | None


@lru_cache(maxsize=20_000)
def _traits(text: str) -> Traits:
    fit = fitting(text)
    return Traits(
        text in EMPTY,
        text.isdecimal(),
        text.count(" "),
        bool(PERSONAL.fullmatch(text)),
        bool(CLOCK.fullmatch(text)),
        fit,
        bool(fit) and needs_a_name(text),
        bool(fit) and has_offset(text),
        order_in(fit) if fit else None,
    )


@dataclass(slots=True)
class ColumnSurvey:
    """The statistics of a column. `words` counts how often each text occurs, for a limited number of different texts.
    `overflowing` is true if the column has more different texts than `words` may hold.

    `held` counts the cells that are empty below a cell that is not empty. `runs` counts how often such cells begin.
    `ordered` is true as long as the texts are 1, 2, 3 and so on, or 0, 1, 2 and so on.

    `orders` has the first line in which day and month are in the order "dmy" or "mdy" for sure. `unordered` counts the
    texts in which day and month may be exchanged.
    """

    name: str
    filled: int = 0
    words: Counter[str] = field(default_factory=Counter)
    overflowing: bool = False
    spellings: Counter[tuple[str, ...]] = field(default_factory=Counter)
    moments: Moments = field(default_factory=Moments)
    unread: int = 0
    doubtful: int = 0
    offsets: int = 0
    numeric: int = 0
    orders: dict[str, int] = field(default_factory=dict)
    unordered: int = 0
    clocks: int = 0
    personal: int = 0
    spaces: int = 0
    length: int = 0
    held: int = 0
    runs: int = 0
    ordered: bool = True
    filled_down: bool = False
    _after_text: bool = False
    _length: int = 0
    _sketch: bytearray = field(default_factory=bytearray)

    def see(self, text: str, line: int) -> None:
        traits = _traits(text)
        if traits.empty:
            self.see_empty()
            return
        self.numeric += traits.numeric
        self.length += len(text)
        self.spaces += traits.spaces
        self.personal += traits.personal
        if self.ordered:
            self.ordered = text in (str(self.filled), str(self.filled + 1))
        self.filled += 1
        self._after_text = True
        self._count(text)
        if traits.fit:
            self.spellings[traits.fit] += 1
            self.doubtful += traits.doubtful
            self.offsets += traits.offset
            self.moments.see(text)
            self._order(traits.order, line)
        else:
            self.unread += 1
            self.clocks += traits.clock

    def see_empty(self) -> None:
        if self.filled:
            self.held += 1
            self.runs += self._after_text
        self._after_text = False

    def _order(self, order: str | None, line: int) -> None:
        if order:
            self.orders.setdefault(order, line)
        elif order is not None:
            self.unordered += 1

    def _count(self, text: str) -> None:
        if text in self.words:
            self.words[text] += 1
        elif not self.overflowing and len(self.words) < WORDS_MAX and self._length + len(text) <= WORDS_LENGTH:
            self.words[text] = 1
            self._length += len(text)
        elif not self.overflowing:
            self.overflowing = True
            self._sketch = bytearray(SKETCH_BITS // 8)
            for word in (*self.words, text):
                self._mark(word)
        if self.overflowing:
            self._mark(text)

    def _mark(self, text: str) -> None:
        place = crc32(text.encode()) % SKETCH_BITS
        self._sketch[place >> 3] |= 1 << (place & 7)

    @property
    def different(self) -> int:
        """Returns the number of different texts. A small number is exact. A large number is estimated by linear
        counting.
        """
        if not self.overflowing:
            return len(self.words)
        empty = SKETCH_BITS - int.from_bytes(self._sketch, "big").bit_count()
        return min(self.filled, round(-SKETCH_BITS * math.log(max(empty, 1) / SKETCH_BITS)))

    @property
    def is_time(self) -> bool:
        sure = self.filled - self.unread - (0 if role.has(self.name, "time") else self.doubtful)
        return sure > MOST * self.filled

    @property
    def is_step(self) -> bool:
        """Returns whether the times of the column are steps of a case. The date of a birth, a date on which a product
        becomes invalid and a plan are no steps.
        """
        return self.is_time and not self.no_step

    @property
    def no_step(self) -> str | None:
        """Returns why the times of the column are no steps, or None."""
        if role.is_birth(self.name):
            return "dates the life of a person"
        if role.has(self.name, "validity"):
            return "is a fact of the product"
        if role.has(self.name, "plans"):
            return "is a plan"
        return None

    @property
    def is_clock(self) -> bool:
        """Returns whether the texts are times of day without a date."""
        return self.clocks == self.filled > 0

    @property
    def is_personal(self) -> bool:
        return role.is_personal(self.name) or self.looks_personal

    @property
    def looks_personal(self) -> bool:
        """Returns whether the content looks personal: numbers and addresses of persons, or names of persons."""
        named = sum(count for word, count in self.words.items() if _names_a_person(word))
        known = sum(self.words.values())
        return (self.personal > SOME * self.filled and not role.case_rank(self.name)) or named > SOME * known > 0

    @property
    def is_free_text(self) -> bool:
        return role.has(self.name, "free_text") or self.is_free_text_by_content

    @property
    def is_free_text_by_content(self) -> bool:
        wordy = self.spaces >= WORDS_OF_A_TEXT * self.filled or self.length >= LONG_TEXT * self.filled
        return wordy and self.filled >= TEXTS_MIN and self.different > MOST * self.filled

    @property
    def is_row_number(self) -> bool:
        return self.ordered and self.filled > 1 and role.is_row_number(self.name)

    @property
    def is_merged(self) -> bool:
        """Returns whether the empty cells look like the lower part of merged cells: each text occurs once, at the top
        of its rows.
        """
        return self.runs > 2 and self.different > 0.99 * self.filled and self.held * 3 >= self.filled + self.held  # noqa: PLR2004 - a few

    @property
    def formats(self) -> list[str]:
        return chosen(self.spellings) or ["iso"]

    @property
    def is_ambiguous(self) -> bool:
        """Returns whether day and month can be exchanged in the whole column."""
        return self.unordered > 0 and not self.orders

    @property
    def unique(self) -> bool:
        # 2 % may be repeats or errors of the estimate
        return self.filled > 1 and self.different > 0.98 * self.filled


def _names_a_person(text: str) -> bool:
    words = re.findall(r"[^\W\d_]+", text.lower())
    return 1 < len(words) < 6 and not role.SETS["person_names"].isdisjoint(words)  # noqa: PLR2004 - a name has a few words
