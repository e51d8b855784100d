"""The verb `simulate`: writes simulated days of a mall into the log, and writes the expected results into a file."""

import argparse
import asyncio
import json
import signal
import sys
import threading
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

from infra import logs
from infra.cli.terminal import EXIT_FOUND, bar, settings
from infra.cli.verb import POSITION_MAX, Verb, whole
from infra.composition import installation
from infra.demo import seed
from infra.demo.plan_player import PlanPlayer
from infra.demo.survey_player import SurveyPlayer
from infra.postgres.databases import Databases, databases
from infra.projector.runner import projecting, wait_until_caught_up
from infra.queries.statistics import forget
from infra.runtime.scheduler import standing_still
from infra.runtime.signals import run_loop
from simulation.mall import JAKARTA, NotSimulated
from simulation.plan import APPLICATIONS_MAX, DAYS_MAX, Plan
from simulation.questionnaires import questionnaires
from simulation.truth import truth

PER_DAY = 20
RATE_MAX = 1_000_000
EXIT_INTERRUPTED = 130


def simulate(options: argparse.Namespace) -> int:
    """Plays the simulation. Then prints one line with the figures of the plan and the number of new events."""
    logs.configure()
    try:
        with databases(settings()) as found, interruptible() as between_waves:
            told = run_loop(_simulate(options, found, between_waves))
    except KeyboardInterrupt:
        print(
            "jejak: the simulation was interrupted; run the same command again to complete the simulation",
            file=sys.stderr,
        )
        return EXIT_INTERRUPTED
    refused = told.pop("refused")
    if refused:
        print(
            f"jejak: another client changed {refused} applications, or another release planned them differently:"
            " the remaining planned steps of these applications are not in the log",
            file=sys.stderr,
        )
    print(json.dumps(told))
    return EXIT_FOUND if refused else 0


@contextmanager
def interruptible() -> Iterator[Callable[[], None]]:
    """While the context lasts, Ctrl-C takes effect only after the current batch.

    A second Ctrl-C stops the program at once. Yields a function that the caller calls between two batches. If the user
    has pressed Ctrl-C, this function raises KeyboardInterrupt.
    """
    asked = threading.Event()

    def hear(*_: object) -> None:
        if asked.is_set():
            raise KeyboardInterrupt
        asked.set()

    def listen() -> None:
        if asked.is_set():
            raise KeyboardInterrupt

    before = signal.signal(signal.SIGINT, hear)
    try:
        yield listen
    finally:
        signal.signal(signal.SIGINT, before)


async def _simulate(options: argparse.Namespace, found: Databases, between_waves: Callable[[], None]) -> dict[str, Any]:
    async with installation(settings(), found) as made:
        await seed.publish(made)
        plan = Plan(
            seed=options.seed,
            days=options.days,
            applications=_applications(options),
            until=options.until or datetime.now(UTC).astimezone(JAKARTA).date(),
            registry=await made.editions.registry(),
        )
        if options.truth:
            _write(options.truth, truth(plan))
        player = PlanPlayer(made, plan.name)
        with projecting(found.serving):
            async with standing_still(made):
                with bar("simulating", plan.applications, "appl") as advance:

                    def submitted(more: int) -> None:
                        advance(more)
                        between_waves()

                    await player.play(plan.steps(), submitted, options.rate)
                surveys = SurveyPlayer(made, plan.name, player.ids)
                await surveys.play(questionnaires(plan), options.rate)
            await asyncio.to_thread(wait_until_caught_up, found.serving)
        await forget(made.pool)
    return {
        "applications": plan.applications,
        "events": player.events,
        "new_events": player.new_events,
        "questionnaires": surveys.given,
        "seed": plan.seed,
        "until": plan.until.isoformat(),
        "refused": player.refused + surveys.refused,
    }


def _applications(options: argparse.Namespace) -> int:
    if options.applications is not None:
        return int(options.applications)
    return int((PER_DAY if options.per_day is None else options.per_day) * options.days)


def _write(file: Path, lines: Iterable[dict[str, Any]]) -> None:
    """Writes the whole file, or leaves the old file unchanged. Raises NotSimulated if the file cannot be written."""
    part = file.with_name(f"{file.name}.part")
    try:
        with part.open("w", encoding="utf-8") as out:
            out.writelines(json.dumps(line) + "\n" for line in lines)
        part.replace(file)
    except OSError as error:
        raise NotSimulated(f"{file} cannot be written ({error.strerror}): name another file") from error


def rate(text: str) -> float:
    """Parses a rate in commands per second for argparse. An error message names the allowed range."""
    try:
        value = float(text)
    except ValueError:
        value = 0.0
    if not 0 < value <= RATE_MAX:
        raise argparse.ArgumentTypeError(f"must be a number above 0 and up to {RATE_MAX}, and not {text!r}")
    return value


def day(text: str) -> date:
    """Parses a date such as 2026-03-09 for argparse. Raises ValueError."""
    return date.fromisoformat(text)


def disagreement(options: argparse.Namespace) -> str | None:
    if None not in (options.applications, options.per_day):
        return "simulate accepts either --applications or --per-day, and not both"
    return None


VERBS = (
    Verb(
        "simulate",
        "import and simulate",
        "add simulated days of a mall; equal options give equal days",
        simulate,
        "jejak simulate --seed 7 --days 30 --per-day 20 --truth truth.ndjson",
        "compare the figures in Jejak with the truth file; a second run of the command adds nothing",
        (
            (
                ("--seed",),
                {
                    "type": whole(0, POSITION_MAX),
                    "default": 1,
                    "help": "number that fixes all random choices (default: 1)",
                },
            ),
            (
                ("--days",),
                {
                    "type": whole(1, DAYS_MAX),
                    "default": 30,
                    "help": "number of simulated days before --until (default: 30)",
                },
            ),
            (
                ("--applications",),
                {"type": whole(1, APPLICATIONS_MAX), "metavar": "N", "help": "number of applications in total"},
            ),
            (
                ("--per-day",),
                {
                    "type": whole(1, APPLICATIONS_MAX),
                    "metavar": "N",
                    "help": f"number of applications per day (default: {PER_DAY})",
                },
            ),
            (
                ("--until",),
                {"type": day, "metavar": "DATE", "help": "day after the last simulated day (default: today)"},
            ),
            (("--truth",), {"type": Path, "metavar": "FILE", "help": "file for the expected results, in NDJSON"}),
            (
                ("--rate",),
                {"type": rate, "metavar": "N", "help": "largest number of commands per second (default: no limit)"},
            ),
        ),
        disagreement,
    ),
)
