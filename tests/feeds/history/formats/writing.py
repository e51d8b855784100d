"""The same table written in each format, by other means than the readers': openpyxl, sqlite3, json, and by hand."""

import io
import json
import sqlite3
import zipfile
from collections.abc import Callable, Sequence
from pathlib import Path
from xml.sax.saxutils import escape, quoteattr

from openpyxl import Workbook

Table = Sequence[Sequence[str]]
"""A header and its rows."""


def xlsx(file: Path, table: Table, *, sheet: str = "Data") -> None:
    book = Workbook()
    page = book.active
    assert page is not None
    page.title = sheet
    for line, row in enumerate(table, 1):
        for place, text in enumerate(row, 1):
            if text:
                cell = page.cell(line, place)
                cell.value = text
                cell.data_type = "s"  # also for a text that begins with =
    book.save(file)


MIMETYPE = "application/vnd.oasis.opendocument.spreadsheet"
SPACES = " ".join(
    f'xmlns:{short}="urn:oasis:names:tc:opendocument:xmlns:{long}:1.0"'
    for short, long in (("office", "office"), ("table", "table"), ("text", "text"))
)
MANIFEST = (
    '<manifest:manifest xmlns:manifest="urn:oasis:names:tc:opendocument:xmlns:manifest:1.0">'
    f'<manifest:file-entry manifest:full-path="/" manifest:media-type="{MIMETYPE}"/>'
    '<manifest:file-entry manifest:full-path="content.xml" manifest:media-type="text/xml"/></manifest:manifest>'
)


def ods_of(file: Path, tables: str) -> None:
    with zipfile.ZipFile(file, "w") as archive:
        archive.writestr("mimetype", MIMETYPE)
        archive.writestr("META-INF/manifest.xml", MANIFEST)
        archive.writestr(
            "content.xml",
            f'<?xml version="1.0" encoding="UTF-8"?><office:document-content {SPACES} office:version="1.2">'
            f"<office:body><office:spreadsheet>{tables}</office:spreadsheet></office:body></office:document-content>",
        )


def ods(file: Path, table: Table, *, sheet: str = "Data") -> None:
    rows = "".join(f"<table:table-row>{''.join(map(_ods_cell, row))}</table:table-row>" for row in table)
    ods_of(file, f"<table:table table:name={quoteattr(sheet)}>{rows}</table:table>")


def _ods_cell(text: str) -> str:
    paragraphs = "".join(f"<text:p>{escape(part)}</text:p>" for part in text.split("\n"))
    return f'<table:table-cell office:value-type="string">{paragraphs}</table:table-cell>'


def objects(table: Table) -> list[dict[str, str]]:
    return [dict(zip(table[0], row, strict=True)) for row in table[1:]]


def json_list(file: Path, table: Table) -> None:
    file.write_text(json.dumps(objects(table)), encoding="utf-8")


def json_lines(file: Path, table: Table) -> None:
    lines = [json.dumps(one, ensure_ascii=False) for one in objects(table)]
    file.write_text("\n".join([*lines, ""]), encoding="utf-8", newline="")


def ckan(file: Path, table: Table) -> None:
    """The answer of `datastore_search`."""
    result = {"records": objects(table), "fields": [{"id": name, "type": "text"} for name in table[0]], "total": 9}
    file.write_text(json.dumps({"help": "http://contoh/{}[", "success": True, "result": result}, ensure_ascii=False))


def ckan_lists(file: Path, table: Table) -> None:
    """The download of a CKAN data store: its records are lists."""
    fields = [{"id": name, "type": "text"} for name in table[0]]
    file.write_text(json.dumps({"fields": fields, "records": [*table[1:]]}, indent=1))


def socrata(file: Path, table: Table) -> None:
    """`rows.json`: the names of the columns are in the description of the view."""
    columns = [{"id": n, "name": name, "cachedContents": {"top": [{"item": "x"}]}} for n, name in enumerate(table[0])]
    view = {"id": "abcd-1234", "columns": columns, "grants": [{"inherited": False}]}
    file.write_text(json.dumps({"meta": {"view": view}, "data": [*table[1:]]}))


def phpmyadmin_json(file: Path, table: Table) -> None:
    parts = [
        {"type": "header", "version": "5.2.1", "comment": "Export to JSON plugin for PHPMyAdmin"},
        {"type": "database", "name": "perizinan"},
        {"type": "table", "name": "riwayat", "database": "perizinan", "data": objects(table)},
    ]
    file.write_text("[\n" + ",\n".join(json.dumps(part, ensure_ascii=False) for part in parts) + "\n]\n")


def _mysql_text(text: str) -> str:
    for sign, escaped in (("\\", "\\\\"), ("\0", "\\0"), ("'", "\\'"), ("\n", "\\n"), ("\r", "\\r"), ('"', '\\"')):
        text = text.replace(sign, escaped)
    return f"'{text}'"


def _ticked(name: str) -> str:
    return f"`{name.replace('`', '``')}`"


OTHER_TABLES = """
CREATE TABLE `gambar` (`isi` longblob);
INSERT INTO `gambar` VALUES (_binary '\\'--;/*`\\\\'),('x; INSERT INTO `riwayat` VALUES (1);');
DELIMITER ;;
/*!50003 CREATE TRIGGER t BEFORE INSERT ON x FOR EACH ROW BEGIN INSERT INTO `riwayat` VALUES (NEW.id); END */;;
CREATE PROCEDURE p() BEGIN INSERT INTO `riwayat` VALUES (NEW.id); END ;;
DELIMITER ;
"""


