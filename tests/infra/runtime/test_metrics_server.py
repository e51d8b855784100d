"""Metrics of a process of its own: there while it runs, and a busy port is named."""

import socket
from http.client import HTTPConnection

import pytest

from infra.runtime.metrics_server import exposed
from infra.runtime.serve import PortTaken
from tests.running import free_port


def answered(port: int) -> bytes:
    connection = HTTPConnection("127.0.0.1", port, timeout=10)
    connection.request("GET", "/metrics")
    body = connection.getresponse().read()
    connection.close()
    return body


def test_they_are_there_as_long_as_the_process_works() -> None:
    port = free_port()
    with exposed(port):
        assert b"jejak_relay_position" in answered(port)
    with pytest.raises(ConnectionRefusedError):
        answered(port)


def test_without_a_port_nothing_listens() -> None:
    with exposed(None):
        pass


def test_a_busy_port_is_named() -> None:
    with socket.socket() as busy:
        busy.bind(("127.0.0.1", 0))
        busy.listen()
        port = busy.getsockname()[1]
        with pytest.raises(PortTaken, match=str(port)), exposed(port):
            pass
