"""`/metrics` of a process that answers nothing else, on the loopback address alone."""

from collections.abc import Iterator
from contextlib import contextmanager

from prometheus_client import start_http_server

from infra.metrics import METRICS
from infra.runtime.serve import PortTaken


@contextmanager
def exposed(port: int | None) -> Iterator[None]:
    """Without a port nothing is. Raises PortTaken."""
    if port is None:
        yield
        return
    try:
        server, thread = start_http_server(port, addr="127.0.0.1", registry=METRICS)
    except OSError as error:
        raise PortTaken(f"127.0.0.1:{port} cannot be listened on ({error.strerror}): name another port") from error
    try:
        yield
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
