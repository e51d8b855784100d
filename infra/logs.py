"""Logs: one JSON object per line on stderr. A line contains only names and numbers that come from this program. A line
never contains data from a client.
"""

import asyncio
import atexit
import contextlib
import logging
import sys
from datetime import UTC, datetime
from uuid import UUID

import orjson
import structlog

from service_layer.ports import RequestReport
from service_layer.rights import Principal

LINES_BYTES, LINES_SECONDS = 4096, 0.1


def configure(level: int = logging.INFO) -> None:
    """Sets up the logs of a process. The logs of libraries are switched off."""
    structlog.configure(
        processors=[
            structlog.processors.add_log_level,
            _stamped,
            _without_messages,
            structlog.processors.JSONRenderer(orjson.dumps, option=orjson.OPT_UTC_Z),
        ],
        wrapper_class=structlog.make_filtering_bound_logger(level),
        logger_factory=structlog.BytesLoggerFactory(file=sys.stderr.buffer),
        cache_logger_on_first_use=True,
    )
    # A log message of a library may contain client data. So our code logs only the class of a library's error.
    logging.disable(logging.CRITICAL)


class RequestLog:
    """The log of requests: one line for each request, in the format of the other log lines.

    This log is faster than a logger, because it writes many lines together. It writes ten times a second, or earlier if
    LINES_BYTES bytes of lines are waiting. Several processes may write to the same pipe. The operating system does not
    divide a write of at most LINES_BYTES bytes. So lines of different processes are never mixed.
    """

    def __init__(self) -> None:
        self._lines: list[bytes] = []
        self._bytes = 0
        self._until: asyncio.TimerHandle | None = None
        atexit.register(self.flush)

    def __call__(self, report: RequestReport) -> None:
        """Adds a line. Call this method only in the thread of the event loop."""
        line = orjson.dumps(
            {
                "method": report.method,
                "route": report.route,
                "operation": report.operation,
                "status": report.status,
                "ms": round(report.seconds * 1000, 1),
                "trace_id": report.trace_id,
                **(_client(report.principal) if report.principal else {}),
                "event": "request",
                "level": "info",
                "timestamp": datetime.now(UTC),
            },
            option=orjson.OPT_UTC_Z | orjson.OPT_APPEND_NEWLINE,
        )
        if self._bytes + len(line) > LINES_BYTES:
            self.flush()
        self._lines.append(line)
        self._bytes += len(line)
        if self._until is None:
            self._until = asyncio.get_running_loop().call_later(LINES_SECONDS, self.flush)

    def flush(self) -> None:
        if self._until is not None:
            self._until.cancel()
            self._until = None
        lines, self._lines, self._bytes = self._lines, [], 0
        with contextlib.suppress(OSError, ValueError):  # stderr was closed
            sys.stderr.buffer.write(b"".join(lines))
            sys.stderr.buffer.flush()


def _client(principal: Principal) -> dict[str, str | UUID]:
    """Returns the role, the office or agency, and the random reference of a client.

    For a citizen, returns only the role.
    """
    fields: dict[str, str | UUID] = {"role": principal.bearer.value}
    if principal.office:
        fields["office"] = principal.office
    if principal.agency:
        fields["agency"] = principal.agency
    if principal.actor:
        fields["actor"] = principal.actor
    return fields


def _stamped(_: object, __: str, event: structlog.typing.EventDict) -> structlog.typing.EventDict:
    event["timestamp"] = datetime.now(UTC)
    return event


def _without_messages(_: object, __: str, event: structlog.typing.EventDict) -> structlog.typing.EventDict:
    """Logs the class of an exception and the place in the code.

    The message may contain client data and is not logged.
    """
    info = event.pop("exc_info", None)
    error = sys.exc_info()[1] if info is True else info
    if isinstance(error, BaseException):
        trace = error.__traceback__
        while trace is not None and trace.tb_next is not None:
            trace = trace.tb_next
        event["error"] = type(error).__name__
        event["place"] = f"{trace.tb_frame.f_code.co_filename}:{trace.tb_lineno}" if trace else ""
    return event
