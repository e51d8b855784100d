"""The units of systemd: accepted by systemd-analyze, hardened, and true about verbs, settings and files."""

import re
import shutil
import subprocess
from pathlib import Path

import pytest

from infra.cli.main import all_verbs, make_parser
from infra.settings import CREDENTIAL, settings_from
from tests.conftest import PROJECT
from tests.test_docs import settings

UNITS = PROJECT / "deploy/systemd"
RUNNING = ("api", "project", "schedule", "relay", "intake")
OWNERS = ("jejak-prepare.service", "jejak-backup.service")
SERVICES = [
    *(f"jejak@{verb}.service" for verb in RUNNING),
    *OWNERS,
    "jejak-serve.service",
    "jejak-backup-follow.service",
]
EXPOSURE_MAX = 15
"""Of 100, by `systemd-analyze security`. A unit without any restriction has 96."""


def files_of(service: str) -> list[Path]:
    """A unit and its drop-ins, in the order in which systemd reads them: later lines of a list are added."""
    template = re.sub(r"@\w+\.", "@.", service)
    drop_ins = {file.name: file for name in (template, service) for file in (UNITS / f"{name}.d").glob("*.conf")}
    return [UNITS / template, *(drop_ins[name] for name in sorted(drop_ins))]


def values(service: str, key: str) -> list[str]:
    lines = "\n".join(file.read_text() for file in files_of(service)).splitlines()
    return [line.partition("=")[2] for line in lines if line.startswith(f"{key}=")]


def analysed(folder: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    """Runs systemd-analyze on the units. The program of Jejak is not installed here, so another one stands for it."""
    if not shutil.which("systemd-analyze"):
        pytest.skip("no systemd-analyze on this machine: apt-get install systemd")
    units = folder / "units"
    if not units.exists():
        shutil.copytree(UNITS, units)
        for file in units.glob("*.service"):
            file.write_text(file.read_text().replace("/opt/jejak/bin/jejak", "/bin/true"))
    return subprocess.run(
        ["systemd-analyze", *arguments],
        env={"PATH": "/usr/bin:/bin", "SYSTEMD_UNIT_PATH": f"{units}:", "SYSTEMD_COLORS": "0"},
        capture_output=True,
        text=True,
        check=False,
    )


def test_systemd_accepts_every_unit(tmp_path: Path) -> None:
    verified = analysed(tmp_path, "verify", "--man=no", "jejak.target", "jejak-backup.timer", *SERVICES)
    assert (verified.returncode, [line for line in verified.stderr.splitlines() if "jejak" in line]) == (0, [])


def test_systemd_refuses_a_unit_with_a_wrong_line(tmp_path: Path) -> None:
    """So the test above can fail."""
    assert analysed(tmp_path, "verify", "--man=no", "jejak.target").returncode == 0
    (tmp_path / "units/jejak@.service.d/30-wrong.conf").write_text("[Service]\nProtectSystem=stricter\n")
    assert "protect system value" in analysed(tmp_path, "verify", "--man=no", "jejak@api.service").stderr


@pytest.mark.parametrize("service", SERVICES)
def test_a_unit_is_exposed_little(tmp_path: Path, service: str) -> None:
    judged = analysed(tmp_path, "security", "--offline=true", f"--threshold={EXPOSURE_MAX}", service)
    assert judged.returncode == 0, judged.stdout[-300:]


@pytest.mark.parametrize("service", SERVICES)
def test_a_unit_starts_a_verb_as_an_ordinary_user_and_writes_to_its_folders_only(service: str) -> None:
    [started] = values(service, "ExecStart")
    verb = service.removeprefix("jejak@").removesuffix(".service")
    make_parser(all_verbs()).parse_args(started.replace("%i", verb).split()[1:])
    assert values(service, "User") == ["jejak"]
    assert values(service, "ProtectSystem") == ["strict"]
    assert values(service, "NoNewPrivileges") == ["yes"]
    assert values(service, "CapabilityBoundingSet") == [""]
    folders = {f"/var/lib/{name}" for name in " ".join(values(service, "StateDirectory")).split()}
    named = dict(pair.split("=", 1) for line in values(service, "Environment") for pair in line.split())
    backup = {named["JEJAK_BACKUP_DIR"]} if "jejak-backup" in service else set()
    assert {named["JEJAK_DATA_DIR"], named["JEJAK_KEY_DIR"], f"{named['JEJAK_KEY_DIR']}-epoch", *backup} == folders
    assert {name for name in named if name.startswith("JEJAK_")} <= settings()


def test_passwords_are_credentials_and_the_services_have_no_owner() -> None:
    for service in SERVICES:
        credentials = {line.split(":")[0] for line in values(service, "LoadCredential")}
        named = dict(pair.split("=", 1) for line in values(service, "Environment") for pair in line.split())
        files = {value for name, value in named.items() if name.endswith("_FILE")}
        assert files == {f"%d/{name}" for name in credentials - {CREDENTIAL, "backup-key"}}
        assert (CREDENTIAL in credentials) != bool(values(service, "InaccessiblePaths")), service
        assert ("log-owner" in credentials) == (service in OWNERS)
    for service in OWNERS:
        assert values(service, "EnvironmentFile")[-1] == "/etc/jejak/owner.env", "the last file decides"
    assert values("jejak-backup-follow.service", "EnvironmentFile")[-1] == "/etc/jejak/backup.env"
    assert "kafka" in str(values("jejak@relay.service", "LoadCredential"))


@pytest.mark.parametrize("name", ["jejak.env", "owner.env", "backup.env"])
def test_the_environment_files_hold_settings_that_are_read_and_no_password(name: str, tmp_path: Path) -> None:
    lines = [line.lstrip("#") for line in (UNITS / name).read_text().splitlines() if re.match(r"#?[A-Z_]+=", line)]
    given = dict(line.split("=", 1) for line in lines)
    assert {key for key in given if key.startswith("JEJAK_")} <= settings()
    (tmp_path / "ca.pem").touch()
    read = settings_from({**given, "JEJAK_KAFKA_CA_FILE": str(tmp_path / "ca.pem")})
    assert read.database_url
    assert ":" not in read.database_url.removeprefix("postgresql://").partition("@")[0]
