"""Service: every background loop of a process is a service. This module supervises the services of this process.

A loop works in passes. After each pass the loop calls `succeeded`. While the loop only waits, for example because
another process has a lock, the loop calls `alive`. After a fault, the loop pauses and begins again. The pause doubles
with each fault in a row, up to a maximum. Faults of a database or of Kafka are expected. After such a fault, the loop
always tries again. The process ends in two cases: after too many unexpected faults in a row, and if a pass takes too
long. The process writes its reason into the log first. The parent process then starts a new process (see
`infra.runtime.supervisor`).
"""

import asyncio
import os
import random
import threading
import time
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime

import psycopg
import structlog
from prometheus_client import Gauge

from infra.database_faults import noted
from infra.metrics import SERVICE_FAULTS, SERVICE_IN_A_ROW, SERVICE_SUCCEEDED

EXIT_SERVICE = 70
"""The exit code of a process that ends itself because of a service."""
WATCH_SECONDS = 1.0
DOUBLINGS_MAX = 16

log = structlog.get_logger("jejak.service")


@dataclass(frozen=True, slots=True, kw_only=True)
class ServiceLimits:
    """The limits of a service.

    A pass may take `pass_seconds`. After a fault, the service pauses for `back_off_seconds`. The pause doubles with
    each fault in a row, up to `back_off_max_seconds`. After `faults_max` unexpected faults in a row, the process ends.
    """

    pass_seconds: float = 180.0
    back_off_seconds: float = 0.25
    back_off_max_seconds: float = 10.0
    faults_max: int = 20

    def pause(self, faults: int) -> float:
        """Returns the pause after this number of faults in a row."""
        doublings = min(max(faults, 1) - 1, DOUBLINGS_MAX)
        return float(min(self.back_off_seconds * 2**doublings, self.back_off_max_seconds))


@dataclass(frozen=True, slots=True, kw_only=True)
class ServiceState:
    """The state of a service. `last_fault` is the class of the last fault and its place in the code.

    `last_fault` never contains the message of an error, because the message may contain personal data.
    """

    name: str
    last_success: datetime | None = None
    last_fault: str = ""
    last_fault_at: datetime | None = None
    faults_in_a_row: int = 0


def end_process(service: str, reason: str) -> None:
    """Ends this process at once. Every process of Jejak can be killed safely at any time."""
    log.critical("the process ends itself", service=service, reason=reason)
    os._exit(EXIT_SERVICE)


