"""Persons by their NIK: one random reference each, found by a keyed mac, so that the NIK itself is no key anywhere.

The functions run inside the caller's transaction, which holds the person's row: an erasure comes before or after.
"""

import hmac
from collections.abc import Collection, Iterable
from uuid import UUID, uuid4

from psycopg import AsyncConnection

from infra.keys.key_folder import KeyFolder

HELD = """
INSERT INTO persons (person, lookup, bucket, wrapped)
SELECT * FROM unnest(%b::uuid[], %b::bytea[], %b::integer[], %b::bytea[]) AS p (person, lookup, bucket, wrapped)
ORDER BY p.lookup
ON CONFLICT (lookup) DO UPDATE SET lookup = EXCLUDED.lookup RETURNING lookup, person
"""
"""The rows that are there, or new ones: either way nobody else changes them before this transaction ends."""

APPLICATIONS = """
SELECT DISTINCT d.application_id FROM persons p JOIN dossier_keys d USING (person)
WHERE p.lookup = %s ORDER BY d.application_id DESC LIMIT %s
"""


def lookup(key: bytes, nik: str) -> bytes:
    """HMAC-SHA256(K_nik, `jejak/nik/1` || 0 || NIK). Unkeyed, trying all birth dates of a district would find it."""
    return hmac.digest(key, b"jejak/nik/1\0" + nik.encode(), "sha256")


async def references(
    connection: AsyncConnection, folder: KeyFolder, key: bytes, niks: Iterable[str]
) -> dict[str, UUID]:
    """Each person's reference, drawn where the NIK is new. Two at once get the same one.

    All hold rows in the order of `lookup`, so that no two wait for one another.
    """
    asked = {lookup(key, nik): (uuid4(), nik) for nik in niks}
    if not asked:
        return {}
    rows = [
        (drawn, looked_up, drawn.bytes[0], folder.wrap(drawn.bytes[0], nik.encode()))
        for looked_up, (drawn, nik) in asked.items()
    ]
    cursor = await connection.execute(HELD, [list(column) for column in zip(*rows, strict=True)], prepare=True)
    return {asked[bytes(looked_up)][1]: person for looked_up, person in await cursor.fetchall()}


async def applications_of(connection: AsyncConnection, key: bytes, nik: str, *, limit: int) -> list[UUID]:
    """The newest applications in which the person has a part; none of a NIK that is not known."""
    return [row[0] for row in await (await connection.execute(APPLICATIONS, (lookup(key, nik), limit))).fetchall()]


async def erase(connection: AsyncConnection, person: UUID | None) -> None:
    """The row first, then the dossier keys: who makes one for it meanwhile holds the row, and is waited for."""
    await connection.execute("DELETE FROM persons WHERE person = %s", (person,))


async def erase_keyless(connection: AsyncConnection, among: Collection[UUID]) -> None:
    """Rows of which no dossier key is left."""
    await connection.execute("SELECT FROM persons WHERE person = ANY(%s) ORDER BY lookup FOR UPDATE", (list(among),))
    await connection.execute(
        "DELETE FROM persons p WHERE person = ANY(%s) AND NOT EXISTS"
        " (SELECT FROM dossier_keys d WHERE d.person = p.person)",
        (list(among),),
    )
