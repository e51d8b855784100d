"""Service states: each worker process writes the states of its services into a table.

So any process can show all states. A process writes a state only if the state has changed. If several processes have
the same service, one of them is active and the others stand by. The state of a standby does not change, so only the
active process writes.
"""

import contextlib
import threading
from collections.abc import Iterator
from dataclasses import asdict, replace

import psycopg
from psycopg import AsyncConnection
from psycopg.rows import class_row

from infra.metrics import SERVICE_IN_A_ROW, SERVICE_SUCCEEDED
from infra.postgres.connections import connect
from infra.service import BackgroundService, ServiceLimits, ServiceState, services

REPORT_SECONDS = 5.0
STOP_SECONDS = 5
WRITE = """
INSERT INTO services (name, last_success, last_fault, last_fault_at, faults_in_a_row)
VALUES (%(name)s, %(last_success)s, %(last_fault)s, %(last_fault_at)s, %(faults_in_a_row)s)
ON CONFLICT (name) DO UPDATE SET last_success = EXCLUDED.last_success, last_fault = EXCLUDED.last_fault,
    last_fault_at = EXCLUDED.last_fault_at, faults_in_a_row = EXCLUDED.faults_in_a_row
"""
READ = "SELECT name, last_success, last_fault, last_fault_at, faults_in_a_row FROM services ORDER BY name"


@contextlib.contextmanager
def reporting(conninfo: str, process: str) -> Iterator[None]:
    """While the context lasts, writes the states of this process's services every few seconds.

    `process` is the verb of this process. In the table, the name of a service begins with the verb, as in
    `project/outbox`.
    """
    stopping, service = (
        threading.Event(),
        BackgroundService("report", ServiceLimits(pass_seconds=60.0), expected=(psycopg.Error,)),
    )
    written: dict[str, ServiceState] = {}

    def follow() -> None:
        with connect(conninfo, autocommit=True) as connection:
            while not stopping.wait(REPORT_SECONDS):
                report(connection, process, written)
                service.succeeded()

    thread = threading.Thread(target=service.run, args=(stopping, follow), name="report", daemon=True)
    thread.start()
    try:
        yield
    finally:
        stopping.set()
        thread.join(timeout=STOP_SECONDS)


def report(connection: psycopg.Connection, process: str, written: dict[str, ServiceState]) -> None:
    """Writes the states that differ from the states in `written`, and adds them to `written`."""
    for state in services():
        if state != written.get(state.name, ServiceState(name=state.name)):
            connection.execute(WRITE, asdict(replace(state, name=f"{process}/{state.name}")), prepare=True)
            written[state.name] = state


async def states_of(connection: AsyncConnection) -> list[ServiceState]:
    """Returns the states of the services of this process and of all worker processes.

    Also sets the metrics for the services of other processes.
    """
    async with connection.cursor(row_factory=class_row(ServiceState)) as cursor:
        others = await (await cursor.execute(READ, prepare=True)).fetchall()
    for state in others:
        SERVICE_IN_A_ROW.labels(state.name).set(state.faults_in_a_row)
        if state.last_success:
            SERVICE_SUCCEEDED.labels(state.name).set(state.last_success.timestamp())
    return sorted((*others, *services()), key=lambda state: state.name)
