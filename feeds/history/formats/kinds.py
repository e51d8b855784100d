"""Kinds of files: the content and the name of a file decide which reader reads the file. For a file that Jejak cannot
read, the error says what the file is, and how to get a file that Jejak can read.
"""

import re
import zipfile
from enum import StrEnum
from pathlib import Path

from feeds.history.formats.packed import first_bytes, inner_name, seekable
from feeds.history.source import SourceError

UNPACKED_MAX = 512 * 1024 * 1024
"""The largest size of a file that must be read at any place: a workbook or a database."""


class FileKind(StrEnum):
    CSV = "CSV"
    JSON = "JSON"
    JSON_LINES = "JSON Lines"
    SQL = "an SQL dump"
    SQLITE = "an SQLite database"
    WORKBOOK = "a workbook"
    XES = "XES"


ENDINGS = {
    ".csv": FileKind.CSV,
    ".tsv": FileKind.CSV,
    ".txt": FileKind.CSV,
    ".geojson": FileKind.JSON,
    ".json": FileKind.JSON,
    ".jsonocel": FileKind.JSON,
    ".jsonl": FileKind.JSON_LINES,
    ".ndjson": FileKind.JSON_LINES,
    ".sql": FileKind.SQL,
    ".xes": FileKind.XES,
    ".xml": FileKind.XES,
}
READABLE = ".xlsx, .ods, .csv, .json, .jsonl, .sql, .sqlite or .xes"

AS_WORKBOOK = "open it in Excel or LibreOffice, and save it as .xlsx"
AS_CSV = "export its table as .csv"
STARTS: tuple[tuple[bytes, str, str], ...] = (
    (b"PGDMP", "a PostgreSQL archive", "run `pg_restore --file=dump.sql` on it, and import dump.sql"),
    (b"\x00\x01\x00\x00Standard Jet DB", "an Access database", "open it in Access, and export the table as .xlsx"),
    (b"\x00\x01\x00\x00Standard ACE DB", "an Access database", "open it in Access, and export the table as .xlsx"),
    (b"TAPE", "a backup of SQL Server", AS_CSV),
    (b"%PDF", "a PDF document", "ask for the data from which it was printed, as .xlsx or .csv"),
    (b"PAR1", "a Parquet file", AS_CSV),
    (b"\x89PNG", "a picture", "ask for the data, as .xlsx or .csv"),
    (b"\xff\xd8\xff", "a picture", "ask for the data, as .xlsx or .csv"),
    (b"{\\rtf", "a text document", "copy its table into a workbook, and save the workbook as .xlsx"),
    (b"Rar!", "a RAR archive", "unpack it, and import the file within"),
    (b"7z\xbc\xaf", "a 7z archive", "unpack it, and import the file within"),
    (b"BZh", "a bzip2 file", "unpack it, and import the file within"),
    (b"\xfd7zXZ", "an xz file", "unpack it, and import the file within"),
    (b"\x28\xb5\x2f\xfd", "a zstd file", "unpack it, and import the file within"),
    (b"$FL2", "an SPSS file", AS_CSV),
)
OLE = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
PACKAGES: tuple[tuple[str, str, str], ...] = (
    ("xl/workbook.bin", "an Excel binary workbook (.xlsb)", AS_WORKBOOK),
    ("word/document.xml", "a Word document", "copy its table into a workbook, and save the workbook as .xlsx"),
    ("ppt/presentation.xml", "a presentation", "copy its table into a workbook, and save the workbook as .xlsx"),
    ("index/document.iwa", "a Numbers document", "export it from Numbers as .xlsx"),
)
ODS = b"application/vnd.oasis.opendocument.spreadsheet"
WORKBOOK_ENDINGS = (".xls", ".xlsx", ".xlsm", ".xlsb", ".ods")
MARKUP = re.compile(rb"(?i)<(?:!doctype html|html|table|meta|head|body|style|div)\b")


def kind_of(file: Path) -> FileKind:
    """Returns the kind of a file. Raises SourceError if no reader can read the file."""
    head, name = first_bytes(file), inner_name(file)
    for start, what, how in STARTS:
        if head.startswith(start):
            raise _unreadable(file, what, how)
    if head.startswith(OLE):
        raise _ole(file, name)
    if head.startswith(b"SQLite format 3\0"):
        return FileKind.SQLITE
    if head.startswith(b"PK\x03\x04"):
        return _package(file)
    if head[257:262] == b"ustar":
        raise _unreadable(file, "a tar archive", "unpack it, and import the file within")
    if name.endswith(WORKBOOK_ENDINGS):
        raise _text_as_workbook(file, head)
    kind = ENDINGS.get(Path(name).suffix) or (FileKind.XES if head.lstrip(b"\xef\xbb\xbf \t\r\n")[:1] == b"<" else None)
    if kind is None:
        raise SourceError(file, "the file", "the ending of its name tells no format that Jejak reads", READABLE)
    if kind is FileKind.XES and MARKUP.match(head.lstrip()):
        raise _unreadable(file, "a web page", AS_WORKBOOK)
    return kind


def _unreadable(file: Path, what: str, how: str) -> SourceError:
    return SourceError(file, "the file", f"is {what}, which Jejak does not read", how)


def _ole(file: Path, name: str) -> SourceError:
    if name.endswith((".xlsx", ".xlsm", ".ods")):
        return _unreadable(file, "a workbook with a password", "open it, and save it as .xlsx without a password")
    if name.endswith(".xls"):
        return _unreadable(file, "an Excel 97 workbook", AS_WORKBOOK.replace("it as .xlsx", "as .xlsx"))
    return _unreadable(file, "an old Office document", AS_WORKBOOK)


def _package(file: Path) -> FileKind:
    with seekable(file, UNPACKED_MAX) as stream:
        try:
            with zipfile.ZipFile(stream) as archive:
                names = {name.lower().replace("\\", "/") for name in archive.namelist()}
                mark = archive.read("mimetype")[:100] if "mimetype" in names else b""
        except (zipfile.BadZipFile, NotImplementedError, RuntimeError, OSError, KeyError) as fault:
            raise SourceError(file, "the file", "is damaged", "the complete workbook") from fault
    if "xl/workbook.xml" in names or mark.startswith(ODS):
        return FileKind.WORKBOOK
    for name, what, how in PACKAGES:
        if name in names:
            raise _unreadable(file, what, how)
    raise SourceError(file, "the file", "is a zip file with another ending", "the ending .zip")


def _text_as_workbook(file: Path, head: bytes) -> SourceError:
    """Programs often write a web page or a text, and give it the name of a workbook."""
    if head.lstrip(b"\xef\xbb\xbf \t\r\n")[:1] == b"<":
        what = "an Excel 2003 XML workbook" if b"urn:schemas-microsoft-com:office" in head else "a web page"
        return _unreadable(file, f"{what} with the name of a workbook", AS_WORKBOOK)
    return _unreadable(file, "a text with the name of a workbook", "the ending .csv")
