"""Write-ahead log: this module receives the write-ahead log from PostgreSQL, encrypts it and stores it.

pg_receivewal writes the log into a spool folder in the data folder. Each complete segment is encrypted and leaves the
spool. The segment that is being written is encrypted again every few seconds. So after a disaster, at most the last few
seconds are lost. A replication slot keeps the segments that were not received yet.

For each cluster, the receiving is a service (see `infra.service`). If pg_receivewal ends, for example because the
database is away, it is started again after a pause.
"""

import math
import signal
import subprocess
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import psycopg
import structlog

from infra.backup.clusters import DatabaseCluster, reach
from infra.backup.encryption import SUFFIX, BackupFault, Encryption, read
from infra.postgres.connections import connect
from infra.postgres.embedded import EmbeddedPostgres
from infra.service import BackgroundService, ServiceLimits
from infra.settings import Settings

WAL, PARTIAL = "wal", ".partial"
SLOT = "jejak_backup"
SEGMENT_CHARACTERS, TIMELINE_CHARACTERS = 24, 8
STOP_SECONDS = 30
REST_SECONDS = 30.0
"""While a receiver rests between two stores, it gives a sign of life after this number of seconds."""
LIMITS = ServiceLimits(pass_seconds=180.0, back_off_seconds=1.0, back_off_max_seconds=30.0)

LOST = "SELECT 1 FROM pg_replication_slots WHERE slot_name = %s AND wal_status = 'lost'"

log = structlog.get_logger("jejak.backup")


class LogReceiver:
    """Receives and stores the write-ahead log of one cluster.

    `target` is the folder of the backup. The log is stored every `seconds`.
    """

    def __init__(
        self, settings: Settings, cluster: DatabaseCluster, target: Path, encryption: Encryption, *, seconds: float
    ) -> None:
        self.settings = settings
        self.cluster = cluster
        self.folder = target / cluster.name / WAL
        self.spool = spool_of(settings, cluster.name)
        self.encryption = encryption
        self.seconds = seconds
        self.service = BackgroundService(
            f"write-ahead log of {cluster.name}", LIMITS, expected=(BackupFault, OSError, psycopg.Error)
        )
        self._stored: tuple[str, int] = ("", 0)
        self._said = ""

    def run(self, stopping: threading.Event) -> None:
        """Receives and stores until `stopping` is set. Begins again after each fault."""
        self.service.run(stopping, lambda: self._follow(stopping))

    def _follow(self, stopping: threading.Event) -> None:
        try:
            with self._receiving() as program:
                while not self._rested(stopping):
                    self._store()
                    self._check(program)
                    self.service.succeeded()
            self._store()
        except BackupFault as fault:
            if str(fault) != self._said:
                log.warning("the write-ahead log is not stored", cluster=self.cluster.name, what=str(fault))
                self._said = str(fault)
            raise

    def _check(self, program: subprocess.Popen[bytes]) -> None:
        if program.poll() is not None:
            raise BackupFault(f"pg_receivewal ended: {(self.spool / 'log').read_text().strip()}")
        self._said = ""

    def _rested(self, stopping: threading.Event) -> bool:
        """Waits for the next store. Returns True if the receiver must stop."""
        for start in range(0, math.ceil(self.seconds), int(REST_SECONDS)):
            self.service.alive()
            if stopping.wait(min(REST_SECONDS, self.seconds - start)):
                return True
        return False

    def _store(self) -> None:
        """Encrypts what is in the spool. Complete segments then leave the spool. Raises BackupFault."""
        for segment in [file for file in sorted(self.spool.iterdir()) if len(file.name) == SEGMENT_CHARACTERS]:
            self.encryption.write_file(self.folder / f"{segment.name}{SUFFIX}", segment)
            (self.folder / f"{segment.name}{PARTIAL}{SUFFIX}").unlink(missing_ok=True)
            segment.unlink()
            self.service.alive()
        for history in self.spool.glob("*.history"):
            self.encryption.write_file(self.folder / f"{history.name}{SUFFIX}", history)
        for partial in self.spool.glob(f"*{PARTIAL}"):
            state = (partial.name, partial.stat().st_mtime_ns)
            if state != self._stored:
                self.encryption.write_file(self.folder / f"{partial.name}{SUFFIX}", partial)
                self._stored = state

    @contextmanager
    def _receiving(self) -> Iterator[subprocess.Popen[bytes]]:
        """Runs pg_receivewal. It ends when it loses its connection, so that the fault of the service is seen."""
        self.spool.mkdir(mode=0o700, parents=True, exist_ok=True)
        self._drop_lost_slot()
        options, environment = reach(self.cluster.conninfo)
        receivewal = EmbeddedPostgres(self.settings.data_dir).programs() / "pg_receivewal"
        program = [str(receivewal), *options, "--slot", SLOT]
        making = [*program, "--create-slot", "--if-not-exists"]
        made = subprocess.run(making, capture_output=True, text=True, check=False, env=environment)
        if made.returncode:
            raise BackupFault(f"pg_receivewal cannot make its slot: {made.stderr.strip()}")
        with (self.spool / "log").open("w") as words:
            process = subprocess.Popen(
                [*program, "--no-loop", "--synchronous", "--directory", str(self.spool)], stderr=words, env=environment
            )
        try:
            yield process
        finally:
            process.send_signal(signal.SIGINT)
            try:
                process.wait(STOP_SECONDS)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()

    def _drop_lost_slot(self) -> None:
        """Drops the slot if PostgreSQL has already deleted segments that were not received."""
        with connect(self.cluster.conninfo, autocommit=True) as connection:
            if connection.execute(LOST, (SLOT,)).fetchone():
                connection.execute("SELECT pg_drop_replication_slot(%s)", (SLOT,))
                log.error("the stored write-ahead log has a gap: run `jejak backup` now", cluster=self.cluster.name)


def spool_of(settings: Settings, cluster: str) -> Path:
    return settings.data_dir / f"spool-{cluster}"


def follow(receivers: Sequence[LogReceiver], stopping: threading.Event) -> None:
    """Receives and stores the write-ahead log of one or two clusters until `stopping` is set."""
    threads = [
        threading.Thread(target=each.run, args=(stopping,), name=each.service.name, daemon=True) for each in receivers
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()


def unpack(source: Path, target: Path, *, first_segment: str) -> None:
    """Decrypts all segments from `first_segment` on, including the last segment, which may be incomplete."""
    target.mkdir(parents=True)
    target.chmod(0o755)
    for file in sorted(source.glob(f"*{SUFFIX}")):
        name = file.name.removesuffix(SUFFIX)
        if ".history" in name or name[TIMELINE_CHARACTERS:SEGMENT_CHARACTERS] >= first_segment[TIMELINE_CHARACTERS:]:
            whole = target / name.removesuffix(PARTIAL)
            if not whole.exists():
                whole.write_bytes(read(file))
                whole.chmod(0o644)


def drop_before(folder: Path, first_segment: str) -> None:
    """Deletes the segments before `first_segment`, because no copy of the cluster needs them."""
    for file in folder.glob(f"*{SUFFIX}"):
        if (
            ".history" not in file.name
            and file.name[TIMELINE_CHARACTERS:SEGMENT_CHARACTERS] < first_segment[TIMELINE_CHARACTERS:]
        ):
            file.unlink()
