"""The `jejak` program: it parses the command line, runs one verb, and prints an expected error as one sentence."""

import argparse
import sys
import traceback
from collections.abc import Sequence
from importlib.metadata import version

import psycopg

from feeds.agencies.topics_file import TopicsWrong
from feeds.history.mapping_file import MappingWrong
from feeds.history.source import SourceError
from infra.backup.encryption import BackupFault
from infra.cli import access, accesses, backup, doctor, era, imports, maintenance, schedule, serving, simulate
from infra.cli.agencies import FOR_AGENCIES
from infra.database_faults import place_of
from infra.eventstore.eras import EraNotBegun
from infra.eventstore.recorder import PersistenceError
from infra.eventstore.topics import DataNotClosed
from infra.imports.runs import NoSuchRun
from infra.imports.source_url import SourceUrlWrong
from infra.kafka.brokers import ClusterFault
from infra.keys.key_folder import KeysUnreadable
from infra.postgres.clock import ClockOff
from infra.postgres.databases import SchemaNotOurs
from infra.postgres.embedded import PostgresNotStarted, PostgresNotStopped
from infra.projector.fold import Poisoned
from infra.projector.runner import NoSuchShard
from infra.runtime.descriptors import DescriptorsTooFew
from infra.runtime.ops_server import PortTaken
from infra.runtime.signals import ended_by_signals
from infra.service import EXIT_SERVICE
from infra.settings import SettingsWrong
from service_layer.faults import Unavailable
from simulation.mall import NotSimulated

EXPECTED = (
    BackupFault,
    ClockOff,
    ClusterFault,
    DataNotClosed,
    DescriptorsTooFew,
    EraNotBegun,
    KeysUnreadable,
    MappingWrong,
    NoSuchRun,
    NoSuchShard,
    NotSimulated,
    Poisoned,
    PortTaken,
    PersistenceError,
    PostgresNotStarted,
    PostgresNotStopped,
    SchemaNotOurs,
    SettingsWrong,
    SourceError,
    SourceUrlWrong,
    TimeoutError,
    TopicsWrong,
    Unavailable,
)
"""The errors that a user can correct. For such an error, the program prints the message without a stack trace."""

EXIT_WRONG, EXIT_DEFECT, EXIT_INTERRUPTED = 2, EXIT_SERVICE, 130

PURPOSE = "Jejak keeps the trail of every application for a public service."
NEXT = "Next: `jejak serve --examples`. `jejak VERB --help` shows the options of a verb and an example."


VERBS = (
    *serving.VERBS,
    *schedule.VERBS,
    *imports.VERBS,
    *simulate.VERBS,
    *maintenance.VERBS,
    *era.VERBS,
    *backup.VERBS,
    *doctor.VERBS,
    *FOR_AGENCIES,
    *access.VERBS,
    *accesses.VERBS,
)


def main(arguments: Sequence[str] | None = None) -> int:
    parser = make_parser()
    options = parser.parse_args(arguments)
    if options.verb is None:
        print(overview())
        return 0
    wrong = disagreement(options)
    if wrong:
        parser.error(wrong)
    try:
        with ended_by_signals():
            return next(verb for verb in VERBS if verb.name == options.verb).run(options)
    except EXPECTED as error:
        print(f"jejak: {one_line(error)}", file=sys.stderr)
        return EXIT_WRONG
    except (OSError, psycopg.Error) as error:
        if options.debug:
            traceback.print_exc()
        print(f"jejak: {one_line(error)}", file=sys.stderr)
        return EXIT_WRONG
    except KeyboardInterrupt:
        return EXIT_INTERRUPTED
    except Exception as defect:  # noqa: BLE001 - the message may quote personal data, so only --debug shows it
        if options.debug:
            traceback.print_exc()
        print(
            f"jejak: {type(defect).__name__} at {place_of(defect)}. This is a defect of Jejak. Please report this line;"
            f" `jejak --debug {options.verb}` also shows how Jejak came to this place",
            file=sys.stderr,
        )
        return EXIT_DEFECT


def make_parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="jejak", description=PURPOSE)
    parser.add_argument("--version", action="version", version=f"jejak {version('jejak')}")
    parser.add_argument("--debug", action="store_true", help="print the traceback of an unexpected error")
    chosen = parser.add_subparsers(dest="verb", metavar="VERB")
    for verb in VERBS:
        one = chosen.add_parser(
            verb.name,
            help=verb.help,
            description=verb.help[0].upper() + verb.help[1:] + ".",
            epilog=f"example:  {verb.example}\nnext:     {verb.then}",
            formatter_class=argparse.RawDescriptionHelpFormatter,
        )
        for names, settings in verb.options:
            one.add_argument(*names, **settings)
    return parser


def one_line(error: Exception) -> str:
    """Returns the message of an error in one line. The messages of libpq have several lines."""
    return " ".join(str(error).split()) or type(error).__name__


def disagreement(options: argparse.Namespace) -> str | None:
    """Checks conditions of options that argparse cannot check.

    Returns an error message if a required option is missing, or if two options cannot be used together.
    """
    if options.verb == "erase" and [options.application, options.person, options.again or None].count(None) != 2:  # noqa: PLR2004
        return "erase needs one of APPLICATION, --person REF and --again"
    if options.verb == "import" and (wrong := imports.disagreement(options)):
        return wrong
    if options.verb == "era" and (options.what == "begin") == (options.reason is None):
        return "era begin needs --reason; era list does not accept --reason"
    if options.verb == "token" and (options.role is None) == (options.agency is None):
        return "token needs either --role or --agency, and not both"
    if options.verb == "topics" and (options.what == "rotate") == (options.user is None):
        return "topics rotate needs a USER; topics plan and topics apply do not accept a USER"
    if options.verb == "project" and options.shards and max(options.shard, default=0) >= options.shards:
        return f"with --shards {options.shards}, the numbers of --shard must be from 0 to {options.shards - 1}"
    if options.verb == "restore" and options.finish and (options.into or options.until):
        return "restore accepts --finish after --into, and not together with --into or --until"
    if options.verb == "simulate" and None not in (options.applications, options.per_day):
        return "simulate accepts either --applications or --per-day, and not both"
    return None


def overview() -> str:
    """Returns the text that `jejak` prints if no verb is given. The text lists all verbs, grouped by task."""
    lines = [PURPOSE, "", "usage: jejak VERB"]
    for task in dict.fromkeys(verb.task for verb in VERBS):
        lines += ["", f"{task}:", *(f"  {verb.name:<11}{verb.help}" for verb in VERBS if verb.task == task)]
    return "\n".join([*lines, "", NEXT])
