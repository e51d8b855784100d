"""The verbs that maintain an installation: rebuild, fsck, erase."""

import argparse
import asyncio
import json
import sys
from itertools import islice
from uuid import UUID

import psycopg

from infra.cli.terminal import EXIT_FOUND, level, settings
from infra.cli.verb import Verb
from infra.composition import installation
from infra.postgres.databases import Databases, databases
from infra.projector.views import VIEWS, rebuild
from infra.runtime.fsck import faults_of_log, faults_of_views

FAULTS_MAX = 1000
"""At most this number of faults of the log is reported. If the log has more faults, the disk is probably damaged."""


def rebuild_views(options: argparse.Namespace) -> int:
    names = options.views or list(VIEWS)
    with databases(settings()) as found:
        for name in names:
            with level(f"rebuilding {name}") as stand:
                position = rebuild(VIEWS[name], found.serving, progress_of=stand)
            print(f"{name}: rebuilt up to position {position}")
    return 0


def fsck(options: argparse.Namespace) -> int:
    faults: list[str] = []
    with databases(settings(), migrated=False) as found:
        with level("checking the log") as stand:
            faults += islice(faults_of_log(found.auditor, stand), FAULTS_MAX)
        with level("checking the views") as stand:
            faults += list(faults_of_views(found.serving, stand))
    if options.json:
        print(json.dumps({"faults": faults}))
    else:
        print("\n".join(faults) or "no faults found in the log or in the views")
    return EXIT_FOUND if faults else 0


def erase(options: argparse.Namespace) -> int:
    if not options.yes and input("Destroyed keys cannot be restored. Type erase to continue: ") != "erase":
        print("nothing was erased", file=sys.stderr)
        return EXIT_FOUND
    application: UUID | None = options.application
    person: UUID | None = options.person

    async def destroy(found: Databases) -> list[UUID]:
        async with installation(settings(), found) as made:
            # First the erasure is recorded. If this process then dies, the next start of Jejak erases the keys.
            with psycopg.connect(found.owner) as connection:
                connection.execute(
                    "INSERT INTO erasures (application_id, person) VALUES (%s, %s)", (application, person)
                )
                connection.execute("DELETE FROM claims WHERE originator_id = %s AND length(claim) = 12", (application,))
            return await made.keys.erase(application=application, person=person)

    with databases(settings()) as found:
        darkened = asyncio.run(destroy(found))
    print(f"destroyed the keys of {len(darkened)} applications; the events, timelines and chains stay")
    return 0


VERBS = (
    Verb(
        "rebuild",
        "maintain Jejak",
        "rebuild views from the log while readers use the old views",
        rebuild_views,
        "jejak rebuild progress",
        "run `jejak fsck`, which compares the views with the log",
        (
            (
                ("views",),
                {
                    "nargs": "*",
                    "choices": [*VIEWS, []],
                    "metavar": "VIEW",
                    "help": f"views to rebuild (default: all): {', '.join(VIEWS)}",
                },
            ),
        ),
    ),
    Verb(
        "fsck",
        "maintain Jejak",
        "check every chain of events, and compare every view row with the log",
        fsck,
        "jejak fsck",
        "if a view row differs, run `jejak rebuild`; if an event was changed, compare the log with a backup",
        ((("--json",), {"action": "store_true", "help": "print JSON"}),),
    ),
    Verb(
        "erase",
        "maintain Jejak",
        "destroy the keys of an application or a person",
        erase,
        "jejak erase 0192f0c8-6b1e-7c3a-9d57-1f0a2b3c4d5e --yes",
        "back up the list of erasures with the log: Jejak applies the list again at every start",
        (
            (("application",), {"type": UUID, "nargs": "?", "metavar": "APPLICATION", "help": "id of the application"}),
            (("--person",), {"type": UUID, "metavar": "REF", "help": "reference of the person in the key store"}),
            (("--yes",), {"action": "store_true", "help": "do not ask for confirmation"}),
        ),
    ),
)
