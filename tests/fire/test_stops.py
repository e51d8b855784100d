"""Jejak is interrupted at random moments of its start and its work: whatever the moment, nothing of it is left."""

import fcntl
import os
import random
import shutil
import signal
import subprocess
import time
from collections import Counter
from contextlib import suppress
from pathlib import Path

import pytest

from tests.conftest import PROJECT, new_folder
from tests.running import JEJAK, free_port

SEED = 16
ENDED_SECONDS = 60
CODES = {0, 128 + signal.SIGINT, 128 + signal.SIGTERM}
BEFORE_MAIN = {1, -signal.SIGINT, -signal.SIGTERM}
"""Python itself was still starting, so nothing of Jejak had begun."""


def left_of(folder: Path) -> list[str]:
    """The processes of the installation, sockets, and locks that somebody holds."""
    found = []
    for process in Path("/proc").glob("[0-9]*"):
        with suppress(OSError):
            environment, place = (process / "environ").read_bytes(), str((process / "cwd").readlink())
            if f"JEJAK_DATA_DIR={folder}\0".encode() in environment or place.startswith(str(folder)):
                found.append((process / "cmdline").read_bytes().replace(b"\0", b" ").decode())
    found += [str(socket) for socket in folder.glob("run/.s.PGSQL*")]
    for lock in folder.glob("*.lock"):
        with lock.open("rb") as opened:
            try:
                fcntl.flock(opened, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                found.append(f"{lock} is locked")
    return found


def started(folder: Path, workers: int = 1) -> subprocess.Popen[bytes]:
    return subprocess.Popen(
        [*JEJAK, "serve", "--port", str(free_port()), "--workers", str(workers)],
        env={**os.environ, "JEJAK_DATA_DIR": str(folder)},
        cwd=PROJECT,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL),  # noqa: PLW1509 - a shell ignores it for `&`
    )


def start_seconds(folder: Path) -> float:
    """How long a start takes on this machine, until Jejak prints its addresses."""
    begun, process = time.monotonic(), started(folder)
    assert process.stdout
    process.stdout.readline()
    took = time.monotonic() - begun
    process.send_signal(signal.SIGINT)
    assert process.wait(ENDED_SECONDS) == 0
    process.stdout.close()
    assert left_of(folder) == []
    return took


def interrupted(folder: Path, longest: float, chance: random.Random) -> tuple[int, list[str], str]:
    """Starts Jejak, interrupts it once or twice, and waits for its end. Returns the exit code and what is left."""
    moment, how = chance.uniform(0, longest), chance.choice([signal.SIGINT, signal.SIGTERM])
    twice = chance.random() < 0.3
    process = started(folder, workers=chance.choice([1, 1, 2]))
    time.sleep(moment)
    process.send_signal(how)
    if twice:
        time.sleep(chance.uniform(0, 1))
        process.send_signal(how)
    told = f"{how.name}{' twice' if twice else ''} after {moment:.2f} s"
    try:
        code = process.wait(ENDED_SECONDS)
    except subprocess.TimeoutExpired:
        process.kill()
        raise AssertionError(f"it does not end: {told}") from None
    finally:
        assert process.stdout
        process.stdout.close()
    return code, left_of(folder), told


@pytest.mark.parametrize(
    "rounds",
    [
        pytest.param(4, marks=pytest.mark.timeout(600)),
        pytest.param(200, marks=[pytest.mark.prove, pytest.mark.timeout(10_800)]),
    ],
)
def test_interrupted_at_any_moment_nothing_is_left(rounds: int) -> None:
    chance = random.Random(SEED)
    folder = new_folder()
    codes: Counter[int] = Counter()
    try:
        longest = 1.5 * start_seconds(folder)
        for number in range(rounds):
            code, left, told = interrupted(folder, longest, chance)
            codes[code] += 1
            assert left == [], f"round {number}: {told}, exit {code}"
            assert code in CODES | BEFORE_MAIN, f"round {number}: {told}"
            if number % 10 == 9:  # the next start makes the cluster again
                shutil.rmtree(folder)
                folder = new_folder()
    finally:
        shutil.rmtree(folder, ignore_errors=True)
    print(f"{rounds} starts, exit codes {dict(codes)}")
