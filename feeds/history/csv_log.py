"""CSV logs: this module reads the rows of a CSV file as a stream. The file is not trusted, so all sizes have limits."""

import codecs
import csv
import io
import re
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Never

from feeds.history.mapping import Csv
from feeds.history.source import SourceError, TableRow
from feeds.history.table_layout import DataRows
from feeds.history.vocabulary import toml_text

MAX_ROW = 1024 * 1024  # characters of one row
MAX_CELL = 64 * 1024  # bytes of UTF-8
MAX_COLUMNS = 1_000
SECOND_LINE = 2

SEPARATOR = re.compile(r'"?sep=(.)"?[,;\t|]*[\r\n]*', re.IGNORECASE)
"""Excel reads this first line as a statement about the delimiter, and not as a row."""


class Rows(DataRows):
    """The data rows of a CSV file."""

    def __init__(self, file: Path, chunks: Iterable[bytes], table: Csv) -> None:
        super().__init__(file, CsvRows(file, chunks, table), table)


class CsvRows:
    """All rows of a CSV file, with the titles, the header and the blank rows."""

    unit = "line"

    def __init__(self, file: Path, chunks: Iterable[bytes], table: Csv) -> None:
        self._file = file
        self._taken = 0  # characters of the row that is being read
        self._line = 1
        self._delimiter = table.delimiter
        self._csv = csv.reader(self._lines(chunks, table.encoding), delimiter=table.delimiter, strict=True)

    def __iter__(self) -> Iterator[TableRow]:
        """Raises SourceError."""
        while True:
            begun, self._taken = self._csv.line_num + 1, 0
            try:
                cells = next(self._csv, None)
            except csv.Error as fault:
                wrong = "a cell that is too long, or quotes that do not match"
                raise SourceError(self._file, f"line {begun}", wrong, "quotes doubled within quotes") from fault
            if cells is None:
                return
            stripped = [cell.strip() for cell in cells]
            if len(stripped) > MAX_COLUMNS:
                self._refuse(begun, "too many columns", f"at most {MAX_COLUMNS}")
            if self._taken > MAX_CELL // 4 and max(len(cell.encode()) for cell in stripped) > MAX_CELL:
                self._refuse(begun, "a cell that is too long", f"at most {MAX_CELL} bytes")
            yield begun, stripped

    def _lines(self, chunks: Iterable[bytes], encoding: str) -> Iterator[str]:
        """Yields the lines with their line ends. Only a line feed or a carriage return ends a line. Unicode has other
        line separators, and a cell may contain them.
        """
        decoder = codecs.getincrementaldecoder(encoding)()
        rest = ""
        for chunk in chunks:
            text = self._decoded(decoder, chunk)
            if self._line == 1 and not rest:
                text = text.removeprefix("\ufeff")
            lines = list(io.StringIO(rest + text, newline=""))
            # text without a line feed may continue in the next chunk, and a \r at its end may belong to \r\n
            rest = lines.pop() if lines and chunk and not lines[-1].endswith("\n") else ""
            for line in lines:
                self._take(line)
                yield self._separated(line) if self._line == SECOND_LINE else line
            if len(rest) > MAX_ROW:
                self._refuse(self._line, "a row that is too long", f"at most {MAX_ROW} characters")

    def _separated(self, line: str) -> str:
        """Returns the first line. If it is a statement about the delimiter, returns a blank line."""
        stated = SEPARATOR.fullmatch(line)
        if stated and stated[1] != self._delimiter:
            self._refuse(1, "the first line states another delimiter", f"csv.delimiter = {toml_text(stated[1])}")
        return "\n" if stated else line

    def _take(self, line: str) -> None:
        self._taken += len(line)
        if self._taken > MAX_ROW:
            self._refuse(self._line, "a row that is too long", f"at most {MAX_ROW} characters; is a quote not closed?")
        if "\0" in line:
            self._refuse(self._line, "a zero byte", "text in the encoding that the mapping names")
        self._line += 1

    def _decoded(self, decoder: codecs.IncrementalDecoder, chunk: bytes) -> str:
        try:
            return decoder.decode(chunk, final=not chunk)
        except UnicodeError as fault:
            sound = fault.object[: fault.start] if isinstance(fault, UnicodeDecodeError) else b""
            line = self._line + sound.count(b"\n")
            wrong = "bytes that are not in the encoding that the mapping names"
            raise SourceError(self._file, f"line {line}", wrong, "csv.encoding as the file is written") from fault

    def _refuse(self, line: int, wrong: str, expected: str) -> Never:
        raise SourceError(self._file, f"line {line}", wrong, expected)
