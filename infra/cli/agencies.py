"""The verbs for the agencies' feeds and commands: relay, topics, audit-feed, feed and intake."""

from pathlib import Path

from infra.cli import audit, feed, intake, relay, topics
from infra.cli.verb import ATTACHED, METRICS_PORT, Verb

FOR_AGENCIES = (
    Verb(
        "relay",
        "run it",
        "the agencies' feeds to Kafka",
        relay.relay,
        "jejak relay",
        "`jejak audit-feed AGENCY` compares what Kafka has with the log",
        (
            (("agency",), {"nargs": "*", "metavar": "AGENCY", "help": "whose feeds (all in the file of topics)"}),
            (
                ("--begin",),
                {"metavar": "AGENCY", "help": "write a feed's first position and end: from its beginning on"},
            ),
            (("--now",), {"action": "store_true", "help": "with --begin: from here on, without what is past"}),
            (
                ("--at",),
                {
                    "type": int,
                    "default": 0,
                    "metavar": "N",
                    "help": "with --begin: from after this position of the log",
                },
            ),
            (("--anew",), {"action": "store_true", "help": "with --begin: even if it was begun before"}),
            METRICS_PORT,
            ATTACHED,
        ),
    ),
    Verb(
        "intake",
        "run it",
        "the agencies' commands by topic, each applied once",
        intake.intake,
        "jejak intake --metrics-port 9101",
        "watch jejak_intake_records_total; the answers leave with `jejak relay`",
        (METRICS_PORT, ATTACHED),
    ),
    Verb(
        "topics",
        "tell the agencies",
        "Kafka's topics, rights, users and quotas, as the file of topics says",
        topics.topics,
        "jejak topics plan",
        "`jejak topics apply`; hand each agency the file with its password",
        (
            (
                ("what",),
                {"choices": ["plan", "apply", "rotate"], "help": "what differs (exit 1), do it, or a new password"},
            ),
            (("user",), {"nargs": "?", "metavar": "USER", "help": "whose password is new: an agency, or one of ours"}),
            (("--yes",), {"action": "store_true", "help": "do not ask"}),
            (
                ("--begin",),
                {"action": "store_true", "help": "publish new agencies' feeds from their beginning"},
            ),
            (
                ("--credentials",),
                {"type": Path, "metavar": "FOLDER", "help": "of passwords (kafka/ in JEJAK_DATA_DIR)"},
            ),
        ),
    ),
    Verb(
        "audit-feed",
        "tell the agencies",
        "an agency's topic against the log: gaps, doubles, disorder",
        audit.audit_feed,
        "jejak audit-feed pln",
        "a fault names its application and version: look it up in the timeline, and see docs/agencies.md",
        (
            (("agency",), {"metavar": "AGENCY", "help": "whose topic"}),
            (
                ("--from-beginning",),
                {
                    "action": "store_true",
                    "help": "the whole past must be there, not only what followed its first record",
                },
            ),
            (("--json",), {"action": "store_true", "help": "for programs"}),
        ),
    ),
    Verb(
        "feed",
        "look after it",
        "what an agency is told, as it lies in the database",
        feed.feed,
        "jejak feed tail pemda-3374 --follow",
        "`jejak token --agency AGENCY`, then GET /v1/feeds/AGENCY as the agency itself does",
        (
            (("what",), {"choices": ["tail"], "help": "its newest messages, or those from one on"}),
            (("agency",), {"metavar": "AGENCY", "help": "an id of feeds/topics.toml"}),
            (
                ("--from",),
                {
                    "dest": "after",
                    "type": feed.event_id,
                    "metavar": "ID",
                    "help": "all that comes after it",
                },
            ),
            (
                ("--last",),
                {"type": feed.count, "metavar": "N", "default": 10, "help": "of the newest (10)"},
            ),
            (("--follow",), {"action": "store_true", "help": "and what comes, until Ctrl-C"}),
            (("--json",), {"action": "store_true", "help": "whole CloudEvents, one a line"}),
        ),
    ),
)
