"""Rules for the files of the project. The rules for imports are import-linter's: `make check` runs it."""

import ast
import re
import subprocess
from collections import Counter, defaultdict
from functools import cache
from pathlib import Path

import pytest

from tests.conftest import PROJECT

ROOMS = ("domain", "simulation", "projections", "service_layer", "api", "feeds", "infra")
TOP = (
    *ROOMS,
    "tests",
    "docs/adr",
    "README.md",
    "ARCHITECTURE.md",
    "CONTRIBUTING.md",
    "CHANGELOG.md",
    "SECURITY.md",
    "LICENSE",
    "Makefile",
    "pyproject.toml",
    "requirements.lock",
)
LINES_MAX = 400
MODULES_MAX = 20
HOSTS = re.compile(rb"(?:pypi|pythonhosted|npmjs|crates|docker|ghcr|debian|maven)\.(?:org|com|io)\b")


@cache
def ours() -> tuple[Path, ...]:
    """All files under version control, and new files that git does not ignore."""
    listed = subprocess.run(
        ["git", "ls-files", "--cached", "--others", "--exclude-standard", "-z"],
        cwd=PROJECT,
        capture_output=True,
        check=False,
    )
    if listed.returncode != 0:
        pytest.skip("this folder is no git checkout, so its files are not known")
    names = [name for name in listed.stdout.decode().split("\0") if name]
    return tuple(PROJECT / name for name in names if (PROJECT / name).is_file())


def of_the_product() -> list[Path]:
    return [file for file in ours() if file.relative_to(PROJECT).parts[0] in ROOMS]


@pytest.mark.parametrize("name", TOP)
def test_what_people_look_for_stands_at_the_top(name: str) -> None:
    assert (PROJECT / name).exists()


def test_no_file_of_the_product_reaches_beside_the_project() -> None:
    assert [str(file) for file in of_the_product() if b"../shared" in file.read_bytes()] == []


def test_no_file_of_the_product_names_a_registrys_host() -> None:
    assert [str(file) for file in of_the_product() if HOSTS.search(file.read_bytes())] == []


def test_the_lock_names_no_host() -> None:
    """The person who installs chooses the registry or its mirror."""
    lines = (PROJECT / "requirements.lock").read_text().splitlines()
    assert [line for line in lines if "://" in line or line.startswith(("--index", "--extra-index", "--find"))] == []
    packages = [line for line in lines if line and not line.startswith((" ", "#", "-"))]
    assert len(packages) > 40
    assert sum("--hash=sha256:" in line for line in lines) >= len(packages)


def test_no_module_is_longer_than_a_reader_can_hold() -> None:
    sources = [file for file in of_the_product() if file.suffix == ".py"]
    assert len(sources) > 50
    long = {str(file.relative_to(PROJECT)): len(file.read_text().splitlines()) for file in sources}
    assert {name: lines for name, lines in long.items() if lines > LINES_MAX} == {}


def test_nothing_reads_the_environment_but_what_starts_processes() -> None:
    readers = {
        file.relative_to(PROJECT).as_posix()
        for file in of_the_product()
        if file.suffix == ".py" and re.search(r"os\.(environ|getenv)", file.read_text())
    }
    assert all(name.startswith("infra/") for name in readers)


OPENS = re.compile(r"(?:psycopg|Connection)\.connect\(")
POOLS = re.compile(r"ConnectionPool\(")


def test_every_connection_to_postgresql_has_time_limits() -> None:
    """`infra.postgres.connections` sets the limits. Nothing else connects, and each pool gets its limits there."""
    sources = {
        file.relative_to(PROJECT).as_posix(): file.read_text() for file in of_the_product() if file.suffix == ".py"
    }
    openers = {name for name, source in sources.items() if OPENS.search(source)}
    pools = {name for name, source in sources.items() if POOLS.search(source)}
    assert openers == {"infra/postgres/connections.py"}
    assert pools == {"infra/postgres/pool.py", "infra/eventstore/recorder.py"}
    assert all("limited(conninfo" in sources[name] for name in pools)


def test_no_folder_holds_more_modules_than_a_reader_can_survey() -> None:
    rooms = {*ROOMS, "bench", "tests"}
    sources = [file.relative_to(PROJECT) for file in ours() if file.suffix == ".py" and file.name != "__init__.py"]
    modules = Counter(file.parent.as_posix() for file in sources if file.parts[0] in rooms)
    assert len(modules) > 20
    assert {name: n for name, n in modules.items() if n > MODULES_MAX} == {}


def test_no_class_name_stands_for_two_things() -> None:
    """A reader who searches for a class finds one definition."""
    modules = defaultdict(set)
    for file in of_the_product():
        if file.suffix == ".py":
            for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
                if isinstance(node, ast.ClassDef):
                    modules[node.name].add(file.relative_to(PROJECT).as_posix())
    assert len(modules) > 300
    assert {name: where for name, where in modules.items() if len(where) > 1} == {}
