"""Installations: each benchmark gets a temporary installation in /tmp.

The benches start the servers in the same way as a user does.
"""

import asyncio
import os
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from http.client import HTTPConnection
from pathlib import Path
from uuid import uuid4

import psycopg

from bench.rig.report import postgres_version
from domain.registry.registry import Registry
from infra.composition import installation
from infra.demo import seed
from infra.keys.key_store import NamedKeys
from infra.keys.tokens import SignedTokens
from infra.postgres.databases import Databases, databases
from infra.projector.runner import wait_until_caught_up
from infra.settings import PROJECT, Settings, settings_from
from service_layer.rights import Bearer, Principal

START_SECONDS, STOP_SECONDS = 120.0, 30.0
LAST_WORDS = 2_000
TOKEN_SECONDS = 24 * 3600
NO_AGENCIES = Path(os.devnull)
"""An empty topics file. With this file, no agency has a feed."""
UNDISTRIBUTED = "SELECT coalesce((SELECT max(notification_id) FROM stored_events), 0) - position FROM feeds.distributed"
COUNTS = "SELECT (SELECT count(*) FROM stored_events), (SELECT count(*) FROM claims)"


@dataclass(frozen=True, slots=True)
class Installed:
    """An installation. At first, it has the example catalogue and no applications.

    If `feeds` is true, the agencies have feeds.
    """

    folder: Path
    settings: Settings
    databases: Databases
    registry: Registry
    named: NamedKeys
    postgres: str
    feeds: bool = True

    @property
    def environment(self) -> dict[str, str]:
        topics = {} if self.feeds else {"JEJAK_TOPICS_FILE": str(NO_AGENCIES)}
        return {**os.environ, "JEJAK_DATA_DIR": str(self.folder), **topics}

    def bearer(self, office: str) -> bytes:
        """Returns a bearer token for a supervisor of the office. A supervisor has all rights of an officer."""
        principal = Principal(bearer=Bearer.SUPERVISOR, actor=uuid4(), office=office, agency="")
        tokens = SignedTokens(self.named.token, self.named.read_token)
        return tokens.bearer(principal, seconds=TOKEN_SECONDS).encode()

    def rows(self, *views: str) -> dict[str, int]:
        """Returns the number of events, the number of claims, and the number of rows of each named view."""
        with psycopg.connect(self.databases.owner) as connection:
            row = connection.execute(COUNTS).fetchone() or (0, 0)
            counts = dict(zip(("events", "claims"), row, strict=True))
            for view in views:
                found = connection.execute(f"SELECT count(*) FROM views.{view}".encode()).fetchone()  # noqa: S608 - a constant name
                counts[view] = found[0] if found else 0
        return counts


@contextmanager
def installed(*, feeds: bool = True) -> Iterator[Installed]:
    """Makes an installation, and removes its folder at the end."""
    folder = Path(tempfile.mkdtemp(dir="/tmp", prefix="jejak-bench-"))
    folder.chmod(0o711)  # the unprivileged user that runs PostgreSQL must be able to enter the folder
    (folder / "keys").mkdir(mode=0o700)  # the key folder is in the data folder, so that it is removed with it
    settings = settings_from({"JEJAK_DATA_DIR": str(folder)})
    try:
        with databases(settings) as found:
            registry, named = asyncio.run(_furnished(settings, found))
            yield Installed(folder, settings, found, registry, named, postgres_version(found.owner), feeds)
    finally:
        shutil.rmtree(folder, ignore_errors=True)


async def _furnished(settings: Settings, found: Databases) -> tuple[Registry, NamedKeys]:
    async with installation(settings, found) as made:
        await seed.publish(made)
        return await made.editions.registry(), made.named


def free_port() -> int:
    """Returns a port on 127.0.0.1 that no process listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


@contextmanager
def served(where: Installed) -> Iterator[int]:
    """Runs `jejak serve`. Yields the server's port as soon as the views and the feeds have caught up with the log."""
    port = free_port()
    with running([sys.executable, "-m", "infra.cli", "serve", "--port", str(port)], port, where):
        wait_until_caught_up(where.databases.serving)
        while where.feeds and undistributed(where):
            time.sleep(0.1)
        yield port


def undistributed(where: Installed) -> bool:
    with psycopg.connect(where.databases.serving) as connection:
        return connection.execute(UNDISTRIBUTED).fetchone() != (0,)


@contextmanager
def running(command: list[str], port: int, where: Installed) -> Iterator[None]:
    """Runs a server and waits until the server answers. At the end, terminates the server, or kills it if it hangs."""
    log_file = where.folder / f"{port}.log"
    with log_file.open("wb") as log:
        process = subprocess.Popen(
            command, env=where.environment, cwd=PROJECT, stdout=log, stderr=log, start_new_session=True
        )
    try:
        wait_for(process, port, log_file)
        yield
    finally:
        process.send_signal(signal.SIGTERM)
        try:
            process.wait(STOP_SECONDS)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


def wait_for(process: subprocess.Popen[bytes], port: int, log_file: Path) -> None:
    """Waits until the server answers. Raises TimeoutError with the last lines of the server's log."""
    deadline = time.monotonic() + START_SECONDS
    while time.monotonic() < deadline and process.poll() is None:
        connection = HTTPConnection("127.0.0.1", port, timeout=5)
        try:
            connection.request("GET", "/livez")
            if connection.getresponse().status == 200:  # noqa: PLR2004 - OK
                return
        except OSError:
            time.sleep(0.05)
        finally:
            connection.close()
    raise TimeoutError(f"no answer on port {port}: {log_file.read_text(errors='replace')[-LAST_WORDS:]}")


def say(step: str) -> None:
    """Prints the current step of a bench to stderr."""
    print(f"bench: {step}", file=sys.stderr, flush=True)
