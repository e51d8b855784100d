"""Logs: one JSON object a line on stderr, names and numbers of ours only."""

import asyncio
import atexit
import contextlib
import logging
import sys
from datetime import UTC, datetime

import orjson
import structlog

LINES_BYTES, LINES_SECONDS = 4096, 0.1


def configure(level: int = logging.INFO) -> None:
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
    # Libraries may quote what was sent in their messages: only their faults' kinds would be safe, and we log those.
    logging.disable(logging.CRITICAL)


class RequestLog:
    """A line for each request, as the loggers write theirs, without what these do for each: lines leave together, ten
    times a second or when there are LINES_BYTES of them, which a pipe takes in one piece beside other processes'.
    """

    def __init__(self) -> None:
        self._lines: list[bytes] = []
        self._bytes = 0
        self._until: asyncio.TimerHandle | None = None
        atexit.register(self.flush)

    def __call__(self, method: str, route: str, status: int, seconds: float) -> None:
        """From within the loop alone."""
        line = orjson.dumps(
            {
                "method": method,
                "route": route,
                "status": status,
                "ms": round(seconds * 1000, 1),
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
        with contextlib.suppress(OSError, ValueError):  # nobody hears us any more
            sys.stderr.buffer.write(b"".join(lines))
            sys.stderr.buffer.flush()


def _stamped(_: object, __: str, event: structlog.typing.EventDict) -> structlog.typing.EventDict:
    event["timestamp"] = datetime.now(UTC)
    return event


def _without_messages(_: object, __: str, event: structlog.typing.EventDict) -> structlog.typing.EventDict:
    """An exception's kind and place, never its message: it may quote what was sent."""
    info = event.pop("exc_info", None)
    error = sys.exc_info()[1] if info is True else info
    if isinstance(error, BaseException):
        trace = error.__traceback__
        while trace is not None and trace.tb_next is not None:
            trace = trace.tb_next
        event["error"] = type(error).__name__
        event["place"] = f"{trace.tb_frame.f_code.co_filename}:{trace.tb_lineno}" if trace else ""
    return event
