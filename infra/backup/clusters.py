"""Clusters: this module lists the PostgreSQL clusters of an installation, and starts copies of clusters.

The embedded server is one cluster that contains both databases. If the operator runs separate servers, the two
databases may be in two clusters.
"""

import os
import shutil
import subprocess
import time
from collections.abc import Collection, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path

import psycopg
from psycopg.conninfo import conninfo_to_dict, make_conninfo

from infra.backup.encryption import BackupFault
from infra.postgres.connections import CLIENT, connect
from infra.postgres.databases import Databases
from infra.postgres.embedded import EmbeddedPostgres
from infra.postgres.server_user import as_server

LOG, KEY_STORE = "log", "key-store"
RECOVERY_SECONDS = 3600.0
PAUSE_SECONDS = 0.05


@dataclass(frozen=True, slots=True)
class DatabaseCluster:
    """A cluster: the name of its folder in the backup, and the connection string of its owner."""

    name: str
    conninfo: str


def clusters(found: Databases) -> list[DatabaseCluster]:
    """Returns one or two clusters. If one cluster contains both databases, only the log's cluster is returned."""
    log, keys = DatabaseCluster(LOG, found.owner), DatabaseCluster(KEY_STORE, found.keys_owner)
    return [log] if _identifier(log) == _identifier(keys) else [log, keys]


def _identifier(cluster: DatabaseCluster) -> int:
    with connect(cluster.conninfo) as connection:
        row = connection.execute("SELECT system_identifier FROM pg_control_system()").fetchone()
    return int(row[0]) if row else 0


def databases_in(cluster: DatabaseCluster, all_clusters: Sequence[DatabaseCluster]) -> set[str]:
    """Returns the names of the databases in a cluster: the log, the key store, or both."""
    return {LOG, KEY_STORE} if len(all_clusters) == 1 else {cluster.name}


def reach(conninfo: str) -> tuple[list[str], dict[str, str]]:
    """Returns the options and the environment with which a program of PostgreSQL reaches a database.

    The password is in the environment, because every user of the host can read the options of a program. The program
    notices a half-open connection after about eight seconds.
    """
    known = conninfo_to_dict(conninfo)
    password = known.pop("password", None)
    environment = {**os.environ, **({"PGPASSWORD": str(password)} if password else {})}
    return ["--no-password", "--dbname", make_conninfo("", **{**CLIENT, **known})], environment


def run(program: str, *arguments: str | Path, folder: Path, conninfo: str = "") -> str:
    """Runs one of PostgreSQL's programs. Raises BackupFault with its words."""
    options, environment = reach(conninfo) if conninfo else ([], None)
    command = [EmbeddedPostgres(folder).programs() / program, *options, *arguments]
    done = subprocess.run(command, capture_output=True, text=True, check=False, cwd="/", env=environment)
    if done.returncode:
        raise BackupFault(f"{program} failed: {done.stderr.strip() or done.stdout.strip()}")
    return done.stdout


def own(cluster: Path) -> None:
    """Gives the files of a cluster to the user of the database server, and opens its socket to this user alone.

    The settings of another server are dropped, because they may name files that are not in the cluster.
    """
    (cluster / "pg_hba.conf").write_text("local all all trust\nlocal replication all trust\n")
    for name in ("postgresql.conf", "pg_ident.conf"):
        (cluster / name).write_text("")
    user = as_server().get("user")
    for path in (cluster, *cluster.rglob("*")):
        if user is not None:
            os.chown(path, user, -1, follow_symlinks=False)
    cluster.chmod(0o700)


def recover(cluster: Path, *, wal: Path, until: str | None) -> None:
    """Makes PostgreSQL replay the write-ahead log at its next start: up to the instant `until`, or up to the end."""
    settings = [
        f'restore_command = \'cp "{wal}/%f" "%p"\'',
        "recovery_target_action = 'promote'",
        *([f"recovery_target_time = '{until}'"] if until else []),
    ]
    forget_recovery(cluster)
    with (cluster / "postgresql.auto.conf").open("a", encoding="utf-8") as file:
        file.write("\n".join(["", *settings, ""]))
    (cluster / "recovery.signal").touch()


def forget_recovery(cluster: Path) -> None:
    file = cluster / "postgresql.auto.conf"
    lines = file.read_text(encoding="utf-8").splitlines(keepends=True)
    file.write_text("".join(line for line in lines if not line.startswith(("restore_command", "recovery_target"))))


@contextmanager
def started(folder: Path, like: Databases, contained: Collection[str] = (LOG, KEY_STORE)) -> Iterator[Databases]:
    """Starts the cluster in a folder, and waits until it is recovered. Yields its databases.

    `contained` says which of the two databases are in this cluster.
    """
    with EmbeddedPostgres(folder) as postgres:
        found = _in(postgres, like)
        known = found.owner if LOG in contained else found.keys_owner
        deadline = time.monotonic() + RECOVERY_SECONDS
        while _in_recovery(known):
            if not postgres.lives():
                raise BackupFault(f"PostgreSQL ended during the recovery: {postgres.last_words()}")
            if time.monotonic() > deadline:
                raise BackupFault(f"the recovery took more than {RECOVERY_SECONDS:.0f} s: {postgres.last_words()}")
            time.sleep(PAUSE_SECONDS)
        yield found


def _in_recovery(conninfo: str) -> bool:
    try:
        with connect(conninfo) as connection:
            row = connection.execute("SELECT pg_is_in_recovery()").fetchone()
        return row is None or bool(row[0])
    except psycopg.OperationalError:
        return True


def _in(postgres: EmbeddedPostgres, like: Databases) -> Databases:
    """Returns connection strings for another server. The names of the databases and roles are the same as in `like`."""

    def moved(conninfo: str) -> str:
        known = conninfo_to_dict(conninfo)
        there = postgres.conninfo(str(known["dbname"]), str(known.get("user") or "jejak"))
        return make_conninfo(there, options=known.get("options") or "")

    names: Sequence[str] = ("owner", "serving", "auditor", "keys_owner", "keys")
    return replace(like, tools=postgres.bin, **{name: moved(getattr(like, name)) for name in names})


def emptied(folder: Path) -> Path:
    """Returns an empty folder that the user of the database server can enter."""
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    folder.chmod(0o711)
    return folder
