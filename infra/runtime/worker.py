"""Worker: the code that all worker processes share. This code sets up the logs, the signals and the databases.

A worker process can also end itself when its parent process ends. Subcommands that work in threads use `worker`, for
example `relay` and `project`. Subcommands that work in an event loop use `run_worker`, for example `intake` and
`schedule`. Subcommands that handle signals by themselves use `run_installation`, for example `api`.
"""

import asyncio
import os
import signal
import threading
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from infra import logs
from infra.composition import Installation, installation
from infra.postgres.databases import Databases, databases
from infra.queries.service_states import reporting
from infra.runtime.garbage import settle
from infra.runtime.ops_server import Ops, OpsServer, shown
from infra.runtime.signals import run_loop, stop_event, stopped_by_signals
from infra.runtime.supervisor import attach
from infra.settings import Settings


@dataclass(frozen=True, slots=True)
class Worker:
    """A worker process that works in threads. `stopping` is set when a signal arrives or the parent process ends."""

    databases: Databases
    stopping: threading.Event


@contextmanager
def worker(settings: Settings, ops: Ops, *, attached: bool = False) -> Iterator[Worker]:
    """Opens the databases of a worker process. The process must end its work when `stopping` is set.

    `ops` holds the settings of the process's ops server. If `attached` is true, the process stops when its parent
    process ends. Call this function in the main thread. Raises PortTaken, and the errors of `databases`.
    """
    stopping = stopped_by_signals()
    with _shown_databases(settings, ops, attached=attached) as (found, _):
        yield Worker(found, stopping)


def run_worker(
    settings: Settings,
    ops: Ops,
    work: Callable[[Installation, asyncio.Event], Awaitable[None]],
    *,
    attached: bool = False,
) -> None:
    """Runs the function `work` in an event loop. `work` gets two arguments: an open installation, and an
    `asyncio.Event`.

    The event is set when SIGINT or SIGTERM arrives. `work` must return soon after the event is set. The function
    `worker` describes `ops`, `attached` and the errors.
    """

    async def run() -> None:
        stopping = stop_event()
        async with installation(settings, found) as made:
            settle()
            await work(made, stopping)

    with _shown_databases(settings, ops, attached=attached) as (found, _):
        run_loop(run())


def run_installation(
    settings: Settings,
    ops: Ops,
    work: Callable[[Installation, OpsServer], Awaitable[None]],
    *,
    attached: bool = False,
) -> None:
    """Runs `work` like `run_worker`, but `work` must handle the signals and call `settle` itself."""

    async def run() -> None:
        async with installation(settings, found) as made:
            await work(made, server)

    with _shown_databases(settings, ops, attached=attached) as (found, server):
        run_loop(run())


@contextmanager
def _shown_databases(settings: Settings, ops: Ops, *, attached: bool) -> Iterator[tuple[Databases, OpsServer]]:
    logs.configure()
    if attached:
        attach(lambda: os.kill(os.getpid(), signal.SIGTERM))
    with (
        databases(settings, kept_alive=True) as found,
        shown(settings, ops) as server,
        reporting(found.serving, ops.verb),
    ):
        yield found, server
