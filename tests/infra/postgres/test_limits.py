"""Time limits: whatever the database or the network does, nobody waits for ever, and all heals by itself."""

import asyncio
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest

from domain.application.commands import Receive
from infra.composition import Installation, installation
from tests.builders import EDITIONS
from tests.conftest import Fresh
from tests.infra.eventstore.asking import asked, submit, told, topics
from tests.infra.postgres.proxy import Proxy, proxied

pytestmark = pytest.mark.anyio
WRITING_AGAIN, READING_AGAIN = 10.0, 3.5


@asynccontextmanager
async def behind_a_proxy(fresh: Fresh) -> AsyncIterator[tuple[Proxy, Installation]]:
    """An installation all of whose connections go through the proxy."""
    with proxied(fresh.databases) as (proxy, found):
        async with installation(fresh.settings, found) as made:
            await made.editions.publish(EDITIONS, made.recorder, made.named.commands[0])
            yield proxy, made


async def test_half_open_connections_heal_by_themselves(fresh: Fresh) -> None:
    """A command is answered within 10 s, is stored once, and a read within its limit."""
    async with behind_a_proxy(fresh) as (proxy, made):
        first = await submit(made, "k-1")
        proxy.swallow()
        began = time.monotonic()
        received, second = await asyncio.gather(
            made.commands.handle(first.application_id, asked(Receive())), submit(made, "k-2")
        )
        print("writing again", time.monotonic() - began)
        assert time.monotonic() - began < WRITING_AGAIN
        assert received.application.version == 2
        assert topics(made, first.application_id) == ["submitted", "received"]
        assert topics(made, second.application_id) == ["submitted"]
        assert told(await submit(made, "k-2")) == told(second)
