"""`jejak`: one program, one verb per job. Here are their names, their options and an example of each."""

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path
from uuid import UUID

from feeds.agencies.topics_file import TopicsWrong
from feeds.history.mapping_file import MappingWrong
from feeds.history.source import SourceError
from infra.cli import era, imports, schedule, simulate, verbs
from infra.cli.agencies import FOR_AGENCIES
from infra.cli.verb import ATTACHED, HOST, PORT, ROLE, STAFF, Verb
from infra.eventstore.eras import EraNotBegun
from infra.eventstore.recorder import PersistenceError
from infra.eventstore.topics import DataNotClosed
from infra.kafka.brokers import ClusterFault
from infra.keys.key_folder import KeysUnreadable
from infra.postgres.databases import SchemaNotOurs
from infra.postgres.embedded import PostgresNotStarted
from infra.projector.fold import SHARDS_MAX, Poisoned
from infra.projector.views import VIEWS
from infra.runtime.serve import PortTaken
from infra.settings import SettingsWrong, interval
from service_layer.faults import Unavailable
from simulation.mall import NotSimulated

EXPECTED = (
    ClusterFault,
    DataNotClosed,
    EraNotBegun,
    KeysUnreadable,
    MappingWrong,
    NotSimulated,
    Poisoned,
    PortTaken,
    PersistenceError,
    PostgresNotStarted,
    SchemaNotOurs,
    SettingsWrong,
    SourceError,
    TimeoutError,
    TopicsWrong,
    Unavailable,
)
"""What a person can mend: told in its own sentence, without a stack trace."""

EXIT_WRONG, EXIT_INTERRUPTED = 2, 130


def shards(text: str) -> int:
    number = int(text)
    if not 1 <= number <= SHARDS_MAX:
        raise argparse.ArgumentTypeError(f"from 1 to {SHARDS_MAX}")
    return number


