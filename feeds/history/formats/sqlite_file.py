"""SQLite files: this module reads the rows of one table of an SQLite database. The file is not trusted: only tables are
read, and no view or function of the file is executed.
"""

import os
import sqlite3
import tempfile
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from shutil import copyfileobj
from urllib.parse import quote

from feeds.history.csv_log import MAX_CELL, MAX_COLUMNS
from feeds.history.formats.kinds import UNPACKED_MAX
from feeds.history.formats.packed import is_zip, seekable
from feeds.history.formats.parts import chosen_part
from feeds.history.source import SourceError, TableRow, silent
from feeds.history.table_layout import named

TABLES = """
SELECT name FROM pragma_table_list
WHERE type = 'table' AND schema = 'main' AND substr(name, 1, 7) <> 'sqlite_' ORDER BY name
"""
STEPS, STEPS_MAX = 100_000, 100_000
"""SQLite calls back after so many steps. A query over a damaged file may not run for ever."""


class SqliteRows:
    """The rows of one table, in the order of the file. A binary value is empty."""

    grows, unit = False, "row"
    marker: str | None = None

    def __init__(self, file: Path, part: str | None, progress: Callable[[int], None] = silent) -> None:
        self._file = file
        self._progress = progress
        with _database(file) as database, _faults(file):
            names = [name for (name,) in database.execute(TABLES)]
            filled = [name for name in names if name == part or _has_rows(database, name)]
            self._table = chosen_part(file, filled, part, word="table")
            columns = [row[1] for row in database.execute(f"PRAGMA table_info({_quoted(self._table)})")]
        if len(columns) > MAX_COLUMNS:
            raise SourceError(file, "the table", "too many columns", f"at most {MAX_COLUMNS}")
        self._columns = columns
        self.header = named(columns)

    def __iter__(self) -> Iterator[TableRow]:
        texts = ", ".join(f"CASE typeof({c}) WHEN 'blob' THEN '' ELSE {c} END" for c in map(_quoted, self._columns))
        with _database(self._file) as database, _faults(self._file):
            rows = database.execute(f"SELECT {texts} FROM {_quoted(self._table)}")  # noqa: S608 - names are quoted
            for number, values in enumerate(rows, 1):
                yield number, [self._text(number, value) for value in values]
        self._progress(self._file.stat().st_size)

    def _text(self, number: int, value: object) -> str:
        if isinstance(value, float):
            return str(int(value)) if value.is_integer() and abs(value) < 2**53 else repr(value)
        text = "" if value is None else str(value).strip()
        if "\0" in text or (len(text) > MAX_CELL // 4 and len(text.encode()) > MAX_CELL):
            raise SourceError(
                self._file, f"row {number}", "a value that is too long or no text", f"at most {MAX_CELL} bytes of text"
            )
        return text


@contextmanager
def _database(file: Path) -> Iterator[sqlite3.Connection]:
    """Opens the database for reading. A packed file is unpacked, and its copy is deleted at once."""
    wal = file.with_name(file.name + "-wal")
    if wal.exists() and wal.stat().st_size:
        wrong = f"has changes that are only in {wal.name}"
        raise SourceError(file, "the file", wrong, "a copy by `sqlite3 FILE '.backup COPY'`")
    if file.suffix.lower() != ".gz" and not is_zip(file):
        with closing(_connected(file)) as database:
            yield database
        return
    descriptor, name = tempfile.mkstemp(suffix=".sqlite")
    copy = Path(name)
    try:
        with seekable(file, UNPACKED_MAX) as unpacked, os.fdopen(descriptor, "wb") as stream:
            copyfileobj(unpacked, stream)
        database = _connected(copy)
    finally:
        copy.unlink()
    with closing(database):
        yield database


def _connected(file: Path) -> sqlite3.Connection:
    """Opens a database, so that its file may be deleted afterwards."""
    with _faults(file):
        database = sqlite3.connect(f"file:{quote(str(file.resolve()))}?mode=ro&immutable=1", uri=True)
        for setting in ("trusted_schema = OFF", "cell_size_check = ON", "query_only = ON", "mmap_size = 0"):
            database.execute(f"PRAGMA {setting}")
        calls = iter(range(STEPS_MAX))
        database.set_progress_handler(lambda: next(calls, None) is None, STEPS)
        database.text_factory = lambda content: content.decode("utf-8", "strict")
        database.execute("SELECT count(*) FROM sqlite_schema").fetchone()
        return database


@contextmanager
def _faults(file: Path) -> Iterator[None]:
    try:
        yield
    except (sqlite3.Error, UnicodeDecodeError, OverflowError) as fault:
        raise SourceError(
            file, "the database", "is damaged, or is no text in UTF-8", "an undamaged database"
        ) from fault


def _has_rows(database: sqlite3.Connection, table: str) -> bool:
    return database.execute(f"SELECT 1 FROM {_quoted(table)} LIMIT 1").fetchone() is not None  # noqa: S608 - a quoted name


def _quoted(name: str) -> str:
    doubled = name.replace('"', '""')
    return f'"{doubled}"'
