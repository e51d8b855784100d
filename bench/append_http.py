"""`append_http`: clients send HTTP requests without pauses, and each request appends one event.

The baseline is a minimal HTTP endpoint that appends events with the recorder of the library `eventsourcing`.
"""

from collections.abc import Iterator

from bench.baselines import bare, stock
from bench.rig.installed import Installed, installed, say, served
from bench.rig.load import Connection, Run, request, run_loop, warmed
from bench.rig.queue import Waiting, officer, queue
from bench.rig.report import Measured
from bench.rig.requests import OFFICE, ON
from bench.rig.size import Size

RATIO = 10
CLIENTS = ((8, 64), (8, 32, 64))
"""The numbers of clients. The first list is for a quick round, the second list is for a usual round."""
EACH = 40
"""The number of applications for each client. Each application is used by only one client."""


def run(*, size: Size, names: frozenset[str]) -> Iterator[Measured]:  # noqa: ARG001 - all benches have the same arguments
    seconds, swept = size.pick(2, 8), size.pick(*CLIENTS)
    with installed() as where:
        waiting = queue(where, EACH * max(swept))
        before = where.rows()["events"]
        with served(where) as port:
            ours = {clients: _ours(where, port, waiting, clients, seconds) for clients in swept}
        with bare.serving(where, "append", where.databases.owner) as port:
            theirs = {clients: _theirs(port, clients, seconds) for clients in swept}
        clients, best = max(ours.items(), key=lambda item: item[1].rate)
        rows = where.rows("progress")
        answered = sum(len(each.seconds) for each in ours.values())
        fault = next((each.fault for each in (*ours.values(), *theirs.values()) if each.fault), None)
        if rows["events"] - before < answered:
            fault = f"{answered} were answered, {rows['events'] - before} are stored"
        yield Measured(
            bench="append_http",
            value=best.rate,
            unit="events/s",
            baseline=max(each.rate for each in theirs.values()),
            target=RATIO,
            baseline_least=stock.PLAUSIBLE / 2,
            rows=rows,
            on=(*ON, "feeds"),
            more={
                "clients": clients,
                **best.spread(0.5, 0.99),
                "by_clients": {str(number): round(each.rate) for number, each in ours.items()},
                "baseline_by_clients": {str(number): round(each.rate) for number, each in theirs.items()},
            },
            fault=fault,
            postgres=where.postgres,
        )


def _ours(where: Installed, port: int, waiting: list[Waiting], clients: int, seconds: float) -> Run:
    say(f"append_http: {clients} clients")
    bearer = where.bearer(OFFICE)
    officers = [officer(bearer, waiting[number * EACH : (number + 1) * EACH]) for number in range(clients)]
    return run_loop(warmed(port, officers, seconds))


def _theirs(port: int, clients: int, seconds: float) -> Run:
    say(f"append_http: the stock recorder, {clients} clients")
    sent = request("POST", "/", body=b'{"code":"H-JARINGAN"}')

    async def ask(connection: Connection) -> None:
        await connection.expect(200, sent)

    return run_loop(warmed(port, [lambda: ask] * clients, seconds))
