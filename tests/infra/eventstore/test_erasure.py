"""What was erased stays dark, also after a restore; what is left verifies and goes on."""

from uuid import uuid4

import psycopg
import pytest

from domain.application.commands import Receive
from infra.composition import Installation, installation
from infra.eventstore.envelope import SealBroken, unseal
from infra.eventstore.erasures import copy_to_log, erasures_in
from infra.keys.erasing import Erasing
from infra.keys.erasure_list import Erasure, ErasureList
from infra.keys.key_folder import KeyFolder
from infra.keys.wrapping_key import KeysUnreadable
from infra.runtime.fsck import faults_of_log
from service_layer.faults import ApplicationErased
from tests.conftest import Fresh
from tests.infra.eventstore.asking import SITI, ask, asked, submit, topics

pytestmark = pytest.mark.anyio

DESTROYED = "SELECT count(*) FROM dossier_keys"


async def test_a_sealed_part_opens_with_its_dossier_key_alone(made: Installation) -> None:
    first, second = await submit(made), await submit(made)
    entry = (await made.streams.history(first.application_id)).entries[0]
    mine = (await made.keys.dossier_keys(first.application_id))["applicant"]
    other = (await made.keys.dossier_keys(second.application_id))["applicant"]
    [part] = entry.state["sealed"]
    assert unseal(mine.key, part, application=first.application_id, version=1, topic=entry.topic) == SITI["applicant"]
    with pytest.raises(SealBroken):
        unseal(other.key, part, application=first.application_id, version=1, topic=entry.topic)


async def test_an_application_goes_on_without_its_keys_and_its_chain_holds(made: Installation) -> None:
    application = (await submit(made, "k-1")).application_id
    other = (await submit(made)).application_id
    assert await made.keys.erase(application=application) == [application]
    assert await made.keys.dossier_keys(application) == {}
    assert set(await made.keys.dossier_keys(other)) == {"applicant"}
    assert (await submit(made, "k-1")).application_id == application
    await made.commands.handle(application, asked(Receive()))
    assert topics(made, application) == ["submitted", "received"]
    assert list(faults_of_log(made.databases.auditor, lambda *_: None)) == []


async def test_erasing_a_person_destroys_all_of_their_keys(made: Installation) -> None:
    applications = sorted([(await submit(made)).application_id for _ in range(3)])
    with psycopg.connect(made.databases.keys_owner) as connection:
        person = connection.execute(
            "UPDATE dossier_keys SET person = gen_random_uuid() WHERE application_id = %s RETURNING person",
            (applications[0],),
        ).fetchone()
        assert person
        connection.execute(
            "UPDATE dossier_keys SET person = %s WHERE application_id = %s", (person[0], applications[1])
        )
    assert await made.keys.erase(person=person[0]) == applications[:2]
    assert await made.keys.erase(person=person[0]) == []
    assert ask(made.databases.keys, DESTROYED) == [(1,)]


async def test_what_was_erased_is_destroyed_again_in_a_restored_key_store(made: Installation) -> None:
    lost, kept = (await submit(made)).application_id, (await submit(made)).application_id
    names = ("dossier_keys", "key_folder")
    tables = {table: ask(made.databases.keys_owner, f"SELECT * FROM {table}") for table in names}
    await made.keys.erase(application=lost)
    with psycopg.connect(made.databases.keys_owner) as connection:
        connection.execute("TRUNCATE dossier_keys, key_folder, erased")
        for table, rows in tables.items():
            values = ", ".join(["%s"] * len(rows[0]))
            connection.cursor().executemany(f"INSERT INTO {table} VALUES ({values})".encode(), rows)
    with pytest.raises(KeysUnreadable, match=r"needs generation 0 .* has generation 1.*jejak erase --again"):
        async with installation(made.settings, made.databases):
            pass
    Erasing(made.databases.keys, KeyFolder.of(made.settings)).go_on(restored=True)
    async with installation(made.settings, made.databases) as restarted:
        assert await restarted.keys.dossier_keys(lost) == {}
        assert await restarted.keys.dossier_keys(kept) != {}


async def test_erasures_of_an_older_release_are_applied_once(made: Installation) -> None:
    lost, kept = (await submit(made)).application_id, (await submit(made)).application_id
    with psycopg.connect(made.databases.owner) as connection:
        connection.execute("INSERT INTO erasures (application_id) VALUES (%s)", (lost,))
    (made.settings.key_dir / "erasures").unlink()
    async with installation(made.settings, made.databases) as restarted:
        assert await restarted.keys.dossier_keys(lost) == {}
        assert await restarted.keys.dossier_keys(kept) != {}
    assert ErasureList(made.settings.key_dir / "erasures").after(0) == [Erasure(application=lost)]


async def test_nothing_personal_is_sealed_for_an_erased_application(made: Installation) -> None:
    application = (await submit(made)).application_id
    person = ask(made.databases.keys, "SELECT person FROM dossier_keys")[0][0]
    await made.keys.erase(person=person)
    for role in ("applicant", "subject"):
        if role == "subject":
            await made.keys.erase(application=application)
        with pytest.raises(ApplicationErased):
            await made.keys.new_dossier_keys(application, [role])
    assert ask(made.databases.keys, DESTROYED) == [(0,)]


def test_the_copy_in_the_log_follows_the_list(made_fresh_list: tuple[Fresh, ErasureList]) -> None:
    fresh, listed = made_fresh_list
    erasures = [Erasure(application=uuid4()), Erasure(person=uuid4()), Erasure(application=uuid4())]
    listed.append(erasures[:2])
    assert copy_to_log(fresh.databases.owner, listed) == 2
    listed.append(erasures[2:])
    assert copy_to_log(fresh.databases.owner, listed) == 1
    assert copy_to_log(fresh.databases.owner, listed) == 0
    assert erasures_in(fresh.databases.auditor) == erasures
    assert copy_to_log(fresh.databases.owner, listed, restored=True) == 3
    assert erasures_in(fresh.databases.auditor) == erasures


@pytest.fixture
def made_fresh_list(fresh: Fresh) -> tuple[Fresh, ErasureList]:
    return fresh, ErasureList(fresh.settings.key_dir / "erasures")
