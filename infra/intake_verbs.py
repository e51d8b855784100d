"""The verb `intake`: agencies' systems command by topic."""

import argparse
import asyncio
import os
import signal

from feeds.agencies import read_topics
from infra import log
from infra.brokers import login
from infra.children import attach
from infra.database import databases
from infra.exposition import exposed
from infra.main import installation
from infra.serve import run_loop, settle
from infra.settings import SettingsWrong
from infra.verbs import settings


def intake(options: argparse.Namespace) -> int:
    # Here alone: kafka-python takes half a second to import, and other verbs do without.
    from feeds.kafka.commands import Commands  # noqa: PLC0415
    from infra.intake import Intake  # noqa: PLC0415

    wanted = settings()
    if wanted.kafka is None:
        raise SettingsWrong("JEJAK_KAFKA_BOOTSTRAP is not set: without Kafka, agencies send their commands over HTTP")
    reached_by, agencies = login(wanted.kafka), list(read_topics(wanted.topics_file).agencies)
    log.configure()
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
