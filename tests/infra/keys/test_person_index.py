"""The same NIK is the same person, whoever asks at once; nothing of it lies in the key store in clear, or stays."""

import asyncio
from collections.abc import AsyncIterator
from datetime import UTC, datetime
from typing import Any
from uuid import UUID, uuid4

import psycopg
import pytest

from infra.keys.key_folder import KeyFolder
from infra.keys.key_store import KeyStore
from infra.postgres.pool import pool
from tests.conftest import Fresh

pytestmark = pytest.mark.anyio

SITI, BUDI = "3374014101900001", "3374010101900001"


@pytest.fixture
async def store(fresh: Fresh) -> AsyncIterator[KeyStore]:
    databases, folder = fresh.databases, KeyFolder(fresh.settings.key_dir)
    async with pool(databases.keys) as connections, KeyStore(connections, databases.keys, folder) as opened:
        yield opened


def ask(fresh: Fresh, query: str) -> list[tuple[Any, ...]]:
    with psycopg.connect(fresh.databases.keys_owner) as connection:
        return connection.execute(query.encode()).fetchall()


def persons_of(fresh: Fresh, application: UUID) -> dict[str, UUID]:
    return dict(ask(fresh, f"SELECT role, person FROM dossier_keys WHERE application_id = '{application}'"))


async def submitted(store: KeyStore, **niks: str) -> UUID:
    application = uuid4()
    await store.new_dossier_keys(application, ["applicant", "subject"], niks)
    return application


async def test_the_same_nik_is_the_same_person_in_every_role(store: KeyStore, fresh: Fresh) -> None:
    first, second = await submitted(store, applicant=SITI), await submitted(store, applicant=BUDI, subject=SITI)
    siti = persons_of(fresh, first)["applicant"]
    assert persons_of(fresh, second)["subject"] == siti
    assert persons_of(fresh, second)["applicant"] != siti
    assert await store.applications_of(SITI, limit=9) == sorted([first, second], reverse=True)
    assert await store.applications_of(SITI, limit=1) == [max(first, second)]
    assert await store.applications_of(BUDI, limit=9) == [second]
    assert await store.applications_of(SITI, limit=9, roles=("subject",)) == [second]
    about = await store.persons_of([first, second, uuid4()])
    assert about == {each: frozenset(persons_of(fresh, each).values()) for each in (first, second)}
    assert about[first] & about[second] == {siti}
    assert await store.applications_of("3374010101900002", limit=9) == []


async def test_searches_that_share_a_query_get_their_own_answers(store: KeyStore) -> None:
    first, second = await submitted(store, applicant=SITI), await submitted(store, applicant=BUDI, subject=SITI)
    asked = [(SITI, 9, None), (SITI, 1, None), (BUDI, 9, None), (SITI, 9, ("subject",)), ("3374010101900002", 9, None)]
    answers = await asyncio.gather(
        *(store.applications_of(nik, limit=limit, roles=roles) for nik, limit, roles in asked * 20)
    )
    both = sorted([first, second], reverse=True)
    assert answers == [both, both[:1], [second], [second], []] * 20


async def test_who_has_no_nik_has_a_reference_of_this_application_alone(store: KeyStore, fresh: Fresh) -> None:
    references = [persons_of(fresh, await submitted(store)).values() for _ in range(2)]
    assert len({person for each in references for person in each}) == 4
    assert ask(fresh, "SELECT * FROM persons") == []


async def test_one_who_is_applicant_and_subject_is_one_person(store: KeyStore, fresh: Fresh) -> None:
    application = await submitted(store, applicant=SITI, subject=SITI)
    assert len(set(persons_of(fresh, application).values())) == 1
    assert await store.applications_of(SITI, limit=9) == [application]


async def test_many_who_bring_the_same_persons_at_once_get_the_same_references(store: KeyStore, fresh: Fresh) -> None:
    await store.named(datetime.now(UTC).date())
    roles = [{"applicant": SITI, "subject": BUDI}, {"applicant": BUDI, "subject": SITI}] * 8
    applications = await asyncio.gather(*(submitted(store, **niks) for niks in roles))
    assert ask(fresh, "SELECT count(*) FROM persons") == [(2,)]
    assert len({person for each in applications for person in persons_of(fresh, each).values()}) == 2


async def test_erasing_a_person_destroys_their_row_and_all_of_their_keys_and_nothing_else(
    store: KeyStore, fresh: Fresh
) -> None:
    first, second = await submitted(store, applicant=SITI), await submitted(store, applicant=BUDI, subject=SITI)
    siti = persons_of(fresh, first)["applicant"]
    assert await store.erase(person=siti) == sorted([first, second])
    assert persons_of(fresh, first).keys() == {"subject"}
    assert persons_of(fresh, second).keys() == {"applicant"}
    assert await store.applications_of(SITI, limit=9) == []
    assert await store.applications_of(BUDI, limit=9) == [second]
    again = await submitted(store, applicant=SITI)
    assert persons_of(fresh, again)["applicant"] != siti
    assert await store.erase(person=siti) == [], "the same NIK later is somebody new, also when it is erased again"


async def test_with_the_last_application_of_a_person_goes_their_row(store: KeyStore, fresh: Fresh) -> None:
    first, second = await submitted(store, applicant=SITI), await submitted(store, applicant=SITI)
    await store.erase(application=first)
    assert await store.applications_of(SITI, limit=9) == [second]
    await store.erase(application=second)
    assert ask(fresh, "SELECT count(*) FROM persons") == [(0,)]


async def test_a_person_erased_while_somebody_submits_leaves_no_key_behind(store: KeyStore, fresh: Fresh) -> None:
    siti = persons_of(fresh, await submitted(store, applicant=SITI))["applicant"]
    await asyncio.gather(*(submitted(store, applicant=SITI) for _ in range(8)), store.erase(person=siti))
    assert ask(fresh, f"SELECT count(*) FROM dossier_keys WHERE person = '{siti}'") == [(0,)]


async def test_no_nik_lies_in_the_key_store_in_clear(store: KeyStore, fresh: Fresh) -> None:
    await submitted(store, applicant=SITI)
    [(lookup, wrapped)] = ask(fresh, "SELECT lookup, wrapped FROM persons")
    assert len(lookup) == 32
    for stored in (bytes(lookup), bytes(wrapped)):
        assert SITI.encode() not in stored
        assert SITI not in stored.hex()
