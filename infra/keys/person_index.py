"""Person index: this module finds the random reference of a person by a keyed MAC of the person's NIK.

No table is searched by the NIK itself. The functions of this module run in the transaction of the caller, and this
transaction locks the row of the person. So if the person is erased, the erasure happens either before this transaction
or after it.
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
"""Inserts a row for each person who has no row. Locks the rows of all given persons until the transaction ends."""

APPLICATIONS = """
SELECT DISTINCT d.application_id FROM persons p JOIN dossier_keys d USING (person)
WHERE p.lookup = %(lookup)s AND (%(roles)s::text[] IS NULL OR d.role = ANY(%(roles)s))
ORDER BY d.application_id DESC LIMIT %(limit)s
"""

CONCERNED = """
SELECT application_id, person FROM dossier_keys WHERE application_id = ANY(%s) AND role IN ('applicant', 'subject')
"""


def lookup(key: bytes, nik: str) -> bytes:
    """Returns HMAC-SHA256(K_nik, `jejak/nik/1` || 0 || NIK).

    A hash without a secret key would not be safe. A NIK contains a district and a birth date. An attacker could compute
    the hashes for all birth dates of a district, and so find the NIK.
    """
    return hmac.digest(key, b"jejak/nik/1\0" + nik.encode(), "sha256")


async def references(
    connection: AsyncConnection, folder: KeyFolder, key: bytes, niks: Iterable[str]
) -> dict[str, UUID]:
    """Maps each NIK to the random reference of the person. Makes a new reference for each NIK that has no reference.

    Two transactions with the same NIK get the same reference. All transactions lock rows in the same order (by
    `lookup`), so they cannot deadlock.
    """
    drawn_by_lookup = {lookup(key, nik): (uuid4(), nik) for nik in niks}
    if not drawn_by_lookup:
        return {}
    rows = [
        (drawn, looked_up, drawn.bytes[0], folder.wrap(drawn.bytes[0], nik.encode()))
        for looked_up, (drawn, nik) in drawn_by_lookup.items()
    ]
    cursor = await connection.execute(HELD, [list(column) for column in zip(*rows, strict=True)], prepare=True)
    return {drawn_by_lookup[bytes(looked_up)][1]: person for looked_up, person in await cursor.fetchall()}


async def applications_of(
    connection: AsyncConnection, key: bytes, nik: str, *, limit: int, roles: Collection[str] | None = None
) -> list[UUID]:
    """Returns the newest applications in which the person has a role. If `roles` is given, only these roles count.

    If the NIK is unknown, the list is empty.
    """
    values = {"lookup": lookup(key, nik), "roles": None if roles is None else list(roles), "limit": limit}
    return [row[0] for row in await (await connection.execute(APPLICATIONS, values)).fetchall()]


async def persons_of(connection: AsyncConnection, applications: Collection[UUID]) -> dict[UUID, frozenset[UUID]]:
    """Returns the references to the applicant and the subject of each application."""
    found: dict[UUID, frozenset[UUID]] = {}
    for application, person in await (await connection.execute(CONCERNED, (list(applications),))).fetchall():
        found[application] = found.get(application, frozenset()) | {person}
    return found
