"""What a file is, is told by its content; and what Jejak does not read is named, with the way to something it reads."""

import gzip
import io
import zipfile
from pathlib import Path

import pytest

from feeds.history.formats import packed
from feeds.history.formats.kinds import FileKind, kind_of
from feeds.history.source import SourceError
from tests.feeds.history.formats.reading import SECRET, written


def zipped(*members: tuple[str, bytes], password: bool = False) -> bytes:
    content = io.BytesIO()
    with zipfile.ZipFile(content, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in members:
            archive.writestr(name, data)
    if not password:
        return content.getvalue()
    return content.getvalue().replace(b"PK\x01\x02\x14\x03\x14\x00\x00", b"PK\x01\x02\x14\x03\x14\x00\x01")


KINDS = {
    "log.csv": (b"a;b", FileKind.CSV),
    "LOG.TSV": (b"a\tb", FileKind.CSV),
    "log.csv.gz": (gzip.compress(b"a;b"), FileKind.CSV),
    "log.xes": (b"<log/>", FileKind.XES),
    "ekspor": (b"\xef\xbb\xbf <log/>", FileKind.XES),
    "log.json": (b"[]", FileKind.JSON),
    "log.NDJSON": (b"{}", FileKind.JSON_LINES),
    "log.sql.gz": (gzip.compress(b"--"), FileKind.SQL),
    "log.bak": (b"SQLite format 3\0", FileKind.SQLITE),
    "log.zip": (zipped(("x/y.xes", b"<log/>"), (".DS_Store", b"")), FileKind.XES),
    "buku.xls": (zipped(("xl/workbook.xml", b"<workbook/>")), FileKind.WORKBOOK),
    "lembar.zip": (zipped(("a.ods", zipped(("mimetype", packed.__name__.encode())))), None),
}


@pytest.mark.parametrize("name", [name for name, (_, kind) in KINDS.items() if kind])
def test_a_file_is_what_its_content_and_its_ending_say(tmp_path: Path, name: str) -> None:
    content, kind = KINDS[name]
    assert kind_of(written(tmp_path, content, name)) is kind


OLE = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + b"\0" * 500
UNREADABLE: dict[str, tuple[str, bytes, str]] = {
    "Excel 97": ("a.xls", OLE, "is an Excel 97 workbook, which Jejak does not read; expected open it in Excel or"),
    "a password": ("a.xlsx", OLE, "is a workbook with a password"),
    "Word 97": ("a.doc", OLE, "is an old Office document"),
    "a web page as .xls": ("a.xls", b"<html><table>", "is a web page with the name of a workbook"),
    "a web page": ("a.html", b"<!DOCTYPE html><html>", "is a web page"),
    "XML as .xls": ("a.xls", b'<?xml?><W xmlns="urn:schemas-microsoft-com:office:x"', "an Excel 2003 XML workbook"),
    "a text as .xls": ("a.xls", SECRET.encode(), "is a text with the name of a workbook"),
    ".xlsb": ("a.xlsb", zipped(("xl/workbook.bin", b"")), "is an Excel binary workbook (.xlsb)"),
    "Word": ("a.docx", zipped(("word/document.xml", b"")), "is a Word document"),
    "a renamed zip": ("a.csv", zipped(("a.csv", b"a")), "is a zip file with another ending"),
    "pg_dump -Fc": ("a.dump", b"PGDMP\x01", "is a PostgreSQL archive, which Jejak does not read; expected run `pg_r"),
    "Access": ("a.accdb", b"\0\x01\0\0Standard ACE DB\0", "is an Access database"),
    "PDF": ("a.pdf", b"%PDF-1.7", "is a PDF document"),
    "Parquet": ("a.parquet", b"PAR1", "is a Parquet file"),
    "RAR": ("a.rar", b"Rar!\x1a", "is a RAR archive"),
    "tar": ("a.tar", b"\0" * 257 + b"ustar", "is a tar archive"),
    "an unknown ending": ("a.dat", SECRET.encode(), "the ending of its name tells no format that Jejak reads"),
    "no zip": ("a.zip", SECRET.encode(), "the file is not a zip file or is damaged"),
    "an empty zip": ("a.zip", zipped(), "holds 0 files"),
    "two files": ("a.zip", zipped(("a.csv", b""), ("b.csv", b"")), "holds 2 files; expected a zip file with one file"),
    "packed twice": ("a.zip", zipped(("a.csv.gz", b"")), "holds a packed file"),
    "a zip with a password": ("a.zip", zipped(("a.csv", b"x"), password=True), "has a password"),
}


@pytest.mark.parametrize("name", UNREADABLE)
def test_what_is_not_read_is_named(tmp_path: Path, name: str) -> None:
    file_name, content, wrong = UNREADABLE[name]
    with pytest.raises(SourceError) as caught:
        kind_of(written(tmp_path, content, file_name))
    assert wrong in str(caught.value)
    assert SECRET not in str(caught.value)


@pytest.mark.parametrize("name", ["a.csv.gz", "a.zip"])
def test_a_bomb_is_not_unpacked(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str) -> None:
    monkeypatch.setattr(packed, "FREE_BYTES", 1_000_000)
    data = b"a,b\n" * 2_000_000
    file = written(tmp_path, gzip.compress(data) if name.endswith(".gz") else zipped(("a.csv", data)), name)
    with pytest.raises(SourceError, match="unpacks to more than 200 times its size"):
        list(packed.read_chunks(file))
    file = written(tmp_path, data[:900_000], "a.csv")
    assert sum(map(len, packed.read_chunks(file))) == 900_000
