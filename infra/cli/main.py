"""The `jejak` program: it parses the command line, runs one verb, and prints an expected error as one sentence."""

import argparse
import sys
import traceback
from collections.abc import Iterable, Mapping, Sequence
from importlib import import_module
from importlib.metadata import version
from types import MappingProxyType

from infra.cli.verb import Verb
from infra.database_faults import place_of
from infra.runtime.signals import ended_by_signals
from infra.service import EXIT_SERVICE

MODULES: Mapping[str, str] = MappingProxyType(
    {
        **dict.fromkeys(("serve", "api"), "serving"),
        "project": "project",
        "schedule": "schedule",
        **dict.fromkeys(("import", "follow", "mapping"), "imports"),
        "simulate": "simulate",
        **dict.fromkeys(("prepare", "rebuild", "fsck", "erase"), "maintenance"),
        "era": "era",
        **dict.fromkeys(("backup", "restore"), "backup"),
        "doctor": "doctor",
        **dict.fromkeys(("relay", "intake", "topics", "audit-feed", "feed"), "agencies"),
        **dict.fromkeys(("token", "psql", "url", "accesses"), "access"),
    }
)
"""The module of each verb. `jejak` imports only the module of the verb that runs, because an import of all modules
takes about a second.
"""

EXPECTED = frozenset(
    {
        "TimeoutError",
        "eventsourcing.persistence.PersistenceError",
        "feeds.agencies.topics_file.TopicsWrong",
        "feeds.history.mapping_file.MappingWrong",
        "feeds.history.source.SourceError",
        "infra.backup.encryption.BackupFault",
        "infra.eventstore.eras.EraNotBegun",
        "infra.eventstore.topics.DataNotClosed",
        "infra.imports.runs.NoSuchRun",
        "infra.imports.source_url.SourceUrlWrong",
        "infra.kafka.brokers.ClusterFault",
        "infra.keys.wrapping_key.KeysUnreadable",
        "infra.postgres.clock.ClockOff",
        "infra.postgres.databases.SchemaNotOurs",
        "infra.postgres.embedded.PostgresNotStarted",
        "infra.postgres.embedded.PostgresNotStopped",
        "infra.projector.fold.Poisoned",
        "infra.projector.runner.NoSuchShard",
        "infra.runtime.descriptors.DescriptorsTooFew",
        "infra.runtime.ops_server.PortTaken",
        "infra.settings.SettingsWrong",
        "service_layer.faults.Unavailable",
        "simulation.mall.NotSimulated",
    }
)
"""The errors that a user can correct. For such an error, the program prints only the message.

The errors are listed by name, so that no module has to be imported. After an error, an import could also fail, for
example because this process cannot open another file.
"""
FROM_OUTSIDE = frozenset({"OSError", "psycopg.Error"})
"""For these errors, `--debug` also prints the stack trace."""

EXIT_WRONG, EXIT_DEFECT, EXIT_INTERRUPTED = 2, EXIT_SERVICE, 130

PURPOSE = "Jejak keeps the trail of every application for a public service."
NEXT = "Next: `jejak serve --examples`. `jejak VERB --help` shows the options of a verb and an example."


def main(arguments: Sequence[str] | None = None) -> int:
    words = sys.argv[1:] if arguments is None else arguments
    named = next((word for word in words if not word.startswith("-")), "")
    parser = make_parser([verb_named(named)] if named in MODULES else all_verbs())
    options = parser.parse_args(words)
    if options.verb is None:
        print(overview())
        return 0
    if wrong := disagreement(options):
        parser.error(wrong)
    try:
        with ended_by_signals():
            return verb_named(options.verb).run(options)
    except KeyboardInterrupt:
        return EXIT_INTERRUPTED
    except Exception as error:  # noqa: BLE001 - the message may quote personal data, so only --debug shows it
        return _told(error, options)


def _told(error: Exception, options: argparse.Namespace) -> int:
    """Prints an error, and returns the exit code."""
    expected = is_one_of(error, EXPECTED)
    if options.debug and not expected:
        traceback.print_exception(error)
    if expected or is_one_of(error, FROM_OUTSIDE):
        print(f"jejak: {one_line(error)}", file=sys.stderr)
        return EXIT_WRONG
    print(
        f"jejak: {type(error).__name__} at {place_of(error)}. This is a defect of Jejak. Please report this line;"
        f" `jejak --debug {options.verb}` also shows how Jejak came to this place",
        file=sys.stderr,
    )
    return EXIT_DEFECT


def is_one_of(error: BaseException, names: frozenset[str]) -> bool:
    return any(_name(cls) in names for cls in type(error).__mro__)


def _name(cls: type) -> str:
    return cls.__qualname__ if cls.__module__ == "builtins" else f"{cls.__module__}.{cls.__qualname__}"


def verb_named(name: str) -> Verb:
    """Imports the module of a verb. `name` must be a key of MODULES."""
    verbs: tuple[Verb, ...] = import_module(f"infra.cli.{MODULES[name]}").VERBS
    return next(verb for verb in verbs if verb.name == name)


def all_verbs() -> tuple[Verb, ...]:
    """Imports all modules, and returns all verbs in the order of MODULES."""
    return tuple(map(verb_named, MODULES))


def make_parser(verbs: Iterable[Verb]) -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="jejak", description=PURPOSE)
    parser.add_argument("--version", action="version", version=f"jejak {version('jejak')}")
    parser.add_argument("--debug", action="store_true", help="print the traceback of an unexpected error")
    chosen = parser.add_subparsers(dest="verb", metavar="VERB")
    for verb in verbs:
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


def disagreement(options: argparse.Namespace) -> str | None:
    """Returns an error message if a required option is missing, or if two options cannot be used together."""
    return verb_named(options.verb).disagreement(options)


def one_line(error: Exception) -> str:
    """Returns the message of an error in one line. The messages of libpq have several lines."""
    return " ".join(str(error).split()) or type(error).__name__


def overview() -> str:
    """Returns the text that `jejak` prints if no verb is given. The text lists all verbs, grouped by task."""
    lines = [PURPOSE, "", "usage: jejak VERB"]
    verbs = all_verbs()
    for task in dict.fromkeys(verb.task for verb in verbs):
        lines += ["", f"{task}:", *(f"  {verb.name:<11}{verb.help}" for verb in verbs if verb.task == task)]
    return "\n".join([*lines, "", NEXT])
