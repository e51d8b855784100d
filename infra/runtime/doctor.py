"""Doctor: reports what is wrong with an installation, and what to do about it.

This module changes and migrates nothing. Each check examines one thing. If a check cannot be made, for example because
a database cannot be reached, the report says so.
"""

import resource
import shutil
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import psycopg

from infra.backup.clusters import LOG
from infra.backup.take import about, copies_in
from infra.keys.erasing import Erasing, faults_of_keys
from infra.keys.key_folder import KeyFolder
from infra.keys.wrapping_key import KeysUnreadable
from infra.postgres.connections import connect
from infra.postgres.databases import MIGRATIONS, Databases
from infra.queries.relay_lag import RELAYS
from infra.settings import Settings

CLOCK_SECONDS = 2.0
BEHIND_MAX = 1000
RELAY_SECONDS = 300.0
FREE_SHARE, FREE_BYTES = 0.1, 2 * 1024**3
DESCRIPTORS_MIN = 4096
CONNECTIONS_SHARE = 0.8
BACKUP_HOURS, WAL_MINUTES = 26, 15

STOPPED = "SELECT view, position FROM views.stopped ORDER BY name"
POSITIONS = """
SELECT split_part(application_name, '#', 1), min(notification_id) FROM views.tracking GROUP BY 1 ORDER BY 1
"""
END = "SELECT coalesce(max(notification_id), 0) FROM stored_events"
CONNECTIONS = "SELECT count(*), current_setting('max_connections')::integer FROM pg_stat_activity"
CLOCK = "SELECT extract(epoch FROM clock_timestamp())::float8"
ROLES = "SELECT role FROM unnest(%s::text[]) AS role WHERE NOT EXISTS (SELECT FROM pg_roles WHERE rolname = role)"


@dataclass(frozen=True, slots=True)
class Finding:
    """The result of a check. `advice` says what to do. `advice` is empty if nothing is wrong."""

    name: str
    state: str
    advice: str = ""

    def __str__(self) -> str:
        line = f"{'WRONG' if self.advice else 'ok':<6}{self.name:<15} {self.state}"
        return f"{line}\n{'':22}-> {self.advice}" if self.advice else line


def findings(settings: Settings, found: Databases) -> Iterator[Finding]:
    """Runs all checks.

    If a check fails with an error, the error is reported as a finding, and the other checks still run.
    """
    checks: Sequence[tuple[str, Callable[[], Iterator[Finding]]]] = (
        ("disk", lambda: _disk(settings)),
        ("descriptors", _descriptors),
        ("log", lambda: _database("log", found.owner, "events", ("jejak_serving", "jejak_auditor"))),
        ("key store", lambda: _database("key store", found.keys_owner, "keys", ("jejak_keys",))),
        ("clock", lambda: _clock(found)),
        ("views", lambda: _views(found)),
        ("relays", lambda: _relays(found)),
        ("key folder", lambda: _keys(settings, found)),
        ("backup", lambda: _backup(settings)),
    )
    for name, check in checks:
        try:
            yield from check()
        except psycopg.OperationalError as away:
            yield Finding(
                name,
                f"the database cannot be reached ({str(away).splitlines()[0]})",
                "start PostgreSQL, or correct the URL",
            )
        except psycopg.Error as error:
            yield Finding(name, f"the database refused a query ({error.sqlstate})", "see `log` and `key store` above")
        except (KeysUnreadable, OSError) as error:
            yield Finding(name, str(error), "see docs/operating.md, Troubleshooting")


def _disk(settings: Settings) -> Iterator[Finding]:
    for name, folder in (("data folder", settings.data_dir), ("key folder disk", settings.key_dir)):
        usage = shutil.disk_usage(folder if folder.exists() else folder.parent)
        low = usage.free < min(FREE_BYTES, FREE_SHARE * usage.total)
        state = f"{folder}: {usage.free / 1024**3:.1f} GiB free of {usage.total / 1024**3:.1f}"
        yield Finding(name, state, "make room: without room, Jejak stores nothing" if low else "")


def _descriptors() -> Iterator[Finding]:
    soft, _ = resource.getrlimit(resource.RLIMIT_NOFILE)
    wrong = soft < DESCRIPTORS_MIN
    yield Finding("descriptors", f"at most {soft}", f"set ulimit -n {DESCRIPTORS_MIN} or more" if wrong else "")


def _database(name: str, conninfo: str, migrations: str, roles: tuple[str, ...]) -> Iterator[Finding]:
    ours = sorted(step.name for step in (MIGRATIONS / migrations).glob("*.sql"))
    with _connected(conninfo) as connection:
        applied = [row[0] for row in connection.execute("SELECT name FROM migrations ORDER BY step")]
        missing = [row[0] for row in connection.execute(ROLES, (list(roles),))]
        used, most = _row(connection, CONNECTIONS)
    advice = ""
    if applied != ours:
        newer = len(applied) > len(ours)
        advice = "install the newer release" if newer else "start `jejak serve` once as the owner: it migrates"
    yield Finding(f"{name}, schema", f"{len(applied)} of {len(ours)} migrations", advice)
    state = f"missing: {', '.join(missing)}" if missing else "complete"
    yield Finding(f"{name}, roles", state, "restore with `jejak restore`; pg_dump leaves roles out" if missing else "")
    full = used > CONNECTIONS_SHARE * most
    yield Finding(f"{name}, logins", f"{used} of {most} connections", "end other clients" if full else "")


