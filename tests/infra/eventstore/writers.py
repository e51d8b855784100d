"""The writer in the event loop, for tests that are not: asked from a thread, it answers as the recorder does."""

import asyncio
import threading
from collections.abc import Coroutine, Sequence
from types import TracebackType
from typing import Any, Self, TypeVar

from infra.eventstore.group_commit import GroupCommit
from infra.eventstore.recorder import Save, SaveOutcome

T = TypeVar("T")


class Grouping:
    """`append` as `Recorder.append`: the saves are handed over at once, in order, so that they gather."""

    def __init__(self, conninfo: str) -> None:
        self.conninfo = conninfo
        self.loop = asyncio.new_event_loop()
        self.thread = threading.Thread(target=self.loop.run_forever, daemon=True)

    def __enter__(self) -> Self:
        self.thread.start()
        self.writer = self._run(self._opened())
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._run(self.writer.__aexit__(None, None, None))
        self.loop.call_soon_threadsafe(self.loop.stop)
        self.thread.join()
        self.loop.close()

    async def _opened(self) -> GroupCommit:
        return await GroupCommit(self.conninfo).__aenter__()

    def append(self, saves: Sequence[Save]) -> list[SaveOutcome]:
        async def all_at_once() -> list[SaveOutcome]:
            return list(await asyncio.gather(*(self.writer.append(save) for save in saves)))

        return self._run(all_at_once())

    def _run(self, coroutine: Coroutine[Any, Any, T]) -> T:
        return asyncio.run_coroutine_threadsafe(coroutine, self.loop).result(timeout=60)
