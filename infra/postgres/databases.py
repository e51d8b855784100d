"""Databases: migrates the schemas of the two databases, and makes a connection string for each role."""

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

from infra.postgres import server_log
from infra.postgres.connections import LONG_SECONDS, connect
from infra.postgres.embedded import START_SECONDS, EmbeddedPostgres, PostgresNotStarted
from infra.progress import told
from infra.service import BackgroundService, ServiceLimits
from infra.settings import Settings

MIGRATIONS = Path(__file__).parent / "migrations"
EVENTS, KEYS = "jejak", "jejak_keys"
WATCH_SECONDS = 1.0
LIMITS = ServiceLimits(pass_seconds=2 * START_SECONDS, back_off_seconds=1.0, back_off_max_seconds=5.0)

log = structlog.get_logger("jejak.database")


class SchemaNotOurs(Exception):
    """The schema of the database does not belong to this release. The error message says what to do."""


class DatabaseRole(StrEnum):
    """OWNER migrates the schema. SERVING reads the log, calls `append_events` and owns the views.

    AUDITOR only reads.
    """

    OWNER = "owner"
    SERVING = "serving"
    AUDITOR = "auditor"


@dataclass(frozen=True, slots=True)
class Databases:
    """Contains the connection strings of both databases for all roles.

    `keys` connects to the key store for normal work. `keys_owner` connects to the key store for migrations. `tools` is
    the folder of PostgreSQL's programs. If the server is not the embedded server, `tools` is None.
    """

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
def databases(settings: Settings, *, kept_alive: bool = False, migrated: bool = True) -> Iterator[Databases]:
    """Migrates the databases, and yields their connection strings.

    If `migrated` is false, changes nothing, and raises SchemaNotOurs if the schema is not the schema of this release.
    If the settings contain no URLs, the embedded server is used. The server is started if no other process has started
    it. Long-running processes set `kept_alive`. Then the embedded server is started again each time it dies.
    """
    if settings.database_url and settings.keys_database_url:
        found = configured(settings.database_url, settings.keys_database_url)
        (migrate if migrated else check_schema)(found)
        yield found
        return
    with EmbeddedPostgres(settings.data_dir) as postgres:
        found = embedded(postgres, EVENTS, KEYS)
        if migrated:
            create(postgres, EVENTS, KEYS)
            migrate(found)
        else:
            check_schema(found)
        with _kept_alive(postgres) if kept_alive else contextlib.nullcontext():
            yield found


@contextlib.contextmanager
def _kept_alive(postgres: EmbeddedPostgres) -> Iterator[None]:
    stopping = threading.Event()
    service = BackgroundService("embedded PostgreSQL", LIMITS, expected=(PostgresNotStarted, OSError))

    def look() -> None:
        if stopping.wait(WATCH_SECONDS):
            return
        server_log.limit(postgres.log)
        if postgres.keep_alive():
            log.warning("the embedded PostgreSQL died and was started again")
        service.succeeded()

    watching = threading.Thread(target=service.run, args=(stopping, look), name="watch postgres", daemon=True)
    watching.start()
    try:
        yield
    finally:
        stopping.set()
        watching.join()


def embedded(postgres: EmbeddedPostgres, events: str, keys: str) -> Databases:
    """Returns the connection strings for the embedded server.

    Each role connects with its own name and without a password. But only operating-system users who may enter the
    folder of the socket can connect.
    """
    return Databases(
        owner=postgres.conninfo(events),
        serving=postgres.conninfo(events, "jejak_serving"),
        auditor=postgres.conninfo(events, "jejak_auditor"),
        keys_owner=postgres.conninfo(keys),
        keys=postgres.conninfo(keys, "jejak_keys"),
        tools=postgres.bin,
    )


def create(postgres: EmbeddedPostgres, *names: str) -> None:
    """Creates the named databases on the embedded server, if they do not exist yet."""
    with connect(postgres.conninfo("postgres"), seconds=LONG_SECONDS, autocommit=True) as connection:
        connection.execute("SELECT pg_advisory_lock(hashtext('jejak create'))")
        for name in names:
            if not connection.execute("SELECT 1 FROM pg_database WHERE datname = %s", (name,)).fetchone():
                connection.execute(sql.SQL("CREATE DATABASE {}").format(sql.Identifier(name)))


