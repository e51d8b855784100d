"""A lost connection leaves the outcome unknown; the log tells, and the act happens once."""

import asyncio
import secrets
import time
from typing import Any
from uuid import uuid4

import psycopg
import pytest
from eventsourcing.persistence import StoredEvent
from psycopg import AsyncConnection, OperationalError, sql

from domain.application.commands import Receive, ResetPin
from infra.composition import Installation
from infra.eventstore import group_commit
from infra.eventstore.group_commit import Waiting
from infra.eventstore.recorder import Save, SaveOutcome
from infra.postgres import pool
from infra.postgres.embedded import EmbeddedPostgres
from service_layer.faults import Unavailable
from service_layer.handlers import retries
from tests.infra.eventstore.asking import ask, asked, submit, told, topics
from tests.infra.eventstore.saves import a_save

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
        receiving = asyncio.create_task(made.commands.handle(first.application_id, asked(Receive())))
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
    append = group_commit._append
    lost: list[list[SaveOutcome]] = []

    async def append_and_lose(connection: AsyncConnection[Any], batch: list[Waiting]) -> list[SaveOutcome]:
        outcomes = await append(connection, batch)
        lost.append(outcomes)
        if len(lost) % 2:
            raise OperationalError("server closed the connection unexpectedly")
        return outcomes

    monkeypatch.setattr(group_commit, "_append", append_and_lose)
    answer = await submit(made)
    assert answer.position == lost[0][0].positions[0]
    assert len(lost) == 1  # it was found, and not appended again
    lost.clear()
    await made.commands.handle(answer.application_id, asked(ResetPin()))
    assert topics(made, answer.application_id) == ["submitted", "pin-reset"]
    lost.clear()
    assert await submit(made) != answer


async def test_of_a_lost_batch_what_was_not_stored_is_appended(
    made: Installation, monkeypatch: pytest.MonkeyPatch
) -> None:
    append = group_commit._append
    calls: list[int] = []

    async def store_half_and_lose(connection: AsyncConnection[Any], batch: list[Waiting]) -> list[SaveOutcome]:
        calls.append(len(batch))
        if len(calls) == 1:
            await append(connection, batch[: len(batch) // 2])  # as if somebody had resolved the first half
            raise OperationalError("server closed the connection unexpectedly")
        return await append(connection, batch)

    monkeypatch.setattr(group_commit, "_append", store_half_and_lose)
    saves = [a_save(1, 2, claims=(bytes([n]) * 16,)) for n in range(10)]
    outcomes = await asyncio.gather(*(made.writer.append(save) for save in saves))
    assert [outcome.kind for outcome in outcomes] == ["stored"] * 10
    assert calls == [10, 5]
    assert len({position for outcome in outcomes for position in outcome.positions}) == 20


async def test_a_caller_that_is_cancelled_harms_nobody(made: Installation) -> None:
    saves = [a_save(1) for _ in range(20)]
    with psycopg.connect(made.databases.owner, autocommit=True) as holder:
        holder.execute(LOCK)
        tasks = [asyncio.create_task(made.writer.append(save)) for save in saves]
        await waiting(made.databases.owner)
        for task in tasks[::2]:
            task.cancel()
    outcomes = await asyncio.gather(*tasks, return_exceptions=True)
    assert [isinstance(outcome, SaveOutcome) for outcome in outcomes] == [False, True] * 10


async def test_what_waits_is_bounded(made: Installation, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(group_commit, "EVENTS_WAITING", 10)
    with psycopg.connect(made.databases.owner, autocommit=True) as holder:
        holder.execute(LOCK)
        first = asyncio.create_task(made.writer.append(a_save(1)))
        await waiting(made.databases.owner)
        others = [asyncio.create_task(made.writer.append(a_save(1))) for _ in range(12)]
        await asyncio.sleep(0)
        refused = [task for task in others if task.done()]
        assert len(refused) == 2
        for task in refused:
            assert isinstance(task.exception(), Unavailable)
    assert (await first).stored
    assert all(outcome.stored for outcome in await asyncio.gather(*(t for t in others if t not in refused)))


BAD: tuple[tuple[Save, type[Exception]], ...] = (
    (Save((StoredEvent(uuid4(), 1, "application.received.v1\0", b"{}"),)), psycopg.DataError),
    (Save((StoredEvent(uuid4(), 1, "application.received.v1\udc80", b"{}"),)), UnicodeEncodeError),
    (Save((StoredEvent("no id", 1, "application.received.v1", b"{}"),)), ValueError),
    (Save(a_save(1).events, (secrets.token_bytes(9_000),)), psycopg.errors.ProgramLimitExceeded),
)


@pytest.mark.parametrize(
    "places",
    [(0,), (1,), (2,), (0, 1), (0, 2), (1, 2, 3), (0, 4, 5, 9), tuple(range(10)), (19,), tuple(range(0, 20, 2))],
)
async def test_a_save_that_the_database_cannot_take_fails_alone(made: Installation, places: tuple[int, ...]) -> None:
    bad = {place: BAD[number % len(BAD)] for number, place in enumerate(places)}
    saves = [bad[place][0] if place in bad else a_save(1) for place in range(max(places) + 2)]
    outcomes = await asyncio.gather(*(made.writer.append(save) for save in saves), return_exceptions=True)
    for place, outcome in enumerate(outcomes):
        if place in bad:
            assert isinstance(outcome, bad[place][1])
        else:
            assert isinstance(outcome, SaveOutcome)
            assert outcome.stored
    stored = ask(made.databases.owner, "SELECT count(*) FROM stored_events WHERE topic LIKE 'application.%%'")
    assert stored == [(len(saves) - len(bad),)]


async def test_without_a_database_the_store_is_unavailable_in_time_and_comes_back(
    made: Installation, postgres: EmbeddedPostgres, monkeypatch: pytest.MonkeyPatch
) -> None:
    first = await submit(made, "k-1")
    monkeypatch.setattr(retries, "SECONDS_MAX", 1.0)
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
