"""The survey of a log: a first pass over the file finds the encoding, the delimiter, the layout, and the statistics of
each column.
"""

import codecs
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from itertools import islice
from pathlib import Path
from typing import Literal

import msgspec

from feeds.history.csv_log import CsvRows
from feeds.history.draft import role
from feeds.history.draft.column import ColumnSurvey
from feeds.history.draft.header import SkippedRows, header_rows
from feeds.history.draft.key_sample import KeySample
from feeds.history.file_format import SHEETS, is_log, open_table, sheet_rows
from feeds.history.formats.kinds import FileKind, kind_of
from feeds.history.formats.packed import read_chunks
from feeds.history.mapping import Csv
from feeds.history.source import Log, SourceError, silent
from feeds.history.table_layout import DataRows
from feeds.history.xes import read_xes

DELIMITERS: tuple[Literal[",", ";", "\t", "|"], ...] = (",", ";", "\t", "|")
SAMPLE_ROWS, LOOSE_MAX, FEWEST_COLUMNS = 500, 20, 4
NARROW = 12
"""Any column of a table with so few columns may be the case id. Otherwise only a column with a fitting name may be."""

Columns = dict[str, ColumnSurvey]


@dataclass(slots=True)
class Survey:
    """The survey of one file. For a table, all columns are in `rows`. For an XES log, `cases` has the attributes of the
    cases, and `rows` has the attributes of the events.

    If elements of a list are rows, `marker` is the column with the number of the element. `samples` holds some rows of
    each column that may be the case id. `loose` holds the lines of the last rows, if most cells of these rows are
    empty.
    """

    file: Log
    table: Csv | None = None
    part: str | None = None
    marker: str | None = None
    cases: Columns = field(default_factory=dict)
    rows: Columns = field(default_factory=dict)
    samples: dict[str, KeySample] = field(default_factory=dict)
    count: int = 0
    loose: list[int] = field(default_factory=list)

    def place(self, column: ColumnSurvey) -> int:
        return list(self.rows).index(column.name)


def survey(log: Log, progress: Callable[[int], None], part: str | None = None) -> Survey:
    """Surveys a source. `part` names one table of several. Raises SourceError.

    A sheet with merged cells, or with the date and the time of day in two columns, is read a second time with these
    cells filled.
    """
    if isinstance(log, Path) and is_log(log):
        return _of_log(log, progress)
    is_sheet = isinstance(log, Path) and kind_of(log) in SHEETS
    found = _of_table(log, part, _written(log, part) if is_sheet and isinstance(log, Path) else Csv(), progress)
    table = with_filled_cells(found.rows, found.table) if found.table and is_sheet else None
    return _of_table(log, part, table, silent) if table else found


def with_filled_cells(columns: Columns, table: Csv) -> Csv | None:
    """Returns the layout with the merged cells and the joined columns, or None if the table has no such cells."""
    merged = [name for name, column in columns.items() if column.is_merged and role.case_rank(name)]
    join: dict[str, list[str]] = {}
    dates = [column for column in columns.values() if column.is_step and not column.moments.has_clocks]
    for clock in filter(lambda column: column.is_clock, columns.values()):
        date = _date_of(clock, dates, [column for column in columns.values() if column.is_clock])
        name = f"{date.name} {clock.name}" if date else ""
        if date and name not in columns:
            join[name] = [date.name, clock.name]
    return msgspec.structs.replace(table, fill_down=merged, join=join) if merged or join else None


def _date_of(clock: ColumnSurvey, dates: list[ColumnSurvey], clocks: list[ColumnSurvey]) -> ColumnSurvey | None:
    """Returns the column with the date of a time of day. Apart from the words for dates and times, the two names have
    the same words. A single time of day belongs to a single date.
    """
    subject = _subject(clock.name)
    same = [date for date in dates if _subject(date.name) == subject]
    if len(same) == 1:
        return same[0]
    return dates[0] if len(dates) == len(clocks) == 1 and role.has(clock.name, "clock") else None


def _subject(name: str) -> set[str]:
    return {*role.tokens(name)} - role.SETS["time"] - role.SETS["clock"]


