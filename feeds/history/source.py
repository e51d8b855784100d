"""Sources: all readers of history files use this module. It defines the cases and the error for a bad file, and reads a
file in chunks.
"""

import gzip
import zlib
from collections.abc import Callable, Iterator
from contextlib import nullcontext
from dataclasses import dataclass, field
from pathlib import Path
from typing import BinaryIO

CHUNK = 64 * 1024


class SourceError(Exception):
    """This error means that a file cannot be imported. Its message never quotes values of the file, because these
    values may be personal data.
    """

    def __init__(self, file: Path, place: str, wrong: str, expected: str) -> None:
        super().__init__(file, place, wrong, expected)
        self.file = file
        self.place = place
        self.wrong = wrong
        self.expected = expected

    def __str__(self) -> str:
        return f"{self.file}, {self.place}: {self.wrong}; expected {self.expected}"


@dataclass(frozen=True, slots=True)
class SourceEvent:
    """Holds one event that the file contains. The values are the unchanged text of the file."""

    attributes: dict[str, str]
    line: int


@dataclass(frozen=True, slots=True)
class SourceCase:
    """Holds one case that the file contains. `ordinal` is the number of the trace in an XES log, counted from 1. For a
    table, `ordinal` is None. In a table of cases, `rows` holds the rows of this case. Each of these rows contains times
    of the case.
    """

    attributes: dict[str, str]
    events: list[SourceEvent]
    line: int
    ordinal: int | None = None
    rows: list[SourceEvent] = field(default_factory=list)

    def place(self, line: int) -> str:
        return f"line {line}" if self.ordinal is None else f"trace {self.ordinal}, line {line}"

    def contents(self) -> list[dict[str, str]]:
        """Returns all texts of the case, as the file spells them."""
        return [self.attributes, *(event.attributes for event in self.events)]

    def statements(self) -> list[SourceEvent]:
        """Returns the rows that contain times of the case. If the case has no rows, its own attributes contain the
        times.
        """
        return self.rows or [SourceEvent(self.attributes, self.line)]


def silent(_count: int) -> None:
    """A progress function that shows nothing."""


def read_chunks(file: Path, progress: Callable[[int], None] = silent) -> Iterator[bytes]:
    """Yields the bytes of a file in chunks. If the name of the file ends with .gz, the bytes are unpacked.

    The last chunk is empty. An empty chunk means that the file is complete.

    `progress` gets the number of bytes that were read since the last call. For a .gz file, `progress` counts the packed
    bytes. Raises SourceError.
    """
    with _opened(file) as raw, gzip.GzipFile(fileobj=raw) if _packed(file) else nullcontext(raw) as stream:
        position = 0
        chunk = _next_chunk(file, raw, stream)
        if not chunk:
            raise SourceError(file, "line 1", "the file is empty", "a file with content")
        while True:
            position, before = raw.tell(), position
            progress(position - before)
            yield chunk
            if not chunk:
                return
            chunk = _next_chunk(file, raw, stream)


def _packed(file: Path) -> bool:
    return file.suffix.lower() == ".gz"


def _opened(file: Path) -> BinaryIO:
    try:
        return file.open("rb")
    except OSError as fault:
        raise SourceError(file, "the file", f"cannot be opened ({fault.strerror})", "a readable file") from fault


def _next_chunk(file: Path, raw: BinaryIO, stream: BinaryIO | gzip.GzipFile) -> bytes:
    try:
        return stream.read(CHUNK)
    except (OSError, EOFError, zlib.error) as fault:
        raise SourceError(file, f"byte {raw.tell()}", _wrong(fault), "the complete and undamaged file") from fault


def _wrong(fault: Exception) -> str:
    # messages of the standard library are not passed on, because BadGzipFile quotes bytes of the file
    match fault:
        case gzip.BadGzipFile():
            return "the name ends with .gz, but the file is not in gzip format or is damaged"
        case EOFError():
            return "the gzip data ends too early"
        case zlib.error():
            return "the gzip data is damaged"
        case _:
            return "the file cannot be read"
