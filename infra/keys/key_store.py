"""Key store: this module stores the dossier keys of persons and the named keys of the installation.

Each person has one dossier key in each application. Named keys are used to make MACs and tokens. A dossier key is on
the disk before the first event that uses this key is stored. If a dossier key was destroyed, the data that was sealed
with this key is shown as redacted. A destroyed dossier key is no error.

Each dossier key has a reference to a person. If the NIK of a person is known, all dossier keys of this person have the
same reference. If the NIK is not known, each dossier key has a different reference.
"""

import asyncio
import copy
import secrets
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Self
from uuid import UUID, uuid4

from psycopg import AsyncConnection

from infra.keys import person_index
from infra.keys.erasing import Erasing
from infra.keys.erasure_list import Erasure
from infra.keys.key_folder import KeyFolder
from infra.keys.wrapping_key import KEY_BYTES, KeysUnreadable
from infra.postgres.coalescer import Coalescer
from infra.postgres.pool import Pool, borrowed
from service_layer.faults import ApplicationErased
from service_layer.ports import FoundPerson

FOREVER = date(1, 1, 1)
"""This value is the month of every key that is not replaced each month."""

COMMAND = "command"
"""The name of the key K_cmd. Each month gets a new K_cmd.

The keys of the current month and of the previous month are kept, because they are needed to recognise repeated
commands. All earlier keys are destroyed.
"""
SATISFACTION = "satisfaction"
"""The role of the applicant's second key.

Survey answers are sealed with this key and not with the dossier key, so that they cannot be linked to an application.
"""
NIK = "nik"
ONCE = {"import": 32, "pin": 32, "qr": 64, "claim": 32, "token": 32, "read-token": 32, "door": 32, "sync": 64, NIK: 32}
"""The keys that never change, and their sizes in bytes."""


DRAWN = """
INSERT INTO dossier_keys (key, application_id, person, role, bucket, wrapped)
SELECT * FROM unnest(%b::uuid[], %b::uuid[], %b::uuid[], %b::text[], %b::integer[], %b::bytea[])
    AS drawn (key, application_id, person, role, bucket, wrapped)
WHERE NOT EXISTS (
    SELECT FROM erased e WHERE e.application_id = drawn.application_id AND e.role IN ('', drawn.role)
)
ON CONFLICT (application_id, role) DO NOTHING
"""
HELD = "SELECT hold_generation()"
"""Each transaction that stores a wrapped key begins with this query. It waits while an erasure replaces bucket keys."""
READS_MAX = 3
STANDING = "SELECT application_id, key, role, bucket, wrapped FROM dossier_keys WHERE application_id = ANY(%s)"


@dataclass(frozen=True, slots=True)
class DossierKey:
    key_id: UUID
    role: str
    key: bytes


@dataclass(frozen=True, slots=True)
class NamedKeys:
    """The keys that are used to make MACs and tokens.

    `commands` contains the key for commands of the current month, and also the key of the previous month, if there is
    one.
    """

    commands: tuple[bytes, ...]
    imports: bytes
    pin: bytes
    qr: bytes
    token: bytes
    read_token: bytes
    door: bytes
    claim: bytes
    sync: bytes


@dataclass(frozen=True, slots=True)
class _Wanted:
    application: UUID
    roles: tuple[str, ...]
    niks: tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True)
class _Search:
    """`lookup` is the MAC of a person's NIK. `limit` is the largest number of applications in the result."""

    lookup: bytes
    limit: int
    roles: tuple[str, ...] | None


