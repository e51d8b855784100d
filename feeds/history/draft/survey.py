"""The survey of a log: a first pass over the file finds the encoding, the delimiter, and the statistics of each
column.
"""

import codecs
from collections.abc import Callable
from dataclasses import dataclass, field
from itertools import islice
from pathlib import Path
from typing import Literal

from feeds.history.csv_log import Rows
from feeds.history.draft.column import ColumnSurvey
from feeds.history.file_format import open_table
from feeds.history.formats.kinds import FileKind, kind_of
from feeds.history.formats.packed import read_chunks
from feeds.history.mapping import Csv
from feeds.history.source import Log, SourceError, TableRows
from feeds.history.xes import read_xes

DELIMITERS: tuple[Literal[",", ";", "\t", "|"], ...] = (",", ";", "\t", "|")
SAMPLE_ROWS = 500

Columns = dict[str, ColumnSurvey]


@dataclass(slots=True)
class Survey:
    """The survey of one file. For a table, all columns are in `rows`. For an XES log, `cases` has the attributes of the
    cases, and `rows` has the attributes of the events.
    """

    file: Log
    table: Csv | None = None
    part: str | None = None
    cases: Columns = field(default_factory=dict)
    rows: Columns = field(default_factory=dict)
    count: int = 0


def survey(log: Log, progress: Callable[[int], None], part: str | None = None) -> Survey:
    """Surveys a source. `part` names one table of several. Raises SourceError."""
    if isinstance(log, Path):
        kind = kind_of(log)
        if kind is FileKind.XES:
            return _of_log(log, progress)
        if kind is FileKind.CSV:
            return _of_csv(log, progress)
    return _of_rows(Survey(log, Csv(), part), open_table(log, part, Csv(), None, progress))


def _of_csv(file: Path, progress: Callable[[int], None]) -> Survey:
    encoding = _encoding(file)
    tables = [Csv(encoding=encoding, delimiter=delimiter) for delimiter in DELIMITERS]
    table = max(tables, key=lambda table: _cells(file, table))
    return _of_rows(Survey(file, table), open_table(file, None, table, None, progress))


def _of_rows(result: Survey, rows: TableRows) -> Survey:
    result.rows = {name: ColumnSurvey(name) for name in rows.header}
    for _, cells in rows:
        row = {name: cell for name, cell in zip(rows.header, cells, strict=False) if cell}
        result.count += rows.marker is None or rows.marker in row
        _see(result.rows, row)
    return result


def _of_log(file: Path, progress: Callable[[int], None]) -> Survey:
    result = Survey(file)
    for case in read_xes(file, progress=progress):
        _see(result.cases, case.attributes)
        for event in case.events:
            _see(result.rows, event.attributes)
        result.count += len(case.events)
    return result


def _see(columns: Columns, attributes: dict[str, str]) -> None:
    for name, value in attributes.items():
        if value:
            columns.setdefault(name, ColumnSurvey(name)).see(value)


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
    """Reads the first rows with this delimiter. Returns the number of filled cells and the number of columns. Both
    numbers are 0 if the delimiter gives only one column or does not fit the file.
    """
    try:
        rows = Rows(file, read_chunks(file), table)
        cells = sum(bool(cell) for _, cells in islice(rows, SAMPLE_ROWS) for cell in cells)
    except SourceError:
        return 0, 0
    return (cells, len(rows.header)) if len(rows.header) > 1 else (0, 0)
