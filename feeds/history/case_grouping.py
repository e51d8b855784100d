"""Cases of a CSV file: its rows may be scattered over it, so they are sorted by case in a temporary file.

Cases come in the order in which they first appear, and the rows of each in the order of the file.
"""

from collections.abc import Callable, Iterator
from itertools import groupby
from operator import itemgetter
from pathlib import Path

import msgspec

from feeds.history.csv_log import Rows
from feeds.history.mapping import Mapping
from feeds.history.source import SourceCase, SourceError, SourceEvent, read_chunks, silent
from feeds.history.spill import fingerprint, temporary_database

MAX_ROWS = 50_000  # of one case
MAX_BYTES = 64 * 1024 * 1024  # of the cells of one case

TABLES = (
    "CREATE TABLE cases (key BLOB PRIMARY KEY, number INTEGER, rows INTEGER, bytes INTEGER) WITHOUT ROWID",
    "CREATE TABLE rows (number INTEGER, line INTEGER, cells BLOB)",
)


class TooManyRows(SourceError):
    """One case has more rows than any case should."""


def read_csv(file: Path, mapping: Mapping, *, progress: Callable[[int], None] = silent) -> Iterator[SourceCase]:
    """The cases of a CSV file; a column that is empty in a row is none of its attributes. Raises SourceError.

    A row without a case is a case of its own. `progress`: half of the bytes as they are read, half as cases come out.
    """
    left = 0

    def read(count: int) -> None:
        nonlocal left
        left += count - count // 2
        progress(count // 2)

    grouped = _Grouped(file, mapping)
    try:
        rows = grouped.fill(Rows(file, read_chunks(file, read), mapping.csv))
        for case in grouped.cases():
            yield case
            told = left * len(case.rows or case.events) // max(rows, 1)
            rows, left = rows - len(case.rows or case.events), left - told
            progress(told)
        progress(left)
    finally:
        grouped.close()


class _Grouped:
    def __init__(self, file: Path, mapping: Mapping) -> None:
        self._file = file
        self._mapping = mapping
        self._header: list[str] = []
        self._count = 0
        self._database = temporary_database()
        for table in TABLES:
            self._database.execute(table)

    def close(self) -> None:
        self._database.close()

    def fill(self, rows: Rows) -> int:
        """Takes all rows in. Returns how many there are."""
        self._header = rows.header
        for column in sorted(self._mapping.table_columns() - {*rows.header}):
            wrong = f"the header has no column {column!r}, which the mapping names"
            raise SourceError(self._file, "line 1", wrong, "the columns of the mapping, and its csv.delimiter")
        key = [rows.header.index(column) for column in self._mapping.key_columns()]
        total = 0
        for line, cells in rows:
            packed = msgspec.msgpack.encode(cells)
            number = self._case([cells[place] for place in key], len(packed), line)
            self._database.execute("INSERT INTO rows VALUES (?, ?, ?)", (number, line, packed))
            total += 1
        if not total:
            raise SourceError(self._file, "line 2", "there is no row under the header", "at least one")
        return total

    def _case(self, key: list[str], size: int, line: int) -> int:
        """The number of the case with this key; a new one where there is none."""
        mark = fingerprint(msgspec.msgpack.encode(key))
        known = any(key) and self._database.execute("SELECT * FROM cases WHERE key = ?", (mark,)).fetchone()
        if not known:
            self._count += 1
            if any(key):
                self._database.execute("INSERT INTO cases VALUES (?, ?, 1, ?)", (mark, self._count, size))
            return self._count
        _, number, rows, total = known
        if rows == MAX_ROWS or total + size > MAX_BYTES:
            raise TooManyRows(
                self._file, f"line {line}", "too many rows of one case", f"at most {MAX_ROWS}, and {MAX_BYTES} bytes"
            )
        self._database.execute("UPDATE cases SET rows = rows + 1, bytes = bytes + ? WHERE key = ?", (size, mark))
        return int(number)

    def cases(self) -> Iterator[SourceCase]:
        found = self._database.execute("SELECT number, line, cells FROM rows ORDER BY number, rowid")
        for _, rows in groupby(found, itemgetter(0)):
            told = [SourceEvent(self._facts(cells), line) for _, line, cells in rows]
            attributes: dict[str, str] = {}
            for row in reversed(told):  # so that the first row that says something of the case stands
                attributes |= row.attributes
            if self._mapping.csv.shape == "case":
                yield SourceCase(attributes, [], told[0].line, rows=told)
            else:
                yield SourceCase(attributes, told, told[0].line)

    def _facts(self, packed: bytes) -> dict[str, str]:
        cells = msgspec.msgpack.decode(packed, type=list[str])
        return {name: cell for name, cell in zip(self._header, cells, strict=True) if cell}
