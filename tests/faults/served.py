"""A whole `jejak serve`, the processes of which a test stops or kills, and how long it then takes to be well again."""

import asyncio
import json
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import psycopg

from infra.postgres.databases import EVENTS
from infra.postgres.embedded import EmbeddedPostgres
from tests.api.installation import LICENSING, furnish
from tests.fire.client import SUBMISSION
from tests.running import Jejak, Reply, jejak

WORKERS = 2
HEALED_SECONDS = 60.0
"""Seconds after which what has not healed never will. The machine may be shared, so healing itself is only printed."""


@dataclass(frozen=True, slots=True)
class Served:
    running: Jejak

    @property
    def token(self) -> str:
        return self.running.officer(LICENSING)

    def processes(self, verb: str) -> list[int]:
        """Of `serve` itself, or of the children that it started with this verb."""
        assert self.running.process
        parent = self.running.process.pid
        if verb == "serve":
            return [parent]
        return [child for child in children_of(parent) if f"infra.cli\0{verb}\0" in command_of(child)]

    def postgres(self) -> list[int]:
        """The server's first process, then the others."""
        first = int((self.running.folder / "pg18" / "postmaster.pid").read_text().split()[0])
        return [first, *children_of(first)]

    def appending(self) -> list[int]:
        """The server's processes that append events for the API."""
        with psycopg.connect(self.owner(), autocommit=True) as connection:
            rows = connection.execute(
                "SELECT pid FROM pg_stat_activity WHERE query LIKE '%append_events(%' AND pid <> pg_backend_pid()"
            ).fetchall()
        return [pid for (pid,) in rows]

    def owner(self) -> str:
        return EmbeddedPostgres(self.running.folder).conninfo(EVENTS)

    def ready(self) -> Reply:
        """What the operator is told."""
        return self.running.request("GET", "/readyz", port=self.running.ops_port)

    def details(self) -> dict[str, Any]:
        details: dict[str, Any] = self.ready().json()
        return details

    def is_well(self) -> bool:
        """A submission is stored, its sender can read it, and `/readyz` says that all is well."""
        try:
            reply = self.running.submit(self.token, **SUBMISSION)
            shown = self.running.request("GET", f"/v1/applications/{reply['application_id']}", token=self.token)
            public = self.running.request("GET", "/readyz")
        except (OSError, AssertionError, json.JSONDecodeError):
            return False
        return (shown.status, public.status, self.ready().status) == (200, 200, 200)

    async def well_again(self, since: float) -> float:
        """The seconds from `since` until all is well."""
        while not await asyncio.to_thread(self.is_well):
            assert time.monotonic() - since < HEALED_SECONDS, "it does not heal by itself"
            await asyncio.sleep(0.1)
        return time.monotonic() - since

    def log(self) -> list[dict[str, Any]]:
        """The lines of all processes."""
        text = "".join(file.read_text() for file in self.running.folder.glob("serve-*.log"))
        return [json.loads(line) for line in text.splitlines() if line.startswith("{")]


def children_of(process: int) -> list[int]:
    return [int(pid) for pid in Path(f"/proc/{process}/task/{process}/children").read_text().split()]


def command_of(process: int) -> str:
    try:
        return Path(f"/proc/{process}/cmdline").read_text()
    except OSError:
        return ""


@contextmanager
def served(*options: str) -> Iterator[Served]:
    """With the example catalogue, no application, and a bearer of every kind."""
    with jejak("--workers", str(WORKERS), *options) as running:
        asyncio.run(furnish(running, publish=True))
        yield Served(running)