VERBS = (
    Verb(
        "serve",
        "run it",
        "everything on one server",
        verbs.serve_all,
        "jejak serve --examples",
        "open the citizen page that it prints",
        (
            HOST,
            PORT,
            (("--workers",), {"type": int, "default": 1, "help": "processes that answer (1)"}),
            (("--examples",), {"action": "store_true", "help": "fill in 200 example applications on the first start"}),
            (("--demo",), {"action": "store_true", "help": "fill in 90 days of a mall on the first start"}),
        ),
    ),
    Verb(
        "api",
        "run it",
        "the API and pages alone",
        verbs.serve_api,
        "jejak api --port 8001",
        "run `jejak project` beside it",
        (HOST, PORT, (("--descriptor",), {"type": int, "help": argparse.SUPPRESS}), ATTACHED),
    ),
    Verb(
        "project",
        "run it",
        "the projections alone",
        verbs.project,
        "jejak project",
        "`/readyz` says how far each view is behind, and which event stops one",
        (
            (
                ("--shards",),
                {"type": shards, "metavar": "N", "help": "cut each view into N, for all processes (as it is)"},
            ),
            (
                ("--shard",),
                {"type": int, "nargs": "*", "default": [], "metavar": "K", "help": "these only, from 0 (all)"},
            ),
            ATTACHED,
        ),
    ),
    Verb(
        "schedule",
        "run it",
        "what time brings about: silence grants, promises move, payments expire",
        schedule.schedule,
        "jejak schedule --once",
        "watch jejak_scheduler_commands_total in the /metrics of `jejak serve`, which schedules as well",
        (
            (("--once",), {"action": "store_true", "help": "each job once, then a line for each"}),
            (("--interval",), {"type": interval, "metavar": "SECONDS", "help": "rest between two passes"}),
        ),
    ),
    Verb(
        "import",
        "bring a past in",
        "an agency's log, by a mapping",
        imports.import_file,
        "jejak import examples/small.xes --mapping examples/small.toml",
        "open any of its applications; the same command again adds nothing",
        (
            (("file",), {"type": Path, "metavar": "FILE", "help": "XES (.xes, .xes.gz) or CSV (.csv, .csv.gz)"}),
            (("--mapping",), {"type": Path, "required": True, "metavar": "MAP.toml", "help": "what its words mean"}),
            (("--dry-run",), {"action": "store_true", "help": "say what would happen, store nothing"}),
        ),
    ),
    Verb(
        "mapping",
        "bring a past in",
        "a draft of a mapping, for any log",
        imports.draft_mapping,
        "jejak mapping examples/small.csv --output small.toml",
        "`jejak import FILE --mapping MAP.toml --dry-run`, then edit what its words mean",
        (
            (("file",), {"type": Path, "metavar": "FILE", "help": "XES (.xes, .xes.gz) or CSV (.csv, .csv.gz)"}),
            (("--output",), {"type": Path, "metavar": "MAP.toml", "help": "a new file to write it to (stdout)"}),
        ),
    ),
    Verb(
        "simulate",
        "bring a past in",
        "a mall's days, by chance but the same again",
        simulate.simulate,
        "jejak simulate --seed 7 --days 30 --per-day 20 --truth truth.ndjson",
        "compare what Jejak shows with the truth file; the same command again adds nothing",
        (
            (("--seed",), {"type": int, "default": 1, "help": "another seed, other lives (1)"}),
            (("--days",), {"type": int, "default": 30, "help": "how many days before --until (30)"}),
            (("--applications",), {"type": int, "metavar": "N", "help": "how many in all"}),
            (("--per-day",), {"type": int, "metavar": "N", "help": f"or how many a day ({simulate.PER_DAY})"}),
            (("--until",), {"type": simulate.day, "metavar": "DATE", "help": "nothing happens from then on (today)"}),
            (("--truth",), {"type": Path, "metavar": "FILE", "help": "where to write what is meant to happen, NDJSON"}),
            (("--rate",), {"type": simulate.rate, "metavar": "N", "help": "commands a second, at most (no limit)"}),
        ),
    ),
    Verb(
        "rebuild",
        "look after it",
        "views anew from the log, swapped in while it serves",
        verbs.rebuild_views,
        "jejak rebuild progress",
        "`jejak fsck` proves that it is right",
        ((("views",), {"nargs": "*", "choices": [*VIEWS, []], "metavar": "VIEW", "help": ", ".join(VIEWS)}),),
    ),
    Verb(
        "fsck",
        "look after it",
        "every chain and every view row, proven",
        verbs.fsck,
        "jejak fsck",
        "a row that differs is mended by `jejak rebuild`; an event that was changed, from a backup",
        ((("--json",), {"action": "store_true", "help": "for programs"}),),
    ),
    Verb(
        "erase",
        "look after it",
        "the keys of an application or a person",
        verbs.erase,
        "jejak erase 0192f0c8-6b1e-7c3a-9d57-1f0a2b3c4d5e --yes",
        "back up the list of erasures with the log: it is re-applied at every start",
        (
            (("application",), {"type": UUID, "nargs": "?", "metavar": "APPLICATION", "help": "an application's id"}),
            (("--person",), {"type": UUID, "metavar": "REF", "help": "a person's reference in the key store"}),
            (("--yes",), {"action": "store_true", "help": "do not ask"}),
        ),
    ),
    Verb(
        "era",
        "look after it",
        "after a restore or a promotion: positions that nobody has seen",
        era.era,
        'jejak era begin --reason "restored to 2026-11-25 10:00"',
        "`jejak serve`; a Sync-Token of an event that was lost is now refused",
        (
            (("what",), {"choices": ["list", "begin"], "help": "the eras so far, or a new one"}),
            (("--reason",), {"metavar": "TEXT", "help": "why it begins, to be read in years"}),
            (
                ("--seen",),
                {"type": int, "metavar": "ERA", "help": "the newest era in use before, if the restore lost it"},
            ),
        ),
    ),
    *FOR_AGENCIES,
    Verb(
        "token",
        "get in",
        "a bearer for the API",
        verbs.token,
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
        verbs.psql,
        'jejak psql -- -c "SELECT position, topic, state FROM events LIMIT 5"',
        "`--role owner` can change what must not be changed",
        (ROLE, (("arguments",), {"nargs": "*", "help": "for psql itself, after --"})),
    ),
    Verb("url", "get in", "the database's address", verbs.url, "jejak url", "hand it to your own tools", (ROLE,)),
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
        return next(verb for verb in VERBS if verb.name == options.verb).run(options)
    except EXPECTED as error:
        print(f"jejak: {error}", file=sys.stderr)
        return EXIT_WRONG
    except KeyboardInterrupt:
        return EXIT_INTERRUPTED


def make_parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="jejak", description="The trail of every application for a public service.")
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


def disagreement(options: argparse.Namespace) -> str | None:
    """What argparse cannot say: options that need or exclude one another."""
    if options.verb == "erase" and (options.application is None) == (options.person is None):
        return "erase takes either an APPLICATION or --person REF"
    if options.verb == "era" and (options.what == "begin") == (options.reason is None):
        return "era begin takes --reason, era list does not"
    if options.verb == "token" and (options.role is None) == (options.agency is None):
        return "token takes either --role or --agency"
    if options.verb == "topics" and (options.what == "rotate") == (options.user is None):
        return "topics rotate takes a USER, plan and apply do not"
    if options.verb == "simulate" and None not in (options.applications, options.per_day):
        return "simulate takes either --applications or --per-day"
    return None


def overview() -> str:
    """The verbs by task, for who types `jejak` alone."""
    lines = ["jejak VERB: the trail of every application for a public service"]
    for task in dict.fromkeys(verb.task for verb in VERBS):
        lines += ["", f"{task}:", *(f"  {verb.name:<11}{verb.help}" for verb in VERBS if verb.task == task)]
    return "\n".join([*lines, "", "Next: `jejak serve --examples`, or `jejak VERB --help` for an example of each."])


if __name__ == "__main__":
    sys.exit(main())
