"""Passwords of Kafka's users, each in a file of its own that its owner alone may read. They are never printed."""

import os
import secrets
from pathlib import Path

PASSWORD_BYTES = 32


class CredentialsFolder:
    """`<user>.password` holds the password and nothing else; `<user>.password.new` one that is about to be set."""

    def __init__(self, folder: Path) -> None:
        """Makes the folder. Raises OSError."""
        self.folder = folder
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)

    def file(self, user: str) -> Path:
        return self.folder / f"{user}.password"

    def kept_or_new(self, user: str) -> str:
        """What the file says, for a cluster that was made anew; else a new one, in the file before anybody has it."""
        file = self.file(user)
        if not file.exists():
            _write(file, secrets.token_urlsafe(PASSWORD_BYTES))
        return file.read_text(encoding="ascii")

    def drafted(self, user: str) -> str:
        """A new one beside the old: who dies between the two steps still has what the brokers may know."""
        draft = self._draft(user)
        if not draft.exists():
            _write(draft, secrets.token_urlsafe(PASSWORD_BYTES))
        return draft.read_text(encoding="ascii")

    def adopt_draft(self, user: str) -> Path:
        """The brokers know the new one: it takes the old one's place."""
        self._draft(user).replace(self.file(user))
        return self.file(user)

    def _draft(self, user: str) -> Path:
        return self.folder / f"{user}.password.new"


def _write(file: Path, password: str) -> None:
    """On the disk before it returns, and never half of it under that name."""
    part = file.with_name(f".{file.name}.part")
    part.unlink(missing_ok=True)
    descriptor = os.open(part, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "w", encoding="ascii") as opened:
        opened.write(password)
        opened.flush()
        os.fsync(opened.fileno())
    part.replace(file)
