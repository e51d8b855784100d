"""Judges by others, each in a folder of its own, so that the project does not depend on them; else a skip."""

import fcntl
import hashlib
import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

import pytest

PINNED = Path(__file__).with_name("validators.txt")
INSTALL_SECONDS = 300


def environment_of(lock: Path) -> Path:
    """A virtual environment with the packages of a lock, made once for each version of the lock."""
    version = hashlib.sha256(lock.read_bytes() + sys.version.encode()).hexdigest()[:12]
    folder = Path(tempfile.gettempdir()) / f"jejak-judges-{os.getuid()}-{version}"
    folder.mkdir(mode=0o755, exist_ok=True)
    with (folder / "lock").open("w") as held:
        fcntl.flock(held, fcntl.LOCK_EX)
        if not (folder / "whole").exists():
            subprocess.run([sys.executable, "-m", "venv", "--clear", folder / "venv"], check=True)
            installing = [str(folder / "venv/bin/pip"), "install", "--quiet", "--no-compile", "--require-hashes"]
            done = subprocess.run(
                [*installing, "-r", str(lock)], capture_output=True, text=True, timeout=INSTALL_SECONDS, check=False
            )
            if done.returncode:
                pytest.skip(f"pip cannot install the judges of {lock.name} here: {done.stderr[-300:]}")
            (folder / "whole").touch()
    return folder / "venv" / "bin"


def judge(name: str) -> str:
    return str(environment_of(PINNED) / name)


def promtool() -> str:
    found = shutil.which("promtool")
    if not found:
        pytest.skip("no promtool on this machine: apt-get install prometheus")
    return found
