"""Connections: this module opens every connection to PostgreSQL, so that no wait for PostgreSQL lasts for ever.

A connection can be half-open: the network swallows every byte, and neither end is told. Four limits find this out:

    connect            CONNECT_SECONDS. The DNS, the TCP connection and the login together.
    answer             `seconds` of the connection, for each wait for the server. Then the connection is closed, and
                       NoAnswer is raised. The client keeps this limit by itself, so it also holds if a proxy or a
                       stopped server (SIGSTOP) still accepts bytes.
    statement          the same number of seconds, kept by the server. So a statement does not outlive its client.
    TCP                both ends notice after about eight seconds that the other end does not accept bytes any more.

An operator may choose other values in JEJAK_DATABASE_URL, for example `?connect_timeout=10`.
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
"""The limit of a wait while somebody waits for the answer: a request, or a reader of a position."""
WORK_SECONDS = 15.0
"""The limit of a wait in a loop, for example of the projector, the outbox, the relay and the scheduler."""
FIGURES_SECONDS = 30.0
"""The limit of a wait for figures that are computed from all applications."""
LONG_SECONDS = 86_400.0
"""The limit of a wait in work that an operator watches: migrations, rebuilds, comparisons, audits."""
PING_SECONDS = 1.0
"""The limit of a question that costs the server nothing, and only shows that the connection works."""
ABANDONED_SECONDS = 60.0
"""The server ends a transaction if the client sends nothing for this number of seconds."""

POLL_SECONDS = 0.1
"""psycopg looks at the limit of a wait at least this often."""
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
"""The limits that the server keeps for its end of the connection. So the lock of a lost client does not stay taken."""

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
        """Changes the limit for some statements."""
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
            if timeout is not None:  # a wait for notifications, which may end without one
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
            if timeout is not None:  # a wait for notifications, which may end without one
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
    """Adds all limits to a connection string. The string keeps the values that it already has."""
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
