"""SQL dumps: this module reads the rows of one table from a dump of MySQL, MariaDB, PostgreSQL or SQLite.

A dump is read as data: INSERT and COPY give rows, CREATE TABLE gives the names of columns, and nothing is executed. A
value that only a database could compute is refused.
"""

import re
from collections.abc import Callable, Iterator
from pathlib import Path

from feeds.history.csv_log import MAX_CELL, MAX_COLUMNS
from feeds.history.formats.packed import read_chunks
from feeds.history.formats.parts import Places, chosen_part, several
from feeds.history.formats.sql_statements import Statements
from feeds.history.formats.sql_text import (
    COPY,
    CREATE,
    INSERT,
    SQL_SERVER_SIGNS,
    UTC,
    VALUE,
    Dialect,
    columns_of,
    dialect_of,
    parts_of,
    unescaped,
    unquoted,
)
from feeds.history.formats.texts import as_utf8
from feeds.history.source import SourceError, TableRow, silent

USUAL_SCHEMAS = ("public", "main", "dbo")
BINARY = ("blob", "binary", "bytea")
LOCAL_TIME = re.compile(r"[1-9]\d{3}-\d\d-\d\d \d\d:\d\d:\d\d(\.\d+)?")
CREATE_TABLE = re.compile(r"CREATE\s+(?:\w+\s+){0,3}TABLE\b", re.IGNORECASE)
AHEAD, HEAD = 200, 64 * 1024
OPEN, NEXT = re.compile(r"\s*\("), re.compile(r"\s*([,;]|\w+)")


