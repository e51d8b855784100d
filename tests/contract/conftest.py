from collections.abc import Iterator

import pytest

from tests.api.installation import catalogued
from tests.running import Jejak


@pytest.fixture(scope="session")
def running() -> Iterator[Jejak]:
    """One for all tests of this folder: each submits applications of its own."""
    with catalogued() as made:
        yield made
