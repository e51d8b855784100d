"""Column survey: this module collects the statistics of one column in one pass over the file. It uses a limited amount
of memory.
"""

import math
from collections import Counter
from dataclasses import dataclass, field
from zlib import crc32

from feeds.history.draft.role import has
from feeds.history.draft.spelling import chosen, fitting, has_offset, needs_a_name, order_in
from feeds.history.empty_words import EmptyWords
from feeds.history.mapping import EMPTY_WORDS

EMPTY = EmptyWords(EMPTY_WORDS)
WORDS_MAX = 500
WORDS_LENGTH = 100_000  # characters of all words together
SKETCH_BITS = 1 << 19
MOST = 0.5  # a column is a time column if more than this share of its texts can be read as times


@dataclass(slots=True)
class ColumnSurvey:
    """The statistics of a column. `words` counts how often each text occurs, for a limited number of different texts.
    `overflowing` is true if the column has more different texts than `words` may hold.

    `orders` has the first line in which day and month are in the order "dmy" or "mdy" for sure. `unordered` counts the
    texts in which day and month may be exchanged.
    """

    name: str
    filled: int = 0
    words: Counter[str] = field(default_factory=Counter)
    overflowing: bool = False
    spellings: Counter[tuple[str, ...]] = field(default_factory=Counter)
    unread: int = 0
    doubtful: int = 0
    offsets: int = 0
    numeric: int = 0
    orders: dict[str, int] = field(default_factory=dict)
    unordered: int = 0
    _length: int = 0
    _sketch: bytearray = field(default_factory=bytearray)

    def see(self, text: str, line: int) -> None:
        if text in EMPTY:
            return
        self.filled += 1
        self.numeric += text.isdecimal()
        self._count(text)
        fit = fitting(text)
        if fit:
            self.spellings[fit] += 1
            self.doubtful += needs_a_name(text)
            self.offsets += has_offset(text)
            self._order(order_in(fit), line)
        else:
            self.unread += 1

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
        sure = self.filled - self.unread - (0 if has(self.name, "time") else self.doubtful)
        return sure > MOST * self.filled

    @property
    def formats(self) -> list[str]:
        return chosen(self.spellings) or ["iso"]

    @property
    def is_ambiguous(self) -> bool:
        """Returns whether day and month can be exchanged in the whole column."""
        return self.unordered > 0 and not self.orders

    @property
    def unique(self) -> bool:
        return self.filled > 1 and self.different > 0.98 * self.filled  # 2 % may be repeats or errors of the estimate
