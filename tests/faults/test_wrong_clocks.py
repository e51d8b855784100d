"""The clock of the host jumps while Jejak runs, and the clock of the database stays right."""

import asyncio
import shutil
import struct
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.api.installation import LICENSING, furnish
from tests.faults.served import HEALED_SECONDS, Served
from tests.fire.accounting import accounted
from tests.fire.load import Load, loaded
from tests.running import Jejak, jejak

CLIENTS, COMMANDS, HOUR = 8, 16, 3600

pytestmark = [pytest.mark.anyio, pytest.mark.skipif(not shutil.which("cc"), reason="no compiler for C")]


class Shifted(Jejak):
    """All processes of Jejak read how wrong their clock is. The environment of the embedded database is empty."""

    @property
    def file(self) -> Path:
        return self.folder / "wrong-clock"

    def environment(self) -> dict[str, str]:
        library = self.folder / "wrong_clock.so"
        if not library.exists():
            source = Path(__file__).with_name("wrong_clock.c")
            subprocess.run(["cc", "-shared", "-fPIC", "-O1", "-o", library, source], check=True)
            self.shift(0)
        return {**super().environment(), "LD_PRELOAD": str(library), "WRONG_CLOCK": str(self.file)}

    def shift(self, seconds: int) -> None:
        """At once, also for the processes that run."""
        with self.file.open("r+b" if self.file.exists() else "w+b") as opened:
            opened.write(struct.pack("=q", seconds))


@pytest.fixture
def at() -> Iterator[Served]:
    with jejak(kind=Shifted) as running:
        asyncio.run(furnish(running, publish=True))
        yield Served(running)


def shift(at: Served, seconds: int) -> None:
    assert isinstance(at.running, Shifted)
    at.running.shift(seconds)


async def until_acknowledged(load: Load, more: int = COMMANDS) -> None:
    wanted, deadline = load.acknowledged + more, time.monotonic() + HEALED_SECONDS
    while load.acknowledged < wanted:
        assert time.monotonic() < deadline, f"{load.acknowledged} of {wanted} acknowledged, wrong: {load.wrong}"
        await asyncio.sleep(0.01)


async def told(at: Served, status: str) -> float:
    """The seconds until /readyz gives this status. Its HTTP status stays 200."""
    begun = time.monotonic()
    while True:
        reply = await asyncio.to_thread(at.ready)
        assert reply.status == 200
        if reply.json()["status"] == status:
            return time.monotonic() - begun
        assert time.monotonic() - begun < HEALED_SECONDS, reply.json()
        await asyncio.sleep(0.1)


async def test_a_host_whose_clock_jumps_stores_right_times_and_says_so(at: Served) -> None:
    """An hour back, a day ahead, three months ahead. Events had the wrong time of the host for ever.

    Command keys were made and destroyed by the month of the host, so a repeated command could be stored twice.
    """
    running = at.running
    token = running.command("token", "--role", "officer", "--office", LICENSING, "--hours", "8760").stdout.strip()
    running.tokens["--role", "officer", "--office", LICENSING] = token
    async with loaded(running.port, token, CLIENTS) as load:
        for seconds in (-HOUR, 24 * HOUR, 95 * 24 * HOUR):
            shift(at, seconds)
            await told(at, "clock")
            await until_acknowledged(load)
        shift(at, 0)
        since = time.monotonic()
        healed = await told(at, "ok")
        await at.well_again(since)
        await until_acknowledged(load)
    print(f"the clock jumped an hour back, a day and 95 days ahead: well {healed:.1f} s after it was right again")
    assert load.wrong == []
    await accounted(running, token, load)
    fsck = await asyncio.to_thread(running.command, "fsck", check=False)
    assert fsck.returncode == 0, fsck.stdout


def test_a_scheduler_twenty_days_ahead_refuses_and_says_what_to_do(at: Served) -> None:
    """It granted by silence, for good, days before the date."""
    shift(at, 20 * 24 * HOUR)
    done = at.running.command("schedule", "--once", check=False)
    assert done.returncode == 2
    assert "seconds ahead of the clock of the database" in done.stderr
    assert "correct the wrong clock" in done.stderr
    assert done.stderr.count("jejak:") == 1