class KeyStore:
    """Makes, reads and destroys keys. Use the store as an asynchronous context manager.

    Every method raises Unavailable if the database cannot be reached.
    """

    def __init__(self, pool: Pool, conninfo: str, folder: KeyFolder) -> None:
        self.pool = pool
        self.conninfo = conninfo
        self.folder = folder
        self._nik: bytes | None = None
        self._drawing: Coalescer[_Wanted, dict[str, DossierKey]] = Coalescer(self._draw, conninfo)
        self._searching: Coalescer[_Search, list[UUID]] = Coalescer(self._search, conninfo)

    async def __aenter__(self) -> Self:
        await self._drawing.__aenter__()
        await self._searching.__aenter__()
        return self

    async def __aexit__(self, *error: object) -> None:
        await self._searching.__aexit__(*error)
        await self._drawing.__aexit__(*error)

    async def named(self, today: date) -> NamedKeys:
        """Returns the named keys. Makes the keys that do not exist yet.

        Destroys the keys for commands that are older than the previous month.
        """
        month = today.replace(day=1)
        last = (
            month.replace(year=month.year - 1, month=12) if month.month == 1 else month.replace(month=month.month - 1)
        )
        async with borrowed(self.pool) as connection:
            keys = {name: await self._named(connection, name, FOREVER, size) for name, size in ONCE.items()}
            await connection.execute("DELETE FROM named_keys WHERE name = %s AND month < %s", (COMMAND, last))
            current = await self._named(connection, COMMAND, month, KEY_BYTES)
            previous = await self._find(connection, COMMAND, last)
        return NamedKeys(
            commands=(current, *([previous] if previous else [])),
            imports=keys["import"],
            pin=keys["pin"],
            qr=keys["qr"],
            token=keys["token"],
            read_token=keys["read-token"],
            door=keys["door"],
            claim=keys["claim"],
            sync=keys["sync"],
        )

    async def new_dossier_keys(
        self, application: UUID, roles: Sequence[str], niks: Mapping[str, str] | None = None
    ) -> list[DossierKey]:
        """Makes and returns one dossier key for each role. When this method returns, the keys are on the disk.

        If another process has already stored a key for a role, the stored key is returned. `niks` maps a role to the
        NIK of its person, if the NIK is known. Concurrent calls share one transaction. Raises ApplicationErased if the
        key of a role was destroyed.
        """
        if niks:
            await self._nik_key()
        standing = await self._drawing.get(_Wanted(application, tuple(roles), tuple(sorted((niks or {}).items()))))
        if not standing or not standing.keys() >= set(roles):
            raise ApplicationErased
        return [standing[role] for role in roles]

    async def _draw(
        self, connection: AsyncConnection, wanted: list["_Wanted"]
    ) -> dict["_Wanted", dict[str, DossierKey]]:
        """Makes random keys and stores them. If a key is already stored, returns the stored key and drops the new key.

        So this method can be called again after the connection was lost.
        """
        niks = {nik for each in wanted for _, nik in each.niks}
        async with connection.transaction():
            await self._hold(connection)
            known = (
                await person_index.references(connection, self.folder, self._nik, niks) if self._nik and niks else {}
            )
            drawn = [
                (uuid4(), each.application, known.get(dict(each.niks).get(role, "")) or uuid4(), role)
                for each in wanted
                for role in each.roles
            ]
            wrapped = [
                (key.bytes[0], self.folder.wrap(key.bytes[0], secrets.token_bytes(KEY_BYTES))) for key, *_ in drawn
            ]
            rows = [(*key, *box) for key, box in zip(drawn, wrapped, strict=True)]
            await connection.execute(DRAWN, [list(column) for column in zip(*rows, strict=True)], prepare=True)
            applications = list({each.application for each in wanted})
            found = await (await connection.execute(STANDING, (applications,), prepare=True)).fetchall()
        standing: dict[UUID, dict[str, DossierKey]] = {}
        for application, key, role, bucket, boxed in found:
            known_key = DossierKey(key, role, self.folder.unwrap(bucket, bytes(boxed)))
            standing.setdefault(application, {})[role] = known_key
        return {each: standing.get(each.application, {}) for each in wanted}

    async def _nik_key(self) -> bytes:
        """Returns the key of the person index. The key never changes, so it is read once."""
        if self._nik is None:
            async with borrowed(self.pool) as connection:
                self._nik = await self._named(connection, NIK, FOREVER, ONCE[NIK])
        return self._nik

    async def satisfaction_key(self, application: UUID) -> DossierKey | None:
        """Returns the applicant's key for survey answers.

        This key is separate from the dossier key. The log contains the id of the key. If survey answers used the
        dossier key, this id would link the answer to the application. The key is erased together with the applicant's
        other keys. Returns None if the applicant's keys were erased or never existed.
        """
        drawn = uuid4()
        bucket = drawn.bytes[0]
        async with borrowed(self.pool) as connection:
            await self._hold(connection)
            wrapped = self.folder.wrap(bucket, secrets.token_bytes(KEY_BYTES))
            await connection.execute(
                "INSERT INTO dossier_keys (key, application_id, person, role, bucket, wrapped)"
                " SELECT %s, application_id, person, %s, %s, %s FROM dossier_keys"
                " WHERE application_id = %s AND role = 'applicant' ON CONFLICT (application_id, role) DO NOTHING",
                (drawn, SATISFACTION, bucket, wrapped, application),
            )
        return (await self.dossier_keys(application)).get(SATISFACTION)

    async def applications_of(self, nik: str, *, limit: int, roles: Collection[str] | None = None) -> list[UUID]:
        """Returns the applications in which the person with this NIK has a role. The newest application is the first.

        If `roles` is given, only these roles count. Concurrent calls share one query.
        """
        key = await self._nik_key()
        wanted = _Search(person_index.lookup(key, nik), limit, None if roles is None else tuple(roles))
        return await self._searching.get(wanted) or []

    async def _search(self, connection: AsyncConnection, wanted: list["_Search"]) -> dict["_Search", list[UUID]]:
        found: dict[_Search, list[UUID]] = {}
        for limit, roles in {(each.limit, each.roles) for each in wanted}:
            lookups = [each.lookup for each in wanted if (each.limit, each.roles) == (limit, roles)]
            rows = await person_index.applications_of(connection, lookups, limit=limit, roles=roles)
            found |= {_Search(looked_up, limit, roles): known for looked_up, known in rows.items()}
        return found

    async def find(self, nik: str) -> FoundPerson:
        """Returns the applications of the person with this NIK, and also applications of other persons (padding)."""
        key = await self._nik_key()
        async with borrowed(self.pool) as connection:
            return await person_index.find(connection, key, nik)

    async def persons_of(self, applications: Collection[UUID]) -> dict[UUID, frozenset[UUID]]:
        """Returns the references to the applicant and the subject of each application. Erased persons are left out."""
        async with borrowed(self.pool) as connection:
            return await person_index.persons_of(connection, applications)

    async def dossier_keys(self, application: UUID) -> dict[str, DossierKey]:
        """Returns the dossier key of each role in an application. Erased keys are left out."""
        for _ in range(READS_MAX):
            async with borrowed(self.pool) as connection:
                rows = await (await connection.execute(STANDING, ([application],))).fetchall()
            try:
                return {
                    role: DossierKey(key, role, self.folder.unwrap(bucket, bytes(wrapped)))
                    for _, key, role, bucket, wrapped in rows
                }
            except KeysUnreadable as error:  # an erasure in another process may have replaced a bucket key
                self.folder.load()
                unreadable = error
        raise unreadable

    async def erase(self, *, application: UUID | None = None, person: UUID | None = None) -> list[UUID]:
        """Destroys the dossier keys of an application or a person. Returns the applications that lost a key.

        When the last key of a person is destroyed, the row of the person is deleted too. If the person submits an
        application later, the person gets a new reference.
        """
        erasing = Erasing(self.conninfo, copy.copy(self.folder))
        return await asyncio.to_thread(erasing.erase, Erasure(application, person))

    async def _hold(self, connection: AsyncConnection) -> None:
        """Takes a lock, so that no erasure replaces bucket keys before this transaction ends."""
        row = await (await connection.execute(HELD, prepare=True)).fetchone()
        if row and row[0] != self.folder.generation:
            self.folder.use(row[0])

    async def _named(self, connection: AsyncConnection, name: str, month: date, size: int) -> bytes:
        """Returns a named key. Makes the key if it does not exist yet.

        Several processes may try to make the key at the same time. Then all processes use the key that was stored
        first.
        """
        known = await self._find(connection, name, month)
        if known is not None:
            return known
        bucket = secrets.randbelow(256)
        await self._hold(connection)
        wrapped = self.folder.wrap(bucket, secrets.token_bytes(size))
        await connection.execute(
            "INSERT INTO named_keys (name, month, bucket, wrapped) VALUES (%s, %s, %s, %s) ON CONFLICT DO NOTHING",
            (name, month, bucket, wrapped),
        )
        await connection.commit()
        made = await self._find(connection, name, month)
        if made is None:
            raise LookupError(f"the key {name} was destroyed while it was being made: start again")
        return made

    async def _find(self, connection: AsyncConnection, name: str, month: date) -> bytes | None:
        cursor = await connection.execute(
            "SELECT bucket, wrapped FROM named_keys WHERE name = %s AND month = %s", (name, month)
        )
        row = await cursor.fetchone()
        if row is None:
            return None
        try:
            return self.folder.unwrap(row[0], bytes(row[1]))
        except KeysUnreadable:  # an erasure in another process may have replaced the bucket key
            self.folder.load()
            return self.folder.unwrap(row[0], bytes(row[1]))
