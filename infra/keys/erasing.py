"""Erasing: destroys keys, replaces the bucket keys that wrapped them, and destroys the old bucket keys.

A deleted row of the key store stays in PostgreSQL's files, in the write-ahead log and in older backups. So it is not
enough to delete the row. These are the steps of an erasure:

1. A line is appended to the list of erasures. After this step, Jejak always finishes the erasure, even after a crash.
2. In one transaction, the keys are deleted, and each bucket of a deleted key gets a new bucket key (`buckets.next`).
   The remaining keys of these buckets are wrapped again. Then Jejak reads the new bucket keys from the disk, and checks
   that they open all these keys.
3. After the commit, Jejak reads the remaining keys from the database, and checks once more that the new bucket keys
   open them.
4. If a backup folder is set, the new bucket keys are copied there.
5. The next bucket keys become the current bucket keys. The epoch key of the old bucket keys is destroyed.

If the process ends before the commit, the next start returns to the old bucket keys and begins again at step 2. If the
process ends after the commit, the next start continues at step 3. If a remaining key cannot be opened in step 2 or 3,
the old bucket keys stay, and KeysUnreadable names the bucket.
"""

from collections.abc import Callable, Collection, Iterable, Sequence
from typing import Any
from uuid import UUID

import psycopg
from cryptography.hazmat.primitives.keywrap import InvalidUnwrap, aes_key_unwrap, aes_key_wrap

from infra.keys.erasure_list import Erasure
from infra.keys.key_folder import BUCKETS, KeyFolder, KeysUnreadable
from infra.postgres.connections import LONG_SECONDS, connect

Connection = psycopg.Connection[Any]

HELD = "SELECT pg_advisory_xact_lock(hashtextextended('jejak keys', 0))"
STATE = "SELECT generation, erasures FROM key_folder"

DESTROYED = """
DELETE FROM dossier_keys WHERE application_id = ANY(%(applications)s) OR person = ANY(%(persons)s)
RETURNING application_id, person, role, bucket
"""
PERSONS = "DELETE FROM persons WHERE person = ANY(%s) RETURNING bucket"
KEYLESS = """
DELETE FROM persons p WHERE person = ANY(%s) AND NOT EXISTS (SELECT FROM dossier_keys d WHERE d.person = p.person)
RETURNING bucket
"""
ERASED = "INSERT INTO erased SELECT * FROM unnest(%s::uuid[], %s::text[]) ON CONFLICT DO NOTHING"

TABLES = {
    "dossier_keys": ("key", "key BETWEEN %(first)s AND %(last)s"),
    "persons": ("person", "person BETWEEN %(first)s AND %(last)s"),
    "named_keys": ("name || ' ' || month", "bucket = %(bucket)s"),
}
"""The tables that contain wrapped keys.

Each table has an SQL expression that names a row, and a condition that selects the rows of a bucket. The bucket of a
dossier key or a person is the first byte of its id. So the primary key finds the rows of a bucket.
"""


