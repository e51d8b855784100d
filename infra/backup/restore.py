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
from infra.backup.take import BASE, KEYS_FILE, STORE_FILE, about, copies_in, keep_era, newest_era
from infra.backup.write_ahead_log import WAL, spool_of, unpack
from infra.eventstore.eras import REASON_MAX, Era, begin, eras
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

    era: Era
    erasures: int
    newest_keys: bool
    keys_found: bool


def restore(settings: Settings, source: Path, *, until: datetime | None, seen: int | None, reason: str) -> Restored:
    """Restores the embedded database and the key folder. Raises BackupFault."""
    cluster = settings.data_dir / "pg18"
    if cluster.exists():
        raise BackupFault(f"{cluster} exists: stop every process of Jejak, and move the folder away")
    _check_reason(reason)
    _key_folder(settings, source)
    new, wal = cluster.with_name("pg18.restored"), settings.data_dir / "restore-wal"
    _cluster(source / clusters.LOG, new, wal, until)
    clusters.own(new)
    new.rename(cluster)
    try:
        with clusters.started(settings.data_dir, embedded_like(settings)) as found:
            clusters.forget_recovery(cluster)
            return finish(settings, source, found, seen=seen, reason=reason)
    except BaseException as fault:
        shutil.rmtree(cluster)  # it is only a copy, and the next try begins with another copy
        if "before configured recovery target" in str(fault):
            raise BackupFault(f"the stored write-ahead log ends before {until}: leave out --until") from fault
        raise
    finally:
        shutil.rmtree(wal)


def restore_into(settings: Settings, source: Path, folder: Path, *, until: datetime | None) -> Sequence[str]:
    """Makes the data folders of servers of your own. Returns the commands that the operator runs next.

    If the key store has its own cluster, it is restored to its newest state. Raises BackupFault.
    """
    if folder.exists() and any(folder.iterdir()):
        raise BackupFault(f"{folder} is not empty: name a new folder")
    _key_folder(settings, source)
    names = [clusters.LOG, *([clusters.KEY_STORE] if copies_in(source / clusters.KEY_STORE) else [])]
    for name in names:
        _cluster(source / name, folder / name, folder / f"{name}-wal", until if name == clusters.LOG else None)
        (folder / name).chmod(0o700)
    return [
        f"# Each of {folder}/{{{','.join(names)}}} is the data folder of a server of PostgreSQL 18. As root, run:",
        f"chown -R postgres: {folder}",
        *(f'su postgres -c "pg_ctl start -t 3600 -D {folder / name} -l {folder / name}-server.log"' for name in names),
        "# Then, with JEJAK_DATABASE_URL and JEJAK_KEYS_DATABASE_URL of the owner of the started databases:",
        f'jejak restore --from {source} --finish --reason "restored to {until or "the newest state"}"',
    ]


def finish(settings: Settings, source: Path, found: Databases, *, seen: int | None, reason: str) -> Restored:
    """Brings the keys of a restored log up to date, applies the list of erasures and begins an era.

    Raises BackupFault.
    """
    _check_reason(reason)
    migrate(found)
    keys_found = (settings.key_dir / "buckets").exists()
    for name in (clusters.LOG, clusters.KEY_STORE):
        shutil.rmtree(spool_of(settings, name), ignore_errors=True)  # it belongs to the lost cluster
    erasing = Erasing(found.keys, KeyFolder.of(settings))
    erasing.adopt(erasures_in(found.owner))
    newest = _needs_newest_keys(erasing, found) and _newest_keys(source, found, settings.data_dir)
    erasing.go_on(restored=True)
    erasures = copy_to_log(found.owner, erasing.folder.erasures, restored=True)
    # The newest era of the restored log counts as seen, because its last events may be lost.
    known = max(seen or 1, eras(found.owner)[-1].number, newest_era(source / clusters.LOG))
    era = begin(found.owner, reason=reason, seen=known)
    keep_era(source / clusters.LOG, era.number)
    return Restored(era, erasures, newest, keys_found)


def _check_reason(reason: str) -> None:
    if not 0 < len(reason) <= REASON_MAX:
        raise BackupFault(f"--reason must have 1 to {REASON_MAX} characters")


def embedded_like(settings: Settings) -> Databases:
    """Returns the connection strings for the embedded server, but does not start the server."""
    postgres = EmbeddedPostgres(settings.data_dir)
    postgres.bin = postgres.programs()
    return embedded(postgres, EVENTS, KEYS)


def _cluster(source: Path, new: Path, wal: Path, until: datetime | None) -> None:
    """Makes the data folder of a cluster that recovers at its start."""
    copies = copies_in(source)
    if until is not None:
        copies = [copy for copy in copies if datetime.fromisoformat(about(copy)["ended"]) <= until]
    if not copies:
        raise BackupFault(f"{source} has no copy from before {until or 'now'}: name a later instant or another folder")
    for left in (new, wal):
        shutil.rmtree(left, ignore_errors=True)
    new.mkdir(parents=True)
    new.parent.chmod(0o711)
    read_folder(copies[-1] / BASE, new)
    unpack(source / WAL, wal, first_segment=about(copies[-1])["first_segment"])
    clusters.recover(new, wal=wal, until=until.astimezone(UTC).isoformat(sep=" ") if until else None)


def _key_folder(settings: Settings, source: Path) -> None:
    """Restores the key folder, unless it has no copy, or the present one is as new as its copy."""
    copy = source / KEYS_FILE
    present = settings.key_dir / "buckets"
    if not copy.exists():
        return
    files = read_files(copy)
    lines = len(files.get("keys/erasures", b"")) // LINE_BYTES
    if present.exists() and len(KeyFolder.of(settings).erasures) >= lines:
        return
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
        clusters.run("pg_restore", "--data-only", dump.name, folder=data_dir, conninfo=found.keys_owner)
    return True


def describe(restored: Restored) -> Sequence[str]:
    era = restored.era
    return [
        f"era {era.number} begins: positions above {era.from_position}",
        f"{restored.erasures} erasures are in the list, and were applied again",
        *(["the newest key store replaced the restored one, because keys were erased since"] * restored.newest_keys),
        *([] if restored.keys_found else ["no copy of the key folder was found: no sealed part can be opened"]),
    ]
