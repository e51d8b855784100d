"""The front door: who is slow, silent or endless loses the connection, and everybody else is served meanwhile."""

import asyncio
import contextlib
import os
import resource
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from itertools import pairwise
from typing import Any, cast

import pytest
import uvicorn
import uvloop
from hypothesis import given
from hypothesis import strategies as st

from infra.runtime.connections import ConnectionLimits, Connections, limits_of_process
from infra.runtime.descriptors import CLIENTS_MIN, OWN
from infra.runtime.http_protocol import limited

ROOM = 40
SMALL = ConnectionLimits(
    head_bytes=2048,
    header_lines=20,
    body_bytes=16_384,
    head_seconds=0.5,
    body_seconds=0.6,
    write_seconds=0.5,
    idle_seconds=0.4,
    connections=ROOM,
    sweep_seconds=0.05,
)
PATIENCE = 10.0
GET = b"GET / HTTP/1.1\r\nHost: x\r\n\r\n"


async def app(scope: Any, receive: Any, send: Any) -> None:
    """Reads the body and answers `ok`; /wait never answers before the client leaves; /big answers 32 MB."""
    if scope["type"] != "http":
        return
    body = b""
    while True:
        message = await receive()
        if message["type"] == "http.disconnect":
            return
        body += message["body"]
        if not message["more_body"]:
            break
    if scope["path"] == "/wait":
        await receive()
        return
    await send({"type": "http.response.start", "status": 200, "headers": []})
    for _ in range(512 if scope["path"] == "/big" else 0):
        await send({"type": "http.response.body", "body": bytes(65_536), "more_body": True})
    await send({"type": "http.response.body", "body": b"ok %d" % len(body)})


@dataclass(frozen=True, slots=True)
class Door:
    port: int
    connections: Connections

    def call(self) -> socket.socket:
        return socket.create_connection(("127.0.0.1", self.port), timeout=PATIENCE)

    def answer(self, sent: bytes) -> bytes:
        """All that comes for these bytes until the server closes the connection."""
        with self.call() as client:
            with contextlib.suppress(OSError):  # the server may close before it has everything
                client.sendall(sent)
            return rest(client)

    def seconds(self) -> float:
        """How long another client waits for its answer."""
        began = time.perf_counter()
        with self.call() as client:
            client.sendall(GET)
            assert client.recv(4096).startswith(b"HTTP/1.1 200")
        return time.perf_counter() - began


def rest(client: socket.socket) -> bytes:
    found = b""
    with contextlib.suppress(ConnectionResetError):
        while more := client.recv(65_536):
            found += more
    return found


@contextlib.contextmanager
def opened(limits: ConnectionLimits) -> Iterator[Door]:
    listener = socket.create_server(("127.0.0.1", 0), backlog=1024)
    connections = Connections(limits)
    http = cast("type[asyncio.Protocol]", limited(connections))
    config = uvicorn.Config(app, http=http, ws="none", loop="none", log_config=None, lifespan="off")
    server = uvicorn.Server(config)
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        serving = threading.Thread(target=lambda: runner.run(server.serve(sockets=[listener])))
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(server, "capture_signals", contextlib.nullcontext)
            serving.start()
            try:
                yield Door(listener.getsockname()[1], connections)
            finally:
                server.should_exit = server.force_exit = True
                serving.join()


@pytest.fixture(scope="module")
def door() -> Iterator[Door]:
    with opened(SMALL) as found:
        yield found


def until(true: Callable[[], bool]) -> None:
    deadline = time.monotonic() + PATIENCE
    while not true():
        assert time.monotonic() < deadline
        time.sleep(0.02)


def head(*lines: bytes, target: bytes = b"/") -> bytes:
    return b"\r\n".join([b"GET " + target + b" HTTP/1.1", b"Host: x", *lines, b"", b""])


