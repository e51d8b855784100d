"""Personal data of an import goes only into the sealed part, and is gone when its key is destroyed."""

import asyncio
from pathlib import Path
from uuid import UUID

import psycopg

from infra.composition import installation
from infra.eventstore.envelope import unseal
from tests.conftest import Fresh
from tests.infra.imports.bringing import MAPPING, bring, counts, faults, project, trace, written

PERSON = {"nama": "Siti Contoh", "nik": "3374015505900001", "lahir": "1990-05-15", "hp": "0812 3456 7890"}
SEALED = """[applicant]
name = "nama"
nik = "nik"
birth_date = "lahir"
phone = "hp"
[activities]"""
ROWS = "SELECT originator_id, topic, state::text FROM events WHERE topic LIKE 'application.%'"


def test_the_applicant_of_an_import_is_sealed_and_can_be_erased(fresh: Fresh, tmp_path: Path) -> None:
    traces = [trace("A", ("Terima", "2026-03-02"), **PERSON), trace("B", ("Terima", "2026-03-03"), nama="-")]
    log, mapping = written(tmp_path, traces, MAPPING.replace("[activities]", SEALED))
    assert counts(bring(fresh, log, mapping)) == (4, 0, 0)
    assert counts(bring(fresh, log, mapping)) == (0, 4, 0)
    with psycopg.connect(fresh.databases.auditor) as connection:
        rows = connection.execute(ROWS).fetchall()
    assert not any(value in state for _, _, state in rows for value in (*PERSON.values(), "+6281234567890"))
    [application] = [stream for stream, topic, state in rows if "submitted" in topic and '"role"' in state]
    opened, erased = asyncio.run(_opened(fresh, application))
    assert opened == {
        "name": "Siti Contoh",
        "nik": "3374015505900001",
        "birth_date": "1990-05-15",
        "phone": "+6281234567890",
    }
    assert not erased
    project(fresh)
    assert not faults(fresh)


async def _opened(fresh: Fresh, application: UUID) -> tuple[object, object]:
    """What the key of the applicant opens; and the keys that are left after it was destroyed."""
    async with installation(fresh.settings, fresh.databases) as made:
        [first, *_] = (await made.streams.history(application)).entries
        key = (await made.keys.dossier_keys(application))["applicant"]
        [part] = first.state["sealed"]
        opened = unseal(key.key, part, application=application, version=1, topic=first.topic)
        await made.keys.erase(application=application)
        return opened, await made.keys.dossier_keys(application)
