"""The children: one that dies is replaced, and so is one that could not be forked; the pauses grow."""

import asyncio
import os
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from infra.runtime import supervisor as module
from infra.runtime.supervisor import Child, command_of, environment_of
from infra.service import ServiceLimits
from infra.settings import PROJECT

LASTING = [sys.executable, "-c", "import sys; sys.stdin.read()"]
ENDING = [sys.executable, "-c", "raise SystemExit(7)"]


@pytest.fixture(autouse=True)
def _quick(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "LIMITS", ServiceLimits(back_off_seconds=0.05, back_off_max_seconds=0.2))
    monkeypatch.setattr(module, "LOOK_SECONDS", 0.02)


def until(child: Child, so: Callable[[], Any]) -> None:
    deadline = time.monotonic() + 60
    while not so():
        child.look()
        assert time.monotonic() < deadline
        time.sleep(0.02)


def test_one_failed_fork_does_not_end_the_replacement(monkeypatch: pytest.MonkeyPatch) -> None:
    """It ended the task that replaces children: no child was replaced from then on."""
    fork, failures = subprocess.Popen, 3

    def failing(*arguments: Any, **options: Any) -> Any:
        nonlocal failures
        failures -= 1
        if failures >= 0:
            raise BlockingIOError(11, "Resource temporarily unavailable")
        return fork(*arguments, **options)

    monkeypatch.setattr(subprocess, "Popen", failing)
    child = Child("child tried", LASTING, ())
    until(child, lambda: child.process)
    assert child.service.state.faults_in_a_row == 3
    assert child.service.state.last_fault.startswith("BlockingIOError")
    child.terminate()
    child.wait()


def test_a_child_that_dies_at_once_is_started_again_with_pauses(monkeypatch: pytest.MonkeyPatch) -> None:
    child, starts = Child("child tried", ENDING, ()), 0

    def counted(now: float) -> None:
        nonlocal starts
        starts += 1
        Child._start(child, now)

    monkeypatch.setattr(child, "_start", counted)
    until(child, lambda: child.service.state.faults_in_a_row >= 4)
    assert starts == 4
    assert not child.service.ended, "a child that dies does not end its parent"
    child.terminate()
    child.wait()


def test_a_child_that_lasts_counts_as_well_again(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "STEADY_SECONDS", 0.1)
    child = Child("child tried", LASTING, ())
    child.service.failed(OSError())
    until(child, lambda: child.service.state.last_success)
    assert child.service.state.faults_in_a_row == 0
    child.terminate()
    child.wait()
    assert child.process is None


def test_when_the_context_ends_no_child_is_left(monkeypatch: pytest.MonkeyPatch) -> None:
    started: list[subprocess.Popen[bytes]] = []
    fork = subprocess.Popen

    def kept(_: Any, **options: Any) -> Any:
        started.append(fork(LASTING, **options))
        return started[-1]

    monkeypatch.setattr(subprocess, "Popen", kept)

    async def briefly() -> None:
        async with module.kept([["api"], ["api"], ["project"]]):
            deadline = time.monotonic() + 60
            while len(started) < 3:
                assert time.monotonic() < deadline
                await asyncio.sleep(0.01)

    asyncio.run(briefly())
    assert [process.poll() is not None for process in started] == [True] * 3


def test_a_file_in_the_working_folder_does_not_replace_a_package(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """`python -m` looks into the working folder first: a file `structlog.py` there ended every child at once."""
    for name in ("structlog", "psycopg", "orjson"):
        (tmp_path / f"{name}.py").write_text("raise SystemExit(9)")
    monkeypatch.chdir(tmp_path)
    done = subprocess.run(
        command_of(["--version"]), env=environment_of(os.environ), capture_output=True, text=True, check=False
    )
    assert (done.returncode, done.stderr) == (0, "")


@pytest.mark.parametrize(("before", "after"), [({}, str(PROJECT)), ({"PYTHONPATH": "/a"}, f"{PROJECT}{os.pathsep}/a")])
def test_a_child_runs_the_code_of_its_parent(before: dict[str, str], after: str) -> None:
    assert environment_of(before)["PYTHONPATH"] == after
