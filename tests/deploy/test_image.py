"""The image: what the steps of the Dockerfile make serves with a read-only root, as an ordinary user."""

import shlex
import shutil
import subprocess
from collections.abc import Iterator

import pytest

from tests.conftest import PROJECT, new_folder
from tests.deploy.building import DOCKERFILE, Stage, build, instructions, possible, rules_of, travels
from tests.deploy.judges import judge
from tests.test_architecture import ROOMS

MEGABYTES_MAX = 250
VOLUMES = ("/var/lib/jejak", "/var/lib/jejak-keys", "/var/lib/jejak-keys-epoch", "/var/lib/jejak-backup")

pytestmark = pytest.mark.timeout(900)


@pytest.fixture(scope="module")
def image() -> Iterator[Stage]:
    if why := possible():
        pytest.skip(f"no image can be built here: {why}")
    scratch = new_folder()
    try:
        yield build(DOCKERFILE, scratch)
    finally:
        shutil.rmtree(scratch, ignore_errors=True)


def inside(image: Stage, *command: str) -> subprocess.CompletedProcess[str]:
    entered = image.entering(*command, volumes=VOLUMES, container=True)
    return subprocess.run(entered, capture_output=True, text=True, timeout=120, check=False)


def test_the_image_starts_as_an_ordinary_user_with_a_read_only_root(image: Stage) -> None:
    helped = inside(image, *image.entrypoint, "--help")
    assert helped.returncode == 0, helped.stderr
    assert "serve" in helped.stdout
    assert inside(image, "id", "-un").stdout.strip() == image.user == "jejak"
    for place in ("/", "/opt/jejak", "/opt/jejak/lib/python3.11/site-packages"):
        if image.at(place).exists():
            assert inside(image, "touch", f"{place}/mine").returncode != 0, place
    assert inside(image, "touch", "/var/lib/jejak/mine", "/tmp/mine").returncode == 0


def test_the_image_contains_what_a_backup_needs(image: Stage) -> None:
    assert inside(image, "gpg", "--version").returncode == 0
    assert inside(image, "touch", "/var/lib/jejak-backup/mine").returncode == 0


def test_the_image_serves_and_its_health_check_says_so(image: Stage) -> None:
    """The command and the check are those of the Dockerfile, in a network of the container's own."""
    serving = shlex.join([*image.entrypoint, *image.command])
    script = f"""
        {serving} & process=$!
        for round in $(seq 120); do
            {shlex.join(image.healthcheck)} 2>/dev/null && break
            kill -0 $process || exit 3
            sleep 0.5
        done
        {shlex.join(image.healthcheck)} && kill -TERM $process && wait $process
    """
    served = inside(image, "sh", "-c", script)
    assert served.returncode == 0, f"{served.stdout}\n{served.stderr}"
    assert "data folder: /var/lib/jejak" in served.stdout


def test_the_health_check_fails_while_nothing_serves(image: Stage) -> None:
    assert inside(image, *image.healthcheck).returncode != 0


def test_the_image_contains_the_run_time_dependencies_alone(image: Stage) -> None:
    [packages] = image.at("/opt/jejak/lib").glob("python3.*/site-packages")
    there = {folder.name.partition("-")[0] for folder in packages.glob("*.dist-info")}
    lock = (PROJECT / "requirements-run.lock").read_text()
    locked = {line.partition("==")[0].replace("-", "_") for line in lock.splitlines() if "==" in line}
    assert "jejak" in there
    assert there - {"jejak"} <= locked
    assert {folder.name for folder in packages.iterdir()} >= set(ROOMS)
    assert not {"pip", "pytest", "uv", "uv_build", "mypy", "hypothesis", "playwright"} & there
    assert not list(packages.glob("tests*"))
    megabytes = sum(file.lstat().st_size for file in image.at("/opt").rglob("*")) / 1e6
    print(f"the image adds {megabytes:.0f} MB to its base")
    assert megabytes < MEGABYTES_MAX


def test_every_module_is_compiled_so_that_a_start_writes_nothing(image: Stage) -> None:
    [packages] = image.at("/opt/jejak/lib").glob("python3.*/site-packages")
    compiled = [packages / "infra" / "__pycache__" / f"settings.{tag}.pyc" for tag in ("cpython-311", "cpython-313")]
    [file] = [file for file in compiled if file.exists()]
    assert file.read_bytes()[4] & 1, "the compiled module must be valid by the hash of its source, not by a time"


def test_hadolint_finds_nothing_in_the_dockerfile() -> None:
    linting = [judge("hadolint"), "--no-color", "--failure-threshold", "warning", str(DOCKERFILE)]
    done = subprocess.run(linting, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout


@pytest.mark.parametrize(
    "name",
    [
        ".git/config",
        ".env",
        "secrets/log-owner",
        "var/keys/key-encryption-key",
        "var/pg18/PG_VERSION",
        ".venv/bin/python",
        "tests/conftest.py",
        "docs/operating.md",
        "dist/jejak.whl",
        "topics.toml",
        "keys/buckets",
        "domain/__pycache__/codes.cpython-313.pyc",
        "infra/notes.pyc",
    ],
)
def test_keys_and_the_history_stay_here(name: str) -> None:
    assert not travels(name, rules_of((PROJECT / ".dockerignore").read_text()))


@pytest.mark.parametrize("name", ["infra/cli/main.py", "feeds/topics.toml", "requirements-run.lock", "LICENSE"])
def test_what_the_dockerfile_copies_is_sent(name: str) -> None:
    assert travels(name, rules_of((PROJECT / ".dockerignore").read_text()))


def test_every_room_is_copied() -> None:
    copied = [rest.split()[0] for name, rest in instructions(DOCKERFILE.read_text()) if name == "COPY"]
    assert set(ROOMS) <= set(copied)


def test_the_last_stage_is_pinned_and_runs_as_an_ordinary_user() -> None:
    steps = instructions(DOCKERFILE.read_text())
    [(_, image)] = [step for step in steps if step[0] == "ARG" and step[1].startswith("PYTHON_IMAGE")]
    assert image.count(".") == 2, "the tag must have three numbers"
    assert [rest for name, rest in steps if name == "USER"] == ["jejak"]
    assert "latest" not in DOCKERFILE.read_text()


def test_the_locks_agree() -> None:
    """Tests run with the versions that the image has."""

    def pins(name: str) -> dict[str, str]:
        lines = (PROJECT / name).read_text().splitlines()
        return dict(line.split(" ")[0].split("==") for line in lines if "==" in line and "://" not in line)

    tested = pins("requirements.lock")
    run = pins("requirements-run.lock")
    assert len(run) > 20
    assert {name: version for name, version in run.items() if tested.get(name) != version} == {}
    for name in ("requirements-run.lock", "requirements-release.lock"):
        assert "://" not in (PROJECT / name).read_text()
        assert "--hash=sha256:" in (PROJECT / name).read_text()
