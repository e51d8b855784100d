"""`kill -9` of API, projector and PostgreSQL under load: what was acknowledged is stored, and everything once."""

import asyncio
import time

import pytest

from tests.api.installation import LICENSING
from tests.fire.accounting import accounted
from tests.fire.apart import PATIENCE, Apart, apart
from tests.fire.load import Load, loaded

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
        token = running.officer(LICENSING)
        async with loaded(running.port, token, CLIENTS) as load:
            for number in range(rounds):
                await until_it_works(load)
                flying = load.flying
                status = await kill(made, VICTIMS[number % len(VICTIMS)])
                print(f"round {number + 1}: {status}; {flying} commands in flight")
                assert flying >= FLYING_MIN
            await until_it_works(load)
        assert load.wrong == []
        account = await accounted(running, token, load)
        given_up = sum(sent.acknowledged is None for sent in load.sent)
        again = sum(sent.tries > 1 for sent in load.sent)
        print(
            f"{rounds} kills in {time.monotonic() - begun:.0f} s: {load.acknowledged} commands acknowledged, {again} of"
            f" them after another try, {given_up} given up of which {account.stored - load.acknowledged} are stored"
        )
        assert account.stored == account.of_all, "nothing else is stored"
        fsck = await asyncio.to_thread(running.command, "fsck", check=False)
        assert fsck.returncode == 0, fsck.stdout
