"""SQL text: the names, values and columns of an SQL dump. A dump is read as data, and nothing in it is executed."""

import re
from enum import StrEnum

IDENTIFIER = r'(?:`(?:[^`]|``)+`|"(?:[^"]|"")+"|\[[^\]]+\]|[^\W\d][\w$]*)'
NAME = rf"{IDENTIFIER}(?:\s*\.\s*{IDENTIFIER})*"
NAMES = rf"\(\s*{IDENTIFIER}(?:\s*,\s*{IDENTIFIER})*\s*\)"

INSERT = re.compile(
    rf"(?:INSERT|REPLACE)\s+(?:(?:LOW_PRIORITY|DELAYED|HIGH_PRIORITY|IGNORE|OR\s+\w+)\s+)*(?:INTO\s+)?(?P<table>{NAME})"
    rf"\s*(?P<columns>{NAMES})?\s*(?:OVERRIDING\s+\w+\s+VALUE\s+)?(?P<values>VALUES?\s*(?=\())?",
    re.IGNORECASE,
)
COPY = re.compile(
    rf"COPY\s+(?P<table>{NAME})\s*(?P<columns>{NAMES})?\s+FROM\s+stdin(?P<options>[^;\n]*);[ \t]*\r?\n", re.IGNORECASE
)
CREATE = re.compile(
    rf"CREATE\s+(?:\w+\s+){{0,3}}TABLE\s+(?:IF\s+NOT\s+EXISTS\s+)?(?P<table>{NAME})\s*\((?P<columns>.*)",
    re.IGNORECASE | re.DOTALL,
)
NO_COLUMN = re.compile(
    r"(?:PRIMARY\s+KEY|UNIQUE(?:\s+(?:KEY|INDEX))?|KEY|INDEX|(?:FULLTEXT|SPATIAL)\s+(?:KEY|INDEX)|CONSTRAINT"
    r"|CHECK\s*\(|FOREIGN\s+KEY|EXCLUDE\s+USING|LIKE|PERIOD\s+FOR)(?=[\s(`\"])(?!\s+(?:\w+ ?)+$)",
    re.IGNORECASE,
)
COLUMN = re.compile(rf"\s*(?P<name>{IDENTIFIER})\s*(?P<type>[\w ]*)", re.IGNORECASE)

_QUOTED = r"'[^'\\]*(?:(?:\\.|'')[^'\\]*)*'"
_PLAIN = r"'[^']*(?:''[^']*)*'"
_DOUBLE = r'"[^"\\]*(?:(?:\\.|"")[^"\\]*)*"'
_CAST = r'(?:\s*::\s*[\w".]+(?:\s+\w+)*(?:\([\d, ]*\))?(?:\s+\w+)*(?:\[\])?)*'
_OTHER = (
    r"(?P<hex>0[xX][0-9A-Fa-f]*|[xX]'[0-9A-Fa-f]*')|[bB]'(?P<bits>[01]*)'"
    r"|(?P<number>[-+]?(?:\d[\w.]*(?:[eE][-+]\d+)?|\.\d+))|(?P<word>NULL|TRUE|FALSE|DEFAULT)\b"
)


class Dialect(StrEnum):
    MYSQL = "mysql"
    POSTGRESQL = "postgresql"
    SQLITE = "sqlite"
    UNKNOWN = "unknown"

    @property
    def escapes(self) -> bool:
        """Says whether a backslash in a text begins an escape sequence."""
        return self is Dialect.MYSQL


def _value(text: str) -> re.Pattern[str]:
    return re.compile(rf"\s*(?:{text}|{_OTHER}){_CAST}\s*(?P<end>[,)])", re.DOTALL | re.IGNORECASE)


VALUE = {
    Dialect.MYSQL: _value(rf"(?:_\w+\s*|[nN])?(?P<text>{_QUOTED}|{_DOUBLE})"),
    Dialect.POSTGRESQL: _value(rf"(?:[eE](?P<escaped>{_QUOTED})|(?P<text>{_PLAIN}))"),
    Dialect.SQLITE: _value(rf"(?P<text>{_PLAIN})"),
    Dialect.UNKNOWN: _value(rf"(?P<text>{_PLAIN})"),
}
"""One value of a row, and the comma or bracket after it."""

