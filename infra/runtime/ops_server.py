"""Ops server: serves metrics, details of the readiness and debug data on a port that the public cannot reach.

Each process of Jejak has a private port on the loopback address, and writes the number of this port to a file in the
folder `ops` of the data folder. The process locks the file while it runs. So every process finds the other processes.
One request to the ops port returns the metrics of all processes that use the same data folder. Each metric has the
label `process`, such as `api-0`.

The paths are /metrics, /readyz, /livez and /debug/threads. The last path shows the line of code that each thread runs
now.
"""

import contextlib
import fcntl
import os
import shutil
import socket
import sys
import threading
import traceback
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from http.client import HTTPConnection, HTTPException
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from importlib.metadata import version
from itertools import count
from pathlib import Path

import orjson
import structlog
from prometheus_client import Metric, generate_latest
from prometheus_client.parser import text_string_to_metric_families

from infra.metrics import DISK_FREE, INFO, METRICS
from infra.settings import OPS_PORT, Settings

LOOPBACK = "127.0.0.1"
ASK_SECONDS = 5.0
PLAIN = "text/plain; version=0.0.4; charset=utf-8"
OWN = "/own"
"""The prefix of paths that return the data of this process only."""

Answer = tuple[int, str, bytes]
Readiness = Callable[[], tuple[bool, dict[str, object]]]

log = structlog.get_logger("jejak.ops")


class PortTaken(Exception):
    """This process cannot listen on the port, for example because another process listens on this port."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Ops:
    """The settings of a process's ops server. `verb` is the first part of the process's name.

    If `port` is None, the process has only its private port. If `usual` is true and another process already listens on
    the port, the process also has only its private port.
    """

    verb: str
    host: str = LOOPBACK
    port: int | None = None
    usual: bool = False


def ops_of(settings: Settings, verb: str, *, attached: bool = False, port: int | None = None) -> Ops:
    """Returns the settings for a process that runs `verb`.

    An attached process has only a private port, because its parent process shows its metrics. If no port is set, the
    verbs `serve` and `api` use OPS_PORT, and all other verbs have only a private port.
    """
    if attached:
        return Ops(verb=verb)
    chosen = settings.ops_port if port is None else port
    if chosen is None and verb in ("serve", "api"):
        return Ops(verb=verb, host=settings.ops_host, port=OPS_PORT, usual=True)
    return Ops(verb=verb, host=settings.ops_host, port=chosen)


class OpsServer:
    """Answers requests for this process, and asks the other processes.

    Only a process that can check the readiness sets `readiness`. `address` is the address of the ops port, if this
    process listens on it.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.name = ""
        self.address: str | None = None
        self.readiness: Readiness | None = None

    def answer(self, path: str) -> Answer:
        match path:
            case "/livez":
                return _json(200, {"status": "ok"})
            case "/metrics":
                return 200, PLAIN, self._all_metrics()
            case "/own/metrics":
                return 200, PLAIN, self._own_metrics()
            case "/readyz":
                return self._own_readiness() or self._readiness_of_others() or _json(200, {"status": "ok"})
            case "/own/readyz":
                return self._own_readiness() or _json(404, {"status": "not known"})
            case "/debug/threads":
                return 200, "text/plain; charset=utf-8", _threads().encode()
        return _json(404, {"status": "no such path"})

    def _own_readiness(self) -> Answer | None:
        if self.readiness is None:
            return None
        try:
            ready, details = self.readiness()
        except Exception as fault:  # noqa: BLE001 - whatever it is, the operator must see it
            ready, details = False, {"status": "unknown", "fault": type(fault).__name__}
        return _json(200 if ready else 503, {**details, "version": version("jejak")})

    def _readiness_of_others(self) -> Answer | None:
        """Returns the answer of the first process that knows the readiness. A process that gives no answer may be that
        process, so then the answer is not "ok".
        """
        silent = []
        for name, port in self._others().items():
            found = _ask(port, "/own/readyz")
            if found is None:
                silent.append(name)
            elif found[0] != 404:  # noqa: PLR2004 - not found
                return found
        return _json(503, {"status": "unknown", "silent": silent}) if silent else None

    def _own_metrics(self) -> bytes:
        self._own_readiness()  # this updates the gauges
        with contextlib.suppress(OSError):
            DISK_FREE.set(shutil.disk_usage(self.folder).free)
        return generate_latest(METRICS)

    def _all_metrics(self) -> bytes:
        texts = {self.name: self._own_metrics()}
        for name, port in self._others().items():
            found = _ask(port, "/own/metrics")
            if found and found[0] == 200:  # noqa: PLR2004 - ok
                texts[name] = found[2]
        return joined(texts)

    def _others(self) -> dict[str, int]:
        """Returns the private ports of all other running processes, by name."""
        found = {}
        for file in sorted(self.folder.glob("*.port")):
            if file.stem != self.name and not _is_free(file):
                with contextlib.suppress(OSError, ValueError):
                    found[file.stem] = int(file.read_text())
        return found


