"""The verb `project`, which runs the projector."""

import argparse
from collections.abc import Iterator
from contextlib import contextmanager

from feeds.agencies.topics_file import Topics, read_topics
from infra.cli.terminal import settings
from infra.cli.verb import ATTACHED, OPS_PORT, Verb, whole
from infra.postgres.databases import Databases
from infra.projector.fold import SHARDS_MAX
from infra.projector.outbox import Outbox
from infra.projector.runner import projecting
from infra.projector.views import VIEWS
from infra.runtime.garbage import settle
from infra.runtime.ops_server import ops_of
from infra.runtime.worker import worker


def project(options: argparse.Namespace) -> int:
    topics = read_topics(settings().topics_file)
    with (
        worker(
            settings(),
            ops_of(settings(), "project", attached=options.attached, port=options.ops_port),
            attached=options.attached,
        ) as running,
        projecting(running.databases.serving, options.shards, options.shard),
        filling_outbox(running.databases, topics),
    ):
        print("projecting: " + ", ".join(VIEWS), flush=True)
        settle()
        running.stopping.wait()
    return 0


@contextmanager
def filling_outbox(found: Databases, topics: Topics) -> Iterator[None]:
    """Fills the outbox. While another process fills the outbox, this process stands by.

    Does nothing if there are no agencies.
    """
    outbox = Outbox(found.serving, topics)
    if topics.agencies:
        outbox.start()
    try:
        yield
    finally:
        outbox.stop()


def disagreement(options: argparse.Namespace) -> str | None:
    if options.shards and max(options.shard, default=0) >= options.shards:
        return f"with --shards {options.shards}, the numbers of --shard must be from 0 to {options.shards - 1}"
    return None


VERBS = (
    Verb(
        "project",
        "run Jejak",
        "run only the projector, which keeps the views up to date",
        project,
        "jejak project",
        "`/readyz` of the ops port shows how far each view is behind, and which event stops a view",
        (
            (
                ("--shards",),
                {
                    "type": whole(1, SHARDS_MAX),
                    "metavar": "N",
                    "help": "divide each view into N shards, for all processes (default: no change)",
                },
            ),
            (
                ("--shard",),
                {
                    "type": whole(0, SHARDS_MAX - 1),
                    "nargs": "*",
                    "default": [],
                    "metavar": "K",
                    "help": "run only these shards, counted from 0 (default: all)",
                },
            ),
            OPS_PORT,
            ATTACHED,
        ),
        disagreement,
    ),
)
