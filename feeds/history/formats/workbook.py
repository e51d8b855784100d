"""Workbooks: this module reads one sheet of an .xlsx or .ods file. Dates and times of the workbook become ISO text."""

from collections.abc import Callable, Iterator
from datetime import date, datetime, time, timedelta
from pathlib import Path
from typing import Any, BinaryIO, NamedTuple

import python_calamine
from python_calamine import CalamineSheet, CalamineWorkbook, SheetTypeEnum, SheetVisibleEnum

from feeds.history.csv_log import MAX_CELL, MAX_COLUMNS
from feeds.history.formats.kinds import UNPACKED_MAX
from feeds.history.formats.packed import seekable
from feeds.history.formats.parts import chosen_part
from feeds.history.formats.sheet_scan import Cell, SheetScan, scan
from feeds.history.source import SourceError, TableRow, silent

WHOLE_MAX = 2**53
"""Every smaller whole number has its own floating-point number."""
HALF_A_MILLISECOND = timedelta(microseconds=500)
ERROR = "#ERROR!"
"""The text of a cell whose formula has failed. It is no time and no word, so no import reads it as empty."""

Value = str | bool | float | date | datetime | time | timedelta


class OpenedSheet(NamedTuple):
    sheet: CalamineSheet
    errors: set[Cell]
    spans: dict[Cell, int]


class SheetRows:
    """All rows of a sheet, with the titles and the header.

    The value of merged cells counts for each of their rows, but only for their first column.
    """

    unit = "row"

    def __init__(self, file: Path, part: str | None, progress: Callable[[int], None] = silent) -> None:
        self._file = file
        with seekable(file, UNPACKED_MAX) as stream:
            self._opened = _opened(file, stream, part)
        progress(file.stat().st_size)

    def __iter__(self) -> Iterator[TableRow]:
        """Raises SourceError."""
        sheet, errors, spans = self._opened
        if sheet.start is None:
            return
        left = sheet.start[1]
        if sheet.width > MAX_COLUMNS:
            raise SourceError(self._file, "row 1", "too many columns", f"at most {MAX_COLUMNS}")
        held: dict[int, tuple[str, int]] = {}  # the value of merged cells by column, and the row after them
        for number, values in enumerate(sheet.iter_rows()):
            cells = [_text(value) for value in values]
            for column, cell in enumerate(cells):
                if not cell and (number, left + column) in errors:
                    cells[column] = ERROR
                elif len(cell) > MAX_CELL // 4 and len(cell.encode()) > MAX_CELL:
                    raise SourceError(
                        self._file, f"row {number + 1}", "a cell that is too long", f"at most {MAX_CELL} bytes"
                    )
            if spans or held:
                self._merge(number, left, cells, held)
            yield number + 1, cells

    def _merge(self, number: int, left: int, cells: list[str], held: dict[int, tuple[str, int]]) -> None:
        for column, (value, end) in list(held.items()):
            if number < end:
                cells[column] = cells[column] or value
            else:
                del held[column]
        for column, cell in enumerate(cells):
            if rows := self._opened.spans.get((number, left + column)):
                held[column] = (cell, number + rows)


def _opened(file: Path, stream: BinaryIO, part: str | None) -> OpenedSheet:
    scans = scan(file, stream)
    stream.seek(0)
    try:
        workbook = CalamineWorkbook.from_filelike(stream)
        names = [
            one.name
            for one in workbook.sheets_metadata
            if one.typ is SheetTypeEnum.WorkSheet
            and (one.name == part or one.visible is SheetVisibleEnum.Visible)
            and (one.name == part or _filled(scans, one.name))
        ]
        name = chosen_part(file, names, part, word="sheet")
        sheet = workbook.get_sheet_by_name(name)
        merged = sheet.merged_cell_ranges or []
    except (python_calamine.CalamineError, OSError, ValueError) as fault:
        raise _damaged(file) from fault
    except BaseException as fault:  # a panic of the library is no Exception
        if type(fault).__name__ == "PanicException":
            raise _damaged(file) from fault
        raise
    found = scans.get(name) or SheetScan()
    spans = {start: end[0] - start[0] + 1 for start, end in merged if end[0] > start[0]}
    return OpenedSheet(sheet, found.errors, found.spans | spans)


def _filled(scans: dict[str, SheetScan], name: str) -> bool:
    return name not in scans or scans[name].rows > 0


def _damaged(file: Path) -> SourceError:
    # the messages of the library are not passed on, because they may quote the file
    return SourceError(file, "the workbook", "cannot be read", "an undamaged workbook; open it, and save it as .xlsx")


def _text(value: Any) -> str:  # noqa: ANN401 - the library types a cell as a union without str
    match value:
        case str():
            return value.strip()
        case bool():
            return "true" if value else "false"
        case float() | int():
            return str(int(value)) if abs(value) < WHOLE_MAX and value == int(value) else repr(value)
        case datetime():
            return _moment(value)
        case date():
            return value.isoformat()
        case time():
            return value.isoformat("seconds")
        case timedelta():
            minutes, seconds = divmod(int(value.total_seconds()), 60)
            return f"{minutes // 60}:{minutes % 60:02}:{seconds:02}"
        case _:
            return ""


def _moment(value: datetime) -> str:
    """A workbook stores a time as a fraction of a day, which is exact only to about a millisecond."""
    rounded = value + HALF_A_MILLISECOND
    rounded -= timedelta(microseconds=rounded.microsecond % 1000)
    return rounded.isoformat(timespec="milliseconds" if rounded.microsecond else "seconds")
