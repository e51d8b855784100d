from collections.abc import Iterator

import pytest

from tests.api.installation import catalogued
from tests.running import Jejak


@pytest.fixture(scope="session")
def running() -> Iterator[Jejak]:
    """One that serves for all tests that kill nothing."""
    with catalogued() as made:
        yield made
