"""Passwords of Kafka's users, one file for each user. Only the owner may read a file. Passwords are never printed."""

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
        """Returns the password in the user's file. If there is no file, first writes a file with a new password.

        So if a cluster is built again, its users get the passwords that are in the files.
        """
        file = self.file(user)
        if not file.exists():
            _write(file, secrets.token_urlsafe(PASSWORD_BYTES))
        return file.read_text(encoding="ascii")

    def drafted(self, user: str) -> str:
        """Makes a new password, and writes it to a file beside the file of the present password.

        If the process dies before the new password is adopted, both passwords are in files. So one of the two files has
        the password that the brokers know.
        """
        draft = self._draft(user)
        if not draft.exists():
            _write(draft, secrets.token_urlsafe(PASSWORD_BYTES))
        return draft.read_text(encoding="ascii")

    def adopt_draft(self, user: str) -> Path:
        """Replaces the present password by the drafted password, which the brokers must have accepted already."""
        self._draft(user).replace(self.file(user))
        return self.file(user)

    def _draft(self, user: str) -> Path:
        return self.folder / f"{user}.password.new"


def _write(file: Path, password: str) -> None:
    """Writes the file atomically. The file is on the disk when this function returns."""
    part = file.with_name(f".{file.name}.part")
    part.unlink(missing_ok=True)
    descriptor = os.open(part, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "w", encoding="ascii") as opened:
        opened.write(password)
        opened.flush()
        os.fsync(opened.fileno())
    part.replace(file)
