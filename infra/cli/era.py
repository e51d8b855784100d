"""The verb `era`: what to do after a restore or a promotion, before anything is appended."""

import argparse

from domain.json_values import instant
from infra.cli.verbs import settings
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
