"""`timeline`: reads timelines over HTTP. The baseline is a minimal endpoint that always sends the same bytes."""

from collections.abc import Iterator, Sequence
from itertools import cycle

from bench.baselines import bare
from bench.rig.installed import installed, say, served
from bench.rig.load import Client, Connection, Run, connect, request, run_loop, warmed
from bench.rig.queue import queue
from bench.rig.report import Measured
from bench.rig.requests import OFFICE
from bench.rig.size import Size

RATIO, RATE, P99_MS = 0.4, 3_000, 20
CLIENTS = ((32, 64), (8, 32, 64, 128))
"""The numbers of clients. The first list is for a quick round, the second list is for a usual round."""
APPLICATIONS = 2_000
ON = ("rights", "views", "registry", "scheduler")


def run(*, size: Size, names: frozenset[str]) -> Iterator[Measured]:  # noqa: ARG001 - all benches have the same arguments
    seconds, clients = size.pick(2, 8), size.pick(*CLIENTS)
    with installed() as where:
        bearer = where.bearer(OFFICE)
        reads = [
            request("GET", f"/v1/applications/{each.id}/timeline", bearer=bearer) for each in queue(where, APPLICATIONS)
        ]
        with served(where) as port:
            ours = _swept("ours", port, reads, clients, seconds)
            body = run_loop(_body(port, reads[0]))
        answer = where.folder / "timeline.json"
        answer.write_bytes(body)
        with bare.serving(where, "answer", str(answer)) as port:
            theirs = _swept("the bare endpoint", port, [request("GET", "/", bearer=bearer)], clients, seconds)
        best_of, best = max(ours.items(), key=lambda item: item[1].rate)
        yield Measured(
            bench="timeline",
            value=best.rate,
            unit="reads/s",
            baseline=max(each.rate for each in theirs.values()),
            target=RATIO,
            least=RATE,
            most={"p99_ms": P99_MS},
            baseline_least=RATE,
            rows=where.rows("progress"),
            on=ON,
            more={
                "clients": best_of,
                "bytes": len(body),
                **best.spread(0.5, 0.99),
                "by_clients": {str(number): round(each.rate) for number, each in ours.items()},
                "baseline_by_clients": {str(number): round(each.rate) for number, each in theirs.items()},
            },
            fault=next((each.fault for each in (*ours.values(), *theirs.values()) if each.fault), None),
            postgres=where.postgres,
        )


def _swept(whose: str, port: int, reads: list[bytes], swept: Sequence[int], seconds: float) -> dict[int, Run]:
    runs = {}
    for clients in swept:
        say(f"timeline: {whose}, {clients} clients")
        runs[clients] = run_loop(warmed(port, [_reader(reads, number) for number in range(clients)], seconds))
    return runs


def _reader(reads: list[bytes], number: int) -> Client:
    own = cycle(reads[number % len(reads) :] + reads[: number % len(reads)])

    async def read(connection: Connection) -> None:
        await connection.expect(200, next(own))

    return lambda: read


async def _body(port: int, read: bytes) -> bytes:
    connection = await connect(port)
    reply = await connection.expect(200, read)
    connection.transport.close()
    return reply.body