def joined(texts: dict[str, bytes]) -> bytes:
    """Joins the metrics of several processes into one text. Each sample gets the label `process`."""
    families: dict[str, Metric] = {}
    for process, text in sorted(texts.items()):
        for family in text_string_to_metric_families(text.decode()):
            kept = families.setdefault(family.name, Metric(family.name, family.documentation, family.type))
            for name, labels, value, *_ in family.samples:
                kept.add_sample(name, {**labels, "process": process}, value)

    class All:
        def collect(self) -> Iterator[Metric]:
            yield from families.values()

    return generate_latest(All())


@contextlib.contextmanager
def shown(settings: Settings, ops: Ops) -> Iterator[OpsServer]:
    """Runs the ops server of this process while the context lasts. Raises PortTaken."""
    folder = settings.data_dir / "ops"
    INFO.labels(version("jejak")).set(1)
    with contextlib.ExitStack() as opened:
        server = OpsServer(folder)
        private = opened.enter_context(_listening(server, LOOPBACK, 0))
        server.name = opened.enter_context(_registered(folder, ops.verb, private))
        if ops.port is not None:
            try:
                port = opened.enter_context(_listening(server, ops.host, ops.port))
                host = f"[{ops.host}]" if ":" in ops.host else ops.host
                server.address = f"http://{host}:{port}"
                log.info("metrics and readiness", address=server.address)
            except OSError as error:
                if not ops.usual:
                    raise PortTaken(
                        f"cannot listen on {ops.host}:{ops.port} ({error.strerror}): set JEJAK_OPS_PORT to another port"
                    ) from error
                log.warning("the ops port is taken: set JEJAK_OPS_PORT to another port", port=ops.port)
        yield server


@contextlib.contextmanager
def _listening(answers: OpsServer, host: str, port: int) -> Iterator[int]:
    class Handler(BaseHTTPRequestHandler):
        timeout = ASK_SECONDS

        def do_GET(self) -> None:
            status, kind, body = answers.answer(self.path.partition("?")[0])
            self.send_response(status)
            self.send_header("Content-Type", kind)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: object) -> None:
            """Logs nothing, because Prometheus sends a request every few seconds."""

    class OpsHttpServer(ThreadingHTTPServer):
        daemon_threads = True
        address_family = socket.AF_INET6 if ":" in host else socket.AF_INET

        def handle_error(self, *_: object) -> None:
            """Logs nothing, because the client has disconnected."""

    server = OpsHttpServer((host, port), Handler)
    thread = threading.Thread(target=server.serve_forever, args=(0.1,), name="ops", daemon=True)
    thread.start()
    try:
        yield int(server.server_address[1])
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


@contextlib.contextmanager
def _registered(folder: Path, verb: str, port: int) -> Iterator[str]:
    """Takes the first free name of the verb, such as `api-0`, and writes the port to the file of this name.

    When the process ends, even if it was killed, the kernel frees the name. If the folder cannot be written, other
    processes do not see this process.
    """
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        for number in count():
            file = folder / f"{verb}-{number}.port"
            descriptor = os.open(file, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
            try:
                fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                os.close(descriptor)
                continue
            os.truncate(descriptor, 0)
            os.pwrite(descriptor, str(port).encode(), 0)
            break
    except OSError as error:
        log.warning("other processes do not see the metrics of this process", folder=str(folder), fault=error.strerror)
        yield f"{verb}-0"
        return
    try:
        yield file.stem
    finally:
        os.close(descriptor)


def _is_free(file: Path) -> bool:
    """Returns True if no running process has this name."""
    try:
        with file.open() as opened:
            fcntl.flock(opened, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    except OSError:
        return True
    return True


def _ask(port: int, path: str) -> Answer | None:
    connection = HTTPConnection(LOOPBACK, port, timeout=ASK_SECONDS)
    try:
        connection.request("GET", path)
        reply = connection.getresponse()
        return reply.status, reply.headers.get("Content-Type", ""), reply.read()
    except (OSError, HTTPException):
        return None
    finally:
        connection.close()


def _json(status: int, body: dict[str, object]) -> Answer:
    return status, "application/json", orjson.dumps(body)


def _threads() -> str:
    names = {thread.ident: thread.name for thread in threading.enumerate()}
    stacks = sys._current_frames()  # noqa: SLF001 - the documented way to see all threads
    return "\n".join(
        f"{names.get(ident, ident)}:\n{''.join(traceback.format_stack(frame))}" for ident, frame in stacks.items()
    )
