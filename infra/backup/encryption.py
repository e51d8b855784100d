"""Encryption of backups: GnuPG encrypts every file of a backup for one recipient.

The server needs only the public key of the recipient. So the server cannot read its own backups. Only `jejak restore`
needs the secret key. This command uses the keyring of the user who runs it (`GNUPGHOME`).
"""

import os
import subprocess
import tarfile
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from io import BytesIO
from pathlib import Path
from typing import IO, cast

SUFFIX = ".gpg"
QUIET = ["gpg", "--batch", "--yes", "--no-tty", "--quiet"]


class BackupFault(Exception):
    """A backup or a restore failed. The message says what is wrong and what to do."""


class Encryption:
    """Writes encrypted files for one recipient."""

    def __init__(self, recipient: Path) -> None:
        self.recipient = recipient

    @contextmanager
    def writing(self, file: Path) -> Iterator[IO[bytes]]:
        """Yields a stream. All bytes that are written to the stream are encrypted into the file.

        The file gets its final name at the end.
        """
        file.parent.mkdir(parents=True, exist_ok=True)
        new = file.with_name(f"{file.name}.new")
        with tempfile.TemporaryDirectory(prefix="jejak-gpg-") as home:  # the user's keyring is not changed
            options = ["--homedir", home, "--trust-model", "always", "--compress-algo", "none"]
            command = [*QUIET, *options, "--recipient-file", str(self.recipient), "--encrypt", "--output", str(new)]
            with _started(command, stdin=subprocess.PIPE) as gpg:
                yield cast("IO[bytes]", gpg.stdin)
        _sync(new)
        new.replace(file)
        _sync(file.parent)

    def write(self, file: Path, content: bytes) -> None:
        with self.writing(file) as stream:
            stream.write(content)

    def write_file(self, file: Path, source: Path) -> None:
        self.write(file, source.read_bytes())

    def write_folder(self, file: Path, source: Path) -> None:
        with self.writing(file) as stream, tarfile.open(fileobj=stream, mode="w|") as tar:
            tar.add(source, ".")

    def write_files(self, file: Path, contents: Mapping[str, bytes]) -> None:
        with self.writing(file) as stream, tarfile.open(fileobj=stream, mode="w|") as tar:
            for name, content in contents.items():
                member = tarfile.TarInfo(name)
                member.size, member.mode = len(content), 0o600
                tar.addfile(member, BytesIO(content))


@contextmanager
def reading(file: Path) -> Iterator[IO[bytes]]:
    """Yields the decrypted content of a file."""
    with _started([*QUIET, "--decrypt", str(file)], stdout=subprocess.PIPE) as gpg:
        yield cast("IO[bytes]", gpg.stdout)


def read(file: Path) -> bytes:
    with reading(file) as stream:
        return stream.read()


def read_folder(file: Path, target: Path) -> None:
    with reading(file) as stream, tarfile.open(fileobj=stream, mode="r|") as tar:
        # Python before 3.11.4 has no filters, and ignores this attribute
        tar.extraction_filter = getattr(tarfile, "data_filter", None)
        tar.extractall(target)  # noqa: S202 - the archive is the installation's own


def read_files(file: Path) -> dict[str, bytes]:
    with tarfile.open(fileobj=BytesIO(read(file))) as tar:
        return {member.name: _content(tar, member) for member in tar.getmembers() if member.isfile()}


def _content(tar: tarfile.TarFile, member: tarfile.TarInfo) -> bytes:
    stream = tar.extractfile(member)
    return stream.read() if stream else b""


@contextmanager
def _started(
    command: list[str], *, stdin: int | None = None, stdout: int | None = None
) -> Iterator[subprocess.Popen[bytes]]:
    """Runs GnuPG. If GnuPG fails, raises BackupFault with the error message of GnuPG."""
    with tempfile.TemporaryFile() as words:
        try:
            process = subprocess.Popen(command, stdin=stdin, stdout=stdout, stderr=words)
        except FileNotFoundError as missing:
            raise BackupFault("gpg is not installed: install GnuPG (on Debian: apt-get install gnupg)") from missing
        broken = False
        try:
            with process:
                yield process
        except BrokenPipeError:
            broken = True
        if process.returncode or broken:
            words.seek(0)
            said = words.read().decode(errors="replace").strip()
            raise BackupFault(f"gpg failed: {said or process.returncode}. Check the key, and the space on the disk")


def _sync(path: Path) -> None:
    descriptor = os.open(path, os.O_RDONLY)
    os.fsync(descriptor)
    os.close(descriptor)
