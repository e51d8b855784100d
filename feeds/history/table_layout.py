"""The layout of a table: this module finds the header and the data rows among the rows of a sheet, as the mapping says.

Agencies write titles above a table and totals below a table. The header may have two rows, and may be repeated on each
page. Cells may be merged, and the date and the time of day may be in two columns.
"""

import re
from collections.abc import Iterator
from itertools import zip_longest
from typing import Never

from feeds.history.mapping import Csv
from feeds.history.source import Log, SourceError, TableRow, WrittenRows
from feeds.history.vocabulary import Words, toml_text

TOTAL = re.compile(r"(grand |sub ?)?(total|jumlah)( total| keseluruhan| seluruhnya)?\W*", re.IGNORECASE)


class DataRows:
    """The data rows of a table. `header` holds the names of the columns, and `written` the header as it is written.
    Blank rows are skipped.

    `rows` holds all rows of the sheet. Each row has the number of its line, and the mapping names rows by this number.
    """

    grows = False
    marker: str | None = None

    def __init__(self, file: Log, rows: WrittenRows, layout: Csv) -> None:
        self._file = file
        self.unit = rows.unit
        self._layout = layout
        self._rows = iter(rows)
        self.written, self._header_line = self._names()
        names = named(self.written)
        self.header = [*names, *layout.join]
        self._skipped = Words({word: True for word in layout.skip_rows or () if isinstance(word, str)})
        self._skipped_lines = frozenset(word for word in layout.skip_rows or () if isinstance(word, int))
        self._filled = [self._place(names, column, "csv.fill_down") for column in layout.fill_down]
        self._joined = [[self._place(names, part, "csv.join") for part in parts] for parts in layout.join.values()]
        for name in layout.join:
            if name in names:
                expected = "another name for the new column"
                self._refuse(self._header_line, f"csv.join names {name!r}, which the header already has", expected)

    def __iter__(self) -> Iterator[TableRow]:
        """Raises SourceError."""
        width = len(self.written)
        above = [""] * len(self._filled)
        for line, cells in self._rows:
            if not any(cells) or self._skips(line, cells):
                continue
            if len(cells) > width and any(cells[width:]):
                self._refuse(line, "a row with more cells than the header has names", f"{width} cells")
            row = cells[:width] + [""] * (width - len(cells))
            for order, place in enumerate(self._filled):
                above[order] = row[place] = row[place] or above[order]
            yield line, row + [" ".join(filter(None, (row[place] for place in parts))) for parts in self._joined]

    def _names(self) -> tuple[list[str], int]:
        """Returns the header as it is written, and its line."""
        wanted = self._layout.header_rows()
        found: list[list[str]] = []
        for line, cells in self._rows:
            if line in wanted or (not wanted and any(cells)):
                found.append(cells)
            if found and line >= max(wanted, default=0):
                names = joined(found)
                if not any(names):
                    self._refuse(line, "the header row is blank", "the number of the line with the names")
                return names, line
        expected = f"csv.header_row within the file, and not {wanted}" if wanted else "a header"
        raise SourceError(self._file, f"{self.unit} 1", "there is no row in the file", expected)

    def _skips(self, line: int, cells: list[str]) -> bool:
        if self._layout.skip_rows is not None:
            return line in self._skipped_lines or bool(self._skipped.get(first_text(cells)))
        wrong = suspicion(cells, self.written)
        if wrong:
            word = {REPEATED: toml_text(first_text(self.written)), SUMMED: '"Jumlah*", "Total*"'}.get(wrong, line)
            self._refuse(line, wrong, f"csv.skip_rows = [{word}] in the mapping, or skip_rows = [] if the row is data")
        return False

    def _place(self, names: list[str], column: str, key: str) -> int:
        if column not in names:
            self._refuse(self._header_line, f"{key} names the column {column!r}", "a column of the header")
        return names.index(column)

    def _refuse(self, line: int, wrong: str, expected: str) -> Never:
        raise SourceError(self._file, f"{self.unit} {line}", wrong, expected)


REPEATED = "the header is repeated"
SUMMED = "a row that begins like a row of totals"
NUMBERED = "a row that numbers the columns"
FIRST_NUMBERS, FEWEST_NUMBERED = ("1", "(1)"), 3


def suspicion(cells: list[str], header: list[str]) -> str | None:
    """Returns why a row may not be data, or None."""
    first = first_text(cells)
    if first == first_text(header) and sum(map(bool, header)) > 1 and _trimmed(cells) == _trimmed(header):
        return REPEATED
    if first in FIRST_NUMBERS and len(header) >= FEWEST_NUMBERED and _numbers_columns(_trimmed(cells)):
        return NUMBERED
    return SUMMED if TOTAL.fullmatch(first) else None


def _numbers_columns(cells: list[str]) -> bool:
    numbers = [cell.strip("()") for cell in cells]
    return len(cells) >= FEWEST_NUMBERED and numbers == [str(place) for place in range(1, len(cells) + 1)]


def first_text(cells: list[str]) -> str:
    return next(filter(None, cells), "")


def _trimmed(cells: list[str]) -> list[str]:
    filled = [place for place, cell in enumerate(cells) if cell]
    return cells[: filled[-1] + 1] if filled else []


def joined(rows: list[list[str]]) -> list[str]:
    """Joins the rows of a header. A name in an upper row also belongs to the columns without a name on its right, if
    a lower row names these columns.
    """
    *uppers, lower = [list(cells) for cells in zip(*zip_longest(*rows, fillvalue=""), strict=True)] or [[]]
    for upper in uppers:
        for place in range(1, len(upper)):
            if not upper[place] and lower[place]:
                upper[place] = upper[place - 1]
    return [" ".join(dict.fromkeys(filter(None, names))) for names in zip(*uppers, lower, strict=True)]


def named(header: list[str]) -> list[str]:
    """Returns the names of the columns. An empty name becomes "column <place>", and a repeated name gets a number."""
    names: dict[str, None] = {}
    for place, text in enumerate(header, 1):
        name = first = text or f"column {place}"
        number = 1
        while name in names:
            number += 1
            name = f"{first} ({number})"
        names[name] = None
    return list(names)
