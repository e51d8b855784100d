"""The verbs for the exchange with agencies: `relay`, `topics`, `audit-feed`, `feed` and `intake`."""

import argparse
from pathlib import Path

from infra.cli import audit, feed, intake, relay, topics
from infra.cli.verb import ATTACHED, OPS_PORT, POSITION_MAX, Verb, whole


def topics_disagreement(options: argparse.Namespace) -> str | None:
    if (options.what == "rotate") == (options.user is None):
        return "topics rotate needs a USER; topics plan and topics apply do not accept a USER"
    return None


VERBS = (
    Verb(
        "relay",
        "run Jejak",
        "publish the agencies' feeds to Kafka",
        relay.relay,
        "jejak relay",
        "run `jejak audit-feed AGENCY`, which compares the agency's topic with the log",
        (
            (
                ("agency",),
                {
                    "nargs": "*",
                    "metavar": "AGENCY",
                    "help": "agencies whose feeds are published (default: all in the topics file)",
                },
            ),
            (
                ("--begin",),
                {
                    "metavar": "AGENCY",
                    "help": "store where publishing begins, and stop (default: at the beginning of the feed)",
                },
            ),
            (("--now",), {"action": "store_true", "help": "with --begin: publish only events from now on"}),
            (
                ("--at",),
                {
                    "type": whole(0, POSITION_MAX),
                    "default": 0,
                    "metavar": "N",
                    "help": "with --begin: publish only events after position N of the log",
                },
            ),
            (("--anew",), {"action": "store_true", "help": "with --begin: replace a position that is already stored"}),
            OPS_PORT,
            ATTACHED,
        ),
    ),
    Verb(
        "intake",
        "run Jejak",
        "read the agencies' commands from Kafka, and apply each command once",
        intake.intake,
        "jejak intake --ops-port 9101",
        "watch jejak_intake_records_total; `jejak relay` publishes the answers",
        (OPS_PORT, ATTACHED),
    ),
    Verb(
        "topics",
        "exchange with agencies",
        "set up Kafka's topics, rights, users and quotas as the topics file says",
        topics.topics,
        "jejak topics plan",
        "run `jejak topics apply`, then give each agency the file with the agency's password",
        (
            (
                ("what",),
                {
                    "choices": ["plan", "apply", "rotate"],
                    "help": "plan: show the differences (exit code 1 if there are any); apply: make the changes;"
                    " rotate: create a new password",
                },
            ),
            (
                ("user",),
                {
                    "nargs": "?",
                    "metavar": "USER",
                    "help": "with rotate: user who gets a new password, an agency or a user of Jejak",
                },
            ),
            (("--yes",), {"action": "store_true", "help": "do not ask for confirmation"}),
            (
                ("--begin",),
                {"action": "store_true", "help": "with apply: publish the feeds of new agencies from the beginning"},
            ),
            (
                ("--credentials",),
                {
                    "type": Path,
                    "metavar": "FOLDER",
                    "help": "folder for the passwords (default: kafka/ in JEJAK_DATA_DIR)",
                },
            ),
        ),
        topics_disagreement,
    ),
    Verb(
        "audit-feed",
        "exchange with agencies",
        "compare an agency's topic with the log: find gaps, duplicates and wrong order",
        audit.audit_feed,
        "jejak audit-feed pln",
        "look up the application and the version that a fault names in the timeline, and see docs/operating.md",
        (
            (("agency",), {"metavar": "AGENCY", "help": "agency whose topic is checked"}),
            (
                ("--from-beginning",),
                {
                    "action": "store_true",
                    "help": "demand all messages of the feed, also messages older than the topic's first record",
                },
            ),
            (("--json",), {"action": "store_true", "help": "print JSON"}),
        ),
    ),
    Verb(
        "feed",
        "maintain Jejak",
        "show the stored messages of an agency's feed",
        feed.feed,
        "jejak feed tail pemda-3374 --follow",
        "run `jejak token --agency AGENCY`, then read GET /v1/feeds/AGENCY as the agency does",
        (
            (("what",), {"choices": ["tail"], "help": "show the newest messages, or the messages after --from"}),
            (("agency",), {"metavar": "AGENCY", "help": "id of an agency in the topics file"}),
            (
                ("--from",),
                {
                    "dest": "after",
                    "type": feed.event_id,
                    "metavar": "ID",
                    "help": "show all messages after the message with this id",
                },
            ),
            (
                ("--last",),
                {
                    "type": whole(0, feed.PAGE),
                    "metavar": "N",
                    "default": 10,
                    "help": "show the newest N messages (default: 10)",
                },
            ),
            (("--follow",), {"action": "store_true", "help": "continue to show new messages until Ctrl-C"}),
            (("--json",), {"action": "store_true", "help": "print each message as a CloudEvent in JSON, one per line"}),
        ),
    ),
)
