"""Serving: this module runs the API in one process, or runs all parts of Jejak on one server."""

import asyncio
import contextlib
import math
import signal
import socket
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from types import FrameType
from typing import cast

import uvicorn
from starlette.applications import Starlette

from api.app import build
from api.endpoints.health import readiness
from feeds.agencies.topics_file import read_topics
from infra.composition import Installation, installation
from infra.demo import seed
from infra.postgres.databases import databases
from infra.projector.runner import ensure_views
from infra.queries.accesses import PostgresAccesses
from infra.queries.agency_feed import PostgresFeeds, origin_of
from infra.queries.applications import PostgresViews
from infra.runtime.api_dependencies import dependencies
from infra.runtime.connections import Connections, limits_of_process
from infra.runtime.garbage import settle
from infra.runtime.http_protocol import limited
from infra.runtime.ops_server import Ops, OpsServer, PortTaken, shown
from infra.runtime.public_documents import published
from infra.runtime.signals import ENDING, has_arrived, run_loop, stop_event
from infra.runtime.supervisor import kept
from infra.settings import Settings

GRACEFUL_SECONDS = 4
"""When the server stops, running requests may take this number of seconds to finish.

The whole stop must take less than five seconds.
"""
BACKLOG = 1024
READY_SECONDS = 10.0
"""The ops server waits at most this number of seconds for the details of the readiness."""


FillInstallation = Callable[[Installation], Awaitable[None]]


class Server(uvicorn.Server):
    """uvicorn's server, with callbacks for the start and for the stop.

    This class also replaces uvicorn's signal handling. After the shutdown, uvicorn would raise the received signal a
    second time, and this process could not clean up.
    """

    def __init__(self, config: uvicorn.Config, started: Callable[[], None], stopping: Callable[[], None]) -> None:
        super().__init__(config)
        self.says_started = started
        self.says_stopping = stopping

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        if self.started:
            self.says_started()

    def handle_exit(self, sig: int, frame: FrameType | None) -> None:
        self.says_stopping()
        super().handle_exit(sig, frame)

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        loop = asyncio.get_running_loop()
        for number in ENDING:
            loop.add_signal_handler(number, self.handle_exit, number, None)
        if has_arrived():
            self.handle_exit(signal.SIGTERM, None)
        try:
            yield
        finally:
            for number in ENDING:  # a second signal must not interrupt the rest of the stop
                loop.add_signal_handler(number, lambda: None)


def listen(host: str, port: int) -> socket.socket:
    """Returns a listening socket. Raises PortTaken with a message that says what to do."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    listener = socket.socket(family, socket.SOCK_STREAM)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listener.bind((host, port))
        listener.listen(BACKLOG)
    except OSError as error:
        listener.close()
        raise PortTaken(
            f"cannot listen on {host}:{port} ({error.strerror}): choose another port, for example `make run PORT=8001`"
        ) from error
    return listener


async def serve_api(made: Installation, ops: OpsServer, listener: socket.socket, started: Callable[[], None]) -> None:
    """Answers requests until a signal arrives. After the signal, requests that are still running have GRACEFUL_SECONDS
    to finish.

    Raises TopicsWrong.
    """
    topics = read_topics(made.settings.topics_file)
    views = PostgresViews(made.pool, made.databases.serving)
    feeds = PostgresFeeds(made.pool, made.databases.serving, topics, origin_of(made.settings))
    accesses = PostgresAccesses(made.pool, made.settings.readings_days)

    needed = dependencies(made, views, feeds, accesses, published(topics))
    loop = asyncio.get_running_loop()

    def ready() -> tuple[bool, dict[str, object]]:
        return asyncio.run_coroutine_threadsafe(readiness(needed), loop).result(READY_SECONDS)

    @contextlib.asynccontextmanager
    async def lifespan(_: Starlette) -> AsyncIterator[None]:
        async with views, feeds, accesses:
            await made.editions.registry()
            settle()
            ops.readiness = ready
            try:
                yield
            finally:
                ops.readiness = None

    limits = limits_of_process()
    config = uvicorn.Config(
        build(needed, lifespan),
        http=cast("type[asyncio.Protocol]", limited(Connections(limits))),
        ws="none",
        loop="none",
        access_log=False,
        log_config=None,
        lifespan="on",
        server_header=False,
        proxy_headers=bool(made.settings.proxies),
        forwarded_allow_ips=list(made.settings.proxies),
        timeout_graceful_shutdown=GRACEFUL_SECONDS,
        timeout_keep_alive=math.ceil(limits.idle_seconds),
    )
    await Server(config, started, feeds.end).serve(sockets=[listener])


def run_all(settings: Settings, ops: Ops, listener: socket.socket, *, workers: int, fill: FillInstallation) -> None:
    """Runs all parts of Jejak on one server. The API starts after the function `fill` has returned.

    The API runs in this process. The projections run in a separate process, so that the API and the projections do not
    wait for each other. The scheduler runs in a separate process too, so that a fault of the scheduler does not end the
    API. With Kafka, the relay and the intake run in separate processes too. If `workers` is more than one, the API runs
    in that number of separate processes.
    """

    async def run() -> None:
        scheduler = ["schedule", "--interval", str(settings.schedule_seconds)]
        beside = [["project"], scheduler, *([["relay"], ["intake"]] if settings.kafka else [])]
        async with installation(settings, found) as made, kept(beside):
            await fill(made)
            started = await announcement(made, listener, server.address)
            if workers == 1:
                await serve_api(made, server, listener, started)
            else:
                await _supervise(listener, workers, started)

    with databases(settings, kept_alive=True) as found, shown(settings, ops) as server:
        ensure_views(found.serving)  # the tables must exist before the first request
        run_loop(run())


async def announcement(made: Installation, listener: socket.socket, ops: str | None) -> Callable[[], None]:
    """Returns a function that prints the addresses, and also the sample of a demo.

    Each line has the form `name: value`.
    """
    host, port = listener.getsockname()[:2]
    base = f"http://[{host}]:{port}" if ":" in host else f"http://{host}:{port}"
    lines = [f"citizen page: {base}/id/", f"statistics: {base}/id/statistics", f"API: {base}/openapi.json"]
    found = await seed.sample(made)
    if found:
        _, number, pin = found
        lines += [f"sample number: {number[:4]}-{number[4:8]}-{number[8:]}", f"sample PIN: {pin}"]
    if ops:
        lines.append(f"metrics: {ops}/metrics")
    lines.append(f"data folder: {made.settings.data_dir}")
    return lambda: print("\n".join(lines), flush=True)  # noqa: T201 - output for the terminal


async def _supervise(listener: socket.socket, workers: int, started: Callable[[], None]) -> None:
    """Runs API processes that share the listening socket, until a signal arrives."""
    stopping = stop_event()
    listener.set_inheritable(True)
    descriptor = listener.fileno()
    async with kept([["api", "--descriptor", str(descriptor)]] * workers, [descriptor]):
        started()
        await stopping.wait()
