"""Taking a backup: writes three encrypted outputs to three folders, which can be kept at three places.

    log/20261130T070000Z/        a copy of the cluster with the log (pg_basebackup), and facts about the copy
    log/era                      the number of the newest era, because a restored log may lack it
    log/wal/                     the write-ahead log since the oldest copy (infra/backup/write_ahead_log.py)
    key-store/                   the newest dump of the key store (pg_dump). If the key store has its own cluster,
                                 the folder also contains copies of the cluster and the write-ahead log
    key-folder/                  the newest bucket keys, the epoch key and the list of erasures

Several copies of the log are kept, but only one copy of the key folder and of the key store's dump. The reason is that
an older copy of the keys could decrypt data that was erased later. Each copy of a cluster is verified in two ways
before it is kept. First, pg_verifybackup compares every file. Then the copy is started in a temporary folder, and
`fsck` checks it.
"""

import json
import shutil
from collections.abc import Callable, Collection, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from infra.backup import clusters
from infra.backup.clusters import DatabaseCluster
from infra.backup.encryption import SUFFIX, BackupFault, Encryption
from infra.backup.write_ahead_log import WAL, drop_before
from infra.eventstore.eras import eras
from infra.keys.key_folder import KeyFolder
from infra.postgres.databases import Databases
from infra.settings import Settings

BASE, ABOUT, ERA = f"base.tar{SUFFIX}", "about.json", "era"
KEYS_FILE, STORE_FILE = Path("key-folder", f"keys.tar{SUFFIX}"), Path("key-store", f"store.dump{SUFFIX}")
STAMP = "%Y%m%dT%H%M%SZ"

Check = Callable[[Databases, Collection[str]], Sequence[str]]
"""A function that checks the named databases of a started copy, and returns the faults."""


@dataclass(frozen=True, slots=True)
class Backup:
    """Backs up one installation into one folder."""

    settings: Settings
    databases: Databases
    target: Path
    encryption: Encryption

    def take(self, check: Check, *, keep: int) -> list[str]:
        """Makes a complete backup. Returns one line of text for each output.

        Raises BackupFault if a copy has a fault.
        """
        found = clusters.clusters(self.databases)
        made = [self._copy(cluster, clusters.databases_in(cluster, found), check, keep=keep) for cluster in found]
        return [*made, *self.keep_keys()]

    def keep_keys(self) -> list[str]:
        """Replaces the copies of the key store and the key folder.

        An erasure calls this method before it destroys old keys.
        """
        dump = self._scratch() / "store.dump"
        options: list[str | Path] = ["--data-only", "--format=custom", "--exclude-table=migrations", "--file", dump]
        clusters.run("pg_dump", *options, folder=self.settings.data_dir, conninfo=self.databases.keys)
        self.encryption.write_file(self.target / STORE_FILE, dump)
        self.encryption.write_files(self.target / KEYS_FILE, KeyFolder.of(self.settings).files())
        shutil.rmtree(dump.parent)
        return [str(self.target / STORE_FILE), str(self.target / KEYS_FILE)]

    def _copy(self, cluster: DatabaseCluster, contained: Collection[str], check: Check, *, keep: int) -> str:
        began = datetime.now(UTC)
        copy = self._scratch() / "pg18"
        options: list[str | Path] = ["--wal-method=stream", "--checkpoint=fast", "--manifest-checksums=SHA256"]
        folder = self.settings.data_dir
        clusters.run("pg_basebackup", *options, "--pgdata", copy, folder=folder, conninfo=cluster.conninfo)
        ended = datetime.now(UTC)
        clusters.run("pg_verifybackup", "--quiet", copy, folder=folder)
        place = self.target / cluster.name / began.strftime(STAMP)
        self.encryption.write_folder(place / BASE, copy)
        about = {"began": began.isoformat(), "ended": ended.isoformat(), "first_segment": _first_segment(copy)}
        clusters.own(copy)
        (copy / "postgresql.auto.conf").write_text("")
        with clusters.started(copy.parent, self.databases, contained) as found:
            faults = check(found, contained)
            if cluster.name == clusters.LOG:
                keep_era(self.target / cluster.name, eras(found.auditor)[-1].number)
        if faults:
            shutil.rmtree(place)
            raise BackupFault(f"the copy is not kept, because fsck found {len(faults)} faults: {faults[0]}")
        (place / ABOUT).write_text(json.dumps(about))
        shutil.rmtree(copy.parent)
        self._drop_old(self.target / cluster.name, keep)
        return str(place)

    def _drop_old(self, folder: Path, keep: int) -> None:
        copies = copies_in(folder)
        for old in copies[:-keep]:
            shutil.rmtree(old)
        drop_before(folder / WAL, about(copies[-keep:][0])["first_segment"])

    def _scratch(self) -> Path:
        return clusters.emptied(self.settings.data_dir / "backup.new")


def copies_in(folder: Path) -> list[Path]:
    """Returns the complete copies of a cluster. The oldest copy is the first."""
    return sorted(file.parent for file in folder.glob(f"*/{ABOUT}"))


def about(copy: Path) -> dict[str, str]:
    known: dict[str, str] = json.loads((copy / ABOUT).read_text())
    return known


def newest_era(folder: Path) -> int:
    """Returns the newest era of the log that the backup knows. A restored log may lack it."""
    file = folder / ERA
    return int(file.read_text()) if file.exists() else 1


def keep_era(folder: Path, number: int) -> None:
    """Stores the newest era beside the copies of the log. If the folder is read-only, does nothing."""
    with suppress(OSError):
        (folder / ERA).write_text(str(max(number, newest_era(folder))))


def _first_segment(copy: Path) -> str:
    label = (copy / "backup_label").read_text()
    return label.split("(file ", 1)[1].split(")", 1)[0]
