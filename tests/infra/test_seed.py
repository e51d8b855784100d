"""The examples: the same lives for everyone, complete even if the first start was killed."""

import asyncio
import subprocess
import sys
import time
from datetime import UTC, datetime

import psycopg
import pytest

from infra import seed
from infra.fsck import faults_of_log
from infra.main import installation
from tests.conftest import PROJECT, Fresh
from tests.infra.logs import environment

EXAMPLES = 24
SUBMITTED = "SELECT count(*) FROM stored_events WHERE topic = 'application.submitted.v1'"
ALL = "SELECT count(*) FROM stored_events"
TWICE = """
SELECT state->>'command' FROM events WHERE topic = 'application.submitted.v1'
GROUP BY 1 HAVING count(*) > 1
"""
SEED = f"""
import asyncio, os
from datetime import UTC, datetime
from infra import database, main, seed, settings
seed.APPLICATIONS = {EXAMPLES}
async def run(found, wanted):
    async with main.installation(wanted, found) as made:
        await seed.seed(made, datetime.now(UTC))
wanted = settings.settings_from(os.environ)
with database.databases(wanted) as found:
    asyncio.run(run(found, wanted))
"""


def count(conninfo: str, query: str) -> int:
    with psycopg.connect(conninfo, autocommit=True) as connection:
        [(found,)] = connection.execute(query.encode()).fetchall()
        return int(found)


def test_examples_that_a_kill_cut_short_are_completed_by_the_next_start(
    fresh: Fresh, monkeypatch: pytest.MonkeyPatch
) -> None:
    at = fresh.databases
    with subprocess.Popen([sys.executable, "-c", SEED], env=environment(fresh), cwd=PROJECT) as process:
        deadline = time.monotonic() + 60
        while count(at.owner, SUBMITTED) < EXAMPLES // 3:
            assert process.poll() is None
            assert time.monotonic() < deadline
            time.sleep(0.01)
        process.kill()
    assert 0 < count(at.owner, SUBMITTED) < EXAMPLES
    monkeypatch.setattr(seed, "APPLICATIONS", EXAMPLES)
    asyncio.run(complete(fresh))
    assert list(faults_of_log(at.auditor, lambda *_: None)) == []
    with psycopg.connect(at.auditor) as connection:
        assert connection.execute(TWICE).fetchall() == []


async def complete(fresh: Fresh) -> None:
    """The next start completes them; the one after it finds nothing to do, and the same sample."""
    at = fresh.databases
    async with installation(fresh.settings, at) as made:
        await seed.seed(made, datetime.now(UTC))
        assert count(at.owner, SUBMITTED) == EXAMPLES
        end, sample = count(at.owner, ALL), await seed.sample(made)
        assert sample is not None
        await seed.seed(made, datetime.now(UTC))
        assert count(at.owner, ALL) == end
        assert await seed.sample(made) == sample
