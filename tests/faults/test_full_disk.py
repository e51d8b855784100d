"""The disk of the data folder is full, and then has room again."""

import asyncio
import errno
import os
import shutil
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from tests.api.installation import LICENSING
from tests.conftest import PROJECT, new_folder
from tests.faults.served import HEALED_SECONDS, Served
from tests.fire.client import Answer, Client, Lost
from tests.fire.load import UNKNOWN, loaded
from tests.running import Jejak, free_port

MEGABYTES = 250
CLIENTS, COMMANDS = 8, 16
SHORT, LONG = 3.0, 60.0


def may_mount() -> bool:
    """A container may forbid it, also to root."""
    command = ["unshare", "-m", "mount", "-t", "tmpfs", "tmpfs", "/mnt"]
    return bool(shutil.which("unshare")) and subprocess.run(command, capture_output=True, check=False).returncode == 0


pytestmark = [
    pytest.mark.anyio,
    pytest.mark.skipif(os.geteuid() != 0, reason="only root may mount a small disk"),
    pytest.mark.skipif(os.geteuid() == 0 and not may_mount(), reason="no disk can be mounted here"),
]


@contextmanager
def on_a_small_disk() -> Iterator[tuple[Served, Path]]:
    """The installation, and its data folder as this process can reach it."""
    running = Jejak(new_folder(), port=free_port(), ops_port=free_port())
    command = [
        sys.executable,
        "-m",
        "tests.faults.small_disk",
        running.folder,
        MEGABYTES,
        running.port,
        running.ops_port,
    ]
    with (running.folder / "serve-small.log").open("w") as log:
        running.process = subprocess.Popen(
            ["unshare", "-m", *map(str, command)],
            env=running.environment(),
            cwd=PROJECT,
            stdout=subprocess.PIPE,
            stderr=log,
            text=True,
        )
    assert running.process.stdout
    try:
        running.tokens[("--role", "officer", "--office", LICENSING)] = running.process.stdout.readline().strip()
        while running.process.stdout.readline().partition(": ")[0] != "data folder":
            assert running.process.poll() is None, (running.folder / "serve-small.log").read_text()
        yield Served(running), Path(f"/proc/{running.process.pid}/root{running.folder}")
        assert running.stop() == 0
    finally:
        if running.process.poll() is None:
            running.process.kill()
            running.process.wait()
        shutil.rmtree(running.folder, ignore_errors=True)


def fill(filler: Path) -> None:
    with filler.open("wb", buffering=0) as opened:
        size = 1 << 20
        while size:
            try:
                opened.write(bytes(size))
            except OSError as full:
                if full.errno != errno.ENOSPC:
                    raise
                size //= 2


def in_its_namespace(running: Jejak, *arguments: str) -> subprocess.CompletedProcess[str]:
    assert running.process
    namespace = ["nsenter", "-m", f"-w{PROJECT}", "-t", str(running.process.pid)]
    return subprocess.run(
        [*namespace, sys.executable, "-m", "infra.cli", *arguments],
        env=running.environment(),
        capture_output=True,
        text=True,
        check=False,
    )


async def refused(port: int, token: str) -> Answer:
    """Submits until an answer says that it was not stored. A full disk may have room for a few more events."""
    async with Client(port, token) as client:
        begun = time.monotonic()
        while True:
            try:
                answer = await client.submit()
            except Lost:
                continue
            if answer.status != 201:
                return answer
            assert time.monotonic() - begun < HEALED_SECONDS


@pytest.mark.parametrize("seconds", [SHORT, pytest.param(LONG, marks=[pytest.mark.prove, pytest.mark.timeout(900)])])
async def test_a_full_disk_refuses_and_with_room_again_all_goes_on(seconds: float) -> None:
    with on_a_small_disk() as (at, folder):
        running = at.running
        async with loaded(running.port, at.token, CLIENTS) as load:
            while load.acknowledged < COMMANDS:  # noqa: ASYNC110 - the load sets no event
                await asyncio.sleep(0.01)
            await asyncio.to_thread(fill, folder / "filler")
            answer = await refused(running.port, at.token)
            assert (answer.status, answer.json()["code"]) == (UNKNOWN, "unavailable")
            await asyncio.sleep(seconds)
            ready = await asyncio.to_thread(running.request, "GET", "/readyz")
            details = await asyncio.to_thread(at.ready)
            assert (ready.status, details.status, details.json()["status"]) == (503, 503, "not storing")
            before = load.acknowledged
            (folder / "filler").unlink()
            since = time.monotonic()
            healed = await at.well_again(since)
            while load.acknowledged < before + COMMANDS:
                assert time.monotonic() - since < HEALED_SECONDS
                await asyncio.sleep(0.01)
        print(f"full for {seconds:g} s: well again after {healed:.1f} s")
        assert load.wrong == []
        query = (
            "SELECT originator_id, originator_version, state->>'command' FROM events WHERE topic LIKE 'application.%'"
        )
        found = await asyncio.to_thread(in_its_namespace, running, "psql", "--", "-AtF ", "-c", query)
        stored = [tuple(line.split()) for line in found.stdout.splitlines()]
        assert len({command for _, _, command in stored}) == len(stored), "nothing is stored twice"
        told = {(one["application_id"], str(one["version"])) for sent in load.sent if (one := sent.acknowledged)}
        assert told <= {(application, version) for application, version, _ in stored}
        fsck = await asyncio.to_thread(in_its_namespace, running, "fsck")
        assert fsck.returncode == 0, fsck.stdout + fsck.stderr
