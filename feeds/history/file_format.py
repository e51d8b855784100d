"""File formats of history: this module chooses the reader for a file. XES logs hold cases. All other formats hold
tables, and their readers give rows of the same form.
"""

from collections.abc import Callable, Iterator
from collections.abc import Set as AbstractSet
from pathlib import Path

from feeds.history.case_grouping import group_rows
from feeds.history.csv_log import CsvRows
from feeds.history.formats.json_table import json_rows
from feeds.history.formats.kinds import FileKind, kind_of
from feeds.history.formats.packed import read_chunks
from feeds.history.formats.sql_dump import DumpRows
from feeds.history.formats.sqlite_file import SqliteRows
from feeds.history.formats.workbook import SheetRows
from feeds.history.mapping import Csv, Mapping
from feeds.history.source import Log, SourceCase, SourceError, TableRows, WrittenRows, silent
from feeds.history.table_layout import DataRows
from feeds.history.xes import read_xes

Progress = Callable[[int], None]
SHEETS = (FileKind.CSV, FileKind.WORKBOOK)
"""The kinds of files in which a person may have written titles and totals around the table."""


def is_log(log: Log) -> bool:
    """Returns whether the source is an XES log. Raises SourceError if no reader can read the file."""
    return isinstance(log, Path) and kind_of(log) is FileKind.XES


def read_cases(log: Log, mapping: Mapping, *, progress: Progress = silent) -> Iterator[SourceCase]:
    """Reads every case of the source.

    This function may yield some cases and then raise SourceError. If a caller must not act on an incomplete file, the
    caller reads the file twice.
    """
    if isinstance(log, Path) and is_log(log):
        return read_xes(log, progress=progress)

    def rows(read: Progress) -> TableRows:
        return open_table(log, mapping.part, mapping.csv, mapping.table_columns(), read)

    return group_rows(log, rows, mapping, progress=progress)


def open_table(
    log: Log, part: str | None, written: Csv, wanted: AbstractSet[str] | None, progress: Progress = silent
) -> TableRows:
    """Opens a table. `part` names one table of several: the sheet of a workbook, the table of a database or dump, the
    list of a JSON document, or the type of an object in OCEL.

    `wanted` holds the columns that the mapping names. It is None while no mapping is known. Raises SourceError.
    """
    kind = kind_of(log) if isinstance(log, Path) else None
    if isinstance(log, Path) and kind in SHEETS:
        return DataRows(log, sheet_rows(log, part, written, progress), written)
    if written.header_row or written.skip_rows or written.fill_down or written.join:
        expected = f"none of these keys for {kind or 'a database'}, because its columns have names"
        raise SourceError(log, "the mapping", "csv.header_row, skip_rows, fill_down or join", expected)
    if not isinstance(log, Path):
        return log.rows
    match kind:
        case FileKind.JSON | FileKind.JSON_LINES:
            return json_rows(log, part, wanted, progress, by_line=kind is FileKind.JSON_LINES)
        case FileKind.SQL:
            return DumpRows(log, part, written.encoding, progress)
        case _:
            return SqliteRows(log, part, progress)


def sheet_rows(file: Path, part: str | None, written: Csv, progress: Progress = silent) -> WrittenRows:
    """Opens a CSV file or a workbook, whose rows include the titles and the header. Raises SourceError."""
    if kind_of(file) is FileKind.WORKBOOK:
        return SheetRows(file, part, progress)
    return CsvRows(file, read_chunks(file, progress), written)
