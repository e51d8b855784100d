"""Key-encryption key: this module reads the key that wraps the bucket keys, and derives the wrapping key of an epoch.

The key comes from a command, from a file (or a systemd credential), or from the key folder itself. Jejak makes a
missing key only in the key folder. If a key is missing elsewhere, Jejak does not make a new key, because a new key
cannot open old data.
"""

import base64
import binascii
import shlex
import subprocess
from pathlib import Path

from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

KEY_BYTES = 32
COMMAND_SECONDS = 30
CONTEXT = b"jejak/buckets/1"


class KeysUnreadable(Exception):
    """The key folder has a fault. The error message says what is wrong and where."""


def from_file(file: Path) -> bytes:
    try:
        return _key(file.read_bytes(), str(file))
    except OSError as error:
        raise KeysUnreadable(f"the key-encryption key {file} cannot be read: {error.strerror}") from error


def from_command(command: str) -> bytes:
    """Returns the key that a command writes to its standard output."""
    try:
        done = subprocess.run(shlex.split(command), capture_output=True, check=True, timeout=COMMAND_SECONDS)
    except (OSError, subprocess.SubprocessError, ValueError) as error:
        raise KeysUnreadable(
            f"JEJAK_KEK_COMMAND did not give the key-encryption key ({type(error).__name__}):"
            f" run the command as this user, and see what it says"
        ) from error
    return _key(done.stdout, "the output of JEJAK_KEK_COMMAND")


def of_epoch(key: bytes, epoch: bytes) -> bytes:
    """Returns the key that wraps the bucket keys: HKDF-SHA256 of the key-encryption key, with the epoch key as salt."""
    return HKDF(SHA256(), KEY_BYTES, epoch, CONTEXT).derive(key)


def _key(raw: bytes, where: str) -> bytes:
    """Accepts 32 raw bytes, or 32 bytes in base64."""
    if len(raw) == KEY_BYTES:
        return raw
    try:
        decoded = base64.b64decode(raw.strip(), validate=True)
    except binascii.Error:
        decoded = b""
    if len(decoded) != KEY_BYTES:
        raise KeysUnreadable(f"{where} does not have {KEY_BYTES} bytes: restore the key")
    return decoded
