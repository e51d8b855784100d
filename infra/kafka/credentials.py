"""Credentials: this module keeps the passwords of Kafka's users in files. Each user has a separate file.

Only the owner of a file may read the file. Passwords are never printed.
"""

import os
import secrets
from pathlib import Path

PASSWORD_BYTES = 32


class CredentialsFolder:
    """A folder of password files.

    The file `<user>.password` contains only the user's present password. The file `<user>.password.new` contains a
    password that is about to be set.
    """

    def __init__(self, folder: Path) -> None:
        """Makes the folder. Raises OSError."""
        self.folder = folder
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)

    def file(self, user: str) -> Path:
        return self.folder / f"{user}.password"

    def kept_or_new(self, user: str) -> str:
        """Returns the password in the user's file.

        If the file does not exist, first makes a password and writes the file. So if a Kafka cluster is built again,
        its users get the same passwords as before.
        """
        file = self.file(user)
        if not file.exists():
            _write(file, secrets.token_urlsafe(PASSWORD_BYTES))
        return file.read_text(encoding="ascii")

    def drafted(self, user: str) -> str:
        """Returns the new password of a user. The new password has a separate file beside the file of the present
        password.

        If this file does not exist yet, makes a password and writes the file. The process may die while a password is
        being changed. Then both files exist, and one of them contains the password that the brokers accept.
        """
        draft = self._draft(user)
        if not draft.exists():
            _write(draft, secrets.token_urlsafe(PASSWORD_BYTES))
        return draft.read_text(encoding="ascii")

    def adopt_draft(self, user: str) -> Path:
        """Replaces the present password by the new password.

        Call this method only after the brokers accepted the new password.
        """
        self._draft(user).replace(self.file(user))
        return self.file(user)

    def _draft(self, user: str) -> Path:
        return self.folder / f"{user}.password.new"


def _write(file: Path, password: str) -> None:
    """Writes the file atomically. When this function returns, the password is on the disk."""
    part = file.with_name(f".{file.name}.part")
    part.unlink(missing_ok=True)
    descriptor = os.open(part, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "w", encoding="ascii") as opened:
        opened.write(password)
        opened.flush()
        os.fsync(opened.fileno())
    part.replace(file)
