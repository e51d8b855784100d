"""Supervisor: keeps worker processes running. A worker that dies is replaced.

When the parent process ends, its workers end too, even if the parent process is killed.
"""

import asyncio
import contextlib
import os
import signal
import subprocess
import sys
import threading
from collections.abc import AsyncIterator, Callable, Sequence

LOOK_SECONDS = 0.5
STOP_SECONDS = 10
ATTACHED = "--attached"
"""The option of `jejak` that makes a process end when its parent process ends."""


@contextlib.asynccontextmanager
async def kept(verbs: Sequence[Sequence[str]], descriptors: Sequence[int] = ()) -> AsyncIterator[None]:
    """Runs one `jejak` process for each entry of `verbs`, while the context lasts. An entry is a subcommand with its
    options.

    The processes inherit the open `descriptors`.
    """

    def spawn(verb: Sequence[str]) -> subprocess.Popen[bytes]:
        command = [sys.executable, "-m", "infra.cli", *verb, ATTACHED]
        return subprocess.Popen(
            command, stdin=subprocess.PIPE, stdout=subprocess.DEVNULL, pass_fds=descriptors, start_new_session=True
        )

    processes = [spawn(verb) for verb in verbs]

    async def replace() -> None:
        while True:
            await asyncio.sleep(LOOK_SECONDS)
            for place, process in enumerate(processes):
                if process.poll() is not None:
                    processes[place] = spawn(verbs[place])

    replacing = asyncio.create_task(replace())
    try:
        yield
    finally:
        replacing.cancel()
        for process in processes:
            process.terminate()
        await asyncio.gather(*(asyncio.to_thread(_ended, process) for process in processes))


def _ended(process: subprocess.Popen[bytes]) -> None:
    try:
        process.wait(STOP_SECONDS)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()
    if process.stdin:
        process.stdin.close()


def stop_event() -> asyncio.Event:
    """Returns an event that is set when SIGINT or SIGTERM arrives.

    Call this function in the running event loop of the main thread.
    """
    stopping = asyncio.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        asyncio.get_running_loop().add_signal_handler(number, stopping.set)
    return stopping


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
