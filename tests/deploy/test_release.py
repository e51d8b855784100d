"""A release: the same commit gives the same bytes, and the SBOM and the licences tell what the image contains."""

import gzip
import hashlib
import io
import json
import os
import re
import shutil
import subprocess
import sys
import tarfile
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.conftest import PROJECT, new_folder
from tests.deploy.building import rules_of, travels
from tests.deploy.judges import environment_of
from tests.test_architecture import ROOMS

STRICT = """
import sys
from cyclonedx.schema import SchemaVersion
from cyclonedx.validation.json import JsonStrictValidator
found = JsonStrictValidator(SchemaVersion.V1_6).validate_str(sys.stdin.read())
sys.exit(str(found) if found else 0)
"""

pytestmark = pytest.mark.timeout(900)


def made(out: Path, umask: str, zone: str) -> Path:
    """A release by another user's habits: another umask, time zone, language and temporary folder."""
    (out / "tmp").mkdir(parents=True)
    given = {**os.environ, "TZ": zone, "LC_ALL": "C", "TMPDIR": str(out / "tmp")}
    command = [
        "sh",
        "-c",
        'umask "$1"; shift; exec "$@"',
        "sh",
        umask,
        sys.executable,
        "-m",
        "deploy.release",
        str(out / "dist"),
    ]
    done = subprocess.run(command, env=given, capture_output=True, text=True, check=False, cwd=PROJECT)
    assert done.returncode == 0, done.stderr[-3000:]
    return out / "dist"


@pytest.fixture(scope="module")
def released() -> Iterator[Path]:
    if subprocess.run(["git", "rev-parse", "HEAD"], cwd=PROJECT, capture_output=True, check=False).returncode:
        pytest.skip("this folder is no git checkout, so there is no commit to release")
    folder = new_folder()
    try:
        yield made(folder / "first", "022", "Asia/Jakarta")
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def file(released: Path, ending: str) -> Path:
    [found] = released.glob(f"*{ending}")
    return found


def bill(released: Path) -> dict[str, Any]:
    read: dict[str, Any] = json.loads(file(released, ".cdx.json").read_text())
    return read


def packages(lock: str) -> dict[str, str]:
    """The packages of a lock that this machine needs: those of other systems have a marker."""
    found = {}
    for line in (PROJECT / lock).read_text().splitlines():
        if "==" in line and not re.search(r"sys_platform == 'win32'|python_full_version < '3.1[01]'", line):
            name, version = line.split()[0].split("==")
            found[name.replace("_", "-").lower()] = version
    return found


def test_the_same_commit_gives_the_same_bytes(released: Path) -> None:
    again = made(released.parent.parent / "second", "077", "America/Lima")
    names = sorted(path.name for path in released.iterdir())
    assert names == sorted(path.name for path in again.iterdir())
    assert len(names) == 5
    assert [name for name in names if (released / name).read_bytes() != (again / name).read_bytes()] == []


def test_the_checksums_are_those_of_the_files(released: Path) -> None:
    others = sorted(path for path in released.iterdir() if path.name != "SHA256SUMS")
    sums = [f"{hashlib.sha256(path.read_bytes()).hexdigest()}  {path.name}" for path in others]
    assert (released / "SHA256SUMS").read_text().splitlines() == sums


def test_the_wheel_contains_the_rooms_alone(released: Path) -> None:
    with zipfile.ZipFile(file(released, ".whl")) as wheel:
        names = wheel.namelist()
    tops = {name.partition("/")[0] for name in names}
    assert {top for top in tops if ".dist-info" not in top} == set(ROOMS)
    assert "feeds/topics.toml" in names
    assert "infra/postgres/migrations/events/0001.sql" in names
    assert any(name.endswith(".dist-info/licenses/LICENSE") for name in names)


def test_the_image_inputs_are_what_the_builder_gets(released: Path) -> None:
    with tarfile.open(fileobj=io.BytesIO(gzip.decompress(file(released, "-image.tar.gz").read_bytes()))) as tar:
        entries = tar.getmembers()
    files = [entry.name for entry in entries if entry.isfile()]
    assert {"Dockerfile", ".dockerignore", "requirements-run.lock", "infra/cli/main.py"} <= set(files)
    rules = rules_of((PROJECT / ".dockerignore").read_text())
    assert [name for name in files if not travels(name, rules)] == [".dockerignore", "Dockerfile"]
    assert {(entry.uid, entry.uname, entry.mode & 0o022) for entry in entries} == {(0, "", 0)}


def test_the_bill_of_materials_fits_the_schema_of_cyclonedx(released: Path) -> None:
    python = environment_of(PROJECT / "requirements-release.lock") / "python"
    text = file(released, ".cdx.json").read_text()
    for document, code in ((text, 0), (text.replace('"components"', '"component"'), 1)):
        done = subprocess.run(
            [python, "-c", STRICT], input=document, capture_output=True, text=True, check=False, cwd=released
        )
        assert done.returncode == code, done.stderr


def test_the_bill_names_each_package_of_the_image_and_nothing_else(released: Path) -> None:
    found = bill(released)
    assert (found["bomFormat"], found["metadata"]["component"]["name"]) == ("CycloneDX", "jejak")
    named = {each["name"].replace("_", "-").lower(): each["version"] for each in found["components"]}
    assert named == packages("requirements-run.lock")
    assert all(each["purl"].startswith("pkg:pypi/") for each in found["components"])


def test_each_package_has_a_licence_that_may_be_shipped(released: Path) -> None:
    free = re.compile(r"MIT|BSD|Apache|MPL|LGPL|PSF|ISC|GNU Lesser|Python Software")
    table = file(released, "-licences.txt").read_text().partition("\n\n")[0].splitlines()
    licences = dict(line.split(": ", 1) for line in table)
    assert len(licences) == len(bill(released)["components"])
    assert {name: licence for name, licence in licences.items() if not free.search(licence)} == {}
    assert {name for name, licence in licences.items() if re.search(r"\bA?GPL", licence)} == set()
    assert file(released, "-licences.txt").read_text().count("contains no licence text") <= 3
