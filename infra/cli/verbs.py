"""What the verbs of `jejak` do. Progress goes to stderr; what a program may read to stdout, last line last."""

import argparse
import asyncio
import json
import os
import signal
import socket
import sys
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from itertools import islice
from typing import Any
from uuid import UUID, uuid4

import psycopg
from tqdm import tqdm

from feeds.agencies.topics_file import Topics, read_topics
from infra import logs
from infra.composition import Installation, installation
from infra.demo import seed
from infra.keys.tokens import SignedTokens
from infra.postgres.databases import DatabaseRole, Databases, databases
from infra.projector.outbox import Outbox
from infra.projector.runner import Runner, runners
from infra.projector.views import VIEWS, rebuild
from infra.runtime import serve
from infra.runtime.fsck import faults_of_log, faults_of_views
from infra.runtime.supervisor import attach
from infra.settings import Settings, settings_from
from service_layer.rights import Bearer, Principal

EXIT_FOUND, EXIT_WRONG = 1, 2
FAULTS_MAX = 1000
"""Named of the log, and of each view: with more, the disk is gone, not a row."""
SECONDS_AN_HOUR = 3600


def settings() -> Settings:
    return settings_from(os.environ)


def serve_all(options: argparse.Namespace) -> int:
    logs.configure()
    listener = serve.listen(options.host, options.port)
    wanted = seed.DEMO if options.demo else seed.EXAMPLES if options.examples else None

    async def fill(made: Installation) -> None:
        if wanted:
            with bar("filling in", wanted.applications, "appl") as advance:
                await seed.seed(made, wanted, advance)

    serve.run_all(settings(), listener, workers=options.workers, fill=fill)
    return 0


def serve_api(options: argparse.Namespace) -> int:
    logs.configure()
    if options.descriptor is None:
        listener = serve.listen(options.host, options.port)
        print(f"API: http://{options.host}:{options.port}/openapi.json", flush=True)
    else:
        listener = socket.socket(fileno=options.descriptor)
    if options.attached:
        attach(lambda: os.kill(os.getpid(), signal.SIGTERM))
    serve.run_api(settings(), listener)
    return 0


def project(options: argparse.Namespace) -> int:
    logs.configure()
    stopping = threading.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_: stopping.set())
    if options.attached:
        attach(stopping.set)
    topics = read_topics(settings().topics_file)
    with (
        databases(settings(), kept_alive=True) as found,
        projecting(found, options.shards, options.shard),
        distributing(found, topics),
    ):
        print("projecting: " + ", ".join(VIEWS), flush=True)
        serve.settle()
        stopping.wait()
    return 0


@contextmanager
def projecting(found: Databases, shards: int | None = None, numbers: Sequence[int] = ()) -> Iterator[list[Runner]]:
    """Runners in this process: at work where nobody else projects, else standing by."""
    started = runners(found.serving, shards=shards, numbers=numbers)
    for runner in started:
        runner.start()
    try:
        yield started
    finally:
        for runner in started:
            runner.stop()


@contextmanager
def distributing(found: Databases, topics: Topics) -> Iterator[None]:
    """The feeds of the agencies, made in this process if nobody else makes them. Without an agency there are none."""
    distributor = Outbox(found.serving, topics)
    if topics.agencies:
        distributor.start()
    try:
        yield
    finally:
        distributor.stop()


@contextmanager
def bar(what: str, total: int | None, unit: str) -> Iterator[Callable[[int], None]]:
    """Not shown for what is over at once."""
    with tqdm(total=total, desc=what, unit=unit, unit_scale=True, disable=None, delay=1, file=sys.stderr) as shown:
        yield lambda more: _advance(shown, more)


def _advance(shown: "tqdm[Any]", more: int) -> None:
    shown.update(more)


@contextmanager
def level(what: str) -> Iterator[Callable[[int, int], None]]:
    """A bar that is told where it stands, and of how much."""
    with tqdm(desc=what, unit="ev", unit_scale=True, disable=None, file=sys.stderr) as shown:

        def stand(reached: int, total: int) -> None:
            shown.total = total
            shown.update(reached - shown.n)

        yield stand


def rebuild_views(options: argparse.Namespace) -> int:
    names = options.views or list(VIEWS)
    with databases(settings()) as found:
        for name in names:
            with level(f"rebuilding {name}") as stand:
                position = rebuild(VIEWS[name], found.serving, progress_of=stand)
            print(f"{name}: rebuilt up to position {position}")
    return 0


def fsck(options: argparse.Namespace) -> int:
    faults: list[str] = []
    with databases(settings()) as found:
        with level("checking the log") as stand:
            faults += islice(faults_of_log(found.auditor, stand), FAULTS_MAX)
        with level("checking the views") as stand:
            faults += list(faults_of_views(found.serving, stand))
    if options.json:
        print(json.dumps({"faults": faults}))
    else:
        print("\n".join(faults) or "the log and the views are as they should be")
    return EXIT_FOUND if faults else 0


def token(options: argparse.Namespace) -> int:
    bearer = Bearer.AGENCY if options.agency else Bearer(options.role)
    if bearer in (Bearer.OFFICER, Bearer.SUPERVISOR) and not options.office:
        print(f"jejak: a token for {bearer} needs --office, a code from /v1/offices", file=sys.stderr)
        return EXIT_WRONG
    principal = Principal(
        bearer=bearer,
        actor=options.actor or uuid4(),
        office=options.office or "",
        agency=options.agency or "",
    )

    async def sign(found: Databases) -> str:
        async with installation(settings(), found) as made:
            registry = await made.editions.registry()
            if options.office and options.office not in registry.offices:
                print(f"jejak: no office {options.office} is registered yet", file=sys.stderr)
            tokens = SignedTokens(made.named.token, made.named.read_token)
            return tokens.bearer(principal, seconds=options.hours * SECONDS_AN_HOUR)

    with databases(settings()) as found:
        print(asyncio.run(sign(found)))
    return 0


def erase(options: argparse.Namespace) -> int:
    if not options.yes and input("Erased keys cannot be brought back. Type erase to go on: ") != "erase":
        print("nothing was erased", file=sys.stderr)
        return EXIT_FOUND
    application: UUID | None = options.application
    person: UUID | None = options.person

    async def destroy(found: Databases) -> list[UUID]:
        async with installation(settings(), found) as made:
            with psycopg.connect(found.owner) as connection:  # the list first: it is re-applied at every start
                connection.execute(
                    "INSERT INTO erasures (application_id, person) VALUES (%s, %s)", (application, person)
                )
                connection.execute("DELETE FROM claims WHERE originator_id = %s AND length(claim) = 12", (application,))
            return await made.keys.erase(application=application, person=person)

    with databases(settings()) as found:
        darkened = asyncio.run(destroy(found))
    print(f"erased: the keys of {len(darkened)} applications; their events, timelines and chains stay")
    return 0


def url(options: argparse.Namespace) -> int:
    with databases(settings()) as found:
        print(found.conninfo(DatabaseRole(options.role)))
    return 0


def psql(options: argparse.Namespace) -> int:
    """A child, not this process: we hold the embedded server open for it."""
    import subprocess  # noqa: PLC0415 - here alone

    with databases(settings()) as found:
        program = str(found.tools / "psql") if found.tools else "psql"
        arguments = [program, found.conninfo(DatabaseRole(options.role)), *options.arguments]
        return subprocess.run(arguments, check=False).returncode
