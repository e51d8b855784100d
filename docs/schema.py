"""Generator: writes the schema of both databases as SQL into `docs/schema/`, as it is after the last migration.

`python -m docs.schema` applies the migrations to a scratch database and creates the tables of the views as a runner
does. It then puts the output of `pg_dump --schema-only` into a stable order: each table with its keys, indexes and
grants, then the SQL views, then the functions. `tests/test_schema_docs.py` compares the files with a migrated database.
"""

import re
import subprocess
import sys
import tempfile
from collections import defaultdict
from dataclasses import dataclass
from pathlib import Path

import psycopg

from infra.postgres.databases import Databases, create, embedded, migrate
from infra.postgres.embedded import EmbeddedPostgres
from infra.projector.views import VIEWS, ensure

FOLDER = Path(__file__).parent / "schema"
EVENTS_FILE, KEYS_FILE = FOLDER / "events.sql", FOLDER / "keys.sql"

HEAD = """-- The schema of the database `{name}` ({content}), after the last migration.
-- Written by `python -m docs.schema` from a migrated database; do not edit. The steps that lead here, with their
-- reasons, are in `infra/postgres/migrations/{folder}/`.
--
-- Roles of the cluster:
{roles}
"""
VIEW_NOTE = """--
-- The tables of the schema `views` are made by the projector (`jejak project`) and not by a migration. They are
-- derived from the log: `jejak rebuild` makes them again. A rebuild also makes `views.rebuilding`, its own checkpoint.
--
-- Two tables begin with a row, which a migration inserts: `eras` (era 1, from position 0) and `feeds.distributed`
-- (position 0).
"""

ENTRY = re.compile(
    r"^-- Name: (?P<name>.+); Type: (?P<kind>[A-Z ]+); Schema: (?P<schema>\S+); Owner: \S+$", re.MULTILINE
)
NOISE = re.compile(r"^(--.*|SET .*;|SELECT pg_catalog\.set_config.*|\\(un)?restrict .*)$")
OUR_OWNER = re.compile(r"ALTER .+ OWNER TO (jejak_\w+|pg_\w+);")
TABLE_KINDS = ("SEQUENCE", "TABLE", "SEQUENCE OWNED BY", "DEFAULT", "CONSTRAINT", "INDEX", "ACL")
"""The order of the statements about one table."""

ROLES = """
SELECT rolname, rolcanlogin, coalesce(rolconfig, '{}') FROM pg_roles WHERE rolname = ANY(%s) ORDER BY rolname
"""


@dataclass(frozen=True, slots=True)
class Entry:
    """One entry of a dump: its kind, its owner (the schema and name of a table or function), and its statements."""

    kind: str
    owner: tuple[str, str]
    sql: str


def schema_of_events(found: Databases) -> str:
    """Return the text of `events.sql`. Creates the tables of the views if they are missing."""
    with psycopg.connect(found.serving) as connection:
        for view in VIEWS.values():
            ensure(view, connection)
    roles = ("jejak_serving", "jejak_auditor")
    head = HEAD.format(name="jejak", content="the log and the views", folder="events", roles=_roles(found.owner, roles))
    return f"{head}{VIEW_NOTE}\n{ordered(dump(found, found.owner))}"


def schema_of_keys(found: Databases) -> str:
    """Return the text of `keys.sql`."""
    roles = _roles(found.keys_owner, ("jejak_keys",))
    head = HEAD.format(name="jejak_keys", content="the key store", folder="keys", roles=roles)
    return f"{head}\n{ordered(dump(found, found.keys_owner))}"


def dump(found: Databases, conninfo: str) -> str:
    """Return the output of pg_dump for a database. Raises RuntimeError if the server's tools are not known."""
    if found.tools is None:
        raise RuntimeError("pg_dump comes from the embedded PostgreSQL: unset JEJAK_DATABASE_URL")
    command = [str(found.tools / "pg_dump"), "--schema-only", "--no-comments", conninfo]
    return subprocess.run(command, capture_output=True, check=True, text=True).stdout


