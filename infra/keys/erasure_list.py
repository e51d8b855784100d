"""List of erasures: an append-only file in the key folder that names every erased application and person.

The file is outside of both databases. So if a database is restored from a backup, the file still names all erasures,
and Jejak applies them again. Each line has the same length and ends with a checksum of itself and of all lines before
it:

    2026-11-30T07:00:00Z application 0192f0c8-6b1e-7c3a-9d57-1f0a2b3c4d5e <SHA-256 in hex>

If the last line is incomplete, the process that wrote this line died before it destroyed a key. The next line replaces
the incomplete line.
"""

import os
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from hashlib import sha256
from pathlib import Path
from uuid import UUID

from infra.keys.wrapping_key import KeysUnreadable

LINE_BYTES = 135
KIND_WIDTH = len("application")
CHECKSUM = 64


@dataclass(frozen=True, slots=True)
class Erasure:
    """The erasure of an application or of a person. If an application is erased, the field `person` is None. If a
    person is erased, the field `application` is None.
    """

    application: UUID | None = None
    person: UUID | None = None

    def __str__(self) -> str:
        kind = "application" if self.application else "person"
        return f"{kind:<{KIND_WIDTH}} {self.application or self.person}"


class ErasureList:
    """Reads the list, and appends to the list. The caller must make sure that only one process appends at a time."""

    def __init__(self, file: Path) -> None:
        self.file = file

    def exists(self) -> bool:
        return self.file.exists()

    def __len__(self) -> int:
        """Reads only the size of the file, so the start of Jejak does not become slower with a longer list."""
        return self.file.stat().st_size // LINE_BYTES if self.file.exists() else 0

    def append(self, erasures: Sequence[Erasure]) -> None:
        """Appends the erasures. When this method returns, the erasures are on the disk."""
        whole = len(self) * LINE_BYTES
        checksum = self._lines()[-1][-CHECKSUM:] if whole else ""
        at = datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
        text = ""
        for erasure in erasures:
            line = f"{at} {erasure} "
            checksum = sha256((checksum + line).encode()).hexdigest()
            text += f"{line}{checksum}\n"
        descriptor = os.open(self.file, os.O_WRONLY | os.O_CREAT, 0o600)
        with os.fdopen(descriptor, "wb") as handle:
            handle.truncate(whole)
            handle.seek(whole)
            handle.write(text.encode())
            handle.flush()
            os.fsync(handle.fileno())

    def after(self, number: int) -> list[Erasure]:
        """Returns all erasures except the first `number`. Raises KeysUnreadable if a line was changed."""
        return [_erasure(line) for line in self._lines()[number:]]

    def _lines(self) -> list[str]:
        if not self.file.exists():
            return []
        raw = self.file.read_bytes()[: len(self) * LINE_BYTES].decode(errors="replace")
        checksum, lines = "", []
        for number, line in enumerate(raw.splitlines(), 1):
            checksum = sha256((checksum + line[:-CHECKSUM]).encode()).hexdigest()
            if line[-CHECKSUM:] != checksum:
                raise KeysUnreadable(f"{self.file}, line {number}: the checksum is wrong: restore the file from a copy")
            lines.append(line)
        return lines


def _erasure(line: str) -> Erasure:
    _, kind, name, _ = line.split()
    return Erasure(application=UUID(name)) if kind == "application" else Erasure(person=UUID(name))
