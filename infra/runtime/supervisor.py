"""Processes that a server keeps: one that dies is replaced, and all go with the server, even if that is killed."""

import asyncio
import contextlib
import os
import subprocess
import sys
import threading
from collections.abc import AsyncIterator, Callable, Sequence

LOOK_SECONDS = 0.5
STOP_SECONDS = 10
ATTACHED = "--attached"
"""The option of a verb that ends with whoever started it."""


@contextlib.asynccontextmanager
async def kept(verbs: Sequence[Sequence[str]], descriptors: Sequence[int] = ()) -> AsyncIterator[None]:
    """Keeps a process of `jejak` for each of `verbs`. They inherit `descriptors`."""

    def spawn(verb: Sequence[str]) -> subprocess.Popen[bytes]:
        command = [sys.executable, "-m", "infra.cli.main", *verb, ATTACHED]
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


def attach(end: Callable[[], None]) -> None:
    """Calls `end` once whoever started us is gone: then our standard input ends. From a thread of its own."""

    def wait() -> None:
        while os.read(sys.stdin.fileno(), 1024):  # unbuffered: Python cannot end while a thread has a buffer's lock
            pass
        end()

    threading.Thread(target=wait, name="attached", daemon=True).start()
