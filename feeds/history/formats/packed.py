"""Packed files: this module reads the bytes of a file, also if the file is packed as .gz or .zip. A packed file is not
trusted, so it may not unpack to any size.
"""

import gzip
import tempfile
import zipfile
import zlib
from collections.abc import Callable, Iterator
from contextlib import contextmanager, nullcontext
from pathlib import Path
from typing import IO, BinaryIO, Never, cast

from feeds.history.source import SourceError, silent

CHUNK = 64 * 1024
HEAD = 8 * 1024
"""The number of bytes that show what a file is."""
FREE_BYTES = 256 * 1024 * 1024
MAX_RATIO = 200
"""A packed file may always unpack to FREE_BYTES. A file that unpacks to more may unpack to MAX_RATIO times its size."""
MAX_MEMBERS = 10_000
NOT_DATA = ("__macosx/", ".ds_store", "thumbs.db", "desktop.ini")

UNDAMAGED = "the complete and undamaged file"


def inner_name(file: Path) -> str:
    """Returns the name of the packed file in lower case. A file that is not packed has its own name. Raises
    SourceError.
    """
    if is_zip(file):
        with _zip(file) as archive:
            return Path(_member(file, archive).filename).name.lower()
    return file.name.lower().removesuffix(".gz")


def is_zip(file: Path) -> bool:
    """Returns whether the file is a zip archive of other files. A workbook is a zip archive too, but it is one file."""
    return file.suffix.lower() == ".zip"


def read_chunks(file: Path, progress: Callable[[int], None] = silent) -> Iterator[bytes]:
    """Yields the bytes of a file in chunks. If the name of the file ends with .gz or .zip, the bytes are unpacked.

    The last chunk is empty. An empty chunk means that the file is complete.

    `progress` gets the number of bytes that were read since the last call. For a packed file, `progress` counts the
    packed bytes. Raises SourceError.
    """
    with opened(file) as raw, _unpacking(file, raw) as stream:
        position = unpacked = 0
        size = file.stat().st_size
        chunk = _next_chunk(file, raw, stream)
        if not chunk:
            raise SourceError(file, "line 1", "the file is empty", "a file with content")
        while True:
            position, before = max(raw.tell(), position), position
            progress(position - before)
            unpacked += len(chunk)
            if unpacked > max(FREE_BYTES, MAX_RATIO * size) and stream is not raw:
                raise SourceError(
                    file,
                    "the file",
                    f"unpacks to more than {MAX_RATIO} times its size",
                    "a file that is not a zip bomb; unpack it yourself if you trust it",
                )
            yield chunk
            if not chunk:
                return
            chunk = _next_chunk(file, raw, stream)


def first_bytes(file: Path) -> bytes:
    """Returns the beginning of the unpacked file. Raises SourceError."""
    head = b""
    for chunk in read_chunks(file):
        head += chunk
        if not chunk or len(head) >= HEAD:
            break
    return head


@contextmanager
def seekable(file: Path, limit: int) -> Iterator[BinaryIO]:
    """Opens the unpacked file for reading at any place. A packed file is unpacked into private temporary storage, which
    nobody finds after the process has ended.

    `limit` is the largest size in bytes. Raises SourceError.
    """
    with nullcontext(opened(file)) if not _packed(file) else tempfile.TemporaryFile() as stream:
        if _packed(file):
            for chunk in read_chunks(file):
                stream.write(chunk)
                _check_size(file, stream.tell(), limit)
            stream.seek(0)
        else:
            _check_size(file, file.stat().st_size, limit)
        try:
            yield stream
        finally:
            stream.close()


def opened(file: Path) -> BinaryIO:
    """Raises SourceError."""
    try:
        return file.open("rb")
    except OSError as fault:
        raise SourceError(file, "the file", f"cannot be opened ({fault.strerror})", "a readable file") from fault


def _check_size(file: Path, size: int, limit: int) -> None:
    if size > limit:
        raise SourceError(file, "the file", "is too large", f"at most {limit // 2**20} MiB; save the table as .csv")


def _packed(file: Path) -> bool:
    return file.suffix.lower() == ".gz" or is_zip(file)


@contextmanager
def _unpacking(file: Path, raw: BinaryIO) -> Iterator[IO[bytes]]:
    if file.suffix.lower() == ".gz":
        with gzip.GzipFile(fileobj=raw) as stream:
            yield cast("IO[bytes]", stream)
    elif is_zip(file):
        with _zip(file, raw) as archive:
            try:
                member = archive.open(_member(file, archive))
            except (NotImplementedError, zipfile.BadZipFile, OSError) as fault:
                _refuse_zip(file, "the zip file is damaged, or is packed in an unusual way", fault)
            with member:
                yield member
    else:
        yield raw


@contextmanager
def _zip(file: Path, raw: BinaryIO | None = None) -> Iterator[zipfile.ZipFile]:
    with opened(file) if raw is None else nullcontext(raw) as stream:
        try:
            archive = zipfile.ZipFile(stream)
        except (zipfile.BadZipFile, NotImplementedError, OSError, ValueError) as fault:
            _refuse_zip(file, "the name ends with .zip, but the file is not a zip file or is damaged", fault)
        with archive:
            yield archive


def _member(file: Path, archive: zipfile.ZipFile) -> zipfile.ZipInfo:
    """Returns the one file of the archive. Raises SourceError if the archive holds no file or several files."""
    members = archive.infolist()
    if len(members) > MAX_MEMBERS:
        raise SourceError(file, "the zip file", "holds too many files", "a zip file with one file")
    files = [one for one in members if not (one.is_dir() or any(n in one.filename.lower() for n in NOT_DATA))]
    if len(files) != 1:
        expected = "a zip file with one file; unpack it, and import each file"
        raise SourceError(file, "the zip file", f"holds {len(files)} files", expected)
    [member] = files
    if member.flag_bits & 1:
        raise SourceError(file, "the zip file", "has a password", "a zip file without a password")
    if member.filename.lower().endswith((".gz", ".zip")):
        raise SourceError(file, "the zip file", "holds a packed file", "a file that is packed once")
    return member


def _refuse_zip(file: Path, wrong: str, fault: Exception) -> Never:
    raise SourceError(file, "the zip file", wrong, UNDAMAGED) from fault


def _next_chunk(file: Path, raw: BinaryIO, stream: IO[bytes]) -> bytes:
    try:
        return stream.read(CHUNK)
    except (OSError, EOFError, zlib.error, zipfile.BadZipFile, NotImplementedError) as fault:
        kind = "zip" if isinstance(stream, zipfile.ZipExtFile) else "gzip"
        raise SourceError(file, f"byte {raw.tell()}", _wrong(fault, kind), UNDAMAGED) from fault


def _wrong(fault: Exception, kind: str) -> str:
    # messages of the standard library are not passed on, because BadGzipFile quotes bytes of the file
    match fault:
        case gzip.BadGzipFile():
            return "the name ends with .gz, but the file is not in gzip format or is damaged"
        case EOFError():
            return f"the {kind} data ends too early"
        case zlib.error() | zipfile.BadZipFile():
            return f"the {kind} data is damaged"
        case _:
            return "the file cannot be read"