class Erasing:
    """Erases the applications and persons that the list of erasures names.

    The function `copied` is called after the key store uses the new bucket keys, and before the old bucket keys are
    destroyed.
    """

    def __init__(self, conninfo: str, folder: KeyFolder, copied: Callable[[], None] = lambda: None) -> None:
        self.conninfo = conninfo
        self.folder = folder
        self.copied = copied

    def erase(self, *erasures: Erasure) -> list[UUID]:
        """Adds the erasures to the list and carries them out. Returns the applications that lost a key."""
        with self.folder.locked("erase.lock"):
            self.folder.erasures.append(erasures)
            return self._go_on()

    def adopt(self, erasures: Iterable[Erasure]) -> None:
        """If the list does not exist, makes it from the erasures that an older release stored in the log's database."""
        with self.folder.locked("erase.lock"):
            if not self.folder.erasures.exists():
                self.folder.erasures.append(list(erasures))

    def is_behind(self) -> bool:
        """Returns True if an erasure was interrupted, or if the restored key store is older than an erasure."""
        with connect(self.conninfo, seconds=LONG_SECONDS) as connection:
            generation, applied = _state(connection)
        self.folder.load()
        behind = (generation, applied) != (self.folder.generation, len(self.folder.erasures))
        return behind or self.folder.is_unfinished()

    def go_on(self, *, restored: bool = False) -> list[UUID]:
        """Carries out the erasures that were not applied to the key store yet.

        Returns the applications that lost a key. If `restored` is true, the key store may be older than the bucket
        keys. Then some keys of the key store can no longer be opened, and this is not an error.
        """
        with self.folder.locked("erase.lock"):
            return self._go_on(restored=restored)

    def _go_on(self, *, restored: bool = False) -> list[UUID]:
        self.folder.load()
        with connect(self.conninfo, seconds=LONG_SECONDS) as connection:
            connection.execute(HELD)
            generation, applied = _state(connection)
            if restored:
                generation, applied = self.folder.nearest(generation), 0
                connection.execute("UPDATE key_folder SET generation = %s, erasures = 0", (generation,))
        self.folder.use(generation)
        if self.folder.next.exists():
            self._settle(generation, tolerant=restored)
        elif self.folder.is_unfinished():
            self.folder.sweep()
        if applied > len(self.folder.erasures):
            raise KeysUnreadable(
                f"{self.folder.erasures.file} has {len(self.folder.erasures)} lines, but {applied} erasures were"
                " carried out: restore the newest copy of the file"
            )
        if applied == len(self.folder.erasures):
            return []
        lost = self._destroy(applied, tolerant=restored)
        self._settle(self.folder.generation + 1, tolerant=restored)
        return lost

    def _settle(self, generation: int, *, tolerant: bool) -> None:
        """Completes an erasure, or undoes it if it was not committed.

        `generation` is the generation that the key store uses.
        """
        if self.folder.read(self.folder.next)[0] != generation:
            self.folder.sweep()  # the transaction was not committed
            return
        _, old = self.folder.read(self.folder.current)
        _, keys = self.folder.read(self.folder.next)
        with connect(self.conninfo, seconds=LONG_SECONDS) as connection:
            for bucket in range(BUCKETS):
                if old[bucket] != keys[bucket] and not tolerant:
                    _opened(connection, bucket, keys[bucket])
        self.copied()
        self.folder.finish()

    def _destroy(self, applied: int, *, tolerant: bool) -> list[UUID]:
        erasures = self.folder.erasures.after(applied)
        applications = [each.application for each in erasures if each.application]
        persons = [each.person for each in erasures if each.person]
        with connect(self.conninfo, seconds=LONG_SECONDS) as connection:
            connection.execute(HELD)
            touched = {row[0] for row in connection.execute(PERSONS, (persons,))}
            gone = connection.execute(DESTROYED, {"applications": applications, "persons": persons}).fetchall()
            touched |= {row[3] for row in gone}
            touched |= {row[0] for row in connection.execute(KEYLESS, (list({row[1] for row in gone}),))}
            roles = [(application, "") for application in applications] + [(row[0], row[2]) for row in gone]
            connection.execute(ERASED, [list(column) for column in zip(*roles, strict=True)] or [[], []])
            if self.folder.is_older_format():
                touched = set(range(BUCKETS))  # older releases never destroyed a bucket key
            self._wrap_again(connection, touched, tolerant=tolerant)
            connection.execute(
                "UPDATE key_folder SET generation = generation + 1, erasures = %s", (applied + len(erasures),)
            )
        return sorted({row[0] for row in gone})

    def _wrap_again(self, connection: Connection, touched: Collection[int], *, tolerant: bool) -> None:
        _, old = self.folder.read(self.folder.current)
        made = self.folder.prepare(touched)
        _, keys = self.folder.read(self.folder.next)
        if keys != made:
            raise KeysUnreadable(f"{self.folder.next} was not stored as it was made: check the disk")
        for bucket in sorted(touched):
            for table in TABLES:
                _wrap_table(connection, table, bucket, (old[bucket], keys[bucket]), tolerant=tolerant)
            if not tolerant:
                _opened(connection, bucket, keys[bucket])


