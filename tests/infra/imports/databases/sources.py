"""Real databases of an invented agency: a PostgreSQL beside the tests' own, and a MariaDB in a folder of its own."""

import getpass
import os
import shutil
import subprocess
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import quote

import psycopg
import pymysql
import pytest

from infra.postgres.embedded import EmbeddedPostgres

PASSWORD = "rahasia-tidak-tertulis"
START_SECONDS = 60

TABLES = (
    "CREATE TABLE pengajuan (id integer PRIMARY KEY, nomor varchar(30), masuk {datetime}, unit varchar(30))",
    """CREATE TABLE riwayat
    (id integer PRIMARY KEY, pengajuan_id integer, status varchar(60), pada {datetime}, diubah {timestamp})""",
)
QUERY = """
SELECT r.id AS nomor_riwayat, p.nomor, p.masuk, p.unit, r.status, r.pada, r.diubah
FROM riwayat r JOIN pengajuan p ON p.id = r.pengajuan_id
WHERE r.status NOT LIKE '%rancangan%' -- only what was sent
;
"""


@dataclass(frozen=True)
class Source:
    """A database with the tables above. `run` executes statements in one transaction."""

    url: str
    run: Callable[..., None]
    now: str

    def begin(self, nomor: int) -> None:
        self.run(("INSERT INTO pengajuan VALUES (%s, %s, '2026-03-02 08:30:00', 'Utara')", (nomor, f"P-{nomor:04}")))

    def add(self, number: int, nomor: int, status: str, *, changed: str | None = None) -> None:
        """`changed` is the SQL for when the row says that it was changed; by default it is now."""
        values = (number, nomor, status, at_of(number))
        self.run((f"INSERT INTO riwayat VALUES (%s, %s, %s, %s, {changed or self.now})", values))


def at_of(number: int) -> str:
    """When the step with this number happened, in Jakarta. Some steps happen at one time."""
    return f"2026-03-{3 + number % 25:02} 09:{number % 60:02}:00"


Statement = tuple[str, Sequence[Any]]


@contextmanager
def postgresql_source(postgres: EmbeddedPostgres) -> Iterator[Source]:
    name = f"sumber_{os.getpid()}"
    conninfo = postgres.conninfo("postgres")
    with psycopg.connect(conninfo, autocommit=True) as connection:
        connection.execute(f"DROP DATABASE IF EXISTS {name} WITH (FORCE)")
        connection.execute(f"CREATE DATABASE {name}")
    parts = psycopg.conninfo.conninfo_to_dict(conninfo)
    inside = psycopg.conninfo.make_conninfo(conninfo, dbname=name)

    def run(*statements: Statement) -> None:
        with psycopg.connect(inside) as connection:
            for statement, values in statements:
                connection.execute(statement.encode(), values)

    run(*((table.format(datetime="timestamp", timestamp="timestamptz"), ()) for table in TABLES))
    url = f"postgresql://{parts['user']}@/{name}?host={quote(str(parts['host']), safe='')}&port={parts['port']}"
    try:
        yield Source(url, run, "clock_timestamp()")
    finally:
        with psycopg.connect(conninfo, autocommit=True) as connection:
            connection.execute(f"DROP DATABASE {name} WITH (FORCE)")


@contextmanager
def mariadb_source(folder: Path) -> Iterator[Source]:
    """Starts a MariaDB that listens on a socket in the folder only."""
    program, prepare = shutil.which("mariadbd"), shutil.which("mariadb-install-db")
    if not program or not prepare:
        pytest.skip("no mariadbd: apt-get install mariadb-server")
    data, socket = folder / "data", folder / "m.sock"
    user = [f"--user={getpass.getuser()}"]
    made = subprocess.run(
        [prepare, "--no-defaults", f"--datadir={data}", "--auth-root-authentication-method=normal", *user],
        capture_output=True,
        text=True,
        check=False,
    )
    assert made.returncode == 0, made.stderr
    options = [f"--datadir={data}", f"--socket={socket}", "--skip-networking", f"--pid-file={folder / 'pid'}"]
    small = ["--innodb-buffer-pool-size=16M", "--innodb-log-file-size=8M", "--default-time-zone=+07:00"]
    with (folder / "log").open("w") as log:
        server = subprocess.Popen([program, "--no-defaults", *options, *small, *user], stdout=log, stderr=log)
    try:
        root = _connecting(server, socket)

        def run(*statements: Statement) -> None:
            with closing(root("sumber")) as connection, connection.cursor() as cursor:
                for statement, values in statements:
                    cursor.execute(statement, values)
                connection.commit()

        with closing(root(None)) as connection, connection.cursor() as cursor:
            cursor.execute("CREATE DATABASE sumber CHARACTER SET utf8mb4")
            cursor.execute(f"CREATE USER pembaca@localhost IDENTIFIED BY '{PASSWORD}'")
            cursor.execute("GRANT SELECT ON sumber.* TO pembaca@localhost")
        run(*((table.format(datetime="datetime", timestamp="timestamp(6) NULL"), ()) for table in TABLES))
        yield Source(f"mysql://pembaca@localhost/sumber?unix_socket={quote(str(socket), safe='')}", run, "now(6)")
    finally:
        server.terminate()
        server.wait(timeout=30)


def _connecting(server: "subprocess.Popen[bytes]", socket: Path) -> Callable[[str | None], "pymysql.Connection[Any]"]:
    def connect(database: str | None) -> "pymysql.Connection[Any]":
        return pymysql.connect(unix_socket=str(socket), user="root", database=database)

    deadline = time.monotonic() + START_SECONDS
    while not socket.exists():
        assert server.poll() is None
        assert time.monotonic() < deadline
        time.sleep(0.1)
    return connect
