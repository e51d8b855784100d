"""Questions gathered into one round trip: shared, bounded, and none harmed by another's."""

import asyncio
from collections.abc import Mapping

import psycopg
import pytest
from psycopg import AsyncConnection

from infra.postgres import coalescer
from infra.postgres.coalescer import Coalescer
from service_layer.faults import Unavailable, ViewBehind
from tests.conftest import Fresh

pytestmark = pytest.mark.anyio
AWAY = "host=/nowhere port=1 dbname=none"


class Squares:
    """Asks PostgreSQL for squares; a negative has none. Each batch is kept, and waits for `let` to go on."""

    def __init__(self) -> None:
        self.batches: list[list[int]] = []
        self.asked, self.let = asyncio.Event(), asyncio.Event()
        self.let.set()

    async def ask(self, connection: AsyncConnection, keys: list[int]) -> Mapping[int, int]:
        self.batches.append(sorted(keys))
        self.asked.set()
        await self.let.wait()
        cursor = await connection.execute(
            "SELECT key, key * key FROM unnest(%s::int[]) AS key WHERE key >= 0", (keys,), prepare=True, binary=True
        )
        return dict(await cursor.fetchall())


async def held(squares: Squares, line: Coalescer[int, int], key: int) -> "asyncio.Task[int | None]":
    """A question that is under way until it is let go."""
    squares.let.clear()
    task = asyncio.create_task(line.get(key))
    await squares.asked.wait()
    return task


async def test_what_came_during_one_round_trip_shares_the_next(fresh: Fresh) -> None:
    squares = Squares()
    async with Coalescer(squares.ask, fresh.databases.serving) as line:
        first = await held(squares, line, 1)
        later = [asyncio.create_task(line.get(key)) for key in (2, 3, 3, -4)]
        await asyncio.sleep(0)
        squares.let.set()
        assert await asyncio.gather(first, *later) == [1, 4, 9, 9, None]
    assert squares.batches == [[1], [-4, 2, 3]]


async def test_a_batch_has_a_largest_size(fresh: Fresh) -> None:
    squares = Squares()
    async with Coalescer(squares.ask, fresh.databases.serving, most=2) as line:
        assert await asyncio.gather(*map(line.get, range(5))) == [0, 1, 4, 9, 16]
    assert squares.batches == [[0, 1], [2, 3], [4]]


async def test_who_comes_to_a_full_queue_is_sent_away(fresh: Fresh) -> None:
    squares = Squares()
    async with Coalescer(squares.ask, fresh.databases.serving, waiting_max=1) as line:
        first = await held(squares, line, 1)
        second = asyncio.create_task(line.get(2))
        await asyncio.sleep(0)
        with pytest.raises(Unavailable):
            await line.get(3)
        squares.let.set()
        assert [await first, await second] == [1, 4]


async def test_who_goes_away_harms_nobody(fresh: Fresh) -> None:
    squares = Squares()
    async with Coalescer(squares.ask, fresh.databases.serving) as line:
        first = await held(squares, line, 1)
        second, third = (asyncio.create_task(line.get(key)) for key in (2, 3))
        await asyncio.sleep(0)
        first.cancel()
        second.cancel()
        squares.let.set()
        assert await third == 9
    assert squares.batches == [[1], [3]]


TOO_LARGE, UNREADABLE = 1_000_000, 13
BAD = {TOO_LARGE: psycopg.errors.NumericValueOutOfRange, UNREADABLE: KeyError}


@pytest.mark.parametrize(
    "keys",
    [
        [TOO_LARGE],
        [TOO_LARGE, 2],
        [2, TOO_LARGE],
        [TOO_LARGE, 2, UNREADABLE, 3, -4],
        [1, 2, 3, 4, UNREADABLE, 5, 6, 7],
        [UNREADABLE, TOO_LARGE, UNREADABLE, TOO_LARGE],
        [*range(12), TOO_LARGE, *range(14, 30)],
        [UNREADABLE, *range(100, 200), TOO_LARGE],
    ],
)
async def test_a_bad_key_harms_itself_alone(fresh: Fresh, keys: list[int]) -> None:
    """The database refuses one kind of bad key; the reading of its answer fails for the other."""
    squares = Squares()

    async def ask(connection: AsyncConnection, asked: list[int]) -> Mapping[int, int]:
        found = await squares.ask(connection, asked)
        if UNREADABLE in found:
            raise KeyError(UNREADABLE)
        return found

    async with Coalescer(ask, fresh.databases.serving) as line:
        told = await asyncio.gather(*map(line.get, keys), return_exceptions=True)
        for key, answer in zip(keys, told, strict=True):
            if key in BAD:
                assert type(answer) is BAD[key]
            else:
                assert answer == (key * key if key >= 0 else None)
        assert await line.get(2) == 4


