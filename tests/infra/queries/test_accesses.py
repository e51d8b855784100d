"""Who read what is recorded and kept; a search is limited, and its work tells nothing of other offices' files."""

import asyncio
from collections.abc import AsyncIterator, Iterator
from contextlib import contextmanager
from typing import Any
from uuid import UUID, uuid4

import psycopg
import pytest
from psycopg import AsyncConnection

from infra.composition import Installation, installation
from infra.keys.person_index import PADDED
from infra.metrics import METRICS
from infra.queries import accesses
from infra.queries.accesses import PostgresAccesses
from infra.queries.applications import PostgresViews
from service_layer.faults import Unavailable
from service_layer.rights import Bearer, Principal
from tests.builders import EDITIONS, MAKASSAR, SEMARANG
from tests.conftest import Fresh
from tests.infra.eventstore.asking import ask, submit
from tests.infra.logs import PROGRESS
from tests.infra.projector.test_views import made_anew

pytestmark = pytest.mark.anyio

OFFICER = Principal(bearer=Bearer.OFFICER, actor=UUID(int=7), office=SEMARANG)
COLLEAGUE = Principal(bearer=Bearer.OFFICER, actor=UUID(int=8), office=SEMARANG)
AGENCY = Principal(bearer=Bearer.AGENCY, agency="disdukcapil")
CITIZEN = Principal(bearer=Bearer.CITIZEN, application_id=UUID(int=9))
APPLICATION = UUID(int=9)
NIKS = {files: f"33740141019000{files + 10}" for files in (0, 1, 5)}


@pytest.fixture
async def made(fresh: Fresh) -> AsyncIterator[Installation]:
    async with installation(fresh.settings, fresh.databases) as opened:
        await opened.editions.publish(EDITIONS, opened.recorder, opened.named.commands[0])
        yield opened


