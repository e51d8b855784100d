"""The verbs that back up and restore an installation."""

import argparse
from collections.abc import Collection
from dataclasses import replace
from datetime import UTC, datetime
from itertools import chain
from pathlib import Path

from infra.backup.clusters import KEY_STORE, LOG, clusters
from infra.backup.encryption import BackupFault, Encryption
from infra.backup.restore import describe, finish, restore, restore_into
from infra.backup.take import Backup, Check
from infra.backup.write_ahead_log import LogReceiver, follow
from infra.cli.terminal import EXIT_FOUND, settings
from infra.cli.verb import ERAS_MAX, OPS_PORT, Verb, whole
from infra.keys.erasing import faults_of_keys
from infra.keys.key_folder import KeyFolder
from infra.postgres.databases import Databases, databases
from infra.runtime.fsck import faults_of_log, faults_of_views
from infra.runtime.ops_server import ops_of
from infra.runtime.worker import worker
from infra.settings import SECONDS_A_DAY, Settings

KEEP = 7
STORE_SECONDS = 10.0
OWN_SERVERS = (
    "JEJAK_DATABASE_URL is set: to restore servers of your own, run `jejak restore --into FOLDER`, which prints what to"
    " do next (docs/operating.md, Restore)"
)
EMBEDDED = "--finish is for servers of your own: set JEJAK_DATABASE_URL and JEJAK_KEYS_DATABASE_URL, or omit --finish"


def back_up(options: argparse.Namespace) -> int:
    wanted = _settings(options)
    target, recipient = wanted.backup_dir, wanted.backup_recipient
    if target is None or recipient is None:
        raise BackupFault("say where to and for whom: --to FOLDER --recipient FILE, or set JEJAK_BACKUP_DIR and"
                          " JEJAK_BACKUP_RECIPIENT")  # fmt: skip
    encryption = Encryption(recipient)
    if options.follow:
        with worker(wanted, ops_of(wanted, "backup", port=options.ops_port)) as running:
            following = [
                LogReceiver(wanted, cluster, target, encryption, seconds=options.interval)
                for cluster in clusters(running.databases)
            ]
            print("receiving the write-ahead log", flush=True)
            follow(following, running.stopping)
        return 0
    with databases(wanted) as found:
        made = Backup(wanted, found, target, encryption).take(_faults(wanted), keep=options.keep)
    print("\n".join(made))
    return 0


def bring_back(options: argparse.Namespace) -> int:
    wanted = settings()
    source = options.source or wanted.backup_dir
    if source is None:
        raise BackupFault("say where from: --from FOLDER, or set JEJAK_BACKUP_DIR")
    source, until = source.resolve(), options.until
    if options.into:
        print("\n".join(restore_into(wanted, source, options.into.resolve(), until=until)))
        return 0
    if bool(wanted.database_url) != options.finish:
        raise BackupFault(OWN_SERVERS if wanted.database_url else EMBEDDED)
    reason = options.reason or f"restored to {until or 'the end of the write-ahead log'}"
    if options.finish:
        with databases(wanted) as found:
            done = finish(wanted, source, found, seen=options.seen, reason=reason)
    else:
        done = restore(wanted, source, until=until, seen=options.seen, reason=reason)
    print("\n".join(describe(done)))
    with databases(wanted) as found:
        faults = _faults(wanted)(found, (LOG, KEY_STORE))
    print("\n".join(faults) or "no faults found in the log, the views or the keys")
    return EXIT_FOUND if faults else 0


def _faults(wanted: Settings) -> Check:
    def check(found: Databases, contained: Collection[str]) -> list[str]:
        faults: list[str] = []
        if LOG in contained:
            faults += chain(faults_of_log(found.auditor, _silent), faults_of_views(found.serving, _silent))
        if KEY_STORE in contained:
            faults += faults_of_keys(found.keys, KeyFolder.of(wanted))
        return faults

    return check


def _silent(_: int, __: int) -> None: ...


def _settings(options: argparse.Namespace) -> Settings:
    wanted = settings()
    target: Path | None = options.target or wanted.backup_dir
    return replace(
        wanted,
        backup_dir=target.resolve() if target else None,
        backup_recipient=options.recipient or wanted.backup_recipient,
    )


def instant(text: str) -> datetime:
    """Parses an instant.

    A time without an offset is refused, because it would mean different instants on different machines.
    """
    parsed = datetime.fromisoformat(text)
    if parsed.tzinfo is None:
        raise ValueError("an offset is missing")
    return parsed.astimezone(UTC)


def seconds(text: str) -> float:
    """Parses the number of seconds between two writes to the backup, for argparse.

    An error message names the allowed range.
    """
    try:
        value = float(text)
    except ValueError:
        value = -1.0
    if not STORE_SECONDS_MIN <= value <= SECONDS_A_DAY:
        raise argparse.ArgumentTypeError(
            f"must be a number of seconds from {STORE_SECONDS_MIN} to {SECONDS_A_DAY}, and not {text!r}"
        )
    return value


KEEP_MAX = 1_000
STORE_SECONDS_MIN = 0.1


def restore_disagreement(options: argparse.Namespace) -> str | None:
    if options.finish and (options.into or options.until):
        return "restore accepts --finish after --into, and not together with --into or --until"
    return None


VERBS = (
    Verb(
        "backup",
        "maintain Jejak",
        "back up log, key store and key folder, encrypted and verified",
        back_up,
        "jejak backup --to /mnt/backup --recipient /etc/jejak/backup-key.asc",
        "keep `jejak backup --follow` running: it stores what happens between two backups",
        (
            (("--to",), {"dest": "target", "type": Path, "metavar": "FOLDER", "help": "default: JEJAK_BACKUP_DIR"}),
            (
                ("--recipient",),
                {"type": Path, "metavar": "FILE", "help": "public key of GnuPG (default: JEJAK_BACKUP_RECIPIENT)"},
            ),
            (("--follow",), {"action": "store_true", "help": "receive and store the write-ahead log until stopped"}),
            (
                ("--interval",),
                {
                    "type": seconds,
                    "default": STORE_SECONDS,
                    "metavar": "SECONDS",
                    "help": "time between two stores",
                },
            ),
            OPS_PORT,
            (
                ("--keep",),
                {"type": whole(1, KEEP_MAX), "default": KEEP, "help": f"copies of a cluster to keep (default: {KEEP})"},
            ),
        ),
    ),
    Verb(
        "restore",
        "maintain Jejak",
        "restore the databases and the key folder from a backup, at an instant or the newest state",
        bring_back,
        "jejak restore --from /mnt/backup --until 2026-11-25T10:00:00+07:00",
        "run `jejak serve`, and then `jejak backup`",
        (
            (("--from",), {"dest": "source", "type": Path, "metavar": "FOLDER", "help": "default: JEJAK_BACKUP_DIR"}),
            (
                ("--until",),
                {"type": instant, "metavar": "INSTANT", "help": "with offset (default: the newest state)"},
            ),
            (("--reason",), {"metavar": "TEXT", "help": "reason for the new era"}),
            (
                ("--seen",),
                {"type": whole(1, ERAS_MAX), "metavar": "ERA", "help": "newest era in use before the restore"},
            ),
            (
                ("--into",),
                {
                    "type": Path,
                    "metavar": "FOLDER",
                    "help": "for servers of your own: make their data folders here, and print the next commands",
                },
            ),
            (
                ("--finish",),
                {
                    "action": "store_true",
                    "help": "for servers of your own, after their start: bring the keys up to date and begin an era",
                },
            ),
        ),
        restore_disagreement,
    ),
)
