"""The verbs that give access: `token` makes a bearer token, `psql` opens the database, and `url` prints its URL."""

import argparse
import asyncio
import sys
from uuid import UUID, uuid4

from infra.cli.terminal import EXIT_WRONG, settings
from infra.cli.verb import ROLE, STAFF, Verb, whole
from infra.composition import installation
from infra.keys.tokens import SignedTokens
from infra.postgres.databases import DatabaseRole, Databases, databases
from service_layer.rights import Bearer, Principal

SECONDS_AN_HOUR = 3600
HOURS_MAX = 87_600  # ten years


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
)
