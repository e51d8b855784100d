"""`lifecycle`: submits an application over HTTP, sends two commands for this application, and reads its timeline."""

from collections.abc import Iterator

import orjson

from bench.rig.installed import Installed, installed, say, served
from bench.rig.load import Client, Connection, Run, Unexpected, request, run_loop, warmed
from bench.rig.report import Measured
from bench.rig.requests import OFFICE, ON, command, submission
from bench.rig.size import Size

CLIENTS = 32
RATE, P95_MS = 400, 100
MOMENTS = 4
"""The number of entries in the timeline: submitted, received, documents checked, declared complete.

The last command makes two of these entries.
"""


def run(*, size: Size, names: frozenset[str]) -> Iterator[Measured]:  # noqa: ARG001 - all benches have the same arguments
    seconds = size.pick(4, 15)
    with installed() as where, served(where) as port:
        say(f"lifecycle: {CLIENTS} clients")
        lived = run_loop(live(where, port, seconds))
        yield Measured(
            bench="lifecycle",
            value=lived.rate,
            unit="lifecycles/s",
            least=RATE,
            most={"p95_ms": P95_MS},
            rows=where.rows("progress"),
            on=(*ON, "feeds"),
            more={"clients": CLIENTS, **lived.spread(0.5, 0.95, 0.99)},
            fault=lived.fault,
            postgres=where.postgres,
        )


async def live(where: Installed, port: int, seconds: float) -> Run:
    """Runs lifecycles for `seconds`, after a warm-up."""
    return await warmed(port, [client(where.bearer(OFFICE)) for _ in range(CLIENTS)], seconds)


def client(bearer: bytes) -> Client:
    """Returns a client that sends the requests of an officer.

    Each lifecycle has a new application of another person.
    """

    async def life(connection: Connection) -> None:
        reply = await connection.expect(201, submission(bearer))
        path = f"/v1/applications/{orjson.loads(reply.body)['application_id']}"
        await connection.expect(200, command(bearer, path, "receive", 1))
        checked = b'{"complete":true,"declare_complete":true}'
        reply = await connection.expect(200, command(bearer, path, "check-documents", 2, checked))
        seen = b"sync-token: " + reply.header(b"sync-token")
        reply = await connection.expect(200, request("GET", f"{path}/timeline", bearer=bearer, headers=(seen,)))
        if len(orjson.loads(reply.body)["items"]) != MOMENTS:
            raise Unexpected("the timeline does not show the last commands")

    return lambda: life
