"""Receiving the write-ahead log is a supervised service: whatever ends it, it goes on by itself and says its faults."""

import shutil
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import psycopg
import pytest

from infra.backup.clusters import LOG, DatabaseCluster, reach
from infra.backup.encryption import BackupFault, Encryption
from infra.backup.write_ahead_log import SLOT, LogReceiver, follow
from infra.postgres.embedded import EmbeddedPostgres
from infra.postgres.server_settings import SETTINGS
from infra.service import ServiceLimits, services
from infra.settings import Settings
from tests.conftest import Fresh, new_folder

LIMITS = ServiceLimits(pass_seconds=60, back_off_seconds=0.05, back_off_max_seconds=0.1)


class Plain(Encryption):
    """Stores the files as they are, because these tests need no key."""

    refusing = False

    def write(self, file: Path, content: bytes) -> None:
        if self.refusing:
            raise BackupFault("the disk is full")
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(content)


class Followed:
    """A receiver that works in the background, and what it stores."""

    def __init__(self, receiver: LogReceiver, encryption: Plain, folder: Path) -> None:
        self.receiver = receiver
        self.encryption = encryption
        self.folder = folder

    @property
    def faults(self) -> int:
        return self.receiver.service.state.faults_in_a_row

    def stores(self, text: bytes) -> bool:
        files = sorted(self.folder.glob("log/wal/*"))
        with suppress(FileNotFoundError):  # a complete segment has just replaced an incomplete one
            return any(text in file.read_bytes() for file in files)
        return False


@contextmanager
def following(postgres: EmbeddedPostgres, settings: Settings, folder: Path) -> Iterator[Followed]:
    encryption, stopping = Plain(folder / "key.asc"), threading.Event()
    cluster = DatabaseCluster(LOG, postgres.conninfo("postgres"))
    receiver = LogReceiver(settings, cluster, folder, encryption, seconds=0.05)
    receiver.service.limits = LIMITS
    thread = threading.Thread(target=follow, args=([receiver], stopping))
    thread.start()
    try:
        yield Followed(receiver, encryption, folder)
    finally:
        stopping.set()
        thread.join()
        with superuser(postgres) as connection:
            connection.execute("SELECT pg_drop_replication_slot(%s)", (SLOT,))


@pytest.fixture
def followed(postgres: EmbeddedPostgres, fresh: Fresh, tmp_path: Path) -> Iterator[Followed]:
    with following(postgres, fresh.settings, tmp_path) as made:
        yield made


@contextmanager
def superuser(postgres: EmbeddedPostgres) -> Iterator[psycopg.Connection]:
    with psycopg.connect(postgres.conninfo("postgres"), autocommit=True) as connection:
        yield connection


def until(done: Callable[[], object], seconds: float = 30) -> None:
    deadline = time.monotonic() + seconds
    while not done():
        assert time.monotonic() < deadline
        time.sleep(0.02)


def say(postgres: EmbeddedPostgres, text: bytes) -> None:
    """Writes a text into the write-ahead log."""
    with superuser(postgres) as connection:
        connection.execute("SELECT pg_logical_emit_message(true, 'test', %s::bytea)", (text,))


def test_it_goes_on_after_the_server_ended_its_connection(followed: Followed, postgres: EmbeddedPostgres) -> None:
    say(postgres, b"before the fault")
    until(lambda: followed.stores(b"before the fault"))
    with superuser(postgres) as connection:
        until(lambda: connection.execute("SELECT pg_terminate_backend(pid) FROM pg_stat_replication").fetchone())
    until(lambda: followed.faults > 0)
    say(postgres, b"after the fault")
    until(lambda: followed.stores(b"after the fault") and not followed.faults)
    [shown] = [state for state in services() if state.name == "write-ahead log of log"]
    assert shown.last_success is not None
    assert shown.last_fault.startswith("BackupFault at write_ahead_log.py:")


def test_a_full_disk_is_a_fault_and_loses_nothing(followed: Followed, postgres: EmbeddedPostgres) -> None:
    until(lambda: followed.receiver.service.state.last_success)
    followed.encryption.refusing = True
    say(postgres, b"while the disk was full")
    until(lambda: followed.faults > 2)
    followed.encryption.refusing = False
    until(lambda: followed.stores(b"while the disk was full") and not followed.faults)


def test_a_slot_that_fell_behind_is_made_again(fresh: Fresh, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """PostgreSQL keeps only so much of the log for a receiver that is away."""
    monkeypatch.setitem(SETTINGS, "max_slot_wal_keep_size", "1MB")
    folder = new_folder()
    try:
        with EmbeddedPostgres(folder) as postgres, superuser(postgres) as connection:
            connection.execute("SELECT pg_create_physical_replication_slot(%s, true)", (SLOT,))
            for _ in range(3):
                connection.execute("SELECT pg_logical_emit_message(false, 'test', 'next'), pg_switch_wal()")
            connection.execute("CHECKPOINT")
            assert connection.execute("SELECT wal_status FROM pg_replication_slots").fetchone() == ("lost",)
            with following(postgres, fresh.settings, tmp_path) as followed:
                until(lambda: followed.receiver.service.state.last_success)
                say(postgres, b"after the gap")
                until(lambda: followed.stores(b"after the gap"))
    finally:
        shutil.rmtree(folder)


def test_a_password_is_in_the_environment_and_not_in_the_command() -> None:
    options, environment = reach("postgresql://owner:secret@db.example/jejak?connect_timeout=10")
    assert "secret" not in " ".join(options)
    assert environment["PGPASSWORD"] == "secret"
    assert "connect_timeout=10" in options[-1]
    assert "tcp_user_timeout=8000" in options[-1]