@pytest.fixture(autouse=True)
def _soon(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(accesses, "FLUSH_SECONDS", 0.05)


def recorded(made: Installation) -> list[tuple[Any, ...]]:
    columns = "operation, role, office, agency, actor, application_id, desk, times"
    return ask(made.databases.auditor, f"SELECT {columns} FROM accesses ORDER BY id")


@contextmanager
def statements() -> Iterator[list[tuple[str, int]]]:
    """Each statement on a connection of a pool, and how many rows came back."""
    seen: list[tuple[str, int]] = []
    execute = AsyncConnection.execute

    async def counting(self: AsyncConnection, query: Any, *values: Any, **more: Any) -> Any:
        cursor = await execute(self, query, *values, **more)
        seen.append((str(query), cursor.rowcount))
        return cursor

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(AsyncConnection, "execute", counting)
        yield seen


async def test_a_search_does_the_same_work_however_many_files_other_offices_have(made: Installation) -> None:
    for files, nik in NIKS.items():
        for _ in range(files):
            await submit(made, personal={"applicant": {"name": "Siti Contoh", "nik": nik}})
    for _ in range(10):
        await submit(made)
    await asyncio.to_thread(made_anew, PROGRESS, made.databases.serving)
    stranger = Principal(bearer=Bearer.OFFICER, actor=UUID(int=7), office=MAKASSAR)
    works = []
    async with (
        PostgresViews(made.pool, made.databases.serving) as views,
        PostgresAccesses(made.pool, 365) as record,
    ):
        await made.keys.find(NIKS[0])  # reads the key once
        for files, nik in NIKS.items():
            with statements() as work:
                found = await made.keys.find(nik)
                assert (len(found.applications), len(found.padded)) == (files, PADDED)
                assert (found.person is None) == (files == 0)
                assert await record.search(stranger, found.person) == 0
                assert await views.concerning(found.padded, [MAKASSAR]) == {}
                await record.record("find-by-person", [], stranger, "find-by-person")
            own = [each for each in work if any(part in each[0] for part in ("dossier_keys", "accesses", "progress"))]
            told = [(query, rows if "progress" in query else 0) for query, rows in own]
            works.append(told)
            assert len(await views.concerning(found.padded, [SEMARANG])) == 16, "the padding is read like the rest"
    assert works[0] == works[1] == works[2]
    assert (len(works[0]), sum(rows for _, rows in works[0])) == (7, 16)


async def test_a_person_with_more_files_than_the_padding_is_padded_to_the_next_step(
    made: Installation, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("infra.keys.person_index.PADDED", 4)
    for _ in range(5):
        await submit(made, personal={"applicant": {"name": "Siti Contoh", "nik": NIKS[5]}})
    found = await made.keys.find(NIKS[5])
    assert len(set(found.padded)) == 8
    assert found.padded[:5] == found.applications == sorted(found.applications, reverse=True)


async def test_searches_are_counted_by_actor_and_by_office_and_a_refused_one_is_not_recorded(
    made: Installation, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(accesses, "SEARCHES_OF_ACTOR", 3)
    monkeypatch.setattr(accesses, "SEARCHES_OF_OFFICE", 5)
    record, person = PostgresAccesses(made.pool, 365), uuid4()
    waits = await asyncio.gather(*(record.search(OFFICER, person) for _ in range(8)))
    assert sorted(waits)[:3] == [0, 0, 0]
    assert all(3590 < wait <= 3600 for wait in sorted(waits)[3:])
    assert [await record.search(COLLEAGUE, None) == 0 for _ in range(3)] == [True, True, False]
    elsewhere = Principal(bearer=Bearer.OFFICER, actor=UUID(int=7), office=MAKASSAR)
    assert await record.search(elsewhere, None) == 0, "another office is not limited with it"
    persons = ask(made.databases.auditor, "SELECT person FROM accesses WHERE application_id IS NULL ORDER BY id")
    assert persons == [(person,)] * 3 + [(None,)] * 3
    with psycopg.connect(made.databases.owner) as connection:
        connection.execute("UPDATE accesses SET at = at - interval '61 minutes'")
    assert await record.search(OFFICER, None) == 0


async def test_readings_are_stored_together_and_equal_ones_in_one_row(made: Installation) -> None:
    async with PostgresAccesses(made.pool, 365) as record:
        with statements() as work:
            for _ in range(3):
                record.note("get-timeline", OFFICER, application_id=APPLICATION)
            record.note("get-application", AGENCY, application_id=APPLICATION)
            record.note("get-desk", COLLEAGUE, desk=SEMARANG)
            record.note("get-timeline", CITIZEN, application_id=APPLICATION)
            await asyncio.sleep(0.5)
        assert len([query for query, _ in work if "INSERT" in query]) == 1
        record.note("get-timeline", OFFICER, application_id=APPLICATION)
    assert recorded(made) == [
        ("get-timeline", "officer", SEMARANG, "", OFFICER.actor, APPLICATION, None, 3),
        ("get-application", "agency", "", "disdukcapil", None, APPLICATION, None, 1),
        ("get-desk", "officer", SEMARANG, "", COLLEAGUE.actor, None, SEMARANG, 1),
        ("get-timeline", "officer", SEMARANG, "", OFFICER.actor, APPLICATION, None, 1),
    ], "what is noted before the end is stored before the end"


async def test_while_the_database_is_away_readings_wait_and_too_many_are_counted(
    made: Installation, monkeypatch: pytest.MonkeyPatch
) -> None:
    away = True
    insert = accesses._insert

    async def failing(*values: Any) -> None:
        if away:
            raise Unavailable
        await insert(*values)

    monkeypatch.setattr(accesses, "_insert", failing)
    monkeypatch.setattr(accesses, "WAITING_MAX", 2)
    lost = METRICS.get_sample_value("jejak_readings_unrecorded_total") or 0
    async with PostgresAccesses(made.pool, 365) as record:
        for number in (1, 2, 3, 1):
            record.note("get-application", OFFICER, application_id=UUID(int=number))
        await asyncio.sleep(0.2)
        away = False
    assert METRICS.get_sample_value("jejak_readings_unrecorded_total") == lost + 1
    assert [(row[5].int, row[7]) for row in recorded(made)] == [(1, 2), (2, 1)]


async def test_old_readings_are_forgotten_and_what_opened_personal_data_is_kept(made: Installation) -> None:
    async with PostgresAccesses(made.pool, 30) as record:
        await record.record("open-dossier", [APPLICATION], OFFICER, "verify-identity")
        await record.record("find-by-person", [APPLICATION], OFFICER, "find-by-person")
        await record.search(OFFICER, None)
        record.note("get-desk", OFFICER, desk=SEMARANG)
        await asyncio.sleep(0.3)
        with psycopg.connect(made.databases.owner) as connection:
            connection.execute("UPDATE accesses SET at = at - interval '31 days'")
        record._forgot_at = float("-inf")
        record.note("get-application", OFFICER, application_id=APPLICATION)
    assert [row[0] for row in recorded(made)] == ["open-dossier", "find-by-person", "get-application"]
    shown = await record.of_application(APPLICATION)
    assert [each["purpose"] for each in shown] == ["verify-identity", "find-by-person"]
    with psycopg.connect(made.databases.serving, autocommit=True) as connection:
        for statement in ("DELETE FROM accesses", "UPDATE accesses SET office = ''"):
            with pytest.raises(psycopg.errors.InsufficientPrivilege):
                connection.execute(statement.encode())
        with pytest.raises(psycopg.errors.RaiseException, match="at least 30 days"):
            connection.execute("SELECT forget_readings(29)")


async def test_who_reads_the_record_misses_no_entry_that_is_just_being_stored(made: Installation) -> None:
    record = PostgresAccesses(made.pool, 365)
    async with await AsyncConnection.connect(made.databases.serving) as slow:
        await slow.execute(accesses.WRITING)
        await slow.execute("INSERT INTO accesses (office, role, purpose) VALUES ('slow', 'officer', '')")
        await record.search(OFFICER, None)  # a later id, and stored earlier
        page = asyncio.create_task(record.page(0, 10))
        await asyncio.sleep(0.2)
        assert not page.done()
        await slow.commit()
    entries = await page
    assert [each["office"] for each in entries] == ["slow", SEMARANG]
    assert await record.page(entries[0]["id"], 10) == entries[1:]
