"""Retries: after a conflict or a lost connection, the attempt to store events is repeated for a limited time."""

import asyncio
import time
from collections.abc import Awaitable, Callable
from typing import TypeVar

from service_layer.faults import Unavailable

SECONDS_MAX = 5.0
PAUSE_SECONDS = 0.05
Result = TypeVar("Result")


async def until_stored(attempt: Callable[[], Awaitable[Result | None]]) -> Result:
    """Calls `attempt` until it returns a result other than None. Returns this result. Raises Unavailable after
    SECONDS_MAX.

    After a lost connection, it is unknown whether the events were stored. The next attempt reads the log again, so the
    same command cannot be stored twice.
    """
    deadline = time.monotonic() + SECONDS_MAX
    while True:
        try:
            result = await attempt()
        except Unavailable:
            if time.monotonic() > deadline:
                raise
            await asyncio.sleep(PAUSE_SECONDS)
            continue
        if result is not None:
            return result
        if time.monotonic() > deadline:
            raise Unavailable
