"""PostgreSQL as a source: this module reads the rows of a query from the database of an agency, and changes nothing
there.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import psycopg
from psycopg import adapters, sql
from psycopg.conninfo import make_conninfo
from psycopg.types.string import TextLoader

from feeds.history.source import SourceError
from infra.imports.query import Cursor, CursorKind, QueryTable, SourceQuery, first_place, wrapped
from infra.imports.source_url import SourceUrl
from infra.postgres.connections import connect_to_source

ROWS_AT_A_TIME = 2_000
TIMES = {"timestamp": False, "timestamptz": True, "date": False}
"""The types of times. The value says whether a text of the type has an offset."""
NUMBERS = ("int2", "int4", "int8", "numeric", "oid")
SETTINGS = "SET TIME ZONE 'UTC'; SET DateStyle = 'ISO, YMD'; SET IntervalStyle = 'postgres'; SET bytea_output = 'hex'"
QUOTING_STATES = ("22", "23")
"""The classes of errors whose messages quote values of the database."""


def read_postgresql(url: SourceUrl, query: SourceQuery, into: QueryTable) -> Cursor | None:
    """Reads the rows of a query. Returns the last place of the cursor column. Raises SourceError."""
    with _faults(into), _connected(url, query.seconds) as connection:
        since = None if query.since is None else sql.Literal(query.since).as_string(connection)
        with connection.cursor(name="jejak") as cursor:
            cursor.itersize = ROWS_AT_A_TIME
            cursor.execute(wrapped(query, '"', since).encode())
            columns = cursor.description or []
            into.begin([column.name for column in columns])
            place = _first_place(query, columns, into)
            number = into.header.index(query.cursor) if query.cursor in into.header else None
            for row in cursor:
                cells = ["" if value is None else str(value) for value in row]
                into.add(cells)
                if place and number is not None:
                    place = place.joined(cells[number])
            return place


def _first_place(query: SourceQuery, columns: list[psycopg.Column], into: QueryTable) -> Cursor | None:
    if query.cursor is None:
        return None
    for column in columns:
        if column.name == query.cursor:
            name = _type_name(column.type_code)
            kind: CursorKind = "time" if name in TIMES else "number" if name in NUMBERS else "text"
            return first_place(kind, aware=TIMES.get(name, False))
    raise into.wrong("the query", f"gives no column {query.cursor!r}", "the column of --cursor")


def _type_name(oid: int) -> str:
    found = adapters.types.get(oid)
    return found.name if found else ""


@contextmanager
def _connected(url: SourceUrl, seconds: float) -> Iterator[psycopg.Connection[Any]]:
    """Opens a read-only transaction that sees one state of the database."""
    given: dict[str, Any] = {"sslmode": "prefer" if url.is_local else "require", **url.options}
    parts: dict[str, Any] = {
        "host": url.host,
        "port": url.port,
        "dbname": url.database,
        "user": url.user,
        "password": url.password,
    }
    conninfo = make_conninfo(**given, **{name: value for name, value in parts.items() if value})
    with connect_to_source(conninfo, seconds=seconds) as connection:
        connection.read_only = True
        connection.isolation_level = psycopg.IsolationLevel.REPEATABLE_READ
        for known in adapters.types:  # each value stays the text that the database writes
            connection.adapters.register_loader(known.oid, TextLoader)
        connection.execute(SETTINGS)
        connection.execute("SELECT set_config('statement_timeout', %s, false)", (f"{int(seconds * 1000)}",))
        connection.execute("SELECT set_config('lock_timeout', %s, false)", (f"{int(seconds * 1000)}",))
        yield connection
        connection.rollback()


@contextmanager
def _faults(into: QueryTable) -> Iterator[None]:
    """Turns an error of the database into a SourceError, whose message quotes no value."""
    try:
        yield
    except psycopg.Error as fault:
        state = fault.sqlstate or ""
        told = fault.diag.message_primary or ("" if state else " ".join(str(fault).split()))
        wrong = f"error {state or type(fault).__name__}" + ("" if state[:2] in QUOTING_STATES else f" ({told})")
        raise SourceError(into, "the database", wrong, "a query that this user may run") from fault
