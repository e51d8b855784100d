"""The verbs that give access: `token` makes a bearer token, `psql` opens the database, `url` prints its URL."""

import argparse
import asyncio
import sys
from uuid import UUID, uuid4

from infra.cli.terminal import EXIT_WRONG, settings
from infra.cli.verb import ROLE, STAFF, Verb
from infra.composition import installation
from infra.keys.tokens import SignedTokens
from infra.postgres.databases import DatabaseRole, Databases, databases
from service_layer.rights import Bearer, Principal

SECONDS_AN_HOUR = 3600


def token(options: argparse.Namespace) -> int:
    bearer = Bearer.AGENCY if options.agency else Bearer(options.role)
    if bearer in (Bearer.OFFICER, Bearer.SUPERVISOR) and not options.office:
        print(f"jejak: a token for {bearer} needs --office, a code from /v1/offices", file=sys.stderr)
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
                print(f"jejak: no office {options.office} is registered yet", file=sys.stderr)
            tokens = SignedTokens(made.named.token, made.named.read_token)
            return tokens.bearer(principal, seconds=options.hours * SECONDS_AN_HOUR)

    with databases(settings()) as found:
        print(asyncio.run(sign(found)))
    return 0


def psql(options: argparse.Namespace) -> int:
    """Runs psql in a child process, because this process must keep the embedded server running for psql."""
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
        "get in",
        "a bearer for the API",
        token,
        "jejak token --role officer --office pemda-3374-dpmptsp",
        'send it as "Authorization: Bearer …"',
        (
            (("--role",), {"choices": STAFF, "help": "whose rights"}),
            (("--office",), {"metavar": "CODE", "help": "of an officer or a supervisor"}),
            (("--agency",), {"metavar": "CODE", "help": "for an agency's own system, in place of a role"}),
            (("--actor",), {"type": UUID, "help": "the person's random reference there (a new one)"}),
            (("--hours",), {"type": int, "default": 12, "help": "how long it is good (12)"}),
        ),
    ),
    Verb(
        "psql",
        "get in",
        "the database, to look at",
        psql,
        'jejak psql -- -c "SELECT position, topic, state FROM events LIMIT 5"',
        "`--role owner` can change what must not be changed",
        (ROLE, (("arguments",), {"nargs": "*", "help": "for psql itself, after --"})),
    ),
    Verb("url", "get in", "the database's address", url, "jejak url", "hand it to your own tools", (ROLE,)),
)