TOO_LARGE = {
    "a long URL": head(target=b"/" + b"a" * 2048),
    "a long URL that does not end": b"GET /" + b"a" * 2_000_000,
    "a long header": head(b"X: " + b"a" * 2048),
    "a long name of a header": head(b"a" * 2048 + b": x"),
    "a header that does not end": b"GET / HTTP/1.1\r\nX: " + b"a" * 2_000_000,
    "a name that does not end": b"GET / HTTP/1.1\r\n" + b"a" * 2_000_000,
    "many headers": head(*(b"X: x" for _ in range(20))),
    "headers that do not end": b"GET / HTTP/1.1\r\n" + b"X: x\r\n" * 100_000,
}


@pytest.mark.parametrize("sent", TOO_LARGE.values(), ids=TOO_LARGE.keys())
def test_a_head_beyond_the_limits_is_431(door: Door, sent: bytes) -> None:
    found = door.answer(sent)
    assert found == b"" or found.startswith(b"HTTP/1.1 431"), "a reset may overtake the answer"
    if len(sent) < 10_000:
        assert b'"code":"head-too-large"' in found


@given(cuts=st.lists(st.integers(1, 2000), max_size=5), lines=st.integers(0, 18), length=st.integers(0, 60))
def test_a_head_within_the_limits_is_answered_however_it_is_cut(
    door: Door, cuts: list[int], lines: int, length: int
) -> None:
    whole = head(*(b"X: " + b"a" * length for _ in range(lines)), b"Connection: close")
    with door.call() as client:
        client.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        places = sorted({cut % len(whole) for cut in cuts} | {0, len(whole)})
        for start, end in pairwise(places):
            client.sendall(whole[start:end])
        assert rest(client).startswith(b"HTTP/1.1 200")


CHUNKED = b"POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n1\r\na\r\n0\r\n"
BEGUN = {
    "many headers": (b"GET / HTTP/1.1\r\n" + b"X: x\r\n" * 100,),
    "large headers": (b"GET / HTTP/1.1\r\n" + (b"X: " + b"a" * 500 + b"\r\n") * 10,),
    "large headers after a request": (
        GET,
        b"GET / HTTP/1.1\r\n" + (b"X: " + b"a" * 500 + b"\r\n") * 10,
    ),
    "many trailers": (CHUNKED, b"X: x\r\n" * 100),
    "many trailers in the first packet": (CHUNKED + b"X: x\r\n" * 100,),
    "many trailers of a whole request": (CHUNKED + b"X: x\r\n" * 100 + b"\r\n",),
}


@pytest.mark.parametrize("packets", BEGUN.values(), ids=BEGUN.keys())
def test_what_is_too_large_is_refused_although_its_end_does_not_come(door: Door, packets: tuple[bytes, ...]) -> None:
    """Nothing waits for the deadline of a head or a body, so no client can make the server keep many headers."""
    with door.call() as client:
        client.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        for packet in packets:
            client.sendall(packet)
            time.sleep(0.02)
        found = rest(client)
    assert b'"code":"head-too-large"' in found
    assert b"HTTP/1.1 431" in found


