"""Many send at once, having seen the same version: one is first, the others are told what is now; none is lost, none
is stored twice.
"""

import asyncio
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from uuid import UUID, uuid4

import psycopg
import pytest

from infra.eventstore.recorder import Recorder
from tests.api.installation import LICENSING
from tests.conftest import Fresh
from tests.fire.client import Answer, Client
from tests.infra.eventstore.conftest import recorder
from tests.infra.eventstore.saves import a_save
from tests.infra.imports.conftest import conninfo_of
from tests.running import Jejak

__all__ = ["recorder"]

CLIENTS = 64
OBSTACLE = {"code": "H-JARINGAN"}

pytestmark = pytest.mark.anyio


async def at_once(running: Jejak, name: str, body: dict[str, str] | None = None) -> tuple[str, list[Answer]]:
    """All clients have their connection; then all send, having seen version 1. The application, and their answers."""
    token = running.supervisor(LICENSING)
    clients = [Client(running.port, token) for _ in range(CLIENTS)]
    try:
        application = (await clients[0].submit()).json()["application_id"]
        await asyncio.gather(*(client.ask("GET", "/livez") for client in clients))
        answers = await asyncio.gather(*(client.command(application, name, 1, body=body) for client in clients))
    finally:
        for client in clients:
            await client.close()
    return application, answers


def topics(running: Jejak, application: str) -> list[str]:
    with psycopg.connect(conninfo_of(running)) as connection:
        rows = connection.execute(
            "SELECT topic FROM events WHERE originator_id = %s ORDER BY originator_version", (application,)
        ).fetchall()
    return [topic.split(".")[1] for (topic,) in rows]


async def test_of_many_that_do_the_same_one_does_it_and_the_others_are_told_the_version(running: Jejak) -> None:
    application, answers = await at_once(running, "receive")
    assert Counter(answer.status for answer in answers).keys() <= {200, 409, 412}
    assert [answer.json()["version"] for answer in answers if answer.status == 200] == [2]
    stale = [answer for answer in answers if answer.status == 412]
    assert len(stale) == CLIENTS - 1, "the version is judged before the state"
    for answer in stale:
        told = answer.json()
        assert (told["code"], told["version"], answer.headers["etag"]) == ("stale-version", 2, '"2"')
    assert topics(running, application) == ["submitted", "received"]


async def test_of_many_that_all_could_be_done_one_is_and_the_others_are_stale(running: Jejak) -> None:
    application, answers = await at_once(running, "report-obstacle", OBSTACLE)
    assert Counter(answer.status for answer in answers) == {200: 1, 412: CLIENTS - 1}
    assert {answer.json()["version"] for answer in answers} == {2}
    assert topics(running, application) == ["submitted", "obstacle-reported"]


async def test_what_the_state_forbids_now_is_told_to_who_saw_it(running: Jejak) -> None:
    application, answers = await at_once(running, "withdraw")
    assert Counter(answer.status for answer in answers) == {200: 1, 412: CLIENTS - 1}
    async with Client(running.port, running.supervisor(LICENSING)) as client:
        assert (await client.command(application, "withdraw", 2)).status == 409


async def test_commands_that_do_not_concern_each_other_are_all_done_at_later_versions(running: Jejak) -> None:
    commands: dict[str, dict[str, str]] = {
        "reset-pin": {},
        "reassign": {"officer": str(uuid4())},
        "report-obstacle": OBSTACLE,
    }
    clients = [Client(running.port, running.supervisor(LICENSING)) for _ in commands]
    application = (await clients[0].submit()).json()["application_id"]
    answers = await asyncio.gather(
        *(
            client.command(application, name, 1, body=body)
            for client, (name, body) in zip(clients, commands.items(), strict=True)
        )
    )
    for client in clients:
        await client.close()
    assert [answer.status for answer in answers] == [200] * 3
    assert sorted(answer.json()["version"] for answer in answers) == [2, 3, 4]
    assert sorted(topics(running, application)[1:]) == ["obstacle-reported", "pin-reset", "reassigned"]


def test_stale_saves_among_others_cost_the_others_nothing(recorder: Recorder, fresh: Fresh) -> None:
    """Every tenth comes for a version that is taken."""
    taken = [uuid4() for _ in range(4)]
    assert all(outcome.stored for outcome in recorder.append([a_save(1, stream=stream) for stream in taken]))

    def one(number: int) -> tuple[bool, UUID, bool]:
        stale = number % 10 == 0
        stream = taken[number % len(taken)] if stale else uuid4()
        [outcome] = recorder.append([a_save(1, 2, stream=stream)])
        return stale, stream, outcome.stored

    with ThreadPoolExecutor(16) as threads:
        done = list(threads.map(one, range(400)))
    assert all(stored != stale for stale, _, stored in done)
    [batch] = [recorder.append([a_save(1, stream=stream) for stream in (uuid4(), taken[0], uuid4(), taken[1])])]
    assert [outcome.stored for outcome in batch] == [True, False, True, False]
    with psycopg.connect(fresh.databases.auditor) as connection:
        row = connection.execute("SELECT count(*), count(DISTINCT originator_id) FROM stored_events").fetchone()
    assert row == (4 + 360 * 2 + 2, 4 + 360 + 2)
