"""Bare endpoints: a minimal server that does only the measured work. The server runs in a separate process.

The server can start in two ways. The first way appends events, and the second way sends the same answer again and
again:

    python -m bench.baselines.bare append CONNINFO --port N
        Each POST request stores one event with the library's recorder, in a thread.
    python -m bench.baselines.bare answer FILE --port N
        Each GET request is answered with the bytes of FILE.
"""

import argparse
import sys
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import orjson
import uvicorn
from eventsourcing.persistence import StoredEvent
from eventsourcing.postgres import PostgresApplicationRecorder
from starlette.applications import Starlette
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from bench.baselines import stock
from bench.rig.installed import Installed, free_port, running
from infra.eventstore.identifiers import new_application_id

STATE_BYTES = 450
"""The average size of an event's state in Jejak."""

Endpoint = Callable[[Request], Awaitable[Response]]


def appending(into: PostgresApplicationRecorder) -> Endpoint:
    state = b"x" * STATE_BYTES

    async def append(request: Request) -> Response:
        orjson.loads(await request.body())
        event = StoredEvent(new_application_id(), 1, "application.received.v1", state)
        [position] = await run_in_threadpool(into.insert_events, [event])
        return Response(orjson.dumps({"position": position}), media_type="application/json")

    return append


def answering(body: bytes) -> Endpoint:
    async def answer(_: Request) -> Response:
        return Response(body, media_type="application/json")

    return answer


def serve(endpoint: Endpoint, method: str, port: int) -> None:
    async def live(_: Request) -> Response:
        return Response(b"")

    app = Starlette(routes=[Route("/livez", live), Route("/", endpoint, methods=[method])])
    uvicorn.run(app, host="127.0.0.1", port=port, http="httptools", loop="uvloop", access_log=False, log_config=None)


def main() -> None:
    parser = argparse.ArgumentParser(
        prog="bench.baselines.bare", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("what", choices=["append", "answer"])
    parser.add_argument("of")
    parser.add_argument("--port", type=int, required=True)
    options = parser.parse_args()
    if options.what == "answer":
        serve(answering(Path(options.of).read_bytes()), "GET", options.port)
        return
    with stock.datastore(options.of) as store:
        serve(appending(stock.recorder(store)), "POST", options.port)


@contextmanager
def serving(where: Installed, what: str, of: str) -> Iterator[int]:
    """Runs the server in a new process, and yields the server's port."""
    port = free_port()
    with running([sys.executable, "-m", "bench.baselines.bare", what, of, "--port", str(port)], port, where):
        yield port


if __name__ == "__main__":
    main()
