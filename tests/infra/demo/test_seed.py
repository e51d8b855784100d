"""The examples: the same lives for everyone, complete even if the first start was killed."""

import asyncio
import socket
import subprocess
import sys
import time
from datetime import UTC, datetime
from typing import Any

import psycopg
import pytest

from domain.codes import Role
from infra import catalogue
from infra.cli.main import main
from infra.composition import Installation, installation
from infra.demo import seed
from infra.demo.plan_player import PlanPlayer
from infra.runtime import serve
from infra.runtime.fsck import faults_of_log
from simulation.life import PlanStep
from simulation.plan import Plan, latest
from tests.conftest import PROJECT, Fresh
from tests.infra.logs import environment
from tests.running import free_port
from tests.truths import told_in_log

FEW = seed.SeedSize(days=45, applications=24)
SUBMITTED = "SELECT count(*) FROM stored_events WHERE topic = 'application.submitted.v1'"
ANSWERED = "SELECT count(*) FROM stored_events WHERE topic = 'satisfaction.answered.v1'"
ALL = "SELECT count(*) FROM stored_events"
FIRST_DAY = "SELECT recorded_at::date FROM stored_events ORDER BY notification_id LIMIT 1"
SEED = """
import asyncio, os
from infra import composition, settings
from infra.demo import seed
from infra.postgres import databases
async def run(found, wanted):
    async with composition.installation(wanted, found) as made:
        await seed.seed(made, seed.SeedSize(days=45, applications=24))
wanted = settings.settings_from(os.environ)
with databases.databases(wanted) as found:
    asyncio.run(run(found, wanted))
"""


def count(conninfo: str, query: str) -> int:
    with psycopg.connect(conninfo, autocommit=True) as connection:
        [(found,)] = connection.execute(query.encode()).fetchall()
        return int(found)


def test_examples_that_a_kill_cut_short_are_completed_by_the_next_start(fresh: Fresh, another: Fresh) -> None:
    at = fresh.databases
    with subprocess.Popen([sys.executable, "-c", SEED], env=environment(fresh), cwd=PROJECT) as process:
        deadline = time.monotonic() + 60
        while count(at.owner, SUBMITTED) < FEW.applications // 3:
            assert process.poll() is None
            assert time.monotonic() < deadline
            time.sleep(0.01)
        process.kill()
    assert 0 < count(at.owner, SUBMITTED) < FEW.applications
    asyncio.run(complete(fresh))
    assert list(faults_of_log(at.auditor, lambda *_: None)) == []
    asyncio.run(complete(another))
    assert list(told_in_log(at.auditor)) == list(told_in_log(another.databases.auditor))
    assert count(at.owner, ANSWERED) == count(another.databases.owner, ANSWERED)


def test_no_pin_of_a_citizen_is_taken_for_a_sample(fresh: Fresh) -> None:
    """Whatever a citizen's application looks like: only what the seed has recorded as its own is a sample."""

    async def scenario() -> None:
        async with installation(fresh.settings, fresh.databases) as made:
            await seed.publish(made)
            steps = (await a_life(made))[:1]
            player = PlanPlayer(made, "of citizens")
            await player.play(steps, lambda _: None)
            [citizens] = player.ids.values()
            assert count(fresh.databases.owner, SUBMITTED) == 1
            assert await seed.sample(made) is None
            await seed.seed(made, FEW)
            found = await seed.sample(made)
            assert found is not None
            assert found[0] != citizens

    asyncio.run(scenario())


async def a_life(made: Installation) -> list[PlanStep]:
    """The steps of a sample as the seed plays them, by the same counter."""
    registry = await made.editions.registry()
    until = latest(registry, datetime.now(UTC).date())
    return list(Plan(seed=1, days=45, applications=1, until=until, registry=registry, with_sample=True).steps())


async def complete(fresh: Fresh) -> None:
    """The next start completes them; the one after it finds nothing to do, and the same sample."""
    at = fresh.databases
    async with installation(fresh.settings, at) as made:
        await seed.seed(made, FEW)
        assert count(at.owner, SUBMITTED) == FEW.applications
        assert count(at.owner, ANSWERED) > 0
        end, sample = count(at.owner, ALL), await seed.sample(made)
        assert sample is not None
        await seed.seed(made, FEW)
        assert count(at.owner, ALL) == end
        assert await seed.sample(made) == sample


def test_examples_end_on_the_day_of_the_first_start_also_if_completed_later(fresh: Fresh) -> None:
    async def scenario() -> None:
        async with installation(fresh.settings, fresh.databases) as made:
            await seed.publish(made)
            with psycopg.connect(fresh.databases.owner) as connection:
                connection.execute("UPDATE stored_events SET recorded_at = recorded_at - interval '40 days'")
                [(day,)] = connection.execute(FIRST_DAY).fetchall()
            await seed.seed(made, FEW)
        happened = [event["at"][:10] for _, event in told_in_log(fresh.databases.auditor)]
        assert max(happened) <= day.isoformat()

    asyncio.run(scenario())


def test_the_sample_is_open_with_a_correction_behind_it_and_another_office_asked(fresh: Fresh) -> None:
    async def scenario() -> None:
        async with installation(fresh.settings, fresh.databases) as made:
            await seed.seed(made, FEW)
            found = await seed.sample(made)
            assert found is not None
            application = (await made.streams.history(found[0])).application
        topics = [entry.event.topic for entry in application.entries]
        assert "application.returned-for-correction.v1" in topics
        assert (application.service, application.status, len(application.referrals)) == ("sip", "processing", 1)
        assert application.promise is not None
        assert {entry.act.by for entry in application.entries} == {Role.OFFICER}

    asyncio.run(scenario())


def test_without_examples_serve_publishes_the_regions_and_the_calendars_once(
    fresh: Fresh, monkeypatch: pytest.MonkeyPatch
) -> None:
    taken: dict[str, Any] = {}

    def run_all(_: object, __: object, listener: socket.socket, **given: Any) -> None:
        listener.close()
        taken.update(given)

    monkeypatch.setattr(serve, "run_all", run_all)
    assert main(["serve", "--port", str(free_port()), "--ops-port", "0"]) == 0

    async def scenario() -> None:
        for _ in range(2):
            async with installation(fresh.settings, fresh.databases) as made:
                await taken["fill"](made)
                registry = await made.editions.registry()
        assert registry.calendars
        assert registry.regions
        assert not registry.offices

    asyncio.run(scenario())
    assert count(fresh.databases.owner, ALL) == len(catalogue.basics())
