"""Key sample: this module keeps the rows of some values of a column, wherever they stand in the file. So the draft can
see whether this column would be a good case id.
"""

from collections import defaultdict
from dataclasses import dataclass, field
from zlib import crc32

ROWS_MAX = 2_000
ROWS_OF_A_VALUE = 50
LEVELS = 30


@dataclass(slots=True)
class KeySample:
    """The rows of the values whose hash ends with `level` zeros. The level rises when there are too many rows."""

    rows: dict[str, list[list[str]]] = field(default_factory=lambda: defaultdict(list))
    level: int = 0
    count: int = 0

    def see(self, value: str, cells: list[str]) -> None:
        if crc32(value.encode()) & ((1 << self.level) - 1):
            return
        kept = self.rows[value]
        if len(kept) < ROWS_OF_A_VALUE:
            kept.append(cells)
            self.count += 1
        while self.count > ROWS_MAX and self.level < LEVELS:
            self._thin()

    def _thin(self) -> None:
        self.level += 1
        mask = (1 << self.level) - 1
        for value in [value for value in self.rows if crc32(value.encode()) & mask]:
            self.count -= len(self.rows.pop(value))

    @property
    def several(self) -> list[list[list[str]]]:
        """Returns the groups with more than one row."""
        return [rows for rows in self.rows.values() if len(rows) > 1]

    def varying(self, place: int) -> int:
        """Returns in how many groups the column at this place has different texts."""
        return sum(len({row[place] for row in rows}) > 1 for rows in self.several)
