"""The light client: whole answers however they are cut, errors told, latency from the planned instant."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager, suppress

import pytest

from bench.rig.load import Connection, Offered, Unexpected, closed, connect, request

pytestmark = pytest.mark.anyio

Answering = Callable[[asyncio.StreamWriter], Awaitable[None]]
ANSWER = b'HTTP/1.1 200 OK\r\netag: "7"\r\ncontent-length: 5\r\n\r\nhello'


@asynccontextmanager
async def server(answering: Answering) -> AsyncIterator[int]:
    writers: list[asyncio.StreamWriter] = []

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writers.append(writer)
        with suppress(asyncio.IncompleteReadError, ConnectionError):
            while not writer.is_closing():
                await reader.readuntil(b"\r\n\r\n")
                await answering(writer)

    listening = await asyncio.start_server(serve, "127.0.0.1", 0)
    async with listening:
        yield listening.sockets[0].getsockname()[1]
    for writer in writers:
        writer.close()
        with suppress(ConnectionError):
            await writer.wait_closed()


async def whole(writer: asyncio.StreamWriter) -> None:
    writer.write(ANSWER)


async def byte_by_byte(writer: asyncio.StreamWriter) -> None:
    for place in range(len(ANSWER)):
        writer.write(ANSWER[place : place + 1])
        await writer.drain()
        await asyncio.sleep(0)


async def nothing(writer: asyncio.StreamWriter) -> None:
    writer.close()


READ = request("GET", "/", bearer=b"token")


async def read(connection: Connection) -> None:
    await connection.expect(200, READ)


def test_a_request_is_as_http_wants_it() -> None:
    made = request("POST", "/x", bearer=b"t", body=b"{}", headers=(b"if-match: 1",))
    assert made.endswith(b"\r\ncontent-length: 2\r\n\r\n{}")
    assert made.startswith(b"POST /x HTTP/1.1\r\n")
    assert {b"if-match: 1", b"authorization: Bearer t"} <= set(made.split(b"\r\n"))


@pytest.mark.parametrize("answering", [whole, byte_by_byte])
async def test_an_answer_is_read_whole_however_it_comes(answering: Answering) -> None:
    async with server(answering) as port:
        connection = await connect(port)
        for _ in range(2):
            reply = await connection.ask(READ)
            assert (reply.status, reply.body, reply.header(b"etag")) == (200, b"hello", b'"7"')
        connection.transport.close()


async def test_another_status_is_an_error() -> None:
    async with server(whole) as port:
        connection = await connect(port)
        with pytest.raises(Unexpected, match="200 hello"):
            await connection.expect(201, READ)
        connection.transport.close()


async def test_a_closed_loop_counts_answers_and_errors() -> None:
    async with server(whole) as port:
        run = await closed(port, [lambda: read] * 2, 0.05)
        assert run.fault is None
        assert len(run.seconds) >= 2
    async with server(nothing) as port:
        run = await closed(port, [lambda: read] * 2, 0.05)
        assert len(run.errors) == 2
        assert not run.seconds


async def test_an_open_loop_asks_as_often_as_planned_and_counts_from_the_plan() -> None:
    async with server(whole) as port:
        offered = Offered(port)
        runs = await offered.at_rates(lambda: read, (200, 0.1), (50, 0.1))
        offered.close()
        assert [len(run.seconds) for run in runs] == [20, 5]
        assert [run.fault for run in runs] == [None, None]
