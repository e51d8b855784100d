"""The verb `schedule`: runs the scheduler in a separate process, or runs each job once."""

import argparse
import asyncio

from infra.cli.terminal import bar, settings
from infra.cli.verb import ATTACHED, OPS_PORT, Verb
from infra.composition import Installation, installation
from infra.postgres.databases import databases
from infra.projector.runner import projecting, wait_until_caught_up
from infra.projector.views import VIEWS
from infra.runtime.ops_server import ops_of
from infra.runtime.scheduler import schedule_once, scheduling
from infra.runtime.signals import run_loop
from infra.runtime.worker import run_worker
from infra.settings import SECONDS_A_DAY, Settings
from infra.settings import interval as parsed_interval
from service_layer.scheduled_jobs import Jobs, PassTally


def schedule(options: argparse.Namespace) -> int:
    wanted = settings()
    if options.once:
        return _once(wanted)
    interval = wanted.schedule_seconds if options.interval is None else options.interval

    async def work(made: Installation, stopping: asyncio.Event) -> None:
        async with scheduling(made, interval=interval):
            print(f"scheduling: every {interval:g} seconds", flush=True)
            await stopping.wait()

    ops = ops_of(wanted, "schedule", attached=options.attached, port=options.ops_port)
    run_worker(wanted, ops, work, attached=options.attached)
    return 0


def _once(wanted: Settings) -> int:
    """Runs each job once. The projections run at the same time, so that the desk view is up to date."""

    async def run_job(jobs: Jobs, job: str) -> PassTally:
        with bar(job, None, "appl") as advance:
            tally = await jobs.run(job, advance)
        print(f"{job}: {tally}", flush=True)
        return tally

    async def run() -> None:
        async with installation(wanted, found) as made:
            await schedule_once(made, run_job)

    with databases(wanted) as found, projecting(found.serving):
        wait_until_caught_up(found.serving, views=[VIEWS["desk"]])
        run_loop(run())
    return 0


def interval(text: str) -> float:
    """Parses an interval for argparse. An error message names the allowed range."""
    try:
        return parsed_interval(text)
    except ValueError:
        raise argparse.ArgumentTypeError(
            f"must be a number of seconds from 1 to {SECONDS_A_DAY}, and not {text!r}"
        ) from None


VERBS = (
    Verb(
        "schedule",
        "run Jejak",
        "run the scheduled jobs: grant by silence, move promises, expire payments",
        schedule,
        "jejak schedule --once",
        "watch the service scheduler in `/readyz`; `jejak serve` also runs the scheduled jobs",
        (
            OPS_PORT,
            (("--once",), {"action": "store_true", "help": "run each job once, print a line for each job, and stop"}),
            (
                ("--interval",),
                {
                    "type": interval,
                    "metavar": "SECONDS",
                    "help": "pause between two passes (default: JEJAK_SCHEDULE_SECONDS, or 60)",
                },
            ),
            ATTACHED,
        ),
    ),
)