def _clock(found: Databases) -> Iterator[Finding]:
    with _connected(found.owner) as connection:
        before = datetime.now(UTC).timestamp()
        (there,) = _row(connection, CLOCK)
        after = datetime.now(UTC).timestamp()
    off = max(before - there, there - after, 0.0)
    advice = "set the clock of this host (NTP): Jejak records the time of this host" if off > CLOCK_SECONDS else ""
    yield Finding("clock", f"{off:.1f} s off the database's clock", advice)


def _views(found: Databases) -> Iterator[Finding]:
    with _connected(found.auditor) as connection:
        (end,) = _row(connection, END)
        stopped = connection.execute(STOPPED).fetchall()
        behind = {name.removeprefix("stored-"): end - position for name, position in connection.execute(POSITIONS)}
    for view, position in stopped:
        yield Finding(f"view {view}", f"stopped at position {position}", "see docs/operating.md, Troubleshooting")
    late = {view: count for view, count in behind.items() if count > BEHIND_MAX}
    for view, count in late.items():
        yield Finding(f"view {view}", f"{count} positions behind", "run `jejak serve` or `jejak project`")
    if not stopped and not late:
        yield Finding("views, outbox", f"at most {max(behind.values(), default=0)} positions behind the log")


def _relays(found: Databases) -> Iterator[Finding]:
    with _connected(found.serving) as connection:
        rows = connection.execute(RELAYS).fetchall()
    for agency, _, oldest, fault in rows:
        state = fault or f"oldest unpublished message: {oldest or 0:.0f} s"
        wrong = fault or (oldest or 0) > RELAY_SECONDS
        yield Finding(f"relay {agency}", state, "see docs/operating.md, Kafka: the relay" if wrong else "")


def _keys(settings: Settings, found: Databases) -> Iterator[Finding]:
    if not (settings.key_dir / "buckets").exists():
        yield Finding("key folder", f"{settings.key_dir} has no keys", "restore the folder; a new key opens no data")
        return
    folder = KeyFolder.of(settings)
    inside = settings.key_dir.is_relative_to(settings.data_dir)
    advice = "move it out of the data folder, and set JEJAK_KEY_DIR" if inside else ""
    yield Finding("key folder", f"{settings.key_dir}, generation {folder.generation}", advice)
    together = "keep the epoch folder on another volume than the key folder: see Erasing in docs/operating.md"
    yield Finding("epoch folder", str(folder.epochs), together if folder.folder in folder.epochs.parents else "")
    where = "in the key folder" if folder.key_is_inside else "outside the key folder"
    yield Finding("key-encryption", f"the key is {where}")
    behind = Erasing(found.keys, folder).is_behind()
    yield Finding("erasures", f"{len(folder.erasures)} in the list", "run `jejak erase --again`" if behind else "")
    faults = faults_of_keys(found.keys, folder)
    yield Finding("keys", faults[0] if faults else "a key of each bucket opens", "restore the keys" if faults else "")


def _backup(settings: Settings) -> Iterator[Finding]:
    if settings.backup_dir is None:
        yield Finding("backup", "JEJAK_BACKUP_DIR is not set", "see docs/operating.md, Backup")
        return
    copies = copies_in(settings.backup_dir / LOG)
    if not copies:
        yield Finding("backup", f"{settings.backup_dir} has no copy", "run `jejak backup`")
        return
    hours = (datetime.now(UTC) - datetime.fromisoformat(about(copies[-1])["ended"])).total_seconds() / 3600
    yield Finding("backup", f"newest copy {hours:.0f} h old", "run `jejak backup`" if hours > BACKUP_HOURS else "")
    segments = list((settings.backup_dir / LOG / "wal").glob("*"))
    newest = max((file.stat().st_mtime for file in segments), default=0.0)
    minutes = (datetime.now(UTC).timestamp() - newest) / 60
    late = minutes > WAL_MINUTES
    state = f"newest write-ahead log {minutes:.0f} min old" if segments else "no write-ahead log is stored"
    yield Finding("backup, log", state, "keep `jejak backup --follow` running" if late else "")


def _connected(conninfo: str) -> psycopg.Connection[tuple[Any, ...]]:
    return connect(conninfo)


def _row(connection: psycopg.Connection[tuple[Any, ...]], query: str) -> tuple[Any, ...]:
    row = connection.execute(query.encode()).fetchone()
    return row or ()
