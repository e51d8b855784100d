"""The verb `accesses`: prints the record of accesses for an auditor."""

import argparse
import csv
import json
import sys
from collections.abc import Iterator
from typing import Any

import psycopg

from infra.cli.terminal import settings
from infra.cli.verb import POSITION_MAX, Verb, whole
from infra.postgres.connections import LONG_SECONDS, connect
from infra.postgres.databases import databases
from infra.queries.accesses import COLUMNS, PAGE, SETTLED, entry

PAGE_ROWS = 1000


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