def _written(file: Path, part: str | None) -> Csv:
    """Returns the encoding, the delimiter and the header of a sheet."""
    table = Csv(skip_rows=[])
    if kind_of(file) is FileKind.CSV:
        encoding = _encoding(file)
        tables = [Csv(encoding=encoding, delimiter=delimiter, skip_rows=[]) for delimiter in DELIMITERS]
        table = max(tables, key=lambda table: _cells(file, table))
    lines: list[list[str]] = []
    for line, cells in islice(sheet_rows(file, part, table), SAMPLE_ROWS):
        lines += [[]] * (line - 1 - len(lines)) + [cells]
    rows = header_rows(lines)
    return msgspec.structs.replace(table, header_row=(rows if len(rows) > 1 else rows[0]) if rows else None)


def _whole_header(log: Log, part: str | None) -> list[str]:
    """Returns the names of all columns of a table whose header is complete only after its last row."""
    rows = open_table(log, part, Csv(), None)
    for _ in rows:
        pass
    return rows.header


def _of_table(log: Log, part: str | None, table: Csv, progress: Callable[[int], None]) -> Survey:
    rows = open_table(log, part, table, None, progress)
    header = _whole_header(log, part) if rows.grows else rows.header
    columns = [ColumnSurvey(name, filled_down=name in table.fill_down) for name in header]
    result = Survey(log, part=part, rows={column.name: column for column in columns})
    narrow = len(columns) <= NARROW
    result.samples = {name: KeySample() for name in header if narrow or role.case_rank(name)}
    sampled = [(header.index(name), sample) for name, sample in result.samples.items()]
    skipped = SkippedRows(rows.written) if isinstance(rows, DataRows) else None
    for line, told in rows:
        if skipped and skipped.takes(line, told):
            continue
        cells = told + [""] * (len(header) - len(told))
        result.count += rows.marker is None or bool(cells[header.index(rows.marker)])
        for column, cell in zip(columns, cells, strict=True):
            if cell:
                column.see(cell, line)
            else:
                column.see_empty()
        for place, sample in sampled:
            if cells[place]:
                sample.see(cells[place], cells)
        loose = FEWEST_COLUMNS <= len(cells) > 2 * sum(map(bool, cells))
        result.loose = [*result.loose, line][-LOOSE_MAX:] if loose else []
    result.marker = rows.marker
    result.table = msgspec.structs.replace(table, skip_rows=(skipped and skipped.words()) or table.skip_rows or None)
    return result


def _of_log(file: Path, progress: Callable[[int], None]) -> Survey:
    result = Survey(file)
    for case in read_xes(file, progress=progress):
        _see(result.cases, case.attributes, case.line)
        for event in case.events:
            _see(result.rows, event.attributes, event.line)
        result.count += len(case.events)
    return result


def _see(columns: Columns, attributes: dict[str, str], line: int) -> None:
    for name, value in attributes.items():
        if value:
            columns.setdefault(name, ColumnSurvey(name)).see(value, line)


def _encoding(file: Path) -> str:
    """Returns the first of three encodings that fits the whole file: UTF-8, windows-1252 or iso-8859-1. The last
    encoding fits every file, because iso-8859-1 can decode every byte. A file with a UTF-16 byte order mark is UTF-16.
    """
    readers = {name: codecs.getincrementaldecoder(name)() for name in ("utf-8", "windows-1252", "iso-8859-1")}
    first = True
    for chunk in read_chunks(file):
        if first and chunk.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
            return "utf-16"
        first = False
        for name, decoder in list(readers.items()):
            try:
                decoder.decode(chunk, final=not chunk)
            except UnicodeDecodeError:
                del readers[name]
    return next(iter(readers))


def _cells(file: Path, table: Csv) -> tuple[int, int]:
    """Reads the first rows with this delimiter. Returns the number of filled cells and the number of columns, in the
    rows of the usual width. Both numbers are 0 if this width is 1, or if the delimiter does not fit the file.
    """
    try:
        rows = [cells for _, cells in islice(CsvRows(file, read_chunks(file), table), SAMPLE_ROWS) if any(cells)]
    except SourceError:
        return 0, 0
    widths = Counter(map(len, rows))
    width = max(widths, key=lambda width: (widths[width], width), default=0)
    cells = sum(bool(cell) for row in rows if len(row) == width for cell in row)
    return (cells, width) if width > 1 else (0, 0)
