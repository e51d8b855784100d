"""The two databases: where they are, which role connects, and their schema, migrated once by the owner."""

import contextlib
import threading
from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path

import psycopg
import structlog
from psycopg import sql
from psycopg.conninfo import conninfo_to_dict, make_conninfo

from infra.postgres.embedded import EmbeddedPostgres, PostgresNotStarted
from infra.settings import Settings

MIGRATIONS = Path(__file__).parent / "migrations"
EVENTS, KEYS = "jejak", "jejak_keys"
WATCH_SECONDS = 1.0

log = structlog.get_logger("jejak.database")


class SchemaNotOurs(Exception):
    """The database has another schema than this release knows. Says what to do."""


class DatabaseRole(StrEnum):
    """OWNER migrates; SERVING reads the log, calls the append, owns the views; AUDITOR reads."""

    OWNER = "owner"
    SERVING = "serving"
    AUDITOR = "auditor"


@dataclass(frozen=True, slots=True)
class Databases:
    """Connection strings, by role. `keys` is the key store's, as its own role; `keys_owner` migrates it."""

    owner: str
    serving: str
    auditor: str
    keys_owner: str
    keys: str
    tools: Path | None = None

    def conninfo(self, role: DatabaseRole) -> str:
        return {
            DatabaseRole.OWNER: self.owner,
            DatabaseRole.SERVING: self.serving,
            DatabaseRole.AUDITOR: self.auditor,
        }[role]


@contextlib.contextmanager
def databases(settings: Settings, *, kept_alive: bool = False) -> Iterator[Databases]:
    """The configured databases, or the embedded ones, started here if nobody runs them. Migrated.

    `kept_alive`: an embedded server that dies is started again, for who serves.
    """
    if settings.database_url and settings.keys_database_url:
        found = _configured(settings.database_url, settings.keys_database_url)
        migrate(found)
        yield found
        return
    with EmbeddedPostgres(settings.data_dir) as postgres:
        found = embedded(postgres, EVENTS, KEYS)
        create(postgres, EVENTS, KEYS)
        migrate(found)
        with _kept_alive(postgres) if kept_alive else contextlib.nullcontext():
            yield found


@contextlib.contextmanager
def _kept_alive(postgres: EmbeddedPostgres) -> Iterator[None]:
    stopping = threading.Event()

    def watch() -> None:
        while not stopping.wait(WATCH_SECONDS):
            if not postgres.lives():
                log.warning("the embedded PostgreSQL died: starting it again")
                with contextlib.suppress(PostgresNotStarted):
                    postgres.start()

    watching = threading.Thread(target=watch, name="watch postgres", daemon=True)
    watching.start()
    try:
        yield
    finally:
        stopping.set()
        watching.join()


def embedded(postgres: EmbeddedPostgres, events: str, keys: str) -> Databases:
    """On the embedded server each role connects by itself: the socket's folder is the guard."""
    return Databases(
        owner=postgres.conninfo(events),
        serving=postgres.conninfo(events, "jejak_serving"),
        auditor=postgres.conninfo(events, "jejak_auditor"),
        keys_owner=postgres.conninfo(keys),
        keys=postgres.conninfo(keys, "jejak_keys"),
        tools=postgres.bin,
    )


def create(postgres: EmbeddedPostgres, *names: str) -> None:
    with psycopg.connect(postgres.conninfo("postgres"), autocommit=True) as connection:
        connection.execute("SELECT pg_advisory_lock(hashtext('jejak create'))")
        for name in names:
            if not connection.execute("SELECT 1 FROM pg_database WHERE datname = %s", (name,)).fetchone():
                connection.execute(sql.SQL("CREATE DATABASE {}").format(sql.Identifier(name)))


def _configured(url: str, keys_url: str) -> Databases:
    """The login of the URL takes the role of each task: it must be the owner, or a member of that role."""

    def as_role(base: str, role: str) -> str:
        return make_conninfo(base, options=f"-c role={role}")

    return Databases(
        owner=url,
        serving=as_role(url, "jejak_serving"),
        auditor=as_role(url, "jejak_auditor"),
        keys_owner=keys_url,
        keys=as_role(keys_url, "jejak_keys"),
    )


def with_options(conninfo: str, options: str) -> str:
    """Those of the server's command line beside what it has already, as its role."""
    known = conninfo_to_dict(conninfo).get("options") or ""
    return make_conninfo(conninfo, options=f"{known} {options}".strip())


def for_derived(conninfo: str) -> str:
    """For who writes only what is made from the log: its commits do not wait for the disk. After a crash of the
    database the last of it may be missing, and with it the position that was reached; it is made again.
    """
    return with_options(conninfo, "-c synchronous_commit=off")


def migrate(found: Databases) -> None:
    """Brings both schemas to this release, each step once, however many processes start at once."""
    _migrate(found.owner, MIGRATIONS / "events")
    _migrate(found.keys_owner, MIGRATIONS / "keys")


def _migrate(conninfo: str, folder: Path) -> None:
    """All steps that are missing, in one transaction: one that fails leaves nothing behind. Raises SchemaNotOurs."""
    steps = sorted(folder.glob("*.sql"))
    names = [step.name for step in steps]
    with psycopg.connect(conninfo) as connection:
        if _applied(connection) == names:
            return
        connection.execute("SELECT pg_advisory_xact_lock(hashtext('jejak migrate'))")
        applied = _applied(connection)
        if len(applied) > len(steps):
            raise SchemaNotOurs(
                f"the database is at schema {len(applied)}, this release knows {len(steps)}: install the newer release"
            )
        if applied != names[: len(applied)]:
            strange = next(name for name, ours in zip(applied, names, strict=False) if name != ours)
            raise SchemaNotOurs(f"the database has the step {strange}, which this release does not know: not ours")
        if not applied:
            connection.execute("CREATE TABLE IF NOT EXISTS migrations (step integer PRIMARY KEY, name text NOT NULL)")
            connection.execute("GRANT SELECT ON migrations TO PUBLIC")
        for number, step in enumerate(steps[len(applied) :], len(applied) + 1):
            connection.execute(step.read_bytes())
            connection.execute("INSERT INTO migrations VALUES (%s, %s)", (number, step.name))


def _applied(connection: psycopg.Connection) -> list[str]:
    # By the catalogue's rows: `to_regclass` may answer from a cache that has not heard of a table made while we waited.
    known = "SELECT 1 FROM pg_tables WHERE schemaname = 'public' AND tablename = 'migrations'"
    if connection.execute(known).fetchone() is None:
        return []
    return [row[0] for row in connection.execute("SELECT name FROM public.migrations ORDER BY step").fetchall()]
