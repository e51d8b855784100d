"""Database faults: this module counts and logs the faults of the databases, by SQLSTATE and by place in the code.

The message of a fault may quote a value, so it is never logged.
"""

import time
from pathlib import Path

import structlog

from infra.metrics import DATABASE_FAULTS

PROJECT = Path(__file__).resolve().parent.parent
QUIET_SECONDS = 1.0
"""The same fault at the same place is logged at most once in this number of seconds. But every fault is counted."""

_logged: dict[tuple[str, str], float] = {}
log = structlog.get_logger("jejak.database")


def noted(fault: BaseException) -> None:
    """Counts the fault. If the server sent no SQLSTATE, the name of the exception class is used instead."""
    state = getattr(fault, "sqlstate", None) or type(fault).__name__
    place = place_of(fault)
    DATABASE_FAULTS.labels(state, place).inc()
    now = time.monotonic()
    if now - _logged.get((state, place), -QUIET_SECONDS) >= QUIET_SECONDS:
        _logged[state, place] = now
        log.warning("database fault", sqlstate=state, place=place)


def place_of(fault: BaseException) -> str:
    """Returns the place in Jejak's own code where the fault occurred, such as `infra/eventstore/store.py:120`."""
    place, trace = "", fault.__traceback__
    while trace is not None:
        file = Path(trace.tb_frame.f_code.co_filename)
        if file.is_relative_to(PROJECT) and "site-packages" not in file.parts:
            place = f"{file.relative_to(PROJECT)}:{trace.tb_lineno}"
        trace = trace.tb_next
    return place
