"""`kill -9` of API, projector and PostgreSQL under load: what was acknowledged is stored, and everything once."""

import asyncio
import time
from collections import defaultdict
from uuid import UUID

import psycopg
import pytest

from infra.composition import installation
from infra.eventstore.envelope import command_id
from infra.postgres.databases import databases
from infra.settings import settings_from
from tests.api.installation import LICENSING
from tests.fire.apart import PATIENCE, Apart, apart
from tests.fire.client import client_name
from tests.fire.load import Load, Sent, loaded
from tests.infra.imports.conftest import conninfo_of
from tests.running import Jejak

CLIENTS, FLYING_MIN = 32, 20
COMMANDS_BETWEEN = 32
"""Acknowledged between two kills, at the least: it works again."""
VICTIMS = ("postgres, whole", "api", "project", "postgres", "api", "project")

pytestmark = pytest.mark.anyio


async def until_it_works(load: Load) -> None:
    wanted, deadline = load.acknowledged + COMMANDS_BETWEEN, time.monotonic() + PATIENCE
    while load.acknowledged < wanted or load.flying < FLYING_MIN:
        assert time.monotonic() < deadline, f"{load.acknowledged} of {wanted} acknowledged, {load.flying} in flight"
        await asyncio.sleep(0.005)


async def kill(made: Apart, victim: str) -> str:
    if victim.startswith("postgres"):
        return await made.kill_postgres(whole=victim != "postgres")  # who runs starts it again
    status = await made.kill(victim)
    made.start(victim)
    return status


async def command_keys(running: Jejak) -> list[bytes]:
    settings = settings_from(running.environment())
    with databases(settings) as found:
        async with installation(settings, found) as made:
            return list(made.named.commands)


Place = tuple[str, int]


def stored(conninfo: str) -> dict[UUID, list[Place]]:
    """Where each command's events are: stream and version."""
    found: dict[UUID, list[Place]] = defaultdict(list)
    with psycopg.connect(conninfo) as connection:
        for command, stream, version in connection.execute(
            "SELECT (state->>'command')::uuid, originator_id::text, originator_version FROM events"
            " WHERE topic LIKE 'application.%' ORDER BY position"
        ):
            found[command].append((stream, version))
    return found


def place_of(sent: Sent) -> list[Place]:
    """Where its one event must be."""
    assert sent.acknowledged is not None
    return [(sent.acknowledged["application_id"], sent.acknowledged["version"])]


@pytest.mark.parametrize(
    "rounds",
    [
        pytest.param(5, id="5"),
        pytest.param(50, id="50", marks=[pytest.mark.prove, pytest.mark.timeout(1800)]),
    ],
)
async def test_killed_under_load_it_has_stored_what_it_acknowledged_and_all_of_it_once(rounds: int) -> None:
    async with apart() as made:
        running, begun = made.running, time.monotonic()
        token, keys = running.officer(LICENSING), await command_keys(running)
        async with loaded(running.port, token, CLIENTS) as load:
            for number in range(rounds):
                await until_it_works(load)
                flying = load.flying
                status = await kill(made, VICTIMS[number % len(VICTIMS)])
                print(f"round {number + 1}: {status}; {flying} commands in flight")
                assert flying >= FLYING_MIN
            await until_it_works(load)
        assert load.wrong == []
        found = stored(conninfo_of(running))
        accounted = 0
        for sent in load.sent:
            places = [place for key in keys for place in found.get(command_id(key, client_name(token), sent.key), [])]
            assert places == place_of(sent) if sent.acknowledged else len(places) <= 1, (sent, places)
            accounted += len(places)
        given_up = sum(sent.acknowledged is None for sent in load.sent)
        again = sum(sent.tries > 1 for sent in load.sent)
        print(
            f"{rounds} kills in {time.monotonic() - begun:.0f} s: {load.acknowledged} commands acknowledged, {again} of"
            f" them after another try, {given_up} given up of which {accounted - load.acknowledged} are stored"
        )
        assert accounted == sum(map(len, found.values())), "nothing else is stored"
        fsck = await asyncio.to_thread(running.command, "fsck", check=False)
        assert fsck.returncode == 0, fsck.stdout