def mysql_dump(file: Path, table: Table) -> None:
    """As mysqldump writes it: several rows in one INSERT, and other tables around."""
    columns = ",\n".join(f"  {_ticked(name)} text DEFAULT NULL COMMENT 'a, (b'" for name in table[0])
    rows = ["(" + ",".join(map(_mysql_text, row)) + ")" for row in table[1:]]
    inserts = [
        f"INSERT INTO `riwayat` VALUES {','.join(rows[start : start + 3])};\n" for start in range(0, len(rows), 3)
    ]
    text = "".join(
        [
            "-- MariaDB dump 10.19  Distrib 10.11\n-- it's Host: localhost\n/*!40101 SET NAMES utf8mb4 */;\n",
            "DROP TABLE IF EXISTS `riwayat`;\n",
            f"CREATE TABLE `riwayat` (\n{columns},\n  PRIMARY KEY (`a`),\n  KEY `k` (`a`,`b`)\n) ENGINE=InnoDB;\n",
            OTHER_TABLES,
            "LOCK TABLES `riwayat` WRITE;\n",
            *inserts,
            "UNLOCK TABLES;\n-- Dump completed\n",
        ]
    )
    file.write_bytes(text.encode())


def _copied(text: str) -> str:
    for sign, escaped in (("\\", "\\\\"), ("\n", "\\n"), ("\r", "\\r"), ("\t", "\\t"), ("\b", "\\b")):
        text = text.replace(sign, escaped)
    return text


def _quoted(name: str) -> str:
    return '"' + name.replace('"', '""') + '"'


def postgresql_dump(file: Path, table: Table) -> None:
    """As pg_dump writes it, with COPY."""
    names = ", ".join(map(_quoted, table[0]))
    rows = ["\t".join(map(_copied, row)) + "\n" for row in table[1:]]
    text = "".join(
        [
            "--\n-- PostgreSQL database dump\n--\n\n\\restrict abc\nSET standard_conforming_strings = on;\n",
            "CREATE FUNCTION public.f() RETURNS trigger LANGUAGE plpgsql AS $_$BEGIN INSERT INTO riwayat VALUES (1);",
            "\nEND;$_$;\nCREATE FUNCTION public.g() RETURNS void LANGUAGE sql\n    BEGIN ATOMIC\n INSERT INTO",
            " public.riwayat (a) VALUES (g.x);\nEND;\n",
            "COPY public.lain (id, isi) FROM stdin;\n1\tCOPY public.riwayat FROM stdin;\n2\t\\\\.\n\\.\n\n",
            f"COPY public.riwayat ({names}) FROM stdin;\n",
            *rows,
            "\\.\n\nSELECT pg_catalog.setval('public.x', 1, true);\n\\unrestrict abc\n",
        ]
    )
    file.write_bytes(text.encode())


def postgresql_inserts(file: Path, table: Table) -> None:
    """As `pg_dump --inserts` writes it: the names of the columns are in CREATE TABLE only."""
    columns = ",\n".join(f"    {_quoted(name)} character varying(200)" for name in table[0])
    values = [", ".join("'" + text.replace("'", "''") + "'" for text in row) for row in table[1:]]
    lines = [f"INSERT INTO public.riwayat VALUES ({row});\n" for row in values]
    head = f"-- PostgreSQL database dump\nCREATE TABLE public.riwayat (\n{columns},\n    CONSTRAINT c CHECK ((1 > 0))\n"
    file.write_bytes("".join([head, ");\n", *lines]).encode())


def _database(table: Table) -> sqlite3.Connection:
    database = sqlite3.connect(":memory:")
    database.execute(f"CREATE TABLE riwayat ({', '.join(map(_quoted, table[0]))})")
    database.executemany(f"INSERT INTO riwayat VALUES ({', '.join('?' * len(table[0]))})", table[1:])
    database.commit()
    return database


def sqlite_file(file: Path, table: Table) -> None:
    database, copy = _database(table), sqlite3.connect(file)
    database.backup(copy)
    copy.close()
    database.close()


def sqlite_dump(file: Path, table: Table) -> None:
    database = _database(table)
    lines = ["PRAGMA foreign_keys=OFF;", *database.iterdump()]
    database.close()
    file.write_bytes("\n".join(lines).encode())


def zipped(write: Callable[[Path, Table], None], name: str) -> Callable[[Path, Table], None]:
    def packed(file: Path, table: Table) -> None:
        inner = file.with_name(name)
        write(inner, table)
        with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as archive:
            archive.write(inner, f"data/{name}")
            archive.writestr("__MACOSX/._x", "junk")
        inner.unlink()

    return packed


WRITERS: dict[str, tuple[str, Callable[[Path, Table], None]]] = {
    "xlsx": ("log.xlsx", xlsx),
    "ods": ("log.ods", ods),
    "JSON": ("log.json", json_list),
    "JSON Lines": ("log.jsonl", json_lines),
    "CKAN": ("log.json", ckan),
    "CKAN with lists": ("log.json", ckan_lists),
    "Socrata": ("log.json", socrata),
    "phpMyAdmin JSON": ("log.json", phpmyadmin_json),
    "MySQL": ("log.sql", mysql_dump),
    "PostgreSQL COPY": ("log.sql", postgresql_dump),
    "PostgreSQL INSERT": ("log.sql", postgresql_inserts),
    "SQLite": ("log.sqlite", sqlite_file),
    "SQLite dump": ("log.sql", sqlite_dump),
    "zip of JSON Lines": ("log.zip", zipped(json_lines, "log.jsonl")),
    "zip of xlsx": ("log.zip", zipped(xlsx, "log.xlsx")),
    "zip of SQLite": ("log.zip", zipped(sqlite_file, "log.db")),
}
SQL = {"MySQL", "PostgreSQL COPY"}
"""These dumps hold more than one table, so the table must be named."""


def in_memory(write: Callable[[io.BytesIO], object]) -> bytes:
    content = io.BytesIO()
    write(content)
    return content.getvalue()
