"""Queries: this module describes a query to an agency's database, and keeps the rows of its answer.

Between two passes of an import the database may change, so the answer is kept in temporary storage. Both passes read
the same rows.
"""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Literal

import msgspec

from feeds.history.csv_log import MAX_CELL, MAX_COLUMNS
from feeds.history.formats.parts import Places
from feeds.history.source import SourceError, TableRow
from feeds.history.spill import temporary_database

MAX_BYTES = 64 * 1024 * 1024 * 1024  # of all rows of one answer, on disk
TIME = re.compile(r"\d{4}-\d\d-\d\d(?:[ T]\d\d:\d\d:\d\d(?:\.\d{1,6})?(?:[+-]\d\d(?::?\d\d)?)?)?")
OVERLAP = timedelta(minutes=10)
OVERLAP_NUMBERS = 1_000
"""A pass also reads rows that are a little older than the newest row of the pass before. A transaction may have chosen
its time or its number long before it was committed.
"""

CursorKind = Literal["time", "number", "text"]


@dataclass(frozen=True, slots=True)
class Cursor:
    """A place in the source: all rows up to `value` of the cursor column were read."""

    kind: CursorKind
    value: str

    def since(self) -> str:
        """Returns the value from which the next pass reads."""
        if self.kind == "number":
            return str(int(self.value.partition(".")[0]) - OVERLAP_NUMBERS)
        if self.kind == "time":
            return _spelled(datetime.fromisoformat(self.value) - OVERLAP)
        return self.value

    def joined(self, text: str) -> "Cursor":
        """Returns the later one of this place and the place of a row."""
        match self.kind:
            case "number" if re.fullmatch(r"-?\d+(\.\d+)?", text):
                return (
                    self
                    if int(text.partition(".")[0]) <= int(self.value.partition(".")[0])
                    else replace(self, value=text)
                )
            case "time" if TIME.fullmatch(text):
                return replace(self, value=max(self.value, text, key=datetime.fromisoformat))
            case "text" if text:
                return replace(self, value=max(self.value, text))
            case _:
                return self

    def until(self, now: datetime) -> "Cursor":
        """Returns a place that is not in the future. A single row with a time in the future would otherwise hide all
        rows that come after it.
        """
        if self.kind != "time":
            return self
        value = datetime.fromisoformat(self.value)
        limit = now if value.tzinfo else now.replace(tzinfo=None)
        return replace(self, value=_spelled(min(value, limit)))


FIRST: dict[CursorKind, str] = {"number": str(-(2**62)), "time": "0001-01-02 00:00:00", "text": ""}


def first_place(kind: CursorKind, *, aware: bool) -> Cursor:
    return Cursor(kind, FIRST[kind] + ("+00:00" if kind == "time" and aware else ""))


def _spelled(moment: datetime) -> str:
    return moment.isoformat(sep=" ")


@dataclass(frozen=True, slots=True, kw_only=True)
class SourceQuery:
    """A query. If `cursor` names a column, only the cases with a row since `since` are read, each with all its rows.

    An import needs all rows of a case together, so a pass never reads a part of a case.
    """

    text: str
    key: Sequence[str] = ()
    cursor: str | None = None
    since: str | None = None
    seconds: float = 600.0


class QueryTable:
    """The rows of an answer, in temporary storage. Implements `feeds.history.source.KeptRows`."""

    grows, unit = False, "row"
    marker: str | None = None

    def __init__(self, name: str) -> None:
        self._name = name
        self._count = self._bytes = 0
        self._places = Places(self, MAX_COLUMNS)
        self.header = self._places.header
        self._database = temporary_database()
        self._database.execute("CREATE TABLE rows (cells BLOB)")

    @property
    def rows(self) -> "QueryTable":
        return self

    @property
    def name(self) -> str:
        """The last part of the name, from which a draft names its source."""
        return self._name.rpartition("/")[2]

    def __str__(self) -> str:
        return self._name

    def __len__(self) -> int:
        return self._count

    def __iter__(self) -> Iterator[TableRow]:
        for number, (cells,) in enumerate(self._database.execute("SELECT cells FROM rows ORDER BY rowid"), 1):
            yield number, msgspec.msgpack.decode(cells, type=list[str])

    def close(self) -> None:
        self._database.close()

    def begin(self, columns: Sequence[str]) -> None:
        """Sets the names of the columns. Raises SourceError."""
        for name in columns:
            before = len(self.header)
            self._places.place(name)
            if len(self.header) == before:
                raise self.wrong(
                    "the query", f"gives two columns with the name {name!r}", "a name for each column (AS)"
                )

    def add(self, cells: Sequence[str]) -> None:
        """Raises SourceError if a value is too long."""
        self._count += 1
        texts = [cell.strip() for cell in cells]
        for text in texts:
            if "\0" in text or (len(text) > MAX_CELL // 4 and len(text.encode()) > MAX_CELL):
                expected = f"at most {MAX_CELL} bytes of text; leave the column out of the query"
                raise self.wrong(f"row {self._count}", "a value that is too long or no text", expected)
        packed = msgspec.msgpack.encode(texts)
        self._bytes += len(packed)
        if self._bytes > MAX_BYTES:
            raise self.wrong(f"row {self._count}", "too many rows", f"at most {MAX_BYTES} bytes")
        self._database.execute("INSERT INTO rows VALUES (?)", (packed,))

    def wrong(self, place: str, wrong: str, expected: str) -> SourceError:
        return SourceError(self, place, wrong, expected)


def bare(text: str) -> str:
    """Returns the text of a query without its final semicolon."""
    return text.strip().removesuffix(";").rstrip()


def wrapped(query: SourceQuery, quote: str, since: str | None) -> str:
    """Returns the statement that reads the rows. `since` is the SQL of the value from which the rows are read.

    A line break is after the query, because its last line may be a comment.
    """
    inner = bare(query.text)
    if query.cursor is None:
        return inner
    cursor = quoted(query.cursor, quote)
    statement = f"SELECT * FROM (\n{inner}\n) AS jejak_rows"  # noqa: S608 - the operator's own query, read-only
    if since is not None:
        key = ", ".join(quoted(column, quote) for column in query.key)
        statement += f" WHERE ({key}) IN (SELECT {key} FROM (\n{inner}\n) AS jejak_new WHERE {cursor} >= {since})"  # noqa: S608 - as above
    return f"{statement} ORDER BY {cursor}"


def quoted(name: str, quote: str) -> str:
    return quote + name.replace(quote, quote * 2) + quote