def ordered(dumped: str) -> str:
    """Return the statements of a dump, grouped by object in a stable order, without settings and comments."""
    entries = list(_entries(dumped))
    groups: dict[tuple[str, str], list[Entry]] = defaultdict(list)
    for entry in entries:
        groups[entry.owner].append(entry)
    kinds = {owner: {entry.kind for entry in of_one} for owner, of_one in groups.items()}

    def stage(owner: tuple[str, str]) -> int:
        if not owner[0]:
            return 0
        for number, kind in enumerate(("SCHEMA", "TABLE", "VIEW", "FUNCTION")):
            if kind in kinds[owner]:
                return number
        return 4

    def place(entry: Entry) -> tuple[int, str]:
        return (TABLE_KINDS.index(entry.kind) if entry.kind in TABLE_KINDS else 0, entry.sql)

    texts = [
        "\n".join(entry.sql for entry in sorted(groups[owner], key=place))
        for owner in sorted(groups, key=lambda owner: (stage(owner), owner))
    ]
    return "\n\n".join(texts) + "\n"


def _entries(dumped: str) -> list[Entry]:
    marks = list(ENTRY.finditer(dumped))
    ends = [*(mark.start() for mark in marks[1:]), len(dumped)]
    entries = []
    for mark, end in zip(marks, ends, strict=True):
        statements = _statements(dumped[mark.end() : end], function=mark["kind"] == "FUNCTION")
        if statements:
            entries.append(
                Entry(mark["kind"], _owner(mark["kind"], mark["schema"], mark["name"], statements), statements)
            )
    return entries


def _statements(text: str, *, function: bool) -> str:
    """Return the statements without noise. The body of a function keeps its comments and empty lines."""
    body = text.partition("AS $$")[2].rpartition("$$;")[0] if function else ""
    lines = text.replace(body, "\0").splitlines() if body else text.splitlines()
    kept = [line for line in lines if line.strip() and not NOISE.match(line)]
    kept = [line for line in kept if " OWNER TO " not in line or OUR_OWNER.fullmatch(line)]
    whole = "\n".join(kept).replace("\n    ADD CONSTRAINT", " ADD CONSTRAINT")
    whole = re.sub(r"\n    (START WITH 1|INCREMENT BY 1|NO MINVALUE|NO MAXVALUE|CACHE 1)", "", whole)
    return whole.replace("\0", body)


def _owner(kind: str, schema: str, name: str, sql: str) -> tuple[str, str]:
    """Return the table, function or schema that owns a statement. Statements of one owner are written together."""
    if kind == "SCHEMA":
        return ("", name)
    if kind in ("SEQUENCE", "SEQUENCE OWNED BY") or "ON SEQUENCE" in sql:
        return (schema, re.sub(r"^SEQUENCE ", "", name).removesuffix("_id_seq").removesuffix("_notification"))
    if kind in ("CONSTRAINT", "DEFAULT"):
        return (schema, name.split(maxsplit=1)[0])
    if kind == "INDEX":
        table = re.search(r" ON (?:ONLY )?\w+\.(\w+) ", sql)
        return (schema, table[1] if table else name)
    if kind == "ACL":
        about, _, named = name.partition(" ")
        if about == "COLUMN":
            return (schema, named.partition(".")[0])
        return ("", named) if about == "SCHEMA" else (schema, named.partition("(")[0])
    return (schema, name.partition("(")[0])


def _roles(conninfo: str, names: tuple[str, ...]) -> str:
    with psycopg.connect(conninfo) as connection:
        rows = connection.execute(ROLES, (list(names),)).fetchall()
    return "\n".join(
        f"--   {name}{' LOGIN' if may_log_in else ''}{''.join(f', {setting}' for setting in config)}"
        for name, may_log_in, config in rows
    )


def main() -> None:
    """Writes both files."""
    with tempfile.TemporaryDirectory(prefix="jejak-schema-") as name:
        folder = Path(name)
        folder.chmod(0o711)  # the server runs as an unprivileged user where root starts it
        with EmbeddedPostgres(folder) as postgres:
            create(postgres, "schema_events", "schema_keys")
            found = embedded(postgres, "schema_events", "schema_keys")
            migrate(found)
            FOLDER.mkdir(exist_ok=True)
            EVENTS_FILE.write_text(schema_of_events(found), encoding="utf-8")
            KEYS_FILE.write_text(schema_of_keys(found), encoding="utf-8")
    print(f"written: {EVENTS_FILE}, {KEYS_FILE}", file=sys.stderr)  # noqa: T201 - a command talks to its terminal


if __name__ == "__main__":
    main()
