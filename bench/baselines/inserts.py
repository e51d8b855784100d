"""pgbench baseline: PostgreSQL's program pgbench inserts rows into a table, one row per transaction.

The table has the same columns and indexes as the log. This baseline shows how fast the machine is without Jejak.
"""

import re
import shutil
import subprocess
import tempfile
from pathlib import Path

import psycopg
from psycopg.conninfo import conninfo_to_dict

PLAUSIBLE = 8_000
"""If the baseline is below this number of transactions per second, the result is not valid.

Every idle machine on which we ran the benchmark was at least this fast.
"""
CLIENTS = (8, 32)
THREADS = 2
SCRIPT = r"""\set size random(316, 750)
INSERT INTO inserted (originator_id, originator_version, topic, state, recorded_at)
VALUES ({uuid}(), 1, 'application.received.v1', convert_to(repeat('x', :size), 'UTF8'), clock_timestamp());
"""
FIRST_WITH_UUIDV7 = 180_000


def program(tools: Path | None) -> str | None:
    """Finds the program pgbench. Returns None if pgbench is not installed.

    Searches the folder of the embedded server, then the PATH, and then the folders of Debian's PostgreSQL packages.
    """
    beside = [tools / "pgbench"] if tools else []
    debian = sorted(Path("/usr/lib/postgresql").glob("*/bin/pgbench"), reverse=True)
    found = [str(file) for file in beside if file.exists()] or [shutil.which("pgbench") or ""]
    return next((file for file in [*found, *map(str, debian)] if file), None)


def inserted_per_second(pgbench: str, conninfo: str, *, clients: int, seconds: int) -> float:
    """Returns the number of transactions per second. Raises CalledProcessError.

    `conninfo` must name the database role that owns the log.
    """
    with psycopg.connect(conninfo, autocommit=True) as connection:
        connection.execute("DROP TABLE IF EXISTS inserted")
        connection.execute("CREATE TABLE inserted (LIKE stored_events INCLUDING DEFAULTS INCLUDING INDEXES)")
        new = connection.info.server_version >= FIRST_WITH_UUIDV7
    given = conninfo_to_dict(conninfo)
    where = ["-h", str(given["host"]), "-p", str(given["port"]), "-U", str(given["user"]), str(given["dbname"])]
    with tempfile.NamedTemporaryFile("w", suffix=".sql") as script:
        script.write(SCRIPT.format(uuid="uuidv7" if new else "gen_random_uuid"))
        script.flush()
        how = ["-n", "-M", "prepared", "-c", str(clients), "-j", str(THREADS), "-T", str(seconds), "-f", script.name]
        done = subprocess.run([pgbench, *how, *where], capture_output=True, text=True, check=True)
    with psycopg.connect(conninfo, autocommit=True) as connection:
        connection.execute("DROP TABLE inserted")
    matched = re.search(r"tps = ([0-9.]+)", done.stdout)
    return float(matched[1]) if matched else 0.0
