"""`lifecycle`: over HTTP an application is submitted, moves twice, and its timeline is read, all four moments in it."""

import secrets
from collections.abc import Iterator
from datetime import date, timedelta

import orjson

from bench.installed import Installed, installed, say, served
from bench.load import Client, Connection, Run, Unexpected, request, run_loop, warmed
from bench.report import Measured
from bench.size import Size

OFFICE, SERVICE, DISTRICT = "pemda-3374-disdukcapil", "ktp-el", "33.74.01"
CLIENTS = 32
RATE, P95_MS = 400, 100
MOMENTS = 4
"""Submitted, received, documents checked, declared complete: the last command makes two events."""
ON = ("rights", "sealing", "chain", "claims", "views", "scheduler", "read your writes")


def run(*, size: Size, names: frozenset[str]) -> Iterator[Measured]:  # noqa: ARG001 - as all benches are called
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
            more=told(lived),
            fault=lived.fault,
            postgres=where.postgres,
        )


def told(lived: Run) -> dict[str, float]:
    return {"clients": CLIENTS, **lived.spread(0.5, 0.95, 0.99)}


async def live(where: Installed, port: int, seconds: float) -> Run:
    return await warmed(port, [client(where.bearer(OFFICE)) for _ in range(CLIENTS)], seconds)


def client(bearer: bytes) -> Client:
    """An officer: one application after another, each somebody's."""

    async def life(connection: Connection) -> None:
        reply = await connection.expect(201, submission(bearer))
        path = f"/v1/applications/{orjson.loads(reply.body)['application_id']}"
        await connection.expect(200, command(bearer, path, "receive", 1))
        checked = b'{"complete":true,"declare_complete":true}'
        reply = await connection.expect(200, command(bearer, path, "check-documents", 2, checked))
        seen = b"sync-token: " + reply.header(b"sync-token")
        reply = await connection.expect(200, request("GET", f"{path}/timeline", bearer=bearer, headers=(seen,)))
        if len(orjson.loads(reply.body)["items"]) != MOMENTS:
            raise Unexpected("the timeline does not show what was just done")

    return lambda: life


def submission(bearer: bytes) -> bytes:
    born, serial = date(1950, 1, 1) + timedelta(days=secrets.randbelow(20_000)), 1 + secrets.randbelow(9999)
    applicant = {"name": "Siti Contoh", "nik": f"337401{born:%d%m%y}{serial:04}"}
    body = orjson.dumps({"service": SERVICE, "district": DISTRICT, "applicant": applicant})
    return request("POST", "/v1/applications", bearer=bearer, body=body, headers=(_key(),))


def command(bearer: bytes, path: str, name: str, seen: int, body: bytes = b"{}") -> bytes:
    headers = (_key(), b'if-match: "%d"' % seen)
    return request("POST", f"{path}/{name}", bearer=bearer, body=body, headers=headers)


def _key() -> bytes:
    return b"idempotency-key: " + secrets.token_hex(8).encode()
