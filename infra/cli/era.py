"""The verb `era`: lists the eras of the log, or begins a new era.

Begin a new era after the database was restored from a backup, or after a standby server was promoted. Begin the new era
before anything is appended to the log.
"""

import argparse

from domain.json_values import instant
from infra.cli.terminal import settings
from infra.cli.verb import ERAS_MAX, Verb, whole
from infra.eventstore.eras import Era, begin, eras
from infra.postgres.databases import databases


def era(options: argparse.Namespace) -> int:
    with databases(settings()) as found:
        if options.what == "begin":
            shown = [begin(found.owner, reason=options.reason, seen=options.seen)]
        else:
            shown = eras(found.owner)
    for one in shown:
        print(_line(one))
    return 0


def _line(one: Era) -> str:
    return f"era {one.number}: positions above {one.from_position}, since {instant(one.at)}, {one.reason}"


def disagreement(options: argparse.Namespace) -> str | None:
    if (options.what == "begin") == (options.reason is None):
        return "era begin needs --reason; era list does not accept --reason"
    return None


VERBS = (
    Verb(
        "era",
        "maintain Jejak",
        "begin a new era of positions after a restore or a promotion",
        era,
        'jejak era begin --reason "restored to 2026-11-25 10:00"',
        "run `jejak serve`; Jejak now refuses the Sync-Token of a lost event",
        (
            (("what",), {"choices": ["list", "begin"], "help": "list the eras, or begin a new era"}),
            (("--reason",), {"metavar": "TEXT", "help": "reason for the new era; `jejak era list` shows the reason"}),
            (
                ("--seen",),
                {
                    "type": whole(1, ERAS_MAX),
                    "metavar": "ERA",
                    "help": "newest era in use before the restore, if the restore lost this era",
                },
            ),
        ),
        disagreement,
    ),
)