def faults_of_keys(conninfo: str, folder: KeyFolder) -> list[str]:
    """Opens one key of each bucket in each table. Yields a message for each table with keys that cannot be opened.

    All keys of a bucket are wrapped with one bucket key. So if one key of a bucket can be opened, all keys of this
    bucket can be opened.
    """
    faults = []
    with connect(conninfo, seconds=LONG_SECONDS) as connection:
        for table in TABLES:
            closed = [bucket for bucket in range(BUCKETS) if not _opens(connection, table, bucket, folder)]
            if closed:
                faults.append(
                    f"key store: {table}: the keys of {len(closed)} of {BUCKETS} buckets cannot be opened"
                    f" ({', '.join(map(str, closed))}). What they sealed is lost, unless a newer copy of"
                    f" {folder.folder} and {folder.epochs} is found"
                )
    return faults


def _opens(connection: Connection, table: str, bucket: int, folder: KeyFolder) -> bool:
    """Returns False if the first key of the bucket cannot be opened."""
    query = f"SELECT wrapped FROM {table} WHERE {TABLES[table][1]} LIMIT 1"  # noqa: S608 - from TABLES
    row = connection.execute(query.encode(), _of(bucket)).fetchone()
    try:
        return row is None or bool(folder.unwrap(bucket, bytes(row[0])))
    except KeysUnreadable:
        return False


def _wrap_table(connection: Connection, table: str, bucket: int, keys: tuple[bytes, bytes], *, tolerant: bool) -> None:
    """Wraps the rows of a bucket again. `keys` are the old and the new bucket key."""
    selected = f"SELECT ctid::text, wrapped FROM {table} WHERE {TABLES[table][1]}"  # noqa: S608 - from TABLES
    places: list[str] = []
    boxes: list[bytes] = []
    for place, wrapped in connection.execute(selected.encode(), _of(bucket)):
        try:
            boxes.append(aes_key_wrap(keys[1], aes_key_unwrap(keys[0], bytes(wrapped))))
            places.append(place)
        except InvalidUnwrap as broken:
            if not tolerant:
                raise KeysUnreadable(
                    f"a key of bucket {bucket} in {table} cannot be opened, so nothing was erased: run `jejak fsck`"
                ) from broken
    again = (
        f"UPDATE {table} t SET wrapped = n.wrapped FROM unnest(%s::tid[], %s::bytea[]) AS n (place, wrapped)"  # noqa: S608
        " WHERE t.ctid = n.place"
    )
    connection.execute(again.encode(), (places, boxes))


def _opened(connection: Connection, bucket: int, key: bytes) -> None:
    """Raises KeysUnreadable if a key of the bucket cannot be opened."""
    for table, (name, condition) in TABLES.items():
        query = f"SELECT {name}, wrapped FROM {table} WHERE {condition}"  # noqa: S608 - from TABLES
        for row, wrapped in connection.execute(query.encode(), _of(bucket)):
            try:
                aes_key_unwrap(key, bytes(wrapped))
            except InvalidUnwrap as broken:
                raise KeysUnreadable(
                    f"{table}, row {row}: the new key of bucket {bucket} does not open it. The old bucket keys were"
                    " kept. Check the disk of the key folder, and run `jejak erase --again`"
                ) from broken


def _of(bucket: int) -> dict[str, Any]:
    first = bucket << 120
    return {"bucket": bucket, "first": UUID(int=first), "last": UUID(int=first | (1 << 120) - 1)}


def _state(connection: Connection) -> Sequence[int]:
    row: Sequence[int] | None = connection.execute(STATE).fetchone()
    if row is None:
        raise KeysUnreadable("the key store has no row in key_folder: restore the key store")
    return row
