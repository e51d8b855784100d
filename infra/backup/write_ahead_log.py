"""Write-ahead log: this module receives the write-ahead log from PostgreSQL, encrypts it and stores it.

PostgreSQL's program pg_receivewal writes the log into a temporary folder (the spool). Each complete segment is
encrypted, stored, and removed from the spool. The incomplete segment is encrypted and stored again every few seconds.
So after a disaster, at most the last few seconds are lost. With a replication slot, PostgreSQL keeps the segments that
were not received yet.
"""

import signal
import subprocess
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from infra.backup.clusters import DatabaseCluster
from infra.backup.encryption import SUFFIX, BackupFault, Encryption, read
from infra.postgres.embedded import EmbeddedPostgres
from infra.settings import Settings

WAL, PARTIAL = "wal", ".partial"
SLOT = "jejak_backup"
SEGMENT_CHARACTERS, TIMELINE_CHARACTERS = 24, 8
STOP_SECONDS = 30


@contextmanager
def receiving(settings: Settings, cluster: DatabaseCluster) -> Iterator["LogReceiver"]:
    """Runs pg_receivewal for one cluster while the context lasts."""
    spool = settings.data_dir / f"spool-{cluster.name}"
    spool.mkdir(mode=0o700, parents=True, exist_ok=True)
    program = EmbeddedPostgres(settings.data_dir).programs() / "pg_receivewal"
    reach = ["--dbname", cluster.conninfo, "--slot", SLOT, "--no-password"]
    made = subprocess.run(
        [program, *reach, "--create-slot", "--if-not-exists"], capture_output=True, text=True, check=False
    )
    if made.returncode:
        raise BackupFault(f"pg_receivewal cannot make its slot: {made.stderr.strip()}")
    with (spool / "log").open("w") as words:
        process = subprocess.Popen([program, *reach, "--directory", spool, "--synchronous"], stderr=words)
    try:
        yield LogReceiver(process, spool)
    finally:
        process.send_signal(signal.SIGINT)
        process.wait(STOP_SECONDS)


class LogReceiver:
    """A running pg_receivewal and its spool."""

    def __init__(self, process: subprocess.Popen[bytes], spool: Path) -> None:
        self.process = process
        self.spool = spool
        self._stored: tuple[str, int] = ("", 0)

    def store(self, target: Path, encryption: Encryption) -> int:
        """Stores the files of the spool. Returns the number of complete segments. Raises BackupFault."""
        if self.process.poll() is not None:
            raise BackupFault(f"pg_receivewal ended: {(self.spool / 'log').read_text().strip()}")
        complete = [file for file in sorted(self.spool.iterdir()) if len(file.name) == SEGMENT_CHARACTERS]
        for segment in complete:
            encryption.write_file(target / f"{segment.name}{SUFFIX}", segment)
            (target / f"{segment.name}{PARTIAL}{SUFFIX}").unlink(missing_ok=True)
            segment.unlink()
        for history in self.spool.glob("*.history"):
            encryption.write_file(target / f"{history.name}{SUFFIX}", history)
        for partial in self.spool.glob(f"*{PARTIAL}"):
            state = (partial.name, partial.stat().st_mtime_ns)
            if state != self._stored:
                encryption.write_file(target / f"{partial.name}{SUFFIX}", partial)
                self._stored = state
        return len(complete)


@dataclass(frozen=True, slots=True)
class Following:
    """The settings of `follow`: every `seconds` seconds, the write-ahead log is stored in a folder inside `target`."""

    settings: Settings
    target: Path
    encryption: Encryption
    seconds: float


def follow(wanted: Following, clusters: list[DatabaseCluster], stopping: threading.Event) -> None:
    """Receives and stores the write-ahead log of one or two clusters until `stopping` is set."""
    if not clusters:
        stopping.wait()
        return
    first, *others = clusters
    folder = wanted.target / first.name / WAL
    with receiving(wanted.settings, first) as receiver:
        beside = threading.Thread(target=follow, args=(wanted, others, stopping))
        beside.start()
        try:
            while not stopping.wait(wanted.seconds):
                receiver.store(folder, wanted.encryption)
            receiver.store(folder, wanted.encryption)
        finally:
            stopping.set()
            beside.join()


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
