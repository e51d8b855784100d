"""Metrics server: serves `/metrics` for a process without an API. The server listens only on the loopback address."""

from collections.abc import Iterator
from contextlib import contextmanager

from prometheus_client import start_http_server

from infra.metrics import METRICS
from infra.runtime.serve import PortTaken


@contextmanager
def exposed(port: int | None) -> Iterator[None]:
    """Serves the metrics on 127.0.0.1 while the context lasts. Does nothing if `port` is None. Raises PortTaken."""
    if port is None:
        yield
        return
    try:
        server, thread = start_http_server(port, addr="127.0.0.1", registry=METRICS)
    except OSError as error:
        raise PortTaken(f"cannot listen on 127.0.0.1:{port} ({error.strerror}): choose another port") from error
    try:
        yield
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
