"""SQL dumps as MySQL, MariaDB, PostgreSQL, phpMyAdmin and Navicat write them, read without executing anything."""

from pathlib import Path

import pytest

from feeds.history.formats import sql_statements
from feeds.history.mapping import Csv
from tests.feeds.history.formats.reading import SECRET, refusal, rows, written

PHPMYADMIN = """-- phpMyAdmin SQL Dump
-- version 5.2.1
SET SQL_MODE = "NO_AUTO_VALUE_ON_ZERO";
START TRANSACTION;
SET time_zone = "+00:00";
CREATE TABLE `riwayat` (
  `id` bigint(20) UNSIGNED NOT NULL,
  `nama (lengkap)` varchar(50) COLLATE utf8mb4_unicode_ci DEFAULT 'a, b',
  `harga` decimal(10,2) DEFAULT NULL,
  `foto` blob,
  `waktu` datetime DEFAULT NULL,
  `created_at` timestamp NULL DEFAULT current_timestamp() ON UPDATE current_timestamp(),
  `key` enum('a','b') DEFAULT 'a',
  PRIMARY KEY (`id`), UNIQUE KEY `u` (`harga`), KEY `k` (`key`), CONSTRAINT `f` FOREIGN KEY (`id`) REFERENCES `x` (`id`)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4;

INSERT INTO `riwayat` (`id`, `nama (lengkap)`, `harga`, `foto`, `waktu`, `created_at`) VALUES
(1, 'O\\'Neil; \\"x\\"\\nbaris', 12.50, 0xFFD8, '2023-08-17 08:30:00', '2023-08-17 01:30:00'), -- a comment
(2, NULL, -1, NULL, '0000-00-00 00:00:00', '0000-00-00 00:00:00');
INSERT INTO `riwayat` VALUES (3, 'it''s', 1e3, _binary 'abc', NULL, '2023-08-17 01:30:00.123456', 'b');
ALTER TABLE `riwayat` ADD PRIMARY KEY (`id`);
COMMIT;
"""


def test_a_dump_of_phpmyadmin(tmp_path: Path) -> None:
    first, second, third = rows(written(tmp_path, PHPMYADMIN, "izin.sql"))
    assert first == {
        "id": "1",
        "nama (lengkap)": 'O\'Neil; "x"\nbaris',
        "harga": "12.50",
        "foto": "0xffd8",
        "waktu": "2023-08-17 08:30:00",
        "created_at": "2023-08-17 01:30:00+00:00",
    }
    assert second == {"id": "2", "harga": "-1", "waktu": "0000-00-00 00:00:00", "created_at": "0000-00-00 00:00:00"}
    assert third["created_at"] == "2023-08-17 01:30:00.123456+00:00"
    assert (third["nama (lengkap)"], third["foto"], third["key"]) == ("it's", "abc", "b")


def test_a_timestamp_is_in_utc_only_if_the_dump_says_so(tmp_path: Path) -> None:
    dump = PHPMYADMIN.replace('SET time_zone = "+00:00";', "")
    assert rows(written(tmp_path, dump, "izin.sql"))[0]["created_at"] == "2023-08-17 01:30:00"


POSTGRESQL = """--
-- PostgreSQL database dump
--
SET standard_conforming_strings = on;
CREATE TABLE arsip.riwayat (
    id integer NOT NULL,
    catatan text DEFAULT 'x'::text,
    pada timestamp with time zone,
    "Nama, Gelar" character varying(20)
);
CREATE TABLE public.riwayat (id integer);
COPY arsip.riwayat (id, catatan, pada, "Nama, Gelar") FROM stdin;
1\tbaris\\nbaru\\ttab \\\\N\t2023-08-17 08:30:00+07\t\\N
2\t\t\\N\tC:\\\\x
\\.
INSERT INTO public.riwayat VALUES (7);
INSERT INTO arsip.riwayat (id, catatan, pada) VALUES
(3, E'a\\'b\\\\', '2023-08-17 08:30:00+07'::timestamp with time zone);
"""


def test_a_dump_of_postgresql(tmp_path: Path) -> None:
    file = written(tmp_path, POSTGRESQL, "izin.sql")
    assert rows(file, "arsip.riwayat") == [
        {"id": "1", "catatan": "baris\nbaru\ttab \\N", "pada": "2023-08-17 08:30:00+07"},
        {"id": "2", "Nama, Gelar": "C:\\x"},
        {"id": "3", "catatan": "a'b\\", "pada": "2023-08-17 08:30:00+07"},
    ]
    assert rows(file, "riwayat") == [{"id": "7"}]
    assert refusal(file).endswith("with one of: arsip.riwayat, riwayat")


