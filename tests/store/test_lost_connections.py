"""A lost connection leaves the outcome unknown; the log tells, and the act happens once."""

import asyncio
import time
from collections.abc import Sequence

import psycopg
import pytest
from eventsourcing.persistence import OperationalError
from psycopg import sql

from domain.commands import Receive, ResetPin
from domain.ports import Unavailable
from infra import pool
from infra.main import Installation
from infra.postgres import EmbeddedPostgres
from infra.store import applications
from infra.store.recorder import Outcome, Recorder, Save
from tests.store.asking import ask, asked, submit, told, topics

pytestmark = pytest.mark.anyio

WAITING = "SELECT pid FROM pg_stat_activity WHERE datname = current_database() AND wait_event = 'advisory'"
LOCK = "SELECT pg_advisory_lock(hashtextextended('public.stored_events', 0))"


async def waiting(conninfo: str) -> int:
    """The backend that waits for the append's lock."""
    for _ in range(500):
        found = ask(conninfo, WAITING)
        if found:
            return int(found[0][0])
        await asyncio.sleep(0.02)
    raise AssertionError("nobody waits for the append's lock")


async def test_a_backend_killed_while_it_appends_costs_nothing(made: Installation) -> None:
    first = await submit(made)
    conninfo = made.databases.owner
    with psycopg.connect(conninfo, autocommit=True) as holder:
        holder.execute(LOCK)
        receiving = asyncio.create_task(made.applications.handle(first.application_id, asked(Receive())))
        submitting = asyncio.create_task(submit(made, "k-9"))
        for _ in range(3):
            holder.execute("SELECT pg_terminate_backend(%s)", (await waiting(conninfo),))
    received, second = await asyncio.gather(receiving, submitting)
    assert received.application.version == 2
    assert topics(made, first.application_id) == ["submitted", "received"]
    assert topics(made, second.application_id) == ["submitted"]
    assert ask(conninfo, "SELECT count(DISTINCT originator_id) FROM claims") == [(2,)]
    assert told(await submit(made, "k-9")) == told(second)


async def test_an_answer_lost_after_the_commit_is_found_in_the_log(
    made: Installation, monkeypatch: pytest.MonkeyPatch
) -> None:
    append = Recorder.append
    lost: list[list[Outcome]] = []

    def append_and_lose(recorder: Recorder, saves: Sequence[Save]) -> list[Outcome]:
        outcomes = append(recorder, saves)
        if len(lost) % 2 == 0:
            lost.append(outcomes)
            raise OperationalError("server closed the connection unexpectedly")
        lost.append(outcomes)
        return outcomes

    monkeypatch.setattr(Recorder, "append", append_and_lose)
    answer = await submit(made)
    assert answer.position == lost[0][0].positions[0]
    assert len(lost) == 1
    lost.clear()
    await made.applications.handle(answer.application_id, asked(ResetPin()))
    assert topics(made, answer.application_id) == ["submitted", "pin-reset"]
    assert await submit(made) != answer


async def test_without_a_database_the_store_is_unavailable_in_time_and_comes_back(
    made: Installation, postgres: EmbeddedPostgres, monkeypatch: pytest.MonkeyPatch
) -> None:
    first = await submit(made, "k-1")
    monkeypatch.setattr(applications, "SECONDS_MAX", 1.0)
    [(name,)] = ask(made.databases.owner, "SELECT current_database()")
    alter = sql.SQL("ALTER DATABASE {} WITH ALLOW_CONNECTIONS {}")
    with psycopg.connect(postgres.conninfo("postgres"), autocommit=True) as server:
        server.execute(alter.format(sql.Identifier(name), sql.SQL("false")))
        server.execute("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = %s", (name,))
        started = time.monotonic()
        with pytest.raises(Unavailable) as caught:
            await submit(made, "k-1")
        assert time.monotonic() - started < 1.0 + pool.WAIT_SECONDS + 1.0
        assert "same Idempotency-Key" in str(caught.value)
        server.execute(alter.format(sql.Identifier(name), sql.SQL("true")))
    async with asyncio.timeout(20):
        while True:
            try:
                assert told(await submit(made, "k-1")) == told(first)
            except Unavailable:
                continue
            break
