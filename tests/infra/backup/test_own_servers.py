"""Servers of the operator's own, in two clusters: backed up, and restored by the commands that `restore` prints."""

import asyncio
import os
import shlex
import shutil
import subprocess
import threading
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from uuid import UUID, uuid4

import psycopg
import pytest

from infra.backup.clusters import clusters
from infra.backup.encryption import Encryption
from infra.backup.write_ahead_log import LogReceiver, follow
from infra.cli.backup import OWN_SERVERS
from infra.composition import installation
from infra.postgres.databases import databases
from infra.postgres.embedded import EmbeddedPostgres
from infra.postgres.server_user import UNPRIVILEGED, as_server
from infra.settings import settings_from
from tests.conftest import new_folder
from tests.deploy.clusters import DEPLOY, cluster, host_of
from tests.infra.backup.drill import backup_folder
from tests.running import same_process

PORTS = {"log": 5432, "key-store": 5433}
"""Of the restored servers. They are parts of the names of sockets."""
Environment = dict[str, str]


@dataclass(frozen=True, slots=True)
class Servers:
    folder: Path
    log: EmbeddedPostgres
    keys: EmbeddedPostgres

    def environment(self, login: str, hosts: Mapping[str, str], place: str = "") -> Environment:
        """The settings of a process that logs in so. `place` is the beginning of the names of its folders."""
        settings = {}
        for name, which, file, database in (("", "log", "log", "jejak"), ("KEYS_", "key-store", "keys", "jejak_keys")):
            settings[f"JEJAK_{name}DATABASE_URL"] = f"postgresql://jejak_{login}@/{database}{hosts[which]}"
            settings[f"JEJAK_{name}DATABASE_PASSWORD_FILE"] = str(self.folder / "secrets" / f"{file}-{login}")
        own = {"JEJAK_DATA_DIR": f"{self.folder}/{place}data", "JEJAK_KEY_DIR": f"{self.folder}/{place}keys"}
        return {**own, **settings}


@pytest.fixture
def servers() -> Iterator[Servers]:
    folder = new_folder()
    made: list[EmbeddedPostgres] = []
    try:
        subprocess.run([DEPLOY / "make-secrets", folder / "secrets"], check=True)
        made += [cluster(folder / "pg-log", "log", "jejak", folder / "secrets")]
        made += [cluster(folder / "pg-keys", "keys", "jejak_keys", folder / "secrets")]
        yield Servers(folder, *made)
    finally:
        for postgres in made:
            postgres.stop()
        shutil.rmtree(folder)


def written(environment: Environment) -> tuple[UUID, bytes]:
    """Makes the key of a new application. Returns both."""

    async def scenario() -> tuple[UUID, bytes]:
        settings, application = settings_from(environment), uuid4()
        with databases(settings) as found:
            async with installation(settings, found) as made:
                [key] = await made.keys.new_dossier_keys(application, ["applicant"])
        return application, key.key

    return asyncio.run(scenario())


def opened(environment: Environment, application: UUID) -> list[bytes]:
    async def scenario() -> list[bytes]:
        settings = settings_from(environment)
        with databases(settings) as found:
            async with installation(settings, found) as made:
                return [key.key for key in await made.keys.dossier_keys(application) or ()]

    return asyncio.run(scenario())


@contextmanager
def following(environment: Environment, target: Path) -> Iterator[None]:
    """Receives both write-ahead logs meanwhile, as the login that owns no database."""
    settings, stopping = settings_from(environment), threading.Event()
    encryption = Encryption(Path(os.environ["JEJAK_BACKUP_RECIPIENT"]))
    with databases(settings) as found:
        receivers = [LogReceiver(settings, each, target, encryption, seconds=0.2) for each in clusters(found)]
        assert len(receivers) == 2
        thread = threading.Thread(target=follow, args=(receivers, stopping))
        thread.start()
        try:
            yield
            end = datetime.now(UTC) + timedelta(seconds=1)
            deadline = time.monotonic() + 60
            while not all((each.service.state.last_success or end) > end for each in receivers):
                assert time.monotonic() < deadline, [each.service.state for each in receivers]
                time.sleep(0.1)
        finally:
            stopping.set()
            thread.join()


def test_two_clusters_are_backed_up_and_restored_by_the_printed_commands(
    servers: Servers, monkeypatch: pytest.MonkeyPatch
) -> None:
    with backup_folder(monkeypatch) as target:
        hosts = {"log": host_of(servers.log), "key-store": host_of(servers.keys)}
        owner = servers.environment("owner", hosts)
        assert same_process(["prepare", "--examples"], owner).returncode == 0
        early = written(owner)
        done = same_process(["backup"], owner)
        assert done.returncode == 0, done.stderr
        with following(servers.environment("backup", hosts, "follow-"), target):
            late = written(owner)
        for postgres in (servers.log, servers.keys):
            postgres.stop()
        restored = {"log": f"?host={servers.folder / 'new'}&port={PORTS['log']}"}
        restored["key-store"] = f"?host={servers.folder / 'new'}&port={PORTS['key-store']}"
        with restored_servers(servers, servers.environment("owner", restored, "restored-")) as environment:
            for application, key in (early, late):
                assert opened(environment, application) == [key]


@contextmanager
def restored_servers(servers: Servers, environment: Environment) -> Iterator[Environment]:
    assert same_process(["restore"], environment).stderr == f"jejak: {OWN_SERVERS}\n"
    folder = servers.folder / "new"
    printed = same_process(["restore", "--into", str(folder)], environment).stdout
    assert "is not empty" in same_process(["restore", "--into", str(folder)], environment).stderr
    chown, *starts, finish = [line for line in printed.splitlines() if not line.startswith("#")]
    if os.geteuid() == 0:
        subprocess.run(chown.replace("postgres:", f"{UNPRIVILEGED}:"), shell=True, check=True)
    program = servers.log.programs() / "pg_ctl"
    try:
        for name, start in zip(PORTS, starts, strict=True):
            started = start.removeprefix('su postgres -c "pg_ctl ').removesuffix('"').split()
            # The first servers got these settings by options too, and not from the file in their data folder.
            given = f"-c unix_socket_directories={folder} -c listen_addresses= -c max_connections=200 -p {PORTS[name]}"
            begun = subprocess.run([program, *started, "-o", given], check=False, **as_server())
            assert begun.returncode == 0, (folder / f"{name}-server.log").read_text()
            until_writable(f"postgresql://jejak@/postgres?host={folder}&port={PORTS[name]}")
        finished = same_process(shlex.split(finish)[1:], environment)
        assert finished.returncode == 0, finished.stderr + finished.stdout
        assert "era 2 begins" in finished.stdout
        assert "no faults found" in finished.stdout
        yield environment
    finally:
        for name in PORTS:
            subprocess.run([program, "stop", "-m", "immediate", "-D", folder / name], check=False, **as_server())


def until_writable(superuser: str) -> None:
    deadline = time.monotonic() + 60
    with psycopg.connect(superuser, autocommit=True) as connection:
        while connection.execute("SELECT pg_is_in_recovery()").fetchone() != (False,):
            assert time.monotonic() < deadline
            time.sleep(0.1)
