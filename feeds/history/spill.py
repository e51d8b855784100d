"""Spill: private temporary storage on disk, for data that may be too large for memory. The data is deleted when the
connection to the storage is closed.
"""

import sqlite3
from hashlib import blake2b

CACHE_KIBIBYTES = 8_192


def temporary_database() -> sqlite3.Connection:
    """Returns a temporary database. SQLite opens the database file and deletes the file at once. So no file is left,
    even if the process is killed.
    """
    database = sqlite3.connect("", isolation_level=None, check_same_thread=False)
    database.execute("PRAGMA journal_mode = OFF")
    database.execute(f"PRAGMA cache_size = -{CACHE_KIBIBYTES}")
    database.execute("BEGIN")
    return database


def fingerprint(content: bytes) -> bytes:
    """Returns a hash of 16 bytes for a key of any length."""
    return blake2b(content, digest_size=16).digest()


class Spill:
    """Implements a dictionary on disk. The keys of the dictionary are fingerprints, and the values are text."""

    def __init__(self) -> None:
        self._database = temporary_database()
        self._database.execute("CREATE TABLE kept (key BLOB PRIMARY KEY, value TEXT) WITHOUT ROWID")

    def get(self, key: bytes) -> str | None:
        row = self._database.execute("SELECT value FROM kept WHERE key = ?", (key,)).fetchone()
        return row[0] if row else None

    def put(self, key: bytes, value: str) -> None:
        self._database.execute("INSERT OR REPLACE INTO kept VALUES (?, ?)", (key, value))

    def count(self, key: bytes) -> int:
        """Counts the key. Returns the number of times that this key was counted, including this call."""
        times = int(self.get(key) or 0) + 1
        self.put(key, str(times))
        return times

    def __len__(self) -> int:
        [(length,)] = self._database.execute("SELECT count(*) FROM kept")
        return int(length)

    def __del__(self) -> None:
        self._database.close()
