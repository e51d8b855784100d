from collections.abc import AsyncIterator, Iterator

import pytest

from infra.composition import Installation, installation
from infra.eventstore.recorder import Datastore, Recorder
from tests.builders import EDITIONS
from tests.conftest import Fresh


@pytest.fixture
def recorder(fresh: Fresh) -> Iterator[Recorder]:
    datastore = Datastore(fresh.databases.serving)
    yield Recorder(datastore)
    datastore.close()


@pytest.fixture
async def made(fresh: Fresh) -> AsyncIterator[Installation]:
    """An installation that knows the small country of the tests."""
    async with installation(fresh.settings, fresh.databases) as opened:
        await opened.editions.publish(EDITIONS, opened.recorder, opened.named.commands[0])
        yield opened
