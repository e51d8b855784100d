"""The verb `doctor`: prints what is wrong with an installation."""

import argparse
from collections.abc import Iterator
from contextlib import contextmanager

from infra.cli.terminal import EXIT_FOUND, settings
from infra.cli.verb import Verb
from infra.postgres.databases import EVENTS, KEYS, Databases, configured, embedded
from infra.postgres.embedded import EmbeddedPostgres, PostgresNotStarted
from infra.runtime.doctor import findings
from infra.settings import Settings


def doctor(_: argparse.Namespace) -> int:
    wanted = settings()
    wrong = 0
    with as_it_is(wanted) as found:
        for finding in findings(wanted, found):
            wrong += bool(finding.advice)
            print(finding, flush=True)
    print(f"{wrong} things to do" if wrong else "nothing to do")
    return EXIT_FOUND if wrong else 0


@contextmanager
def as_it_is(wanted: Settings) -> Iterator[Databases]:
    """Opens the databases as they are: makes no database, migrates nothing, and checks nothing."""
    if wanted.database_url and wanted.keys_database_url:
        yield configured(wanted.database_url, wanted.keys_database_url)
        return
    if not (wanted.data_dir / "pg18").exists():
        raise PostgresNotStarted(
            f"there is no installation in {wanted.data_dir}: set JEJAK_DATA_DIR, run `jejak serve`, or `jejak restore`"
        )
    with EmbeddedPostgres(wanted.data_dir) as postgres:
        yield embedded(postgres, EVENTS, KEYS)


VERBS = (
    Verb(
        "doctor",
        "maintain Jejak",
        "say what is wrong with this installation and what to do",
        doctor,
        "jejak doctor",
        "do what the arrows say; `jejak fsck` checks every event",
    ),
)
