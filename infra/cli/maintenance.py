"""The verbs that maintain an installation: prepare, rebuild, fsck, erase."""

import argparse
import asyncio
import json
import sys
from itertools import islice
from uuid import UUID

from infra.cli.terminal import EXIT_FOUND, level, settings
from infra.cli.verb import Verb
from infra.composition import erasing_of, finish_erasures, installation
from infra.demo import seed
from infra.eventstore.erasures import copy_to_log
from infra.keys.erasing import faults_of_keys
from infra.keys.erasure_list import Erasure
from infra.keys.key_folder import KeyFolder
from infra.postgres.databases import Databases, databases
from infra.projector.runner import ensure_views
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
        faults += faults_of_keys(found.keys, KeyFolder.of(settings()))
    if options.json:
        print(json.dumps({"faults": faults}))
    else:
        print("\n".join(faults) or "no faults found in the log, the views or the keys")
    return EXIT_FOUND if faults else 0


def erase(options: argparse.Namespace) -> int:
    if options.again:
        return _erase_again()
    if not options.yes and input("Destroyed keys cannot be restored. Type erase to continue: ") != "erase":
        print("nothing was erased", file=sys.stderr)
        return EXIT_FOUND
    with databases(settings()) as found:
        erasing = erasing_of(settings(), found)
        finish_erasures(erasing, found)
        lost = erasing.erase(Erasure(options.application, options.person))
        copy_to_log(found.owner, erasing.folder.erasures)
    print(f"destroyed the keys of {len(lost)} applications; the events, timelines and chains stay")
    return 0


def _erase_again() -> int:
    """Applies the whole list of erasures again.

    This is needed after a database was restored without `jejak restore`.
    """
    with databases(settings()) as found:
        erasing = erasing_of(settings(), found)
        lost = erasing.go_on(restored=True)
        copy_to_log(found.owner, erasing.folder.erasures, restored=True)
    print(f"applied {len(erasing.folder.erasures)} erasures again; {len(lost)} applications had keys")
    return 0


def prepare(options: argparse.Namespace) -> int:
    async def publish(found: Databases) -> None:
        async with installation(settings(), found) as made:
            await seed.publish(made, examples=options.examples)

    with databases(settings()) as found:
        ensure_views(found.serving)
        asyncio.run(publish(found))
    print("the databases have the schema of this release; regions and calendars are published")
    return 0


def erase_disagreement(options: argparse.Namespace) -> str | None:
    if [options.application, options.person, options.again or None].count(None) != 2:  # noqa: PLR2004
        return "erase needs one of APPLICATION, --person REF and --again"
    return None


VERBS = (
    Verb(
        "prepare",
        "run Jejak",
        "migrate both databases, and publish the regions and the calendars",
        prepare,
        "jejak prepare",
        "start `jejak api`, `jejak project` and `jejak schedule`, with logins that do not own the databases",
        ((("--examples",), {"action": "store_true", "help": "also publish the example offices and services"}),),
    ),
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
        "run `jejak backup`: it replaces the older copy of the keys",
        (
            (("application",), {"type": UUID, "nargs": "?", "metavar": "APPLICATION", "help": "id of the application"}),
            (("--person",), {"type": UUID, "metavar": "REF", "help": "reference of the person in the key store"}),
            (
                ("--again",),
                {"action": "store_true", "help": "apply the whole list of erasures again, after a restore"},
            ),
            (("--yes",), {"action": "store_true", "help": "do not ask for confirmation"}),
        ),
        erase_disagreement,
    ),
)
