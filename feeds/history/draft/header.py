"""The header of a table: this module finds the rows with the names of the columns among the first rows of a sheet, and
the rows that are no data.
"""

import re
from collections.abc import Sequence

from feeds.history.draft.spelling import fitting, needs_a_name
from feeds.history.table_layout import REPEATED, SUMMED, first_text, suspicion
from feeds.history.vocabulary import is_pattern

FOOTER = re.compile(r"(dicetak|printed|exported|diekspor|sumber|source|halaman|page|mengetahui)\b.*", re.IGNORECASE)
"""The first text of a row below a table that is no data."""
TITLE_CELLS = 2
FOOTER_CELLS = 2


def header_rows(rows: Sequence[list[str]]) -> list[int]:
    """Returns the numbers of the header rows. Returns an empty list if the first row that is not blank is the header.

    The header is the first row that has a name for each column with times. It has two rows if one row has the names
    that the other row lacks.
    """
    width = max((len(cells) for cells in rows), default=0)
    sheet = [cells + [""] * (width - len(cells)) for cells in rows]
    filled = [place for place, cells in enumerate(sheet) if any(cells)]
    timed = [column for column in range(width) if _has_times([cells[column] for cells in sheet])]
    header = next((row for row in filled if timed and _names(sheet[row], timed)), None)
    if header is None:
        return []
    first, last = header, header
    if header > filled[0] and _completes(sheet[header - 1], sheet[header]):
        first = header - 1
    elif header + 1 < len(sheet) and _refines(sheet[header], sheet[header + 1], timed):
        last = header + 1
    if first == last == filled[0]:
        return []
    return [*range(first + 1, last + 2)]


def _has_times(texts: list[str]) -> bool:
    """Returns whether most texts below the first text are times."""
    times = [text for text in texts if text and fitting(text) and not needs_a_name(text)]
    return len(times) * 2 >= sum(map(bool, texts)) and len(times) > 1


def _names(cells: list[str], timed: list[int]) -> bool:
    return all(cells[column] and not fitting(cells[column]) for column in timed)


def _completes(upper: list[str], lower: list[str]) -> bool:
    """Returns whether the upper row names columns that the lower row does not name. A title names one column only."""
    return sum(map(bool, upper)) >= TITLE_CELLS and any(
        above and not below for above, below in zip(upper, lower, strict=True)
    )


def _refines(upper: list[str], lower: list[str], timed: list[int]) -> bool:
    """Returns whether the lower row has names exactly for the columns that share a name in the upper row."""
    last = max(place for place, text in enumerate(upper) if text)
    shared = {place for place in range(len(upper)) if not upper[place]}
    shared = {place for place in shared if place < last or lower[place]}
    groups = shared | {place - 1 for place in shared if place and upper[place - 1]}
    named = {place for place, text in enumerate(lower) if text}
    words = all(not any(c.isdigit() for c in lower[place]) for place in named)
    return bool(shared) and named == groups and words and named.isdisjoint(timed)


class SkippedRows:
    """The rows of a table that are no data: repeated headers, totals, rows that number the columns, and footers.

    The draft names such a row by its first text, because the next file of the agency has these rows on other lines. The
    draft names the line instead if a row of data begins with the same text.
    """

    def __init__(self, header: list[str]) -> None:
        self._header, self._first = header, first_text(header)
        self._lines: dict[str, list[int]] = {}
        self._data: set[str] = set()
        self._numbered: list[int] = []

    def takes(self, line: int, cells: list[str]) -> bool:
        wrong, first = suspicion(cells, self._header), first_text(cells)
        footer = FOOTER.fullmatch(first) if sum(map(bool, cells)) <= FOOTER_CELLS < len(self._header) - 1 else None
        if wrong in (REPEATED, SUMMED):
            self._lines.setdefault(first, []).append(line)
        elif wrong:
            self._numbered.append(line)
        elif footer:
            self._lines.setdefault(footer[1] + "*", []).append(line)
        elif first == self._first:
            self._data.add(first)
        elif match := FOOTER.fullmatch(first):
            self._data.add(match[1] + "*")
        return bool(wrong or footer)

    def words(self) -> list[int | str]:
        """Returns the value of `skip_rows`."""
        found: list[int | str] = [*self._numbered]
        for word, lines in self._lines.items():
            found += lines if word in self._data or is_pattern(word[:-1]) else [word]
        return found
