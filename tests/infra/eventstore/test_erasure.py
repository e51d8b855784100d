"""What was erased stays dark, also after a restore; what is left verifies and goes on."""

import psycopg
import pytest

from domain.application.commands import Receive
from infra.composition import Installation, installation
from infra.eventstore.envelope import SealBroken, unseal
from infra.runtime.fsck import faults_of_log
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


async def test_a_restored_key_is_destroyed_again_at_the_next_start(made: Installation) -> None:
    lost, kept = (await submit(made)).application_id, (await submit(made)).application_id
    backup = ask(made.databases.keys, "SELECT * FROM dossier_keys")
    with psycopg.connect(made.databases.owner) as connection:
        connection.execute("INSERT INTO erasures (application_id) VALUES (%s)", (lost,))
    await made.keys.erase(application=lost)
    with psycopg.connect(made.databases.keys_owner) as connection:
        connection.execute("DELETE FROM dossier_keys")
        connection.cursor().executemany("INSERT INTO dossier_keys VALUES (%s, %s, %s, %s, %s, %s)", backup)
    assert await made.keys.dossier_keys(lost) != {}
    async with installation(made.settings, made.databases) as restarted:
        assert await restarted.keys.dossier_keys(lost) == {}
        assert await restarted.keys.dossier_keys(kept) != {}
