"""The verb `intake`: agencies' systems command by topic."""

import argparse
import asyncio
import os
import signal
from contextlib import ExitStack

from prometheus_client import start_http_server

from feeds.agencies import read_topics
from infra import log
from infra.brokers import login
from infra.children import attach
from infra.database import databases
from infra.main import installation
from infra.metrics import METRICS
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

    with ExitStack() as stack:
        found = stack.enter_context(databases(wanted, kept_alive=True))
        if options.metrics_port is not None:
            server, thread = start_http_server(options.metrics_port, addr="127.0.0.1", registry=METRICS)
            stack.callback(thread.join)
            stack.callback(server.server_close)
            stack.callback(server.shutdown)
        run_loop(run())
    return 0
