"""What every reader of a file of history shares: the cases it yields, the refusal it raises, the bytes it reads."""

import gzip
import zlib
from collections.abc import Callable, Iterator
from contextlib import nullcontext
from dataclasses import dataclass, field
from pathlib import Path
from typing import BinaryIO

CHUNK = 64 * 1024


class SourceError(Exception):
    """A file cannot be taken as it is. Values of the file are never quoted: they may be personal data."""

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
    """One event as the file tells it; values are the file's own text."""

    attributes: dict[str, str]
    line: int


@dataclass(frozen=True, slots=True)
class SourceCase:
    """One case as the file tells it. `ordinal` counts the traces of a log from 1, None where it has none.

    `rows`: of a table of cases, each row that tells of this case; each states the times of the case.
    """

    attributes: dict[str, str]
    events: list[SourceEvent]
    line: int
    ordinal: int | None = None
    rows: list[SourceEvent] = field(default_factory=list)

    def place(self, line: int) -> str:
        return f"line {line}" if self.ordinal is None else f"trace {self.ordinal}, line {line}"

    def statements(self) -> list[SourceEvent]:
        """What states the times of the case: its rows, or itself."""
        return self.rows or [SourceEvent(self.attributes, self.line)]


def silent(_count: int) -> None:
    """Progress that nobody watches."""


def read_chunks(file: Path, progress: Callable[[int], None] = silent) -> Iterator[bytes]:
    """The bytes of a file, unpacked where its name ends with .gz; an empty last chunk says that the end is sound.

    `progress` is told how many bytes of the file itself, packed or not, were read since it was told last.
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
        raise SourceError(file, f"byte {raw.tell()}", _wrong(fault), "the file complete and unharmed") from fault


def _wrong(fault: Exception) -> str:
    # the standard library's own messages are not passed on: BadGzipFile quotes bytes of the file
    match fault:
        case gzip.BadGzipFile():
            return "not gzip, though its name ends with .gz, or damaged"
        case EOFError():
            return "the gzip data ends too early"
        case zlib.error():
            return "the gzip data is damaged"
        case _:
            return "the file cannot be read"
