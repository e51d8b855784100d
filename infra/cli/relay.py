"""The verb `relay`: publishes the agencies' feeds to Kafka.

With `--begin`, sets the position after which a feed begins.
"""

import argparse
import sys

from feeds.agencies.topics_file import Topics, TopicsWrong, read_topics
from infra.cli.terminal import EXIT_WRONG, settings
from infra.kafka.brokers import ClusterFault, login
from infra.postgres.connections import connect
from infra.postgres.databases import Databases, databases
from infra.runtime.garbage import settle
from infra.runtime.ops_server import ops_of
from infra.runtime.worker import worker
from infra.settings import Kafka

END = "SELECT coalesce(max(notification_id), 0), (SELECT max(era) FROM eras) FROM stored_events"
LOOK_SECONDS = 2.0


def relay(options: argparse.Namespace) -> int:
    at = settings()
    topics = read_topics(at.topics_file)
    kafka = _kafka(at.kafka)
    agencies = _known(options.agency or list(topics.agencies), topics)
    if options.begin:
        with databases(at) as found:
            where = None if options.now else options.at
            return begin_feed(kafka, found, _known([options.begin], topics)[0], at=where, anew=options.anew)
    from infra.kafka.relay import Relays  # noqa: PLC0415 - kafka-python takes half a second to import
    from infra.queries.agency_feed import origin_of  # noqa: PLC0415

    ops = ops_of(at, "relay", attached=options.attached, port=options.ops_port)
    with worker(at, ops, attached=options.attached) as running:
        relays = Relays(running.databases.serving, login(kafka), agencies, origin_of(at))
        relays.start()
        print("relaying: " + ", ".join(agencies), flush=True)
        settle()
        while not running.stopping.wait(LOOK_SECONDS):
            relays.measure()
        relays.stop()
    return 0


def begin_feed(kafka: Kafka, found: Databases, agency: str, *, at: int | None = 0, anew: bool = False) -> int:
    """Stores the position after which the relay publishes the feed.

    If `at` is None, this position is the end of the log. The end of the feed would not be a safe position, because the
    end is too low while the feed is being made again from the log. Returns the exit code. Raises KafkaError, Hanging.
    """
    from feeds.agencies.kafka.relay_position import AlreadyBegun, Position, begin_at  # noqa: PLC0415

    with connect(found.serving) as connection:
        end, era = connection.execute(END).fetchone() or (0, 1)
    position = Position(end if at is None else at, era)
    if not 0 <= position.position <= end:
        print(f"jejak: --at must be a position of the log, from 0 to {end}", file=sys.stderr)
        return EXIT_WRONG
    try:
        begin_at(login(kafka), agency, position, anew=anew)
    except AlreadyBegun as already:
        print(f"jejak: {already}. Nothing was changed. Add --anew to replace the stored position", file=sys.stderr)
        return 1
    print(f"the relay will publish the feed of {agency} after position {position.position}")
    return 0


def _kafka(kafka: Kafka | None) -> Kafka:
    if kafka is None:
        raise ClusterFault("JEJAK_KAFKA_BOOTSTRAP is not set: without Kafka, agencies read their feeds over HTTP")
    return kafka


def _known(agencies: list[str], topics: Topics) -> list[str]:
    for agency in agencies:
        if agency not in topics.agencies:
            raise TopicsWrong(f"{agency} is not in the topics file, which names: {', '.join(topics.agencies)}")
    return agencies
