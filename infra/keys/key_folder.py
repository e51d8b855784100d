"""Key folder: this folder contains 256 bucket keys, and one key-encryption key that wraps the bucket keys.

The folder is outside of every database cluster. PostgreSQL backs up and restores whole clusters. So if keys were stored
in a cluster, a restore from an old backup would bring back destroyed keys. The bucket keys in this folder are not part
of such a backup. But a backup contains keys that were wrapped with bucket keys. When a bucket gets a new bucket key,
the keys of this bucket become unreadable in old backups.

The folder has mode 0700 and the files have mode 0600. Keys are wrapped by AES key wrap (RFC 3394).
"""

import fcntl
import os
import secrets
from pathlib import Path

from cryptography.hazmat.primitives.keywrap import InvalidUnwrap, aes_key_unwrap, aes_key_wrap

KEY_BYTES = 32
WRAPPED_BYTES = KEY_BYTES + 8
BUCKETS = 256


class KeysUnreadable(Exception):
    """This error means that the key folder has a fault. Its message says what is wrong and where."""


class KeyFolder:
    """Wraps and unwraps keys. Each bucket has its own bucket key.

    The folder is made on first use. Several processes may open the folder at the same time. Raises KeysUnreadable.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        if folder.stat().st_mode & 0o077:
            raise KeysUnreadable(f"other users can enter {folder}: run chmod 700 {folder}")
        with os.fdopen(os.open(folder / "lock", os.O_WRONLY | os.O_CREAT, 0o600), "wb") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            if (folder / "buckets").exists() and not (folder / "key-encryption-key").exists():
                raise KeysUnreadable(
                    f"{folder}/key-encryption-key is missing: restore the file; a new key opens no data"
                )
            wrapping_key = self._load("key-encryption-key", secrets.token_bytes(KEY_BYTES))
            if len(wrapping_key) != KEY_BYTES:
                raise KeysUnreadable(f"{folder}/key-encryption-key does not have {KEY_BYTES} bytes: restore the file")
            fresh = b"".join(aes_key_wrap(wrapping_key, secrets.token_bytes(KEY_BYTES)) for _ in range(BUCKETS))
            wrapped = self._load("buckets", fresh)
        try:
            self._buckets = [
                aes_key_unwrap(wrapping_key, wrapped[place : place + WRAPPED_BYTES])
                for place in range(0, BUCKETS * WRAPPED_BYTES, WRAPPED_BYTES)
            ]
        except (InvalidUnwrap, ValueError) as broken:
            raise KeysUnreadable(
                f"{folder}/buckets cannot be opened with key-encryption-key: restore both files"
            ) from broken

    def wrap(self, bucket: int, key: bytes) -> bytes:
        """Wraps a key with the bucket key of `bucket`. Buckets are numbered from 0 to 255."""
        return aes_key_wrap(self._buckets[bucket], key)

    def unwrap(self, bucket: int, wrapped: bytes) -> bytes:
        """Unwraps a key. Raises KeysUnreadable if the key was wrapped with another bucket key."""
        try:
            return aes_key_unwrap(self._buckets[bucket], wrapped)
        except InvalidUnwrap as broken:
            raise KeysUnreadable(
                f"a key of bucket {bucket} cannot be opened with the keys in {self.folder}:"
                " the folder may belong to another installation"
            ) from broken

    def _load(self, name: str, fresh: bytes) -> bytes:
        """Returns the content of a file. If the file does not exist, first writes the bytes in `fresh` to the file.

        The content is first written to a temporary file. When the content is on the disk, the temporary file is
        renamed.
        """
        file = self.folder / name
        if not file.exists():
            new = file.with_suffix(".new")
            descriptor = os.open(new, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
            with os.fdopen(descriptor, "wb") as handle:
                handle.write(fresh)
                handle.flush()
                os.fsync(handle.fileno())
            new.rename(file)
            folder = os.open(self.folder, os.O_RDONLY)
            os.fsync(folder)
            os.close(folder)
        return file.read_bytes()
