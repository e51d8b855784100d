import asyncio
from collections.abc import Iterator

import pytest

from tests.api.installation import furnish
from tests.running import Jejak, jejak


@pytest.fixture(scope="session")
def running() -> Iterator[Jejak]:
    """One for all journeys, with the examples. A journey that stops it starts it again."""
    with jejak("--examples") as made:
        asyncio.run(furnish(made, publish=False))
        yield made


@pytest.fixture(scope="session")
def auditor(running: Jejak) -> str:
    """Where the event database is, for the role that reads."""
    return running.command("url").stdout.strip()
