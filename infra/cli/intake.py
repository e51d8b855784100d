"""The verb `intake`: agencies' systems command by topic."""

import argparse
import asyncio
import os
import signal

from feeds.agencies.topics_file import read_topics
from infra import logs
from infra.cli.terminal import settings
from infra.composition import installation
from infra.kafka.brokers import login
from infra.postgres.databases import databases
from infra.runtime.metrics_server import exposed
from infra.runtime.serve import run_loop, settle
from infra.runtime.supervisor import attach
from infra.settings import SettingsWrong


def intake(options: argparse.Namespace) -> int:
    # Here alone: kafka-python takes half a second to import, and other verbs do without.
    from feeds.agencies.kafka.command_consumer import Commands  # noqa: PLC0415
    from infra.kafka.intake import Intake  # noqa: PLC0415

    wanted = settings()
    if wanted.kafka is None:
        raise SettingsWrong("JEJAK_KAFKA_BOOTSTRAP is not set: without Kafka, agencies send their commands over HTTP")
    reached_by, agencies = login(wanted.kafka), list(read_topics(wanted.topics_file).agencies)
    logs.configure()
    if options.attached:
        attach(lambda: os.kill(os.getpid(), signal.SIGTERM))

    async def run() -> None:
        stopping = asyncio.Event()
        for number in (signal.SIGINT, signal.SIGTERM):
            asyncio.get_running_loop().add_signal_handler(number, stopping.set)
        async with installation(wanted, found) as made:
            settle()
            print(f"taking in: the commands of {len(agencies)} agencies", flush=True)
            if agencies:
                await Intake(made, lambda: Commands(agencies, reached_by)).run(stopping)
            await stopping.wait()

    with databases(wanted, kept_alive=True) as found, exposed(options.metrics_port):
        run_loop(run())
    return 0
