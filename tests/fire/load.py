"""Commands without a pause over HTTP, and what became of each: acknowledged, or lost with its connection."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from functools import partial
from typing import Any
from uuid import uuid4

from tests.fire.client import RECEIVED_AND_RESET, Answer, Away, Client, Lost

PAUSE_SECONDS = 0.05
UNKNOWN = 503
"""Away: what was asked may have been done or not."""


@dataclass(slots=True)
class Sent:
    """A command under its key; `acknowledged` is its answer's body. Without one it may or may not be stored, once."""

    key: str
    acknowledged: dict[str, Any] | None = None
    tries: int = 0


@dataclass
class Load:
    """Clients that live through one application after the other.

    Whoever has an odd number gives a lost command up; the others send it again, under the same key, until it is
    answered.
    """

    clients: list[Client]
    sent: list[Sent] = field(default_factory=list)
    wrong: list[Answer] = field(default_factory=list)
    stopping: bool = False
    acknowledged: int = 0

    @property
    def flying(self) -> int:
        return sum(client.flying for client in self.clients)

    async def live(self, number: int) -> None:
        client = self.clients[number]
        while not self.stopping:
            given = await self.insist(number, client.submit)
            for name in RECEIVED_AND_RESET:
                if self.stopping or given is None:
                    break
                send = partial(client.command, given["application_id"], name, given["version"])
                given = await self.insist(number, send)

    async def insist(self, number: int, send: Callable[[str], Awaitable[Answer]]) -> dict[str, Any] | None:
        """The answer's body; None for a command that was given up."""
        one = Sent(str(uuid4()))
        self.sent.append(one)
        while True:
            try:
                answer = await send(one.key)
            except Away:
                await asyncio.sleep(PAUSE_SECONDS)
                continue
            except Lost:
                answer = Answer(UNKNOWN, {}, b"")
            one.tries += 1
            if answer.status in (200, 201):
                one.acknowledged = answer.json()
                self.acknowledged += 1
                return one.acknowledged
            if answer.status != UNKNOWN:
                self.wrong.append(answer)
                return None
            if number % 2:
                return None
            await asyncio.sleep(PAUSE_SECONDS)


@asynccontextmanager
async def loaded(port: int, token: str, clients: int) -> AsyncIterator[Load]:
    """Under load until left; then every command that is insisted on has been answered."""
    load = Load([Client(port, token) for _ in range(clients)])
    async with asyncio.TaskGroup() as tasks:
        for number in range(clients):
            tasks.create_task(load.live(number))
        try:
            yield load
        finally:
            load.stopping = True
    for client in load.clients:
        await client.close()