@pytest.mark.parametrize(
    ("statement", "sqlstate"),
    [
        (b"SELECT * FROM dropped", "42P01"),
        (b"DO $$ BEGIN RAISE EXCEPTION SQLSTATE 'JV503'; END $$", "JV503"),  # a view that is behind
    ],
)
async def test_a_statement_that_is_wrong_for_all_keys_is_not_repeated(
    fresh: Fresh, statement: bytes, sqlstate: str
) -> None:
    tries = []

    async def ask(connection: AsyncConnection, keys: list[int]) -> Mapping[int, int]:
        tries.append(keys)
        await connection.execute(statement)
        return {}

    async with Coalescer(ask, fresh.databases.serving) as line:
        told = await asyncio.gather(line.get(1), line.get(2), return_exceptions=True)
    assert [getattr(fault, "sqlstate", None) for fault in told] == [sqlstate] * 2
    assert len(tries) == 1


async def test_a_lost_connection_costs_nothing(fresh: Fresh) -> None:
    squares = Squares()
    with psycopg.connect(fresh.databases.owner, autocommit=True) as killer:
        async with Coalescer(squares.ask, fresh.databases.serving) as line:
            assert await line.get(2) == 4
            killer.execute(
                "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
                " WHERE datname = current_database() AND pid <> pg_backend_pid()"
            )
            assert await line.get(3) == 9


async def test_while_the_database_is_away_all_are_told_so() -> None:
    async with Coalescer(Squares().ask, AWAY, seconds=0.2) as line:
        told = await asyncio.gather(line.get(1), line.get(2), return_exceptions=True)
        assert [type(fault) for fault in told] == [Unavailable] * 2


async def test_a_question_without_an_answer_is_given_up_and_the_next_asked(fresh: Fresh) -> None:
    squares = Squares()
    async with Coalescer(squares.ask, fresh.databases.serving, seconds=0.2) as line:
        given_up = await held(squares, line, 1)
        with pytest.raises(Unavailable):
            await given_up
        squares.let.set()
        assert await line.get(2) == 4


async def test_closing_answers_who_waits_and_hears_nobody_new(fresh: Fresh) -> None:
    squares = Squares()
    line = Coalescer(squares.ask, fresh.databases.serving)
    with pytest.raises(Unavailable):
        await line.get(1)
    async with line:
        first = await held(squares, line, 1)
        second = asyncio.create_task(line.get(2))
        await asyncio.sleep(0)
        squares.let.set()
    assert [await first, await second] == [1, 4]
    with pytest.raises(Unavailable):
        await line.get(3)


async def test_closing_waits_for_no_answer_that_never_comes(fresh: Fresh, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(coalescer, "CLOSE_SECONDS", 0.1)
    squares = Squares()
    async with Coalescer(squares.ask, fresh.databases.serving) as line:
        first = await held(squares, line, 1)
        second = asyncio.create_task(line.get(2))
        await asyncio.sleep(0)
    for waiting in (first, second):
        with pytest.raises(Unavailable):
            await waiting


@pytest.mark.parametrize("fault", [ViewBehind(), Unavailable()], ids=lambda fault: type(fault).__name__)
async def test_the_callers_of_a_query_that_cannot_answer_now_get_its_own_fault(
    fresh: Fresh, fault: Unavailable
) -> None:
    """A view that is behind is another answer than a database that is away. The query is not repeated."""
    asked: list[list[int]] = []

    async def ask(_: AsyncConnection, keys: list[int]) -> Mapping[int, int]:
        asked.append(sorted(keys))
        raise fault

    async with Coalescer(ask, fresh.databases.serving) as line:
        found = await asyncio.gather(*map(line.get, (1, 2, 3)), return_exceptions=True)
    assert found == [fault] * 3
    assert asked == [[1, 2, 3]]
