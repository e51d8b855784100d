"""Case grouping: the rows of a case may be scattered over a table. This module collects the rows of each case with
the help of a temporary file.

The cases come in the order of their first rows. The rows of a case keep the order of the file.
"""

from collections.abc import Callable, Iterator
from itertools import groupby
from operator import itemgetter

import msgspec

from feeds.history.empty_words import EmptyWords
from feeds.history.mapping import Mapping
from feeds.history.source import Log, SourceCase, SourceError, SourceEvent, TableRows, silent
from feeds.history.spill import fingerprint, temporary_database

MAX_ROWS = 50_000  # per case
MAX_BYTES = 64 * 1024 * 1024  # of cells per case

TABLES = (
    "CREATE TABLE cases (key BLOB PRIMARY KEY, number INTEGER, rows INTEGER, bytes INTEGER) WITHOUT ROWID",
    "CREATE TABLE rows (number INTEGER, line INTEGER, cells BLOB)",
)


class TooManyRows(SourceError):
    """A case has more than MAX_ROWS rows or MAX_BYTES bytes."""


def group_rows(
    log: Log,
    open_rows: Callable[[Callable[[int], None]], TableRows],
    mapping: Mapping,
    *,
    progress: Callable[[int], None] = silent,
) -> Iterator[SourceCase]:
    """Reads the cases of a table. An empty cell is left out of its row. Raises SourceError.

    A row without a case id is a separate case. `progress` counts half of the file's bytes while the file is read, and
    the other half while the cases are yielded.
    """
    left = 0

    def read(count: int) -> None:
        nonlocal left
        left += count - count // 2
        progress(count // 2)

    grouped = _Grouped(log, mapping)
    try:
        rows = grouped.fill(open_rows(read))
        for case in grouped.cases():
            yield case
            share = left * len(case.rows or case.events) // max(rows, 1)
            rows, left = rows - len(case.rows or case.events), left - share
            progress(share)
        progress(left)
    finally:
        grouped.close()


class _Grouped:
    def __init__(self, log: Log, mapping: Mapping) -> None:
        self._file = log
        self._mapping = mapping
        self._empty = EmptyWords(mapping.empty_words)
        self._header: list[str] = []
        self._unit = "line"
        self._marker: str | None = None
        self._count = 0
        self._database = temporary_database()
        for table in TABLES:
            self._database.execute(table)

    def close(self) -> None:
        self._database.close()

    def fill(self, rows: TableRows) -> int:
        """Stores all rows in the temporary database. Returns the number of rows."""
        self._header, self._unit = rows.header, rows.unit
        if not rows.grows:
            self._check_header()
        key = self._mapping.key_columns()
        places: list[int | None] = [None] * len(key)
        total = 0
        for line, cells in rows:
            if None in places:
                places = [rows.header.index(column) if column in rows.header else None for column in key]
            packed = msgspec.msgpack.encode(cells)
            values = [
                "" if place is None or place >= len(cells) else self._empty.value(cells[place]) for place in places
            ]
            number = self._case(values, len(packed), line)
            self._database.execute("INSERT INTO rows VALUES (?, ?, ?)", (number, line, packed))
            total += 1
        self._marker = rows.marker
        if not total:
            raise SourceError(self._file, f"{self._unit} 2", "there is no row under the header", "at least one")
        self._check_header()
        return total

    def _check_header(self) -> None:
        for column in sorted(self._mapping.table_columns() - {*self._header}):
            wrong = f"the header has no column {column!r}, which the mapping names"
            expected = "the columns of the mapping, and its csv.delimiter and csv.header_row"
            raise SourceError(self._file, f"{self._unit} 1", wrong, expected)

    def _case(self, key: list[str], size: int, line: int) -> int:
        """Returns the number of the case with this key. A case with a new key, or without a key, gets a new number."""
        mark = fingerprint(msgspec.msgpack.encode(key))
        counted = any(key) and self._database.execute("SELECT * FROM cases WHERE key = ?", (mark,)).fetchone()
        if not counted:
            self._count += 1
            if any(key):
                self._database.execute("INSERT INTO cases VALUES (?, ?, 1, ?)", (mark, self._count, size))
            return self._count
        _, number, rows, total = counted
        if rows == MAX_ROWS or total + size > MAX_BYTES:
            raise TooManyRows(
                self._file,
                f"{self._unit} {line}",
                "too many rows of one case",
                f"at most {MAX_ROWS}, and {MAX_BYTES} bytes",
            )
        self._database.execute("UPDATE cases SET rows = rows + 1, bytes = bytes + ? WHERE key = ?", (size, mark))
        return int(number)

    def cases(self) -> Iterator[SourceCase]:
        stored = self._database.execute("SELECT number, line, cells FROM rows ORDER BY number, rowid")
        for _, rows in groupby(stored, itemgetter(0)):
            events = [SourceEvent(self._facts(cells), line) for _, line, cells in rows]
            attributes: dict[str, str] = {}
            for row in reversed(events):  # in reverse, so the value of the first row replaces later values
                attributes |= row.attributes
            self._fill(attributes, events)
            line = events[0].line
            if self._mapping.csv.shape == "case":
                yield SourceCase(attributes, [], line, rows=events, unit=self._unit)
                continue
            if self._marker:
                events = [event for event in events if self._marker in event.attributes]
            yield SourceCase(attributes, events, line, unit=self._unit)

    def _fill(self, attributes: dict[str, str], rows: list[SourceEvent]) -> None:
        """If the first row of a case has an empty word such as NULL in a column of the case, a later row decides."""
        for column in self._mapping.case_columns():
            if column in attributes and attributes[column] in self._empty:
                values = (row.attributes.get(column, "") for row in rows)
                attributes[column] = next((value for value in values if value not in self._empty), attributes[column])

    def _facts(self, packed: bytes) -> dict[str, str]:
        cells = msgspec.msgpack.decode(packed, type=list[str])
        return {name: cell for name, cell in zip(self._header, cells, strict=False) if cell}