def test_the_encoding_is_that_of_the_mapping_or_of_the_mark(tmp_path: Path) -> None:
    dump = "-- MySQL dump\nINSERT INTO `r` (`a`) VALUES ('é');\n"
    latin = written(tmp_path, dump.encode("windows-1252"), "a.sql")
    assert rows(latin, written_as=Csv(encoding="windows-1252")) == [{"a": "é"}]
    assert "line 2: bytes that are not in the encoding" in refusal(latin)
    assert rows(written(tmp_path, dump.encode("utf-16"), "a.sql")) == [{"a": "é"}]


def test_bytes_of_other_tables_and_of_binary_columns_do_no_harm(tmp_path: Path) -> None:
    dump = (
        b"-- MySQL dump\nINSERT INTO `foto` VALUES ('\xff\xfe\\'\\\\');\nCREATE TABLE `r` (`a` text, `b` longblob);\n"
        b"INSERT INTO `r` VALUES ('x','\xff\xfe\\0');\n"
    )
    assert rows(written(tmp_path, dump, "a.sql"), "r") == [{"a": "x"}]


HEAD = "-- MySQL dump\n"
INSERT = "INSERT INTO `r` (`a`, `b`) VALUES "
REFUSED: dict[str, tuple[str, str]] = {
    "an expression": (f"{HEAD}{INSERT}(1, now());", "line 2: a value that is an expression"),
    "rows of a query": (f"{HEAD}INSERT INTO `r` (`a`) SELECT '{SECRET}';", "an INSERT without VALUES"),
    "too many values": (f"{HEAD}{INSERT}(1, 2, '{SECRET}');", "a row with more values than columns"),
    "too few values": (f"{HEAD}{INSERT}('{SECRET}');", "a row with fewer values than columns"),
    "no names of columns": (f"{HEAD}INSERT INTO `r` VALUES ('{SECRET}');", "rows without the names of their columns"),
    "half a row": (f"{HEAD}{INSERT}(1, '{SECRET}", "a value that is an expression or too long"),
    "half a comment": (f"{HEAD}/* {SECRET}", "a comment or a function without an end"),
    "half a COPY": ("-- PostgreSQL database dump\nCOPY r (a) FROM stdin;\n1\n", "the data of COPY has no end"),
    "COPY with options": ("-- PostgreSQL database dump\nCOPY r (a) FROM stdin CSV;\n1\n\\.\n", "COPY with options"),
    "an unknown dialect": (f"INSERT INTO r (a) VALUES ('{SECRET}\\');", "a backslash in a text"),
    "SQL Server": ("SET ANSI_NULLS ON\nGO\nINSERT [dbo].[r] ([a]) VALUES (N'x')\nGO\n", "is a script of SQL Server"),
    "no rows": (f"{HEAD}CREATE TABLE `r` (`a` int);", "has no table with rows"),
    "a zero byte": (f"{HEAD}{INSERT}(1, 'x\\0');", "a zero byte in 'b'"),
    "a long value": (f"{HEAD}{INSERT}(1, '{SECRET * 9000}');", "a value that is too long, of 'b'"),
}


@pytest.mark.parametrize("name", REFUSED)
def test_what_is_not_sound_is_refused(tmp_path: Path, name: str) -> None:
    content, wrong = REFUSED[name]
    assert wrong in refusal(written(tmp_path, content, "a.sql"))


def test_tables_that_are_skipped_may_have_rows_of_any_length(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sql_statements, "MAX_STATEMENT", 1_000)
    long = "x" * 200_000 + "\\'"
    mysql = f"{HEAD}INSERT INTO `foto` (`a`) VALUES ('{long}');\nINSERT INTO `r` (`a`) VALUES ('y');\n"
    assert rows(written(tmp_path, mysql, "a.sql"), "r") == [{"a": "y"}]
    copy = f"COPY foto (a) FROM stdin;\n{long}\n\\.\nCOPY r (a) FROM stdin;\ny\n\\.\n"
    assert rows(written(tmp_path, copy, "a.sql"), "r") == [{"a": "y"}]
    assert "a row that is too long" in refusal(written(tmp_path, copy, "a.sql"), "foto")
