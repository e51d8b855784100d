"""Connections: this module opens every connection to PostgreSQL, and limits each wait for PostgreSQL.

A connection can be half-open: the network loses every byte, and neither end notices. Four limits detect this:

    connect            CONNECT_SECONDS is the limit for the DNS, the TCP connection and the login together.
    answer             Each wait for the server lasts at most `seconds`. After that, the connection is closed, and
                       NoAnswer is raised. The client measures this time by itself. So the limit also works if a proxy
                       or a stopped server (SIGSTOP) still accepts bytes.
    statement          The server ends a statement after the same number of seconds, even if the client is lost.
    TCP                If one end accepts no more bytes, the other end notices this after about eight seconds.

An operator can set other values in JEJAK_DATABASE_URL, for example `?connect_timeout=10`.
"""

import asyncio
import contextlib
from collections.abc import Iterator
from typing import Any, TypeVar

import psycopg
from psycopg import errors, waiting
from psycopg.abc import PQGen
from psycopg.conninfo import conninfo_to_dict, make_conninfo
from psycopg.pq import TransactionStatus
from psycopg.rows import Row, RowFactory, TupleRow, tuple_row

CONNECT_SECONDS, SOURCE_CONNECT_SECONDS = 3, 10
ANSWER_SECONDS = 3.0
"""The limit if a client waits for the result, for example for the answer to a request."""
WORK_SECONDS = 15.0
"""The limit in a background loop, for example in the projector, the outbox, the relay or the scheduler."""
FIGURES_SECONDS = 30.0
"""The limit for queries that compute figures from all applications."""
LONG_SECONDS = 86_400.0
"""The limit in long tasks that an operator starts: migrations, rebuilds, comparisons and audits."""
PING_SECONDS = 1.0
"""The limit for an empty statement, which only checks that the connection works."""
ABANDONED_SECONDS = 60.0
"""The server ends a transaction if the client sends nothing for this number of seconds."""

POLL_SECONDS = 0.1
"""While psycopg waits, it checks the limit at least once in this number of seconds."""
CLIENT = {
    "connect_timeout": CONNECT_SECONDS,
    "keepalives": 1,
    "keepalives_idle": 4,
    "keepalives_interval": 2,
    "keepalives_count": 2,
    "tcp_user_timeout": 8_000,
}
SERVER = {
    "client_connection_check_interval": 1_000,
    "tcp_keepalives_idle": 4,
    "tcp_keepalives_interval": 2,
    "tcp_keepalives_count": 2,
    "tcp_user_timeout": 8_000,
}
"""The limits that the server itself enforces. So the server releases the locks of a client that was lost."""

RV = TypeVar("RV")


class NoAnswer(psycopg.OperationalError):
    """The server did not answer within the limit of the connection. The connection is closed.

    It is unknown whether the statement was executed.
    """


class AnswerLimit:
    """The limit of a connection. `seconds` is the longest wait for the server."""

    seconds: float

    @contextlib.contextmanager
    def within(self, seconds: float) -> Iterator[None]:
        """Changes the limit while the context lasts."""
        usual, self.seconds = self.seconds, seconds
        try:
            yield
        finally:
            self.seconds = usual


class LimitedConnection(AnswerLimit, psycopg.Connection[Row]):
    """A connection on which each wait for the server has a limit."""

    seconds = WORK_SECONDS

    def wait(self, gen: PQGen[RV], interval: float = POLL_SECONDS, timeout: float | None = None) -> RV:
        try:
            return super().wait(gen, interval=interval, timeout=self.seconds if timeout is None else timeout)
        except errors._WaitTimeout:  # noqa: SLF001 - psycopg has no public class for the end of a wait
            if timeout is not None:  # the caller waits for notifications, and none has arrived
                raise
            self.pgconn.finish()
            raise NoAnswer(f"no answer within {self.seconds} s") from None


class LimitedAsyncConnection(AnswerLimit, psycopg.AsyncConnection[Row]):
    """An asynchronous connection on which each wait for the server has a limit.

    If the waiting task is cancelled during a statement, the connection is closed at once. psycopg would ask the server
    to cancel the statement, and would then wait for the server without a limit.
    """

    seconds = ANSWER_SECONDS

    async def wait(self, gen: PQGen[RV], interval: float = POLL_SECONDS, timeout: float | None = None) -> RV:  # noqa: ASYNC109 - psycopg's signature
        limit = self.seconds if timeout is None else timeout
        try:
            return await waiting.wait_async(gen, self.pgconn.socket, interval=interval, timeout=limit)
        except errors._WaitTimeout:  # noqa: SLF001 - psycopg has no public class for the end of a wait
            if timeout is not None:  # the caller waits for notifications, and none has arrived
                raise
            self.pgconn.finish()
            raise NoAnswer(f"no answer within {limit} s") from None
        except asyncio.CancelledError:
            if self.pgconn.transaction_status == TransactionStatus.ACTIVE:
                self.pgconn.finish()
            raise


def connect(
    conninfo: str,
    *,
    seconds: float = WORK_SECONDS,
    autocommit: bool = False,
    row_factory: RowFactory[Any] = tuple_row,
) -> psycopg.Connection[Any]:
    """Opens a connection. Each wait for the server lasts at most `seconds`. Raises psycopg.OperationalError."""
    made = LimitedConnection.connect(limited(conninfo, seconds), autocommit=autocommit, row_factory=row_factory)
    made.seconds = seconds
    return made


def connect_to_source(conninfo: str, *, seconds: float) -> psycopg.Connection[Any]:
    """Opens a connection to the database of another system, from which an import reads. Each wait for the server lasts
    at most `seconds`. The server may be old, so no setting of the server is changed here.

    Raises psycopg.OperationalError.
    """
    given = conninfo_to_dict(conninfo)
    limits: dict[str, Any] = {**CLIENT, "connect_timeout": SOURCE_CONNECT_SECONDS, **given}
    made = LimitedConnection.connect(make_conninfo(**limits), autocommit=False)
    made.seconds = seconds
    return made


async def connect_async(conninfo: str, *, seconds: float = ANSWER_SECONDS) -> LimitedAsyncConnection[TupleRow]:
    """Opens an asynchronous connection in autocommit mode. Each wait for the server lasts at most `seconds`.

    Raises psycopg.OperationalError.
    """
    made = await LimitedAsyncConnection.connect(limited(conninfo, seconds), autocommit=True)
    made.seconds = seconds
    return made


def limited(conninfo: str, seconds: float) -> str:
    """Adds all limits to a connection string. If `conninfo` already sets one of these limits, for example
    `connect_timeout`, the value in `conninfo` is kept.
    """
    given = conninfo_to_dict(conninfo)
    milliseconds = int(seconds * 1000)
    limits = {
        "statement_timeout": milliseconds,
        "idle_in_transaction_session_timeout": max(milliseconds, int(ABANDONED_SECONDS * 1000)),
        **SERVER,
    }
    ours = " ".join(f"-c {name}={value}" for name, value in limits.items())
    merged: dict[str, Any] = {**CLIENT, **given, "options": f"{ours} {given.get('options') or ''}".strip()}
    return make_conninfo(**merged)
