"""This release starts an installation of an earlier release while clients read. They get right answers, or 503."""

import asyncio
import json
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import psycopg
import pytest

from infra.composition import installation
from infra.postgres.databases import databases
from infra.queries.applications import STATES
from infra.settings import settings_from
from tests.api.installation import IMMIGRATION, signed
from tests.conftest import PROJECT
from tests.running import JEJAK, Jejak, Reply, free_port, jejak
from tests.upgrades.archive import ARCHIVES, unpack

AS_OF = "2026-11-25T00:00:00Z"
UPGRADE_SECONDS = 60
COUNTED_TRIES = "SELECT round(coalesce(sum(count), 0)) FROM pin_failures"
FIRST = "SELECT originator_id FROM events WHERE topic = 'application.submitted.v1' ORDER BY position LIMIT 1"
OPEN_FILES = f"SELECT count(*) FROM views.desk WHERE open AND office = '{IMMIGRATION}'"
FEED_MADE = "SELECT position >= (SELECT max(notification_id) FROM stored_events) FROM feeds.distributed"


@pytest.mark.parametrize("archive", ARCHIVES, ids=lambda archive: archive.name.removesuffix(".tar.gz"))
def test_an_upgrade_while_serving(archive: Path) -> None:
    with jejak(start=False) as running:
        unpack(archive, running.folder)
        refused = running.command("fsck", check=False)
        assert refused.returncode
        assert "this release needs 00" in refused.stderr, "fsck migrates nothing"
        with api(running):
            readers, owner = asyncio.run(readers_of(running))
            for name, reply in answers(running, readers).items():
                assert (reply.status, reply.json()["code"]) == (503, "behind"), name
                assert reply.headers["Retry-After"], name
            assert running.request("GET", "/readyz").status == 503
            with projector(running):
                seen = until_ready(running, readers, owner)
                last = answers(running, readers)
            assert {name: reply.status for name, reply in last.items()} == dict.fromkeys(readers, 200)
            for name, reply in seen:
                told = (reply.status, reply.json().get("code") if reply.status != 200 else None)
                assert told in {(200, None), (503, "behind")}, (name, told)
            with psycopg.connect(owner) as connection:
                assert (len(last["desk"].json()["items"]),) == connection.execute(OPEN_FILES).fetchone()
                assert connection.execute(COUNTED_TRIES).fetchone() == (0,)
            assert json.loads(running.command("fsck", "--json").stdout) == {"faults": []}, "rows equal a rebuild"


@contextmanager
def api(running: Jejak) -> Iterator[None]:
    running.port = free_port()
    process = running.start(verb="api", port=running.port)
    try:
        yield
    finally:
        running.stop(process)


@contextmanager
def projector(running: Jejak) -> Iterator[None]:
    process = subprocess.Popen([*JEJAK, "project"], env=running.environment(), cwd=PROJECT, stdout=subprocess.DEVNULL)
    try:
        yield
    finally:
        process.terminate()
        process.wait(timeout=30)


Readers = dict[str, tuple[str, str, object, str | None]]


async def readers_of(running: Jejak) -> tuple[Readers, str]:
    """Every kind of reader, each with its method, path, body and bearer; and where the owner finds the database."""
    settings = settings_from(running.environment())
    with databases(settings) as found:
        async with installation(settings, found) as made:
            async with made.pool.connection() as connection:
                [application] = await (await connection.execute(FIRST)).fetchone() or (None,)
            assert application
            first = (await made.streams.history(application)).application
            number, pin = first.number, made.receipt_codes.pin(first.number, first.pin_resets)
            running.tokens |= signed(made)
    auditor = running.token("--role", "auditor")
    readers: Readers = {
        "track": ("POST", "/v1/track", {"number": number, "pin": pin}, None),
        "application": ("GET", f"/v1/applications/{application}", None, auditor),
        "timeline": ("GET", f"/v1/applications/{application}/timeline", None, auditor),
        "desk": ("GET", "/v1/desk", None, running.supervisor(IMMIGRATION)),
        "statistics": ("GET", "/v1/statistics", None, None),
        "exact statistics": ("GET", f"/v1/statistics/exact?as_of={AS_OF}", None, auditor),
        "satisfaction": ("GET", "/v1/satisfaction", None, None),
        "feed": ("GET", "/v1/feeds/pemda-3374", None, running.token("--agency", "pemda-3374")),
    }
    return readers, found.owner


def answers(running: Jejak, readers: Readers) -> dict[str, Reply]:
    return {
        name: running.request(method, path, body, token=token) for name, (method, path, body, token) in readers.items()
    }


def until_ready(running: Jejak, readers: Readers, owner: str) -> list[tuple[str, Reply]]:
    """Reads until every view is whole and the feed is made. Returns all answers until then."""
    seen: list[tuple[str, Reply]] = []
    deadline = time.monotonic() + UPGRADE_SECONDS
    with psycopg.connect(owner, autocommit=True) as connection:
        while True:
            seen += answers(running, readers).items()
            states = states_of(connection)
            if states == {"whole"} and connection.execute(FEED_MADE).fetchone() == (True,):
                assert running.request("GET", "/readyz").status == 200
                return seen
            assert time.monotonic() < deadline, states


def states_of(connection: psycopg.Connection) -> set[str]:
    try:
        return set(connection.execute(STATES).fetchone() or ())
    except psycopg.errors.UndefinedTable:  # the projector has not started yet
        return set()
