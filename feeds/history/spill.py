"""What is too much to hold in memory while a file is read: a private file that is gone with its connection."""

import sqlite3
from hashlib import blake2b

CACHE_KIBIBYTES = 8_192


def temporary_database() -> sqlite3.Connection:
    """SQLite deletes its file as soon as it is opened, so that not even a killed process leaves one behind."""
    database = sqlite3.connect("", isolation_level=None, check_same_thread=False)
    database.execute("PRAGMA journal_mode = OFF")
    database.execute(f"PRAGMA cache_size = -{CACHE_KIBIBYTES}")
    database.execute("BEGIN")
    return database


def fingerprint(content: bytes) -> bytes:
    """Sixteen bytes that stand for a key of any length."""
    return blake2b(content, digest_size=16).digest()


class Spill:
    """A dictionary from fingerprints to text, as large as the disk."""

    def __init__(self) -> None:
        self._database = temporary_database()
        self._database.execute("CREATE TABLE kept (key BLOB PRIMARY KEY, value TEXT) WITHOUT ROWID")

    def get(self, key: bytes) -> str | None:
        row = self._database.execute("SELECT value FROM kept WHERE key = ?", (key,)).fetchone()
        return row[0] if row else None

    def put(self, key: bytes, value: str) -> None:
        self._database.execute("INSERT OR REPLACE INTO kept VALUES (?, ?)", (key, value))

    def count(self, key: bytes) -> int:
        """How often it was counted, this time too."""
        times = int(self.get(key) or 0) + 1
        self.put(key, str(times))
        return times

    def __len__(self) -> int:
        [(length,)] = self._database.execute("SELECT count(*) FROM kept")
        return int(length)

    def __del__(self) -> None:
        self._database.close()
