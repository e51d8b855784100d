"""What many tests share: one embedded PostgreSQL for the whole run, and fresh databases from a template."""

import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import count
from pathlib import Path

import psycopg
import pytest
from hypothesis import settings as hypothesis_settings

from infra.postgres.databases import Databases, create, embedded, migrate
from infra.postgres.embedded import EmbeddedPostgres
from infra.settings import Settings

os.environ.pop("PYTHONDONTWRITEBYTECODE", None)  # without compiled modules, each start of `jejak` takes twice as long
hypothesis_settings.register_profile("jejak", deadline=None)  # machines are shared: no test is timed
hypothesis_settings.load_profile("jejak")

PROJECT = Path(__file__).parent.parent
SHARED_DATA = PROJECT.parent / "shared" / "data"


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--examples-only", action="store_true", help="leave out property tests, for mutation testing")
    parser.addoption("--minutes", type=float, default=60, help="how long the mixed load of `make prove` lasts")


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    if config.getoption("--examples-only"):
        items[:] = [item for item in items if not getattr(getattr(item, "obj", None), "is_hypothesis_test", False)]


def shared(name: str) -> Path:
    """A file of the real data that lies beside the project, or a skip."""
    file = SHARED_DATA / name
    if not file.exists():
        pytest.skip(f"{name} is not beside the project (../shared/data): real data is not shipped")
    return file


@pytest.fixture(autouse=True, scope="session")
def _logs_as_they_are() -> Iterator[None]:
    """A verb that runs in this process would bind its logs to one test's stderr, which is closed for the next."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("infra.logs.configure", lambda *_: None)
        yield


@pytest.fixture(scope="session")
def anyio_backend() -> str:
    return "asyncio"


def new_folder() -> Path:
    """A data folder that the database's unprivileged user can reach; pytest's own are closed to it."""
    folder = Path(tempfile.mkdtemp(dir="/tmp", prefix="jejak-test-"))
    folder.chmod(0o711)
    (folder / "keys").mkdir(mode=0o700)  # so that the key folder goes with it; by default it lies beside it
    return folder


@pytest.fixture(scope="session")
def postgres() -> Iterator[EmbeddedPostgres]:
    folder = new_folder()
    try:
        with EmbeddedPostgres(folder) as running:
            create(running, "template_events", "template_keys")
            migrate(embedded(running, "template_events", "template_keys"))
            yield running
    finally:
        shutil.rmtree(folder, ignore_errors=True)


@dataclass(frozen=True, slots=True)
class Fresh:
    """New databases with their settings."""

    databases: Databases
    settings: Settings


NUMBERS = count(1)


@contextmanager
def made_fresh(postgres: EmbeddedPostgres) -> Iterator[Fresh]:
    number = next(NUMBERS)
    events, keys = f"events_{os.getpid()}_{number}", f"keys_{os.getpid()}_{number}"
    with psycopg.connect(postgres.conninfo("postgres"), autocommit=True) as connection:
        connection.execute(f"CREATE DATABASE {events} TEMPLATE template_events")
        connection.execute(f"CREATE DATABASE {keys} TEMPLATE template_keys")
    folder = new_folder()
    settings = Settings(
        data_dir=folder, key_dir=folder / "keys", database_url=None, keys_database_url=None, instance="01"
    )
    try:
        yield Fresh(embedded(postgres, events, keys), settings)
    finally:
        with psycopg.connect(postgres.conninfo("postgres"), autocommit=True) as connection:
            for name in (events, keys):
                connection.execute(f"DROP DATABASE {name} WITH (FORCE)")
        shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture
def fresh(postgres: EmbeddedPostgres) -> Iterator[Fresh]:
    with made_fresh(postgres) as made:
        yield made


@pytest.fixture
def another(postgres: EmbeddedPostgres) -> Iterator[Fresh]:
    """A second installation, to compare with the first."""
    with made_fresh(postgres) as made:
        yield made
