"""The key store: dossier keys (one per person and application) and the named keys that macs and tokens are made with.

A dossier key is durable before the event that uses it. A destroyed key reads as redacted, never as an error. A person
whose NIK is known has one reference on all of their dossier keys; without it, each key has one of its own.
"""

import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from uuid import UUID, uuid4

from psycopg import AsyncConnection

from infra import persons
from infra.keyfolder import KEY_BYTES, KeyFolder
from infra.pool import Pool, borrowed

FOREVER = date(1, 1, 1)

COMMAND = "command"
"""K_cmd: of the month; this and the last month's are tried, older ones destroyed."""
SATISFACTION = "satisfaction"
"""Beside the roles of persons: the applicant's, for an answer that must not be linked."""
NIK = "nik"
ONCE = {"import": 32, "pin": 32, "qr": 64, "claim": 32, "token": 32, "read-token": 32, "door": 32, NIK: 32}
"""Keys that never change, with their sizes in bytes."""


@dataclass(frozen=True, slots=True)
class DossierKey:
    key_id: UUID
    role: str
    key: bytes


@dataclass(frozen=True, slots=True)
class NamedKeys:
    """What this process makes macs and tokens with. `commands`: the month's key first, then the last month's."""

    commands: tuple[bytes, ...]
    imports: bytes
    pin: bytes
    qr: bytes
    token: bytes
    read_token: bytes
    door: bytes
    claim: bytes


class KeyStore:
    def __init__(self, pool: Pool, folder: KeyFolder) -> None:
        self.pool = pool
        self.folder = folder

    async def named(self, today: date) -> NamedKeys:
        """Loads what is there, makes what is missing, destroys command keys older than the last month."""
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
        )

    async def new_dossier_keys(
        self, application: UUID, roles: list[str], niks: Mapping[str, str] | None = None
    ) -> list[DossierKey]:
        """Fresh keys, one for each person concerned; durable when this returns. Where a rival made one first: that.

        `niks`: by role, of those who have one.
        """
        made = [DossierKey(uuid4(), role, secrets.token_bytes(KEY_BYTES)) for role in roles]
        async with borrowed(self.pool) as connection, connection.cursor() as cursor:
            known = await self._references(connection, niks or {})
            await cursor.executemany(
                "INSERT INTO dossier_keys (key, application_id, person, role, bucket, wrapped)"
                " VALUES (%s, %s, %s, %s, %s, %s) ON CONFLICT (application_id, role) DO NOTHING",
                [
                    (key.key_id, application, person, key.role, bucket, self.folder.wrap(bucket, key.key))
                    for key in made
                    for person, bucket in ((known.get(key.role) or uuid4(), key.key_id.bytes[0]),)
                ],
            )
            stored = cursor.rowcount
        if stored < len(made):
            standing = await self.dossier_keys(application)
            return [standing[role] for role in roles if role in standing]
        return made

    async def _references(self, connection: AsyncConnection, niks: Mapping[str, str]) -> dict[str, UUID]:
        """By role."""
        if not niks:
            return {}
        key = await self._named(connection, NIK, FOREVER, ONCE[NIK])
        found = await persons.references(connection, self.folder, key, niks.values())
        return {role: found[nik] for role, nik in niks.items()}

    async def satisfaction_key(self, application: UUID) -> DossierKey | None:
        """The applicant's key for what they said of the service: another one, so that its id in the log links nothing.

        It goes with the applicant's others. None where those were erased, or where there never were any.
        """
        drawn = uuid4()
        bucket = drawn.bytes[0]
        wrapped = self.folder.wrap(bucket, secrets.token_bytes(KEY_BYTES))
        async with borrowed(self.pool) as connection:
            await connection.execute(
                "INSERT INTO dossier_keys (key, application_id, person, role, bucket, wrapped)"
                " SELECT %s, application_id, person, %s, %s, %s FROM dossier_keys"
                " WHERE application_id = %s AND role = 'applicant' ON CONFLICT (application_id, role) DO NOTHING",
                (drawn, SATISFACTION, bucket, wrapped, application),
            )
        return (await self.dossier_keys(application)).get(SATISFACTION)

    async def applications_of(self, nik: str, *, limit: int) -> list[UUID]:
        """In which the person with this NIK has a part, the newest first."""
        async with borrowed(self.pool) as connection:
            key = await self._named(connection, NIK, FOREVER, ONCE[NIK])
            return await persons.applications_of(connection, key, nik, limit=limit)

    async def dossier_keys(self, application: UUID) -> dict[str, DossierKey]:
        """By role; what was erased is absent."""
        async with borrowed(self.pool) as connection:
            rows = await (
                await connection.execute(
                    "SELECT key, role, bucket, wrapped FROM dossier_keys WHERE application_id = %s", (application,)
                )
            ).fetchall()
        return {
            role: DossierKey(key, role, self.folder.unwrap(bucket, bytes(wrapped)))
            for key, role, bucket, wrapped in rows
        }

    async def erase(self, *, application: UUID | None = None, person: UUID | None = None) -> list[UUID]:
        """Destroys the dossier keys of an application or a person. Returns the applications that lost one.

        With a person's last key goes their row: who comes again with the same NIK is somebody new.
        """
        async with borrowed(self.pool) as connection:
            await persons.erase(connection, person)
            cursor = await connection.execute(
                "DELETE FROM dossier_keys WHERE application_id = %s OR person = %s RETURNING application_id, person",
                (application, person),
            )
            destroyed = await cursor.fetchall()
            await persons.erase_keyless(connection, {row[1] for row in destroyed})
        return sorted({row[0] for row in destroyed})

    async def _named(self, connection: AsyncConnection, name: str, month: date, size: int) -> bytes:
        """Several processes may make it at once: the first one stored is everybody's."""
        known = await self._find(connection, name, month)
        if known is not None:
            return known
        bucket = secrets.randbelow(256)
        wrapped = self.folder.wrap(bucket, secrets.token_bytes(size))
        await connection.execute(
            "INSERT INTO named_keys (name, month, bucket, wrapped) VALUES (%s, %s, %s, %s) ON CONFLICT DO NOTHING",
            (name, month, bucket, wrapped),
        )
        await connection.commit()
        made = await self._find(connection, name, month)
        if made is None:
            raise LookupError(f"the key {name} was destroyed while it was made: start again")
        return made

    async def _find(self, connection: AsyncConnection, name: str, month: date) -> bytes | None:
        cursor = await connection.execute(
            "SELECT bucket, wrapped FROM named_keys WHERE name = %s AND month = %s", (name, month)
        )
        row = await cursor.fetchone()
        return self.folder.unwrap(row[0], bytes(row[1])) if row else None
