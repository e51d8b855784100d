from collections.abc import Iterator

import pytest

from infra.store.recorder import Datastore, Recorder
from tests.conftest import Fresh


@pytest.fixture
def recorder(fresh: Fresh) -> Iterator[Recorder]:
    datastore = Datastore(fresh.databases.serving)
    yield Recorder(datastore)
    datastore.close()
