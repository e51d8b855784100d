"""MySQL and MariaDB as a source: this module reads the rows of a query from an agency's database, and changes nothing
there.
"""

import ssl
from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager
from typing import Any

import pymysql
from pymysql import converters
from pymysql.constants import FIELD_TYPE
from pymysql.cursors import SSCursor

from feeds.history.source import SourceError
from infra.imports.query import Cursor, CursorKind, QueryTable, SourceQuery, first_place, wrapped
from infra.imports.source_url import SourceUrl

CONNECT_SECONDS = 10
TIMES = (FIELD_TYPE.TIMESTAMP, FIELD_TYPE.DATETIME, FIELD_TYPE.DATE)
NUMBERS = (
    FIELD_TYPE.TINY,
    FIELD_TYPE.SHORT,
    FIELD_TYPE.INT24,
    FIELD_TYPE.LONG,
    FIELD_TYPE.LONGLONG,
    FIELD_TYPE.DECIMAL,
    FIELD_TYPE.NEWDECIMAL,
)
TOLD = (1044, 1045, 1049, 1054, 1060, 1064, 1142, 1146, 1317, 1969, 2003, 2013, 2026, 3024, 1290, 1792)
"""The errors whose messages quote no value of the database."""
ENCODERS: dict[Any, Any] = {
    kind: encode for kind, encode in converters.conversions.items() if not isinstance(kind, int)
}
"""Without decoders, each value stays the text that the database writes."""
BINARY_LONGEST = 64
ZERO_DATE = "0000-"


def read_mysql(url: SourceUrl, query: SourceQuery, into: QueryTable) -> Cursor | None:
    """Reads the rows of a query. Returns the last place of the cursor column. Raises SourceError."""
    with _faults(into), _connected(url, query.seconds) as connection, connection.cursor() as cursor:
        since = None if query.since is None else str(connection.escape(query.since))
        cursor.execute(wrapped(query, "`", since))
        columns = cursor.description or ()
        into.begin([column[0] for column in columns])
        place = _first_place(query, columns, into)
        number = into.header.index(query.cursor) if query.cursor in into.header else None
        codes: list[Any] = [column[1] for column in columns]
        in_utc = [code == FIELD_TYPE.TIMESTAMP for code in codes]
        for row in cursor:
            cells = [_text(value, utc=utc) for value, utc in zip(row, in_utc, strict=True)]
            into.add(cells)
            if place and number is not None:
                place = place.joined(cells[number])
        return place


def _first_place(query: SourceQuery, columns: Sequence[Sequence[Any]], into: QueryTable) -> Cursor | None:
    if query.cursor is None:
        return None
    for name, code, *_ in columns:
        if name == query.cursor:
            kind: CursorKind = "time" if code in TIMES else "number" if code in NUMBERS else "text"
            return first_place(kind, aware=code == FIELD_TYPE.TIMESTAMP)
    raise into.wrong("the query", f"gives no column {query.cursor!r}", "the column of --cursor")


def _text(value: str | bytes | None, *, utc: bool) -> str:
    """Returns the text of a value. The session is in UTC, so a TIMESTAMP is in UTC. A DATETIME is in local time."""
    if value is None:
        return ""
    if isinstance(value, bytes):
        return f"0x{value.hex()}" if len(value) <= BINARY_LONGEST else ""
    return f"{value}+00:00" if utc and value and not value.startswith(ZERO_DATE) else value


@contextmanager
def _connected(url: SourceUrl, seconds: float) -> Iterator["pymysql.Connection[SSCursor]"]:
    """Opens a read-only transaction that sees one state of the database."""
    connection = pymysql.connect(
        host=url.host or "localhost",
        port=url.port or 3306,
        unix_socket=url.options.get("unix_socket"),
        user=url.user,
        password=url.password or "",
        database=url.database,
        charset="utf8mb4",
        connect_timeout=CONNECT_SECONDS,
        read_timeout=seconds + CONNECT_SECONDS,
        write_timeout=CONNECT_SECONDS,
        cursorclass=SSCursor,
        conv=ENCODERS,
        local_infile=False,
        ssl=_tls(url),
        autocommit=True,
    )
    with closing(connection):
        with closing(connection.cursor(pymysql.cursors.Cursor)) as cursor:
            cursor.execute("SET SESSION time_zone = '+00:00'")
            cursor.execute("SET SESSION TRANSACTION ISOLATION LEVEL REPEATABLE READ")
            _limit(cursor, str(connection.get_server_info()), seconds)  # type: ignore[no-untyped-call]
            cursor.execute("START TRANSACTION READ ONLY, WITH CONSISTENT SNAPSHOT")
        try:
            yield connection
        except BaseException:
            connection._force_close()  # type: ignore[attr-defined] # noqa: SLF001 - else it would read all rows that are left
            raise


def _limit(cursor: "pymysql.cursors.Cursor", version: str, seconds: float) -> None:
    """Sets the limit of a statement. Very old servers have no such limit, and then only the client keeps it."""
    limit = (
        f"max_statement_time = {int(seconds)}"
        if "MariaDB" in version
        else f"max_execution_time = {int(seconds * 1000)}"
    )
    try:
        cursor.execute(f"SET SESSION {limit}")
    except pymysql.Error as fault:
        if fault.args[:1] != (1193,):  # an unknown variable
            raise


def _tls(url: SourceUrl) -> ssl.SSLContext | None:
    """Returns the settings of TLS. Without `ssl-mode`, a connection to another host is encrypted."""
    mode = url.options.get("ssl-mode") or ("disabled" if url.is_local else "required")
    if mode == "disabled":
        return None
    context = ssl.create_default_context(cafile=url.options.get("ssl-ca"))
    context.check_hostname = mode == "verify-identity"
    context.verify_mode = ssl.CERT_NONE if mode == "required" else ssl.CERT_REQUIRED
    if "ssl-cert" in url.options:
        context.load_cert_chain(url.options["ssl-cert"], url.options.get("ssl-key"))
    return context


@contextmanager
def _faults(into: QueryTable) -> Iterator[None]:
    """Turns an error of the database into a SourceError, whose message quotes no value."""
    try:
        yield
    except pymysql.Error as fault:
        number, *told = fault.args or (0,)
        wrong = f"error {number}" + (f" ({told[0]})" if number in TOLD and told else "")
        raise SourceError(into, "the database", wrong, "a query that this user may run") from fault