@given(cuts=st.lists(st.integers(1, 2000), max_size=5), over=st.integers(1, 900))
def test_a_head_beyond_the_limits_is_431_however_it_is_cut(door: Door, cuts: list[int], over: int) -> None:
    """No packet alone is larger than the limit."""
    whole = head(*(b"X: " + b"a" * ((SMALL.head_bytes + over) // 10) for _ in range(10)))
    with door.call() as client:
        client.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        places = sorted({cut % len(whole) for cut in cuts} | {0, len(whole) // 3, 2 * len(whole) // 3, len(whole)})
        with contextlib.suppress(OSError):
            for start, end in pairwise(places):
                client.sendall(whole[start:end])
                time.sleep(0.002)
        found = rest(client)
        assert found == b"" or found.startswith(b"HTTP/1.1 431"), "a reset may overtake the answer"


def test_many_requests_in_one_packet_are_not_one_long_head(door: Door) -> None:
    found = door.answer(GET * 200 + head(b"Connection: close"))
    assert found.count(b"HTTP/1.1 200") == 201


def test_a_body_beyond_the_limit_is_refused_even_in_pieces(door: Door) -> None:
    post = b"POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n"
    with door.call() as client:
        client.sendall(post)
        time.sleep(0.1)
        with contextlib.suppress(OSError):
            for _ in range(10_000):
                client.sendall(b"1;" + b"x" * 100 + b"\r\nx\r\n")
        found = rest(client)
    assert found == b"" or found.startswith(b"HTTP/1.1 413")


SLOW = {
    "silence": (b"", b""),
    "empty lines": (b"\r\n", b"\r\n"),
    "a head": (b"GET / HTTP/1.1\r\n", b"X: x\r\n"),
    "a body": (b"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 100\r\n\r\n", b"a"),
    "trailers": (b"POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n", b"X: x\r\n"),
    "silence after an answer": (GET, b""),
    "empty lines after an answer": (GET, b"\r\n"),
}


@pytest.mark.parametrize("sent", SLOW.values(), ids=SLOW.keys())
def test_who_is_slow_loses_the_connection(door: Door, sent: tuple[bytes, bytes]) -> None:
    first, then = sent
    with door.call() as client:
        client.sendall(first)
        client.settimeout(0.1)
        found, deadline = b"", time.monotonic() + PATIENCE
        while time.monotonic() < deadline:
            with contextlib.suppress(OSError):
                client.sendall(then)
            try:
                more = client.recv(4096)
            except TimeoutError:
                continue
            except ConnectionError:
                break
            if not more:
                break
            found += more
        assert time.monotonic() < deadline
    if then in (b"X: x\r\n", b"a"):
        assert b"HTTP/1.1 408" in found or not found


def test_who_does_not_read_an_answer_loses_the_connection(door: Door) -> None:
    with door.call() as client:
        client.sendall(head(target=b"/big"))
        until(lambda: any(each.write_deadline < float("inf") for each in list(door.connections.open)))
        until(lambda: not door.connections.open)


@pytest.mark.parametrize("silent", [10 * ROOM, pytest.param(5_000, marks=pytest.mark.prove)])
def test_silent_sockets_leave_everybody_else_served(door: Door, silent: int) -> None:
    _, most = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (most, most))
    sockets = [door.call() for _ in range(silent)]
    try:
        waited = sorted(door.seconds() for _ in range(100))
    finally:
        for each in sockets:
            each.close()
    print(f"p99 among {silent} silent sockets: {waited[-2] * 1000:.1f} ms")


def test_a_running_request_keeps_its_place_and_the_next_client_is_told(door: Door) -> None:
    running = []
    try:
        for _ in range(ROOM):
            running.append(door.call())
            running[-1].sendall(head(target=b"/wait"))
        until(lambda: sum(not each.waits for each in list(door.connections.open)) == ROOM)
        time.sleep(1)
        assert b"HTTP/1.1 503" in door.answer(GET)
        running.pop().close()
        until(lambda: len(door.connections.open) < ROOM)
        door.seconds()
    finally:
        for each in running:
            each.close()


def test_clients_that_owe_bytes_lose_their_places_before_idle_ones(door: Door) -> None:
    until(lambda: not door.connections.open)
    idle = door.call()
    idle.sendall(GET)
    assert idle.recv(4096)
    silent = [door.call() for _ in range(ROOM)]
    idle.sendall(GET)
    assert idle.recv(4096).startswith(b"HTTP/1.1 200")
    for each in (idle, *silent):
        each.close()


def test_a_process_with_few_descriptors_keeps_some_for_itself() -> None:
    program = "from infra.runtime.connections import limits_of_process as of; print(of().connections)"
    for descriptors, connections in ((128, 128 - OWN), (OWN + CLIENTS_MIN, CLIENTS_MIN)):
        done = subprocess.run(
            [sys.executable, "-c", program],
            preexec_fn=lambda n=descriptors: resource.setrlimit(resource.RLIMIT_NOFILE, (n, n)),  # type: ignore[misc]
            capture_output=True,
            text=True,
            check=True,
            env=dict(os.environ),
        )
        assert done.stdout.strip() == str(connections)
    assert limits_of_process().connections <= ConnectionLimits().connections
