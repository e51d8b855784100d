"""Restoring: makes an installation from the encrypted files of a backup, as of a chosen instant or the end of the log.

A restore never undoes an erasure. The list of erasures is in the key folder, so the list stays complete even if the log
is restored to an earlier instant. The restore applies the list to the restored databases. If an erasure replaced bucket
keys after this instant, some keys of the restored key store can no longer be unwrapped. Then the newest copy of the key
store replaces the restored key store. The newest copy contains all keys that were not erased.
"""

import shutil
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from infra.backup import clusters
from infra.backup.encryption import BackupFault, read, read_files, read_folder
from infra.backup.take import BASE, KEYS_FILE, STORE_FILE, about, copies_in
from infra.backup.write_ahead_log import WAL, unpack
from infra.eventstore.eras import Era, EraNotBegun, begin
from infra.eventstore.erasures import copy_to_log, erasures_in
from infra.keys.erasing import Erasing
from infra.keys.erasure_list import LINE_BYTES
from infra.keys.key_folder import KeyFolder, epoch_folder
from infra.postgres.connections import LONG_SECONDS, connect
from infra.postgres.databases import EVENTS, KEYS, Databases, embedded, migrate
from infra.postgres.embedded import EmbeddedPostgres
from infra.settings import Settings

TABLES = "dossier_keys, persons, named_keys, key_folder, erased"


@dataclass(frozen=True, slots=True)
class Restored:
    """The result of a restore.

    `newest_keys` is true if the newest copy of the key store replaced the restored key store.
    """

    era: Era | None
    erasures: int
    newest_keys: bool
    keys_found: bool


def restore(settings: Settings, source: Path, *, until: datetime | None, seen: int | None, reason: str) -> Restored:
    """Restores the embedded database and the key folder. Raises BackupFault."""
    cluster = settings.data_dir / "pg18"
    if cluster.exists():
        raise BackupFault(f"{cluster} exists: stop every process of Jejak, and move the folder away")
    keys_found = _key_folder(settings, source)
    wal = settings.data_dir / "restore-wal"
    _cluster(source / clusters.LOG, cluster, wal, until)
    try:
        return _opened(settings, source, reason=reason, seen=seen, keys_found=keys_found)
    except BaseException:
        shutil.rmtree(cluster)  # this folder is only a copy, and the next attempt makes a new copy
        raise
    finally:
        shutil.rmtree(wal)


def _opened(settings: Settings, source: Path, *, reason: str, seen: int | None, keys_found: bool) -> Restored:
    """Starts the restored cluster, updates the key store, applies the list of erasures, and begins a new era."""
    with clusters.started(settings.data_dir, embedded_like(settings)) as found:
        clusters.forget_recovery(settings.data_dir / "pg18")
        migrate(found)
        erasing = Erasing(found.keys, KeyFolder.of(settings))
        erasing.adopt(erasures_in(found.owner))
        newest = _needs_newest_keys(erasing, found) and _newest_keys(source, found, settings.data_dir)
        erasing.go_on(restored=True)
        erasures = copy_to_log(found.owner, erasing.folder.erasures, restored=True)
        try:
            era = begin(found.owner, reason=reason, seen=seen)
        except EraNotBegun:
            era = None
    return Restored(era, erasures, newest, keys_found)


def embedded_like(settings: Settings) -> Databases:
    """Returns the connection strings for the embedded server, but does not start the server."""
    postgres = EmbeddedPostgres(settings.data_dir)
    postgres.bin = postgres.programs()
    return embedded(postgres, EVENTS, KEYS)


def _cluster(source: Path, cluster: Path, wal: Path, until: datetime | None) -> None:
    copies = copies_in(source)
    if until is not None:
        copies = [copy for copy in copies if datetime.fromisoformat(about(copy)["ended"]) <= until]
    if not copies:
        raise BackupFault(f"{source} has no copy from before {until or 'now'}: name a later instant or another folder")
    new = cluster.with_name("pg18.restored")
    for left in (new, wal):
        shutil.rmtree(left, ignore_errors=True)
    new.mkdir(parents=True)
    new.parent.chmod(0o711)
    read_folder(copies[-1] / BASE, new)
    unpack(source / WAL, wal, first_segment=about(copies[-1])["first_segment"])
    at = until.astimezone(UTC).isoformat(sep=" ") if until else None
    clusters.recover(new, wal=wal, until=at)
    clusters.own(new)
    new.rename(cluster)


def _key_folder(settings: Settings, source: Path) -> bool:
    """Restores the key folder, unless the existing key folder is as new as the copy.

    Returns False if neither of them exists.
    """
    copy = source / KEYS_FILE
    present = settings.key_dir / "buckets"
    if not copy.exists():
        return present.exists()
    files = read_files(copy)
    lines = len(files.get("keys/erasures", b"")) // LINE_BYTES
    if present.exists() and len(KeyFolder.of(settings).erasures) >= lines:
        return True
    places = {"keys": settings.key_dir, "keys-epoch": epoch_folder(settings.key_dir)}
    for place in places.values():
        place.mkdir(mode=0o700, parents=True, exist_ok=True)
        for left in place.glob("*"):
            if left.is_file():
                left.unlink()
    for name, content in files.items():
        folder, _, file = name.partition("/")
        target = places[folder] / file
        target.touch(mode=0o600)
        target.write_bytes(content)
    return True


def _needs_newest_keys(erasing: Erasing, found: Databases) -> bool:
    with connect(found.keys) as connection:
        row = connection.execute("SELECT generation FROM key_folder").fetchone()
    return row is not None and row[0] != erasing.folder.generation


def _newest_keys(source: Path, found: Databases, data_dir: Path) -> bool:
    """Replaces the content of the key store by the newest copy. Returns False if there is no copy."""
    if not (source / STORE_FILE).exists():
        return False
    with tempfile.NamedTemporaryFile(prefix="jejak-store-") as dump:
        dump.write(read(source / STORE_FILE))
        dump.flush()
        with connect(found.keys_owner, seconds=LONG_SECONDS) as connection:
            connection.execute(f"TRUNCATE {TABLES}".encode())
        clusters.run("pg_restore", "--data-only", "--dbname", found.keys_owner, dump.name, folder=data_dir)
    return True


def describe(restored: Restored) -> Sequence[str]:
    era = restored.era
    return [
        f"era {era.number} begins: positions above {era.from_position}" if era else "no new era: nothing was appended",
        f"{restored.erasures} erasures are in the list, and were applied again",
        *(["the newest key store replaced the restored one, because keys were erased since"] * restored.newest_keys),
        *([] if restored.keys_found else ["no copy of the key folder was found: no sealed part can be opened"]),
    ]
