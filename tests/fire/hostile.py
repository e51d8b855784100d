"""A process of clients that behave badly, each again and again.

`python -m tests.fire.hostile PORT TOKEN SILENT` says "ready" once all its clients have called, waits for a line, and
answers with what each kind met: how often it connected, how it was answered, how often its connection just ended.
"""

import asyncio
import itertools
import json
import resource
import sys
from asyncio import StreamReader, StreamWriter
from collections import Counter, defaultdict
from collections.abc import Awaitable, Callable

import uvloop

Behaviour = Callable[[StreamReader, StreamWriter, str], Awaitable[None]]

BYTE_SECONDS = 0.25
"""Between two bytes of a slow client."""
URL_BYTES = 64 * 1024 * 1024
PIECE = b"a" * 65_536
PAUSE_SECONDS, SILENT_PAUSE_SECONDS = 1.0, 10.0
"""After the end of its connection, a client calls again."""
CALLING_AT_ONCE = 200


async def silent(_: StreamReader, __: StreamWriter, ___: str) -> None:
    """Says nothing."""


async def slow_head(_: StreamReader, writer: StreamWriter, __: str) -> None:
    head = b"GET / HTTP/1.1\r\nHost: jejak\r\n" + b"X-Slow: a\r\n" * 100
    for byte in head:
        writer.write(bytes([byte]))
        await writer.drain()
        await asyncio.sleep(BYTE_SECONDS)


async def slow_body(_: StreamReader, writer: StreamWriter, token: str) -> None:
    """Half of them bear a token, so that somebody waits for their bodies."""
    bearer = f"Authorization: Bearer {token}\r\n" if next(numbers) % 2 else ""
    head = f"POST /v1/applications HTTP/1.1\r\nHost: jejak\r\n{bearer}Content-Type: application/json\r\n"
    writer.write(f"{head}Idempotency-Key: slow-body-{next(numbers)}\r\nContent-Length: 1000\r\n\r\n".encode())
    while True:
        writer.write(b" ")
        await writer.drain()
        await asyncio.sleep(BYTE_SECONDS)


async def endless_headers(_: StreamReader, writer: StreamWriter, __: str) -> None:
    writer.write(b"GET / HTTP/1.1\r\nHost: jejak\r\n")
    while True:
        writer.write(b"X-Endless: a\r\n" * 4096)
        await writer.drain()


async def long_url(_: StreamReader, writer: StreamWriter, __: str) -> None:
    writer.write(b"GET /")
    for _piece in range(URL_BYTES // len(PIECE)):
        writer.write(PIECE)
        await writer.drain()
    writer.write(b" HTTP/1.1\r\nHost: jejak\r\n\r\n")


KINDS: dict[Behaviour, int] = {slow_head: 100, slow_body: 100, endless_headers: 8, long_url: 4}
"""How many clients of each kind call at once. The number of silent clients is an argument."""

numbers = itertools.count()
met: defaultdict[str, Counter[str]] = defaultdict(Counter)
calling: set[asyncio.Task[None]] = set()


async def once(behave: Behaviour, port: int, token: str, called: asyncio.Semaphore) -> None:
    """One connection, until the server ends it."""
    counted = met[behave.__name__]
    try:
        async with called:
            reader, writer = await asyncio.open_connection("127.0.0.1", port)
    except OSError:
        counted["refused"] += 1
        return
    counted["connected"] += 1
    behaving = asyncio.ensure_future(behave(reader, writer, token))
    answer = b""
    try:
        answer = await reader.read(12)
        await reader.read()
    except OSError:
        pass
    finally:
        behaving.cancel()
        await asyncio.gather(behaving, return_exceptions=True)
        writer.transport.abort()
    counted[answer[9:].decode() or "ended"] += 1


async def main(port: int, token: str, silents: int) -> None:
    _, most = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (most, most))
    called, all_called = asyncio.Semaphore(CALLING_AT_ONCE), asyncio.Event()

    async def again(behave: Behaviour) -> None:
        while True:
            await once(behave, port, token, called)
            if met["silent"]["connected"] >= silents:
                all_called.set()
            await asyncio.sleep(SILENT_PAUSE_SECONDS if behave is silent else PAUSE_SECONDS)

    for behave, count in {silent: silents, **KINDS}.items():
        calling.update(asyncio.ensure_future(again(behave)) for _ in range(count))
    await all_called.wait()
    print("ready", flush=True)
    await asyncio.to_thread(sys.stdin.readline)
    for task in calling:
        task.cancel()
    print(json.dumps(met), flush=True)


if __name__ == "__main__":
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        runner.run(main(int(sys.argv[1]), sys.argv[2], int(sys.argv[3])))
