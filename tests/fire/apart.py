"""An installation whose API, projector and PostgreSQL are processes of their own, each to be killed by itself."""

import asyncio
import os
import signal
import subprocess
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path

from tests.api.installation import furnish
from tests.conftest import PROJECT
from tests.journeys.test_restart import processes_of
from tests.running import JEJAK, Jejak, free_port, jejak

PATIENCE = 120.0
"""Seconds after which a start or an end hangs."""


@dataclass
class Apart:
    running: Jejak
    processes: dict[str, subprocess.Popen[bytes]] = field(default_factory=dict)

    def start(self, name: str) -> int:
        """`api` or `project`. Returns the process id."""
        options = ["--port", str(self.running.port)] if name == "api" else []
        with (self.running.folder / f"{name}.log").open("ab") as log:
            self.processes[name] = subprocess.Popen(
                [*JEJAK, name, *options],
                env=self.running.environment(),
                cwd=PROJECT,
                stdout=subprocess.DEVNULL,
                stderr=log,
            )
        return self.processes[name].pid

    async def answers(self) -> None:
        deadline = time.monotonic() + PATIENCE
        while time.monotonic() < deadline:
            try:
                if (await asyncio.to_thread(self.running.request, "GET", "/livez")).status == 200:
                    return
            except OSError:
                await asyncio.sleep(0.05)
        raise AssertionError("the API does not answer")

    async def kill(self, name: str) -> str:
        """`kill -9`. Returns process id and wait status, for the record."""
        process = self.processes[name]
        process.kill()
        status = await asyncio.to_thread(process.wait, PATIENCE)
        assert status == -signal.SIGKILL, (name, status)
        return f"{name} pid {process.pid}: wait status {status}"

    async def kill_postgres(self, *, whole: bool) -> str:
        """Its first process, or all of them. They are no children of ours, so their wait status is not ours to see."""
        folder = self.running.folder
        first = int((folder / "pg18" / "postmaster.pid").read_text().split()[0])
        killed = [first, *(process for process in processes_of(folder) if process != first)] if whole else [first]
        for process in killed:
            try:
                os.kill(process, signal.SIGKILL)
            except ProcessLookupError:
                continue
        deadline = time.monotonic() + PATIENCE
        while any(_lives(process) for process in killed):
            assert time.monotonic() < deadline, "it outlives kill -9"
            await asyncio.sleep(0.01)
        return f"postgres pid {first} and {len(killed) - 1} of its processes: gone"

    def stop(self) -> None:
        for process in self.processes.values():
            process.terminate()
        for process in self.processes.values():
            process.wait(PATIENCE)


def _lives(process: int) -> bool:
    """A zombie does not."""
    try:
        return Path(f"/proc/{process}/stat").read_text(encoding="ascii").rpartition(") ")[2][0] not in "ZX"
    except (OSError, IndexError):
        return False


@asynccontextmanager
async def apart() -> AsyncIterator[Apart]:
    """With the example catalogue, no application, and a bearer of every kind."""
    with jejak(start=False) as running:
        running.port = free_port()
        made = Apart(running)
        try:
            made.start("api")
            await made.answers()
            await furnish(running, publish=True)
            made.start("project")
            yield made
        finally:
            made.stop()