@dataclass(slots=True, eq=False)
class BackgroundService:
    """One supervised loop. `expected` lists the temporary faults, and `fatal` lists the faults that end the process.

    If the process must end, `end` is called with the name of the service and the reason.
    """

    name: str
    limits: ServiceLimits = field(default_factory=ServiceLimits)
    expected: tuple[type[BaseException], ...] = ()
    fatal: tuple[type[BaseException], ...] = ()
    end: Callable[[str, str], None] = end_process
    state: ServiceState = field(init=False)
    waited: float = field(init=False, default=0.0)
    """The number of seconds since the last sign of life.

    Only the thread that watches the services increases this number.
    """
    ended: bool = field(init=False, default=False)
    _unexpected: int = field(init=False, default=0)
    _last_success: Gauge | None = field(init=False, default=None)
    """The metric exists only after the first success."""

    def __post_init__(self) -> None:
        self.state = ServiceState(name=self.name)

    def alive(self) -> None:
        """Records a sign of life: the loop works, or it waits for another process."""
        self.waited = 0.0

    def succeeded(self) -> None:
        """Records that a pass is complete."""
        self.waited, self._unexpected = 0.0, 0
        if self.state.faults_in_a_row:
            log.info("service works again", service=self.name, faults=self.state.faults_in_a_row)
            SERVICE_IN_A_ROW.labels(self.name).set(0)
        self.state = replace(self.state, last_success=datetime.now(UTC), faults_in_a_row=0)
        if self._last_success is None:
            self._last_success = SERVICE_SUCCEEDED.labels(self.name)
        self._last_success.set_to_current_time()

    def failed(self, fault: BaseException) -> float:
        """Records a fault that ended a pass. Returns the pause before the next pass, in seconds.

        Ends the process if the fault is fatal, or if there were too many unexpected faults in a row.
        """
        self.waited = 0.0
        is_expected = isinstance(fault, self.expected)
        self._unexpected = 0 if is_expected else self._unexpected + 1
        before, kind = self.state.last_fault, _kind(fault)
        row = self.state.faults_in_a_row + 1
        self.state = replace(self.state, last_fault=kind, last_fault_at=datetime.now(UTC), faults_in_a_row=row)
        SERVICE_FAULTS.labels(self.name, type(fault).__name__).inc()
        if isinstance(fault, psycopg.Error):
            noted(fault)
        SERVICE_IN_A_ROW.labels(self.name).set(row)
        if row & (row - 1) == 0 or kind != before:  # the 1st, 2nd, 4th, 8th … fault in a row, and a new kind
            say = log.warning if is_expected else log.error
            say("service interrupted", service=self.name, fault=kind, in_a_row=row)
        if isinstance(fault, self.fatal):
            self._end(kind)
        elif self._unexpected >= self.limits.faults_max:
            self._end(f"{self._unexpected} unexpected faults in a row, the last one {kind}")
        return self.limits.pause(row) * random.uniform(0.5, 1)  # noqa: S311 - no secret

    def look(self, passed: float) -> None:
        """Adds `passed` seconds to the time without a sign of life. If this time is too long, ends the process."""
        self.waited += passed
        if self.waited > self.limits.pass_seconds:
            self._end(f"no progress for {self.limits.pass_seconds:g} seconds")

    def _end(self, reason: str) -> None:
        self.ended = True
        self.end(self.name, reason)

    def run(self, stopping: threading.Event, follow: Callable[[], object]) -> None:
        """Runs a loop in this thread until `stopping` is set. After a fault, calls `follow` again."""
        with running(self):
            while not stopping.is_set() and not self.ended:
                try:
                    follow()
                except Exception as fault:  # noqa: BLE001 - no fault stops a service for ever
                    stopping.wait(self.failed(fault))

    async def run_async(self, follow: Callable[[], Awaitable[object]], stopping: asyncio.Event | None = None) -> None:
        """Runs a loop in this event loop until `stopping` is set or the task is cancelled.

        After a fault, calls `follow` again.
        """
        stopping = stopping or asyncio.Event()
        with running(self):
            while not stopping.is_set() and not self.ended:
                try:
                    await follow()
                except Exception as fault:  # noqa: BLE001 - no fault stops a service for ever
                    with suppress(TimeoutError):
                        await asyncio.wait_for(stopping.wait(), self.failed(fault))


def _kind(fault: BaseException) -> str:
    """Returns the class of a fault and the place where it was raised, for example `KeyError at fold.py:120`."""
    trace = fault.__traceback__
    while trace is not None and trace.tb_next is not None:
        trace = trace.tb_next
    name = type(fault).__name__
    if trace is None:
        return name
    return f"{name} at {os.path.basename(trace.tb_frame.f_code.co_filename)}:{trace.tb_lineno}"  # noqa: PTH119


_SERVICES: dict[str, BackgroundService] = {}
"""The services that this process runs now, by name."""
_RUNNING: set[BackgroundService] = set()
_LOCK = threading.Lock()
_watching: list[threading.Thread] = []


def services() -> list[ServiceState]:
    """Returns the states of the services of this process, by name."""
    with _LOCK:
        return [service.state for _, service in sorted(_SERVICES.items())]


@contextmanager
def registered(service: BackgroundService) -> Iterator[None]:
    """While the context lasts, `services` lists the service. This function does not watch the service."""
    with _LOCK:
        _SERVICES[service.name] = service
    try:
        yield
    finally:
        with _LOCK:
            if _SERVICES.get(service.name) is service:
                del _SERVICES[service.name]


@contextmanager
def running(service: BackgroundService) -> Iterator[None]:
    """Watches the service while the context lasts. If it gives no sign of life for too long, the process ends."""
    service.alive()
    with registered(service), _watched(service):
        yield


@contextmanager
def _watched(service: BackgroundService) -> Iterator[None]:
    with _LOCK:
        _RUNNING.add(service)
        if not _watching:
            _watching.append(threading.Thread(target=_watch, name="watch services", daemon=True))
            _watching[0].start()
    try:
        yield
    finally:
        with _LOCK:
            _RUNNING.discard(service)


def _watch() -> None:
    """Counts the seconds without a sign of life of each running service.

    If the whole process was stopped for a while (SIGSTOP), at most two seconds of this time are counted. So a service
    does not count as hanging only because the process could not run.
    """
    before = time.monotonic()
    while True:
        time.sleep(WATCH_SECONDS)
        now = time.monotonic()
        passed, before = min(now - before, 2 * WATCH_SECONDS), now
        with _LOCK:
            watched = tuple(_RUNNING)
        for service in watched:
            service.look(passed)
