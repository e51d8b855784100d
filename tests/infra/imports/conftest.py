"""The receipt log, brought in once for all tests of it, without any disturbance; and the program in this process."""

import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from infra import logs
from infra.cli import main as cli
from infra.postgres.databases import EVENTS
from infra.postgres.embedded import EmbeddedPostgres
from tests.conftest import PROJECT, Fresh, shared
from tests.infra.imports.bringing import environment
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


Run = Callable[..., tuple[int, str, str]]


@pytest.fixture
def run(fresh: Fresh, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Run:
    """The program in this process: exit code, stdout, stderr."""
    for name, value in environment(fresh).items():
        monkeypatch.setenv(name, value)
    monkeypatch.setattr(logs, "configure", lambda: None)  # it is the process's for good
    monkeypatch.setattr("os.nice", lambda _: 0)  # that, too

    def main(*arguments: str | Path) -> tuple[int, str, str]:
        capsys.readouterr()
        code = cli.main([*map(str, arguments)])
        return (code, *capsys.readouterr())

    return main
