"""The verb `intake`: reads the commands that agencies' systems send through Kafka, and answers each command once."""

import argparse
import asyncio

from feeds.agencies.topics_file import read_topics
from infra.cli.terminal import settings
from infra.composition import Installation
from infra.kafka.brokers import login
from infra.runtime.ops_server import ops_of
from infra.runtime.worker import run_worker
from infra.settings import SettingsWrong


def intake(options: argparse.Namespace) -> int:
    # kafka-python takes half a second to import, so it is imported only if this verb runs.
    from feeds.agencies.kafka.command_consumer import Commands  # noqa: PLC0415
    from infra.kafka.intake import Intake  # noqa: PLC0415

    wanted = settings()
    if wanted.kafka is None:
        raise SettingsWrong("JEJAK_KAFKA_BOOTSTRAP is not set: without Kafka, agencies send their commands over HTTP")
    brokers, agencies = login(wanted.kafka), list(read_topics(wanted.topics_file).agencies)

    async def work(made: Installation, stopping: asyncio.Event) -> None:
        print(f"intake: reading the commands of {len(agencies)} agencies", flush=True)
        if agencies:
            await Intake(made, lambda: Commands(agencies, brokers)).run(stopping)
        await stopping.wait()

    ops = ops_of(wanted, "intake", attached=options.attached, port=options.ops_port)
    run_worker(wanted, ops, work, attached=options.attached)
    return 0
