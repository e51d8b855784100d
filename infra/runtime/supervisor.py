"""Supervisor: keeps worker processes running. A worker that dies is started again after a pause.

The pause becomes longer if the worker dies again and again. When the parent process ends, its workers end too, even if
the parent process is killed.
"""

import asyncio
import contextlib
import os
import subprocess
import sys
import threading
import time
from collections.abc import AsyncIterator, Callable, Mapping, Sequence

import structlog

from infra.service import BackgroundService, ServiceLimits, registered
from infra.settings import PROJECT

LOOK_SECONDS = 0.5
STOP_SECONDS = 10
STEADY_SECONDS = 10.0
LIMITS = ServiceLimits(pass_seconds=60.0, back_off_seconds=0.25, back_off_max_seconds=10.0)
ATTACHED = "--attached"
"""The option of `jejak` that makes a process end when its parent process ends."""

log = structlog.get_logger("jejak.supervisor")


class ChildEnded(Exception):
    """A worker process ended by itself. The exit code or the signal is in the message."""


class Child:
    """One worker process. If the process ends, or if it cannot be started, it is started again after a pause.

    The pause doubles with each failed start. A start counts as successful if the process has run for STEADY_SECONDS.
    """

    def __init__(self, name: str, command: Sequence[str], descriptors: Sequence[int]) -> None:
        self.command = command
        self.descriptors = descriptors
        self.service = BackgroundService(name, LIMITS, expected=(ChildEnded, OSError))
        self.process: subprocess.Popen[bytes] | None = None
        self._begun = self._again_at = 0.0

    def look(self) -> None:
        """Starts the process if it is not running and the pause is over."""
        now = time.monotonic()
        if self.process is None:
            if now >= self._again_at:
                self._start(now)
        elif self.process.poll() is not None:
            code = self._closed()
            self._again_at = now + self.service.failed(ChildEnded(code))
            log.warning("a worker process ended", service=self.service.name, code=code)
        elif now - self._begun >= STEADY_SECONDS:
            self.service.succeeded()

    def _start(self, now: float) -> None:
        try:
            self.process = subprocess.Popen(
                self.command,
                env=environment_of(os.environ),
                stdin=subprocess.PIPE,
                stdout=subprocess.DEVNULL,
                pass_fds=self.descriptors,
                start_new_session=True,
            )
            self._begun = now
        except OSError as fault:  # the system has no more memory, processes or descriptors
            self._again_at = now + self.service.failed(fault)

    def terminate(self) -> None:
        if self.process is not None:
            self.process.terminate()

    def wait(self) -> None:
        """Waits until the process has ended. After STOP_SECONDS, kills the process."""
        if self.process is None:
            return
        try:
            self.process.wait(STOP_SECONDS)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
        self._closed()

    def _closed(self) -> int | None:
        process, self.process = self.process, None
        if process is None:
            return None
        if process.stdin:
            process.stdin.close()
        return process.returncode


def command_of(verb: Sequence[str]) -> list[str]:
    """Returns the command of a `jejak` process. `verb` is a subcommand with its options.

    With the option `-P`, Python does not import from the working folder. So a file in this folder cannot replace a
    package.
    """
    return [sys.executable, "-P", "-m", "infra.cli", *verb]


def environment_of(environment: Mapping[str, str]) -> dict[str, str]:
    """Returns the environment of a child. The child imports the same code as this process."""
    paths = [str(PROJECT), *filter(None, [environment.get("PYTHONPATH")])]
    return {**environment, "PYTHONPATH": os.pathsep.join(paths)}


@contextlib.asynccontextmanager
async def kept(verbs: Sequence[Sequence[str]], descriptors: Sequence[int] = ()) -> AsyncIterator[None]:
    """Runs one `jejak` process for each entry of `verbs`, while the context lasts. An entry is a subcommand with its
    options.

    The processes inherit the open `descriptors`.
    """
    names = [verb[0] for verb in verbs]
    children = [
        Child(
            f"child {verb[0]} {place}" if names.count(verb[0]) > 1 else f"child {verb[0]}",
            command_of([*verb, ATTACHED]),
            descriptors,
        )
        for place, verb in enumerate(verbs, 1)
    ]

    async def look() -> None:
        for child in children:
            child.look()
        service.succeeded()
        await asyncio.sleep(LOOK_SECONDS)

    service = BackgroundService("children", LIMITS)
    looking = asyncio.create_task(service.run_async(look))
    try:
        with contextlib.ExitStack() as watched:
            for child in children:
                watched.enter_context(registered(child.service))
            yield
    finally:
        looking.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await looking
        for child in children:
            child.terminate()
        await asyncio.gather(*(asyncio.to_thread(child.wait) for child in children))


def attach(end: Callable[[], None]) -> None:
    """Calls the function `end` when the parent process has ended.

    The standard input of this process ends when the parent process ends. A new thread waits for this end.
    """

    def wait() -> None:
        # `os.read` uses no buffer. Python cannot exit while a thread has locked a buffer.
        while os.read(sys.stdin.fileno(), 1024):
            pass
        end()

    threading.Thread(target=wait, name="attached", daemon=True).start()