class DumpRows:
    """The rows of one table. `part` is the name of the table. A line is a line of the dump.

    A dump of MySQL states the values of TIMESTAMP columns in UTC, if it sets the time zone to +00:00. These values get
    an offset, so that they are not read as local times.
    """

    grows, unit = True, "line"
    marker: str | None = None

    def __init__(
        self, file: Path, part: str | None, encoding: str = "utf-8", progress: Callable[[int], None] = silent
    ) -> None:
        self._file = file
        self._part = part
        self._encoding = encoding
        self._statements = Statements(file, as_utf8(read_chunks(file, progress)))
        self._places = Places(file, MAX_COLUMNS)
        self.header = self._places.header
        self._defined: dict[str, dict[str, str]] = {}
        self._filled: dict[str, None] = {}
        self._in_utc = False

    def __iter__(self) -> Iterator[TableRow]:
        dump = self._statements
        head = dump.ahead(HEAD)
        dump.dialect = dialect_of(head)
        self._in_utc = dump.dialect is Dialect.MYSQL and bool(UTC.search(head))
        if dump.dialect is Dialect.UNKNOWN and SQL_SERVER_SIGNS.search(head):
            raise SourceError(
                self._file, "the file", "is a script of SQL Server, which Jejak does not read", "the table as .csv"
            )
        for word in dump.words():
            match word:
                case "INSERT" | "REPLACE":
                    yield from self._inserted()
                    dump.skip()
                case "COPY":
                    yield from self._copied()
                case "CREATE" if CREATE_TABLE.match(dump.ahead(AHEAD)):
                    self._define(dump.statement())
                case _:
                    dump.skip()
        if self._part is None and len(self._filled) > 1:
            raise several(self._file, [*self._filled], word="table")
        if self._part is None or not self.header:
            chosen_part(self._file, [*self._filled], self._part, word="table")

    def _table(self, name: str) -> str:
        """Returns the name of a table. The usual schema is left out."""
        *schemas, table = parts_of(name)
        if not schemas or self._statements.dialect is Dialect.MYSQL or schemas[-1] in USUAL_SCHEMAS:
            return table
        return f"{schemas[-1]}.{table}"

    def _is_wanted(self, table: str) -> bool:
        """Returns whether the rows of the table are read. If no table was named, the first table is read."""
        self._filled[table] = None
        return table == (self._part if self._part is not None else next(iter(self._filled)))

    def _define(self, statement: str) -> None:
        if found := CREATE.match(statement):
            columns = columns_of(found["columns"])
            self._defined[self._table(found["table"])] = {
                self._decoded(name, ""): kind for name, kind in columns.items()
            }

    def _columns(self, table: str, names: str | None) -> dict[str, str]:
        """Returns the names and the types of the columns of the rows."""
        known = self._defined.get(table, {})
        if names is None:
            if not known:
                self._statements.refuse("rows without the names of their columns", "a dump with CREATE TABLE")
            return known
        return {name: known.get(name, "") for name in (self._decoded(part, "") for part in parts_of(names))}

    def _inserted(self) -> Iterator[TableRow]:
        dump = self._statements
        found = dump.matched(INSERT, "values")
        if not found or not self._is_wanted(self._table(found["table"])):
            return
        if not found["values"]:
            dump.refuse("an INSERT without VALUES", "a dump with the rows themselves")
        columns = self._columns(self._table(found["table"]), found["columns"])
        dump.place = found.end()
        following: re.Match[str] | None = found
        while following:
            dump.blank(within=True)
            opened = dump.matched(OPEN)
            if not opened:
                dump.refuse("a row without brackets", "a dump with the rows themselves")
            dump.place = opened.end()
            yield dump.line(), self._row(columns)
            following = dump.matched(NEXT)
            if not following or following[1] != ",":
                return
            dump.place = following.end()

    def _row(self, columns: dict[str, str]) -> list[str]:
        dump = self._statements
        value, values, end = VALUE[dump.dialect], list[str](), ","
        names = iter(columns.items())
        while end == ",":
            found = dump.matched(value)
            if not found:
                dump.refuse("a value that is an expression or too long", "a dump with texts and numbers")
            name, kind = next(names, (None, ""))
            if name is None:
                dump.refuse("a row with more values than columns", f"{len(columns)} values")
            values.append(self._plain(found, name, kind))
            dump.place, end = found.end(), found["end"]
        if len(values) != len(columns):
            dump.refuse("a row with fewer values than columns", f"{len(columns)} values")
        return self._places.row(dict(zip(columns, values, strict=True)))

    def _plain(self, found: re.Match[str], name: str, kind: str) -> str:
        """Returns the text of one value."""
        of = found.groupdict()
        if (text := of["text"]) is not None:
            if self._statements.dialect is Dialect.UNKNOWN and "\\" in text:
                self._statements.refuse(
                    "a backslash in a text, and it is not known which database wrote the dump",
                    "the complete dump, with its first lines",
                )
            return self._value(unquoted(text, escapes=self._statements.dialect.escapes), name, kind)
        if of.get("escaped") is not None:
            return self._value(unescaped(of["escaped"], quotes=True), name, kind)
        if of["hex"]:
            return self._value("0x" + of["hex"].strip("xX'").removeprefix("0x").removeprefix("0X").lower(), name, kind)
        if of["bits"] is not None:
            return of["bits"]
        if of["number"]:
            return of["number"]
        return of["word"].lower() if of["word"].upper() in ("TRUE", "FALSE") else ""

    def _copied(self) -> Iterator[TableRow]:
        dump = self._statements
        found = dump.matched(COPY)
        if not found:
            dump.skip()
            return
        table = self._table(found["table"])
        wanted = self._is_wanted(table)
        dump.place = found.end()
        if not wanted:
            dump.skip_lines()
            return
        if found["options"].strip():
            dump.refuse("COPY with options", "a dump that pg_dump has written")
        columns = self._columns(table, found["columns"])
        for line in dump.lines():
            cells = line.split("\t")
            if len(cells) != len(columns):
                dump.refuse(f"a row with {len(cells)} values", f"{len(columns)} values")
            values = [
                "" if cell == "\\N" else self._value(unescaped(cell), name, kind)
                for cell, (name, kind) in zip(cells, columns.items(), strict=True)
            ]
            yield dump.line(), self._places.row(dict(zip(columns, values, strict=True)))

    def _value(self, text: str, name: str, kind: str) -> str:
        text = self._decoded(text, kind).strip()
        if len(text) > MAX_CELL // 4 and len(text.encode()) > MAX_CELL:
            self._statements.refuse(f"a value that is too long, of {name[:80]!r}", f"at most {MAX_CELL} bytes")
        if "\0" in text:
            if not kind.startswith(BINARY) and "blob" not in kind:
                self._statements.refuse(f"a zero byte in {name[:80]!r}", "text")
            return ""
        if self._in_utc and kind.startswith("timestamp") and LOCAL_TIME.fullmatch(text):
            return f"{text}+00:00"
        return text

    def _decoded(self, text: str, kind: str) -> str:
        """Returns the text in its encoding. Up to here, each character stands for one byte."""
        if text.isascii():
            return text
        try:
            return text.encode("latin-1").decode(self._encoding)
        except UnicodeError:
            if "blob" in kind or kind.startswith(BINARY):
                return ""  # a binary value is no text, and an import cannot use it
            self._statements.refuse("bytes that are not in the encoding of the mapping", "csv.encoding of the dump")