SIGNS = {
    Dialect.MYSQL: re.compile(
        r"(?m)^-- (?:MySQL|MariaDB) dump|phpMyAdmin SQL Dump|Source Server Type\s*: (?:MySQL|MariaDB)|^/\*!\d{5}"
        r"|\b(?:TABLE|INTO|EXISTS|DATABASE|USE)\s+`"
    ),
    Dialect.POSTGRESQL: re.compile(
        r"(?m)^-- PostgreSQL database dump|standard_conforming_strings|^COPY .* FROM stdin;|Server Type\s*: PostgreSQL"
    ),
    Dialect.SQLITE: re.compile(r"(?m)^PRAGMA foreign_keys"),
}
"""The signs by which a dump tells which database wrote it. The first sign counts, because rows may hold anything."""
SQL_SERVER_SIGNS = re.compile(r"(?im)^SET ANSI_NULLS ON|^GO\s*$|\[dbo\]\.")
UTC = re.compile(r"(?i)SET\s+(?:SESSION\s+)?TIME_ZONE\s*=\s*['\"]\+00:00['\"]")
NO_ESCAPES = re.compile(r"(?i)SQL_MODE\s*=\s*['\"][^'\"]*NO_BACKSLASH_ESCAPES")


def dialect_of(head: str) -> Dialect:
    """Returns the dialect of a dump. `head` is the beginning of the dump."""
    found = {dialect: sign.start() for dialect, signs in SIGNS.items() if (sign := signs.search(head))}
    dialect = min(found, key=lambda one: found[one], default=Dialect.UNKNOWN)
    return Dialect.SQLITE if dialect is Dialect.MYSQL and NO_ESCAPES.search(head) else dialect


def parts_of(name: str) -> list[str]:
    """Returns the parts of a name without their quotes, for example the schema and the table."""
    return [_bare(part) for part in re.findall(IDENTIFIER, name)]


def _bare(identifier: str) -> str:
    match identifier[0]:
        case "`":
            return identifier[1:-1].replace("``", "`")
        case '"':
            return identifier[1:-1].replace('""', '"')
        case "[":
            return identifier[1:-1]
        case _:
            return identifier


def columns_of(body: str) -> dict[str, str]:
    """Returns the names and the types of the columns of a CREATE TABLE. `body` begins after its first bracket."""
    columns: dict[str, str] = {}
    for item in _items(body):
        column = COLUMN.match(item)
        if column and not NO_COLUMN.match(item.lstrip()):
            columns[_bare(column["name"])] = column["type"].strip().lower()
    return columns


def _items(body: str) -> list[str]:
    """Splits the text between two brackets at its commas."""
    items = list[str]()
    start = depth = 0
    for sign in re.finditer(rf"{_QUOTED}|`[^`]*`|\"[^\"]*\"|[(),]", body):
        if sign[0] == "(":
            depth += 1
        elif sign[0] == ")" and not depth:
            return [*items, body[start : sign.start()]]
        elif sign[0] == ")":
            depth -= 1
        elif sign[0] == "," and not depth:
            items.append(body[start : sign.start()])
            start = sign.end()
    return [*items, body[start:]]


ESCAPES = {"0": "\0", "b": "\b", "n": "\n", "r": "\r", "t": "\t", "Z": "\x1a", "f": "\f", "v": "\v"}
MYSQL_KEPT = ("%", "_")
COPY_ESCAPE = re.compile(r"\\(x[0-9A-Fa-f]{1,2}|[0-7]{1,3}|.)", re.DOTALL)


def unquoted(text: str, *, escapes: bool) -> str:
    """Returns the content of a text in quotes."""
    quote, content = text[0], text[1:-1]
    if not escapes or "\\" not in content:
        return content.replace(quote * 2, quote)

    def plain(found: re.Match[str]) -> str:
        if found[0] == quote * 2:
            return quote
        sign = found[0][1]
        return found[0] if sign in MYSQL_KEPT else ESCAPES.get(sign, sign)

    return re.sub(rf"\\.|{quote}{quote}", plain, content, flags=re.DOTALL)


def unescaped(text: str, *, quotes: bool = False) -> str:
    """Returns a text of COPY, or of E'…' in PostgreSQL."""
    if quotes:
        text = text[1:-1].replace("''", "'")
    if "\\" not in text:
        return text

    def plain(found: re.Match[str]) -> str:
        code = found[1]
        if code[0] == "x" and len(code) > 1:
            return chr(int(code[1:], 16))
        if code[0] in "01234567":
            return chr(int(code, 8) & 0xFF)
        return ESCAPES.get(code, code)

    return COPY_ESCAPE.sub(plain, text)
