"""Clusters of PostgreSQL as an operator has them: one for the log, one for the key store, with logins and passwords."""

import subprocess
from pathlib import Path

import psycopg
from psycopg.conninfo import conninfo_to_dict

from infra.postgres.embedded import EmbeddedPostgres
from tests.conftest import PROJECT

DEPLOY = PROJECT / "deploy"


def cluster(folder: Path, which: str, database: str, secrets: Path) -> EmbeddedPostgres:
    """A cluster as PostgreSQL's image makes it: one database, and the logins of deploy/postgres, with passwords."""
    folder.mkdir()
    folder.chmod(0o711)
    postgres = EmbeddedPostgres(folder)
    postgres.start()
    at = postgres.conninfo("postgres")
    with psycopg.connect(at, autocommit=True) as connection:
        connection.execute(f"CREATE DATABASE {database}".encode())
        row = connection.execute("SHOW hba_file").fetchone()
    script = folder / "logins.sql"
    script.write_text((DEPLOY / "postgres" / f"{which}.sql").read_text().replace("/run/secrets/", f"{secrets}/"))
    psql = [str(postgres.bin / "psql"), "-v", "ON_ERROR_STOP=1", "-q", "-f", str(script), postgres.conninfo(database)]
    subprocess.run(psql, check=True, stdout=subprocess.DEVNULL)
    assert row
    hba = Path(row[0])
    users = "jejak_owner,jejak_login,jejak_backup scram-sha-256"
    hba.write_text(f"local all {users}\nlocal replication {users}\n{hba.read_text()}")
    with psycopg.connect(at, autocommit=True) as connection:
        connection.execute("SELECT pg_reload_conf()")
    return postgres


def host_of(postgres: EmbeddedPostgres) -> str:
    part = conninfo_to_dict(postgres.conninfo("postgres"))
    return f"?host={part['host']}&port={part['port']}"
