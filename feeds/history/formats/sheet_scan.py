"""Sheet scan: before a workbook is read, this module looks at the XML of its sheets. The library that reads workbooks
needs memory for the whole rectangle of a sheet, so one far cell could fill the memory.

The scan also finds what the library does not tell: cells with an error such as #N/A, and the merged cells of .ods.
"""

import re
import zipfile
import zlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import BinaryIO, Never
from xml.parsers import expat

from feeds.history.formats.packed import CHUNK
from feeds.history.source import SourceError

MAX_AREA = 8_000_000  # rows times columns of one sheet
MAX_UNPACKED = 1024 * 1024 * 1024  # bytes of all parts of a workbook
MAX_MARKS = 100_000  # merged cells and cells with an error of one sheet
MAX_DEPTH = 64
MAX_MEMBERS = 10_000

PART = re.compile(r"xl/.+\.xml", re.IGNORECASE)
"""Any part of an .xlsx may be a sheet. The usual place of a sheet is the folder xl/worksheets."""
REFERENCE = re.compile(r"([A-Z]{1,3})([0-9]{1,7})")

Cell = tuple[int, int]
"""Row and column, counted from 0."""


@dataclass(slots=True)
class SheetScan:
    """What one sheet holds. `spans` maps the first cell of merged cells to the number of their rows."""

    rows: int = 0
    columns: int = 0
    errors: set[Cell] = field(default_factory=set)
    spans: dict[Cell, int] = field(default_factory=dict)


def scan(file: Path, stream: BinaryIO) -> dict[str, SheetScan]:
    """Scans all sheets. The keys are the names of the sheets.

    Raises SourceError if the workbook is damaged or too large.
    """
    try:
        with zipfile.ZipFile(stream) as archive:
            members = archive.infolist()
            if len(members) > MAX_MEMBERS or sum(member.file_size for member in members) > MAX_UNPACKED:
                raise SourceError(file, "the workbook", "is too large", "a smaller workbook, or the table as .csv")
            if any(member.flag_bits & 1 for member in members):
                raise SourceError(file, "the workbook", "has a password", "a workbook without a password")
            scans: dict[str, SheetScan] = {}
            titles: list[tuple[str, str]] = []
            targets: dict[str, str] = {}
            for member in members:
                with archive.open(member) as part:  # each part is read, because its size may be a lie
                    chunks = iter(partial(part.read, CHUNK), b"")
                    if member.filename == "xl/workbook.xml":
                        _Attributes(file, "sheet", lambda of: titles.append((of["name"], of["id"]))).read(chunks)
                    elif member.filename == "xl/_rels/workbook.xml.rels":
                        _Attributes(file, "Relationship", lambda of: targets.update({of["Id"]: of["Target"]})).read(
                            chunks
                        )
                    elif PART.fullmatch(member.filename):
                        _Excel(file, scans.setdefault(member.filename, SheetScan())).read(chunks)
                    elif member.filename == "content.xml":
                        _OpenDocument(file, scans).read(chunks)
                    else:
                        for _ in chunks:
                            pass
            paths = {title: f"xl/{targets.get(key, '').removeprefix('/xl/')}" for title, key in titles}
            return {title: scans[path] for title, path in paths.items() if path in scans} if titles else scans
    except (zipfile.BadZipFile, zlib.error, KeyError, EOFError, NotImplementedError, OSError, RuntimeError) as fault:
        raise SourceError(file, "the workbook", "is damaged", "the complete workbook") from fault