def configured(url: str, keys_url: str) -> Databases:
    """Returns the connection strings for two URLs.

    Jejak logs in as the user in the URL. Then each connection switches to the role that it needs. So the user must be
    the owner, or a member of all these roles.
    """

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
    """Adds server options to a connection string.

    Options that the string already has, such as a role, stay in the string.
    """
    known = conninfo_to_dict(conninfo).get("options") or ""
    return make_conninfo(conninfo, options=f"{known} {options}".strip())


def for_derived(conninfo: str) -> str:
    """Returns a connection string for code that writes derived data.

    A commit on this connection does not wait for the disk. Derived data, for example a view, is made only from the log.
    If the database crashes, the last rows may be lost together with their position. Then the rows are made again from
    the log.
    """
    return with_options(conninfo, "-c synchronous_commit=off")


def migrate(found: Databases) -> None:
    """Migrates both schemas to this release.

    Each migration runs once, even if several processes start at the same time.
    """
    _migrate(found.owner, MIGRATIONS / "events")
    _migrate(found.keys_owner, MIGRATIONS / "keys")


def check_schema(found: Databases) -> None:
    """Raises SchemaNotOurs if a schema is older or newer than this release. Changes nothing."""
    for conninfo, folder in ((found.owner, "events"), (found.keys_owner, "keys")):
        names = _names(MIGRATIONS / folder)
        try:
            with connect(conninfo) as connection:
                applied = _applied(connection)
        except psycopg.OperationalError as error:
            raise SchemaNotOurs(f"the database of {folder} cannot be opened: start `jejak serve` once") from error
        _compare(applied, names)
        if len(applied) < len(names):
            raise SchemaNotOurs(
                f"the database has the migrations up to {applied[-1] if applied else 'none'}, and this release needs"
                f" {names[-1]}: start this release once to upgrade the database, or use the older release"
            )


def _names(folder: Path) -> list[str]:
    return sorted(step.name for step in folder.glob("*.sql"))


def _compare(applied: list[str], names: list[str]) -> None:
    """Raises SchemaNotOurs if the database has a migration that this release does not know."""
    if len(applied) > len(names):
        raise SchemaNotOurs(
            f"the database has schema {len(applied)}, but this release knows only schema {len(names)}:"
            " install the newer release"
        )
    if applied != names[: len(applied)]:
        strange = next(name for name, ours in zip(applied, names, strict=False) if name != ours)
        raise SchemaNotOurs(f"the database has the migration {strange}, which this release does not know")


def _migrate(conninfo: str, folder: Path) -> None:
    """Runs all missing migrations in one transaction. If one migration fails, the schema is unchanged.

    Raises SchemaNotOurs.
    """
    names = _names(folder)
    with connect(conninfo, seconds=LONG_SECONDS) as connection:
        if _applied(connection) == names:
            return
        connection.execute("SELECT pg_advisory_xact_lock(hashtext('jejak migrate'))")
        applied = _applied(connection)
        _compare(applied, names)
        told(f"making the schema {folder.name}: {len(names) - len(applied)} migrations")
        if not applied:
            connection.execute("CREATE TABLE IF NOT EXISTS migrations (step integer PRIMARY KEY, name text NOT NULL)")
            connection.execute("GRANT SELECT ON migrations TO PUBLIC")
        for number, name in enumerate(names[len(applied) :], len(applied) + 1):
            connection.execute((folder / name).read_bytes())
            connection.execute("INSERT INTO migrations VALUES (%s, %s)", (number, name))


def _applied(connection: psycopg.Connection) -> list[str]:
    # `to_regclass` is not used, because it may read a cache that is older than the lock of this process.
    known = "SELECT 1 FROM pg_tables WHERE schemaname = 'public' AND tablename = 'migrations'"
    if connection.execute(known).fetchone() is None:
        return []
    return [row[0] for row in connection.execute("SELECT name FROM public.migrations ORDER BY step").fetchall()]
