"""The receipt log, brought in once for all tests of it, without any disturbance."""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from infra.database import EVENTS
from infra.postgres import EmbeddedPostgres
from tests.conftest import PROJECT, shared
from tests.running import Jejak, jejak

RECEIPT_MAPPING = PROJECT / "examples" / "receipt.toml"


def conninfo_of(running: Jejak) -> str:
    """Of its log, to look at from outside: holds nothing, so nothing lives or dies by it."""
    return EmbeddedPostgres(running.folder).conninfo(EVENTS, "jejak_auditor")


@dataclass(frozen=True)
class Imported:
    """An undisturbed installation that serves, and what its two imports of the same file said."""

    running: Jejak
    file: Path
    first: dict[str, Any]
    second: dict[str, Any]

    @property
    def conninfo(self) -> str:
        return conninfo_of(self.running)


@pytest.fixture(scope="session")
def receipt() -> Iterator[Imported]:
    file = shared("receipt.xes.gz")
    with jejak() as running:
        said = [
            running.command("import", str(file), "--mapping", str(RECEIPT_MAPPING)).stdout.splitlines()[-1]
            for _ in range(2)
        ]
        yield Imported(running, file, *(json.loads(line) for line in said))
