"""Key folder: this folder contains 256 bucket keys, which wrap all keys of the key store.

The folder is outside of every database cluster, because PostgreSQL backs up and restores whole clusters. A backup of a
cluster contains only keys that are wrapped with bucket keys. Suppose a bucket gets a new bucket key, and the old bucket
key is destroyed. Then nobody can unwrap the keys of this bucket in older backups.

The bucket keys themselves are wrapped with a key that is derived from two keys:

    key-encryption key   This key comes from a command, a file or a credential. By default, it is a file in this
                         folder. It never changes.
    epoch key            This key is a file in the epoch folder, beside the key folder. Each erasure replaces it.

An older copy of the key folder can be used only together with its epoch key, and this epoch key was destroyed. The key
folder also contains these files:

    buckets              the bucket keys of the current generation
    buckets.next         the bucket keys of the next generation, while an erasure is not finished
    erasures             the list of erasures (infra/keys/erasure_list.py)

The folders have mode 0700 and the files have mode 0600. Keys are wrapped by AES key wrap (RFC 3394).
"""

import fcntl
import os
import secrets
from collections.abc import Collection, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Self

from cryptography.hazmat.primitives.keywrap import InvalidUnwrap, aes_key_unwrap, aes_key_wrap

from infra.keys.erasure_list import ErasureList
from infra.keys.wrapping_key import KEY_BYTES, KeysUnreadable, from_command, from_file, of_epoch
from infra.settings import Settings

__all__ = ["BUCKETS", "KEY_BYTES", "WRAPPED_BYTES", "KeyFolder", "KeysUnreadable"]

WRAPPED_BYTES = KEY_BYTES + 8
BUCKETS = 256
GENERATION_BYTES = 8
"""The size of the generation number, with which a file of bucket keys begins.

The files of older releases do not have this number. For these files, the generation is 0 and there is no epoch key.
"""
OWN_KEY = "key-encryption-key"

BucketKeys = list[bytes]


