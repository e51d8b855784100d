"""Retries: an attempt at a save is repeated for a limited time, after a conflict or a lost connection."""

import asyncio
import time
from collections.abc import Awaitable, Callable
from typing import TypeVar

from service_layer.faults import Unavailable

SECONDS_MAX = 5.0
PAUSE_SECONDS = 0.05
Result = TypeVar("Result")


async def until_stored(attempt: Callable[[], Awaitable[Result | None]]) -> Result:
    """Returns the first result of `attempt` that is not None. If `attempt` returns None, the next attempt follows.
    Raises Unavailable after SECONDS_MAX.

    After a lost connection, the outcome of the save is unknown. The next attempt reads the log again, so the same
    command cannot be stored twice.
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
