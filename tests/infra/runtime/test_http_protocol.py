"""What leaves, and when: the answers of a turn of the loop together, and the log's lines about requests."""

import asyncio
import json
from typing import Any, cast

import pytest

from infra.logs import LINES_BYTES, LINES_SECONDS, RequestLog
from infra.runtime.http_protocol import HELD_BYTES_MAX, Joining
from service_layer.ports import RequestReport

pytestmark = pytest.mark.anyio


class Transport:
    """Notes what is asked of it."""

    def __init__(self) -> None:
        self.asked: list[bytes | str] = []

    def write(self, data: bytes) -> None:
        self.asked.append(data)

    def close(self) -> None:
        self.asked.append("close")

    def is_closing(self) -> bool:
        return "close" in self.asked

    def pause_reading(self) -> None:
        self.asked.append("pause")


def report(**more: Any) -> RequestReport:
    usual: dict[str, Any] = {
        "method": "GET",
        "route": "/v1/applications/{application_id}",
        "operation": "get-application",
        "status": 200,
        "seconds": 0.001,
        "trace_id": "0" * 32,
        "principal": None,
    }
    return RequestReport(**{**usual, **more})


def joining(under: Transport) -> Any:
    return Joining(cast("asyncio.Transport", under), asyncio.get_running_loop())


async def test_what_is_written_in_one_turn_leaves_as_one() -> None:
    transport = joining(under := Transport())
    for data in (b"head ", b"body"):
        transport.write(data)
    assert under.asked == []
    await asyncio.sleep(0)
    assert under.asked == [b"head body"]
    transport.write(b"next")
    await asyncio.sleep(0)
    assert under.asked == [b"head body", b"next"]


async def test_it_leaves_before_the_connection_is_closed_and_other_wishes_pass() -> None:
    transport = joining(under := Transport())
    transport.write(b"last words")
    transport.pause_reading()
    transport.close()
    await asyncio.sleep(0)
    assert under.asked == ["pause", b"last words", "close"]
    assert transport.is_closing()


async def test_a_client_that_has_gone_meanwhile_is_written_nothing() -> None:
    transport = joining(under := Transport())
    transport.write(b"to nobody")
    under.close()
    await asyncio.sleep(0)
    assert under.asked == ["close"]


async def test_much_is_not_held_back() -> None:
    transport = joining(under := Transport())
    transport.write(b"x" * HELD_BYTES_MAX)
    transport.write(b"y")
    assert [len(data) for data in under.asked] == [HELD_BYTES_MAX + 1]
    await asyncio.sleep(0)
    assert len(under.asked) == 1


async def test_every_request_has_its_line_soon_and_a_pipe_never_gets_half_of_one(
    capfdbinary: pytest.CaptureFixture[bytes], monkeypatch: pytest.MonkeyPatch
) -> None:
    log, pieces = RequestLog(), list[bytes]()
    flush = log.flush

    def flushed() -> None:
        flush()
        pieces.append(capfdbinary.readouterr().err)

    monkeypatch.setattr(log, "flush", flushed)
    for number in range(100):
        log(report(seconds=number / 1000))
    await asyncio.sleep(3 * LINES_SECONDS)
    assert len(pieces) > 2
    assert all(len(piece) <= LINES_BYTES and piece.endswith(b"\n") for piece in pieces)
    lines = [json.loads(line) for line in b"".join(pieces).splitlines()]
    assert [line["ms"] for line in lines] == [float(number) for number in range(100)]
    assert {key: lines[0][key] for key in ("event", "level", "method", "route", "status")} == {
        "event": "request",
        "level": "info",
        "method": "GET",
        "route": "/v1/applications/{application_id}",
        "status": 200,
    }
