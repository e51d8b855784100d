"""Server log: this module limits the log of the embedded PostgreSQL, and reads the end of the log."""

import os
import shutil
from collections import deque
from contextlib import suppress
from pathlib import Path

BYTES_MAX = 10_000_000
"""When the log is larger, its content moves to pg18.log.1, and replaces the previous content of that file."""


def limit(log: Path) -> None:
    """Makes the log empty if it is too large.

    The content is copied to another file, because the server keeps the log file open.
    """
    with suppress(OSError):
        if log.stat().st_size > BYTES_MAX:
            shutil.copyfile(log, log.with_suffix(".log.1"))
            os.truncate(log, 0)


def last_words(log: Path) -> str:
    with suppress(FileNotFoundError), log.open(errors="replace") as lines:
        return f"see {log}, which ends: {''.join(deque(lines, maxlen=1)).strip()}"
    return f"{log} was never written"
