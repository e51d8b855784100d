"""The verbs about access: `token` makes a bearer token, `psql` opens the database, `url` prints its URL, and `accesses`
prints the record of accesses for an auditor.
"""

import argparse
import asyncio
import csv
import json
import sys
from collections.abc import Iterator
from typing import Any
from uuid import UUID, uuid4

import psycopg

from infra.cli.terminal import EXIT_WRONG, settings
from infra.cli.verb import POSITION_MAX, ROLE, STAFF, Verb, whole
from infra.composition import installation
from infra.keys.tokens import SignedTokens
from infra.postgres.connections import LONG_SECONDS, connect
from infra.postgres.databases import DatabaseRole, Databases, databases
from infra.queries.accesses import COLUMNS, PAGE, SETTLED, entry
from service_layer.rights import Bearer, Principal

SECONDS_AN_HOUR = 3600
HOURS_MAX = 87_600  # ten years

PAGE_ROWS = 1000


def token(options: argparse.Namespace) -> int:
    bearer = Bearer.AGENCY if options.agency else Bearer(options.role)
    if bearer in (Bearer.OFFICER, Bearer.SUPERVISOR) and not options.office:
        print(
            f"jejak: a token for {bearer} needs --office with the code of an office from /v1/offices", file=sys.stderr
        )
        return EXIT_WRONG
    principal = Principal(
        bearer=bearer,
        actor=options.actor or uuid4(),
        office=options.office or "",
        agency=options.agency or "",
    )

    async def sign(found: Databases) -> str:
        async with installation(settings(), found) as made:
            registry = await made.editions.registry()
            if options.office and options.office not in registry.offices:
                print(f"jejak: warning: the office {options.office} is not registered yet", file=sys.stderr)
            tokens = SignedTokens(made.named.token, made.named.read_token)
            return tokens.bearer(principal, seconds=options.hours * SECONDS_AN_HOUR)

    with databases(settings()) as found:
        print(asyncio.run(sign(found)))
    return 0


def psql(options: argparse.Namespace) -> int:
    """Runs psql in a child process. Meanwhile this process keeps the embedded server running."""
    import subprocess  # noqa: PLC0415 - no other verb of this module needs subprocess

    with databases(settings()) as found:
        program = str(found.tools / "psql") if found.tools else "psql"
        arguments = [program, found.conninfo(DatabaseRole(options.role)), *options.arguments]
        return subprocess.run(arguments, check=False).returncode


def url(options: argparse.Namespace) -> int:
    with databases(settings()) as found:
        print(found.conninfo(DatabaseRole(options.role)))
    return 0


def token_disagreement(options: argparse.Namespace) -> str | None:
    if (options.role is None) == (options.agency is None):
        return "token needs either --role or --agency, and not both"
    return None


def accesses(options: argparse.Namespace) -> int:
    with databases(settings()) as found, connect(found.auditor, seconds=LONG_SECONDS) as connection:
        if options.csv:
            writer = csv.DictWriter(sys.stdout, COLUMNS)
            writer.writeheader()
            writer.writerows(_entries(connection, options.after))
        else:
            for each in _entries(connection, options.after):
                print(json.dumps(each))
    return 0


def _entries(connection: psycopg.Connection, after: int) -> Iterator[dict[str, Any]]:
    """Yields all entries after the entry with the id `after`. The entries are read page by page."""
    while True:
        with connection.transaction():
            connection.execute(SETTLED)
            page = [entry(row) for row in connection.execute(PAGE, (after, PAGE_ROWS)).fetchall()]
        yield from page
        if len(page) < PAGE_ROWS:
            return
        after = page[-1]["id"]


VERBS = (
    Verb(
        "token",
        "get access",
        "create a bearer token for the API",
        token,
        "jejak token --role officer --office pemda-3374-dpmptsp",
        'send the token in the header "Authorization: Bearer …"',
        (
            (("--role",), {"choices": STAFF, "help": "role whose rights the token gives"}),
            (("--office",), {"metavar": "CODE", "help": "office of the officer or the supervisor"}),
            (
                ("--agency",),
                {
                    "metavar": "CODE",
                    "help": "create a token for the system of this agency, instead of a token for a role",
                },
            ),
            (
                ("--actor",),
                {"type": UUID, "help": "random reference that stands for the person (default: a new reference)"},
            ),
            (
                ("--hours",),
                {"type": whole(1, HOURS_MAX), "default": 12, "help": "hours until the token expires (default: 12)"},
            ),
        ),
        token_disagreement,
    ),
    Verb(
        "psql",
        "get access",
        "open the database in psql",
        psql,
        'jejak psql -- -c "SELECT position, topic, state FROM events LIMIT 5"',
        "avoid `--role owner`, because this role can change stored events",
        (ROLE, (("arguments",), {"nargs": "*", "help": "arguments for psql, after --"})),
    ),
    Verb(
        "url",
        "get access",
        "print the address of the database",
        url,
        "jejak url",
        "connect your own tools to this address",
        (ROLE,),
    ),
    Verb(
        "accesses",
        "get access",
        "print the access record: who read what and when",
        accesses,
        "jejak accesses --csv",
        "keep the last `id`; `jejak accesses --after ID` prints only newer entries",
        (
            (
                ("--after",),
                {
                    "type": whole(0, POSITION_MAX),
                    "default": 0,
                    "metavar": "ID",
                    "help": "print only entries after this id (default: 0)",
                },
            ),
            (("--csv",), {"action": "store_true", "help": "print CSV instead of JSON lines"}),
        ),
    ),
)