class _Parser:
    """Parses one part. `start` and `end` of a subclass get the local names of elements and attributes."""

    def __init__(self, file: Path) -> None:
        self._file = file
        self._depth = 0
        self._parser = expat.ParserCreate()
        self._parser.StartElementHandler = self._started
        self._parser.EndElementHandler = self._ended
        self._parser.StartDoctypeDeclHandler = self._doctype

    def read(self, chunks: Iterator[bytes]) -> None:
        try:
            for chunk in chunks:
                self._parser.Parse(chunk, False)  # noqa: FBT003 - the signature of expat
            self._parser.Parse(b"", True)  # noqa: FBT003 - the signature of expat
        except expat.ExpatError as fault:
            wrong = f"malformed XML ({expat.ErrorString(fault.code)})"
            raise SourceError(self._file, "the workbook", wrong, "the complete workbook") from fault

    def _started(self, name: str, attributes: dict[str, str]) -> None:
        self._depth += 1
        if self._depth > MAX_DEPTH:
            self._refuse("elements nested too deep", f"at most {MAX_DEPTH} levels")
        self.start(name.rpartition(":")[2], attributes)

    def _ended(self, name: str) -> None:
        self._depth -= 1
        self.end(name.rpartition(":")[2])

    def _doctype(self, *_declaration: object) -> None:
        self._refuse("a document type declaration", "a workbook without <!DOCTYPE>")

    def start(self, name: str, attributes: dict[str, str]) -> None:
        raise NotImplementedError

    def end(self, name: str) -> None: ...

    def check(self, found: SheetScan) -> None:
        if found.rows * found.columns > MAX_AREA:
            wrong = f"a sheet with {found.rows} rows and {found.columns} columns"
            self._refuse(wrong, f"at most {MAX_AREA} cells; save the sheet as .csv")
        if len(found.errors) + len(found.spans) > MAX_MARKS:
            self._refuse("too many merged cells or cells with an error", f"at most {MAX_MARKS}; save the sheet as .csv")

    def _refuse(self, wrong: str, expected: str) -> Never:
        raise SourceError(self._file, "the workbook", wrong, expected)


class _Excel(_Parser):
    def __init__(self, file: Path, found: SheetScan) -> None:
        super().__init__(file)
        self._found = found
        self._at: Cell = (0, -1)
        self._next_row = 0

    def start(self, name: str, attributes: dict[str, str]) -> None:
        if name == "row":
            row = int(attributes["r"]) - 1 if attributes.get("r", "").isdecimal() else self._next_row
            self._at, self._next_row = (row, -1), row + 1
        elif name == "c":
            place = REFERENCE.fullmatch(attributes.get("r", ""))
            self._at = (int(place[2]) - 1, _column(place[1])) if place else (self._at[0], self._at[1] + 1)
            if attributes.get("t") == "e":
                self._found.errors.add(self._at)
        elif name in ("v", "is", "f"):
            self._found.rows = max(self._found.rows, self._at[0] + 1)
            self._found.columns = max(self._found.columns, self._at[1] + 1)
            self.check(self._found)


class _Attributes(_Parser):
    """Tells the attributes of each element with one name."""

    def __init__(self, file: Path, element: str, tell: Callable[[dict[str, str]], object]) -> None:
        super().__init__(file)
        self._element, self._tell = element, tell

    def start(self, name: str, attributes: dict[str, str]) -> None:
        if name == self._element:
            self._tell({key.rpartition(":")[2]: value for key, value in attributes.items()})


class _OpenDocument(_Parser):
    def __init__(self, file: Path, scans: dict[str, SheetScan]) -> None:
        super().__init__(file)
        self._scans = scans
        self._found = SheetScan()
        self._row = self._column = 0
        self._row_times = self._column_times = 1

    def start(self, name: str, attributes: dict[str, str]) -> None:
        of = {key.rpartition(":")[2]: value for key, value in attributes.items()} if attributes else {}
        if name == "table":
            self._found = self._scans.setdefault(of.get("name", ""), SheetScan())
            self._row = self._row_times = 0
        elif name == "table-row":
            self._row, self._column = self._row + self._row_times, 0
            self._row_times, self._column_times = _number(of.get("number-rows-repeated")), 0
        elif name in ("table-cell", "covered-table-cell"):
            self._column += self._column_times
            self._column_times = _number(of.get("number-columns-repeated"))
            if _number(of.get("number-rows-spanned")) > 1:
                self._found.spans[self._row, self._column] = _number(of.get("number-rows-spanned"))
            if "value-type" in of:
                self._fill()
        elif name == "p":
            self._fill()

    def _fill(self) -> None:
        self._found.rows = max(self._found.rows, self._row + self._row_times)
        self._found.columns = max(self._found.columns, self._column + self._column_times)
        self.check(self._found)


def _column(letters: str) -> int:
    number = 0
    for letter in letters:
        number = number * 26 + ord(letter) - ord("A") + 1
    return number - 1


def _number(text: str | None) -> int:
    return int(text) if text and text.isdecimal() and len(text) < 10 else 1  # noqa: PLR2004 - no sheet is so long