class KeyFolder:
    """Wraps and unwraps keys. Each bucket has its own bucket key.

    The folder is made on first use. Several processes may open the folder at the same time. Raises KeysUnreadable.
    """

    def __init__(self, folder: Path, *, kek_file: Path | None = None, kek_command: str | None = None) -> None:
        self.folder = folder
        self.epochs = epoch_folder(folder)
        for place in (self.folder, self.epochs):
            try:
                place.mkdir(mode=0o700, parents=True, exist_ok=True)
            except OSError as error:
                raise KeysUnreadable(
                    f"the key folder {place} cannot be made ({error.strerror}): set JEJAK_KEY_DIR to a folder whose"
                    " parent you may write to"
                ) from error
            if place.stat().st_mode & 0o077:
                raise KeysUnreadable(f"other users can enter {place}: run chmod 700 {place}")
        self.erasures = ErasureList(folder / "erasures")
        self.current, self.next = folder / "buckets", folder / "buckets.next"
        self.generation = 0
        self.key_is_inside = not (kek_file or kek_command)
        self._generations: dict[int, BucketKeys] = {}
        with self.locked():
            if kek_command:
                self._key = from_command(kek_command)
            else:
                self._key = from_file(kek_file) if kek_file else self._own_key()
            if not self.current.exists():
                self.store(self.current, 0, fresh_keys())
        self.load()

    @classmethod
    def of(cls, settings: Settings) -> Self:
        return cls(settings.key_dir, kek_file=settings.kek_file, kek_command=settings.kek_command)

    def wrap(self, bucket: int, key: bytes) -> bytes:
        """Wraps a key with the bucket key of `bucket`. Buckets are numbered from 0 to 255."""
        return aes_key_wrap(self._generations[self.generation][bucket], key)

    def unwrap(self, bucket: int, wrapped: bytes) -> bytes:
        """Unwraps a key. Raises KeysUnreadable if the key was wrapped with another bucket key."""
        for keys in self._generations.values():
            try:
                return aes_key_unwrap(keys[bucket], wrapped)
            except InvalidUnwrap:
                continue
        raise KeysUnreadable(
            f"a key of bucket {bucket} cannot be opened with the keys in {self.folder}:"
            " the folder may belong to another installation, or may be older or newer than the key store"
        )

    def use(self, generation: int) -> None:
        """Selects the generation that `wrap` uses. An erasure in another process may have made a new generation."""
        if generation not in self._generations:
            self.load()
        if generation not in self._generations:
            raise KeysUnreadable(
                f"the key store needs generation {generation} of the bucket keys, but {self.folder} has generation"
                f" {self.generation}: one of the two was restored from another time. Restore the newest copy of both;"
                " if there is no newer copy, run `jejak erase --again`, and then `jejak fsck`, which says what is lost"
            )
        self.generation = generation

    def load(self) -> None:
        """Reads the bucket keys again. There are two generations of bucket keys while an erasure is not finished."""
        with self.locked():
            found = dict(self.read(file) for file in (self.current, self.next) if file.exists())
        self._generations, self.generation = found, min(found)

    def nearest(self, generation: int) -> int:
        """Returns the given generation if its bucket keys exist. Otherwise returns the newest generation."""
        return generation if generation in self._generations else max(self._generations)

    def read(self, file: Path) -> tuple[int, BucketKeys]:
        """Returns the generation and the bucket keys of a file."""
        raw, generation, wrapping_key = file.read_bytes(), 0, self._key
        if len(raw) == GENERATION_BYTES + BUCKETS * WRAPPED_BYTES:
            generation = int.from_bytes(raw[:GENERATION_BYTES], "big")
            wrapping_key, raw = of_epoch(self._key, self._epoch(generation)), raw[GENERATION_BYTES:]
        try:
            places = range(0, BUCKETS * WRAPPED_BYTES, WRAPPED_BYTES)
            return generation, [aes_key_unwrap(wrapping_key, raw[place : place + WRAPPED_BYTES]) for place in places]
        except (InvalidUnwrap, ValueError) as broken:
            raise KeysUnreadable(
                f"{file} cannot be opened with the key-encryption key and {self._epoch_file(generation)}:"
                " restore both files and the key-encryption key from one time"
            ) from broken

    def is_older_format(self) -> bool:
        return self.current.stat().st_size == BUCKETS * WRAPPED_BYTES

    def store(self, file: Path, generation: int, keys: BucketKeys) -> None:
        """Wraps bucket keys with a new epoch key and writes them to a file. The epoch key is written first."""
        epoch = secrets.token_bytes(KEY_BYTES)
        _write(self._epoch_file(generation), epoch)
        wrapping_key = of_epoch(self._key, epoch)
        wrapped = b"".join(aes_key_wrap(wrapping_key, key) for key in keys)
        _write(file, generation.to_bytes(GENERATION_BYTES, "big") + wrapped)

    def prepare(self, buckets: Collection[int]) -> BucketKeys:
        """Stores the next generation of bucket keys. Only the given buckets get a new bucket key."""
        with self.locked():
            generation, keys = self.read(self.current)
            fresh = fresh_keys()
            keys = [fresh[bucket] if bucket in buckets else key for bucket, key in enumerate(keys)]
            self.next.unlink(missing_ok=True)  # the next line replaces the epoch key of this file
            self.store(self.next, generation + 1, keys)
        return keys

    def finish(self) -> None:
        """Makes the next generation the current generation, and destroys every other epoch key.

        The method renames one file. If this process dies before the rename, both generations are still readable. If
        this process dies after the rename, the next call of `sweep` destroys the other epoch keys.
        """
        with self.locked():
            self.next.replace(self.current)
            _sync(self.folder)
        self.sweep()

    def sweep(self) -> None:
        """Deletes the next generation if there is one, and destroys all epoch keys except the current epoch key."""
        with self.locked():
            self.next.unlink(missing_ok=True)
            generation, _ = self.read(self.current)
            for file in self.epochs.glob("epoch-*"):
                if file != self._epoch_file(generation):
                    _destroy(file)
        self.load()

    def is_unfinished(self) -> bool:
        """Returns True if there is a next generation, or an epoch key that should have been destroyed."""
        return self.next.exists() or any(
            file != self._epoch_file(self.generation) for file in self.epochs.glob("epoch-*")
        )

    def files(self) -> Mapping[str, bytes]:
        """Returns the files that a backup must contain, by name.

        If there is a next generation, only this generation is returned.
        """
        with self.locked():
            newest = self.next if self.next.exists() else self.current
            generation, _ = self.read(newest)
            found = {"keys/buckets": newest.read_bytes()}
            for name, file in (
                (f"keys/{OWN_KEY}", self.folder / OWN_KEY),
                ("keys/erasures", self.erasures.file),
                (f"keys-epoch/epoch-{generation}", self._epoch_file(generation)),
            ):
                if file.exists():
                    found[name] = file.read_bytes()
        return found

    @contextmanager
    def locked(self, name: str = "lock") -> Iterator[None]:
        with os.fdopen(os.open(self.folder / name, os.O_WRONLY | os.O_CREAT, 0o600), "wb") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            yield

    def _epoch_file(self, generation: int) -> Path:
        return self.epochs / f"epoch-{generation}"

    def _epoch(self, generation: int) -> bytes:
        file = self._epoch_file(generation)
        try:
            return from_file(file)
        except KeysUnreadable as missing:
            raise KeysUnreadable(
                f"the epoch key {file} is missing or damaged: restore it together with {self.folder}."
                " The copy of a key folder from before an erasure opens nothing"
            ) from missing

    def _own_key(self) -> bytes:
        file = self.folder / OWN_KEY
        if not file.exists():
            if self.current.exists():
                raise KeysUnreadable(f"{file} is missing: restore the file; a new key opens no data")
            _write(file, secrets.token_bytes(KEY_BYTES))
        return from_file(file)


def epoch_folder(folder: Path) -> Path:
    """Returns the folder of the epoch keys. The epoch folder is beside the key folder.

    But if the key folder is a volume of a container, a folder beside it would be lost together with the container. In
    this case, the epoch keys are inside the key folder, so a copy of the volume also contains the epoch keys
    (docs/operating.md, Erasing).
    """
    return folder / "epoch" if folder.is_mount() else folder.with_name(f"{folder.name}-epoch")


def fresh_keys() -> BucketKeys:
    return [secrets.token_bytes(KEY_BYTES) for _ in range(BUCKETS)]


def _write(file: Path, content: bytes) -> None:
    """Writes a file. The file gets its final name after the content is on the disk."""
    new = file.with_name(f"{file.name}.new")
    descriptor = os.open(new, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(descriptor, "wb") as handle:
        handle.write(content)
        handle.flush()
        os.fsync(handle.fileno())
    new.rename(file)
    _sync(file.parent)


def _destroy(file: Path) -> None:
    """Overwrites a key and deletes its file. Some disks keep the old block for a while (docs/operating.md, Erasing)."""
    with file.open("r+b") as handle:
        handle.write(bytes(file.stat().st_size))
        handle.flush()
        os.fsync(handle.fileno())
    file.unlink()
    _sync(file.parent)


def _sync(folder: Path) -> None:
    descriptor = os.open(folder, os.O_RDONLY)
    os.fsync(descriptor)
    os.close(descriptor)
