"""SQLite files: tables are read, and nothing of the file is executed."""

import sqlite3
from collections.abc import Sequence
from pathlib import Path

import pytest

from feeds.history.formats import sqlite_file
from tests.feeds.history.formats.reading import SECRET, refusal, rows, written

TABLE = 'CREATE TABLE riwayat (id INTEGER PRIMARY KEY, "Nama, Gelar" TEXT, foto BLOB, nilai REAL)'


def database(folder: Path, *statements: str, rows: Sequence[Sequence[object]] = ()) -> Path:
    file = folder / "log.db"
    file.unlink(missing_ok=True)
    connection = sqlite3.connect(file)
    for statement in (TABLE, *statements):
        connection.execute(statement)
    connection.executemany("INSERT INTO riwayat VALUES (?, ?, ?, ?)", rows)
    connection.commit()
    connection.close()
    return file


def test_values_have_one_text(tmp_path: Path) -> None:
    file = database(tmp_path, rows=[(1, " é ", b"\0\xff", 1.0), (2, None, None, 1.5)])
    assert rows(file) == [{"id": "1", "Nama, Gelar": "é", "nilai": "1"}, {"id": "2", "nilai": "1.5"}]


def test_of_several_tables_one_is_named_and_a_view_is_none(tmp_path: Path) -> None:
    others = ["CREATE TABLE lain (x)", "INSERT INTO lain VALUES (1)", "CREATE VIEW v AS SELECT 1 AS x"]
    file = database(tmp_path, *others, rows=[(1, "a", None, None)])
    assert refusal(file).endswith("with one of: lain, riwayat")
    assert rows(file, "lain") == [{"x": "1"}]
    assert "has no table 'v'" in refusal(file, "v")


def test_what_is_not_sound_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    content = bytearray(database(tmp_path, rows=[(n, SECRET * 50, None, None) for n in range(50)]).read_bytes())
    content[4096:8192] = b"\x05" * 4096
    assert "is damaged" in refusal(written(tmp_path, bytes(content), "damaged.db"))
    assert "has no table with rows" in refusal(database(tmp_path))
    assert "row 1: a value that is too long" in refusal(database(tmp_path, rows=[(1, SECRET * 9000, None, None)]))
    waiting = database(tmp_path, rows=[(1, "x", None, None)])
    Path(f"{waiting}-wal").write_bytes(b"x")
    assert "has changes that are only in log.db-wal" in refusal(waiting)
    Path(f"{waiting}-wal").unlink()
    monkeypatch.setattr(sqlite_file, "STEPS", 1)
    monkeypatch.setattr(sqlite_file, "STEPS_MAX", 3)
    assert "the database: is damaged" in refusal(waiting)
