"""Whether events can be stored: asked of the database itself, seldom, and never for long."""

import asyncio
import time
from types import SimpleNamespace
from typing import Any, cast

import psycopg
import pytest
from structlog.testing import capture_logs

from infra.eventstore import storing as module
from infra.eventstore.group_commit import GroupCommit
from infra.eventstore.storing import Storing
from infra.metrics import STORING
from infra.postgres.pool import pool
from tests.conftest import Fresh
from tests.infra.eventstore.asking import ask
from tests.infra.postgres.proxy import proxied

pytestmark = pytest.mark.anyio


def writer(*, failing: bool = False) -> GroupCommit:
    return cast("GroupCommit", SimpleNamespace(failing=failing))


@pytest.fixture
def _always_asked(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "KNOWN_SECONDS", -1.0)


async def test_of_many_who_ask_at_once_one_asks_the_database(fresh: Fresh) -> None:
    async with pool(fresh.databases.serving) as made:
        storing, tries = Storing(made, writer()), 0
        tried = storing._tried

        async def counted() -> bool:
            nonlocal tries
            tries += 1
            return await tried()

        storing._tried = counted  # type: ignore[method-assign] # the test's own
        assert await asyncio.gather(*(storing() for _ in range(20))) == [True] * 20
        assert tries == 1
        assert STORING._value.get() == 1


@pytest.mark.usefixtures("_always_asked")
async def test_a_database_that_is_away_stores_nothing_and_is_believed_when_it_is_back(
    fresh: Fresh, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "LIMIT_SECONDS", 0.5)
    with proxied(fresh.databases) as (proxy, found):
        async with pool(found.serving) as made:
            storing = Storing(made, writer())
            assert await storing()
            proxy.mute = True
            proxy.swallow()
            begun = time.monotonic()
            assert not await storing()
            assert time.monotonic() - begun < 2
            assert STORING._value.get() == 0
            proxy.mute = False
            proxy.cut()
            async with asyncio.timeout(15):
                while not await storing():  # noqa: ASYNC110 - the database sets no event
                    await asyncio.sleep(0.1)


@pytest.mark.usefixtures("_always_asked")
async def test_after_a_failed_append_a_larger_write_must_succeed_first(fresh: Fresh) -> None:
    """A full disk may still have room for a few bytes. A right that is missing stands for the room here."""
    [(name,)] = ask(fresh.databases.owner, "SELECT current_database()")
    with psycopg.connect(fresh.databases.owner, autocommit=True) as owner:
        owner.execute(f"REVOKE TEMPORARY ON DATABASE {name} FROM PUBLIC".encode())
        async with pool(fresh.databases.serving) as made:
            append: Any = writer()
            storing = Storing(made, append)
            assert await storing(), "while appends succeed, few bytes are enough"
            append.failing = True
            with capture_logs() as lines:
                assert not await storing()
            assert [line["sqlstate"] for line in lines] == ["42501"]
            assert append.failing
            owner.execute(f"GRANT TEMPORARY ON DATABASE {name} TO PUBLIC".encode())
            assert await storing()
            assert not append.failing, "the next question is the small one again"


@pytest.mark.usefixtures("_always_asked")
@pytest.mark.parametrize(
    "lock",
    [
        "LOCK TABLE stored_events IN ACCESS EXCLUSIVE MODE",
        "SELECT pg_advisory_xact_lock(hashtextextended('public.stored_events', 0))",
    ],
)
async def test_while_somebody_locks_the_log_nothing_can_be_stored(
    fresh: Fresh, monkeypatch: pytest.MonkeyPatch, lock: str
) -> None:
    monkeypatch.setattr(module, "LIMIT_SECONDS", 0.5)
    async with pool(fresh.databases.serving) as made:
        storing = Storing(made, writer(failing=True))
        with psycopg.connect(fresh.databases.owner) as owner:
            owner.execute(lock.encode())
            assert not await storing()
        assert await storing()
        assert ask(fresh.databases.owner, "SELECT count(*) FROM stored_events") == [(0,)]
