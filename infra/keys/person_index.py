"""Person index: this module finds the random reference of a person by a keyed MAC of the person's NIK.

No table is searched by the NIK itself. The functions of this module run in the transaction of the caller, and this
transaction locks the row of the person. So an erasure of this person happens either before or after this transaction.
"""

import hmac
from collections.abc import Collection, Iterable, Sequence
from uuid import UUID, uuid4

from psycopg import AsyncConnection

from infra.keys.key_folder import KeyFolder
from service_layer.ports import FoundPerson

HELD = """
INSERT INTO persons (person, lookup, bucket, wrapped)
SELECT * FROM unnest(%b::uuid[], %b::bytea[], %b::integer[], %b::bytea[]) AS p (person, lookup, bucket, wrapped)
ORDER BY p.lookup
ON CONFLICT (lookup) DO UPDATE SET lookup = EXCLUDED.lookup RETURNING lookup, person
"""
"""Inserts a row for each person who has no row. Locks the rows of all given persons until the transaction ends."""

APPLICATIONS = """
SELECT p.lookup, found.application_id
FROM unnest(%(lookups)b::bytea[]) AS wanted (lookup) JOIN persons p USING (lookup) CROSS JOIN LATERAL (
    SELECT DISTINCT d.application_id FROM dossier_keys d
    WHERE d.person = p.person AND (%(roles)b::text[] IS NULL OR d.role = ANY(%(roles)b))
    ORDER BY d.application_id DESC LIMIT %(limit)b
) AS found
ORDER BY p.lookup, found.application_id DESC
"""

CANDIDATES = """
(SELECT DISTINCT d.application_id, d.person FROM persons p JOIN dossier_keys d USING (person)
WHERE p.lookup = %(lookup)s ORDER BY d.application_id DESC LIMIT %(most)s)
UNION ALL
(SELECT application_id, NULL FROM dossier_keys WHERE key >= %(drawn)s AND role = 'applicant' ORDER BY key
LIMIT %(others)s)
UNION ALL
(SELECT application_id, NULL FROM dossier_keys WHERE key < %(drawn)s AND role = 'applicant' ORDER BY key
LIMIT %(others)s)
"""
"""Selects the applications of a person, and other applications. The ids of keys are random, so the other applications
are random too.
"""
KNOWN_MAX = 1000
PADDED = 250
"""The result of a search is padded with other applications to a multiple of this number."""

CONCERNED = """
SELECT application_id, person FROM dossier_keys WHERE application_id = ANY(%s) AND role IN ('applicant', 'subject')
"""


def lookup(key: bytes, nik: str) -> bytes:
    """Returns HMAC-SHA256(K_nik, `jejak/nik/1` || 0 || NIK).

    A hash without a secret key would not be safe. A NIK contains a district and a birth date. An attacker could compute
    the hashes for all birth dates of a district, and then find the NIK by its hash.
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
    connection: AsyncConnection, lookups: Sequence[bytes], *, limit: int, roles: Collection[str] | None
) -> dict[bytes, list[UUID]]:
    """Returns the newest applications in which each person has a role. If `roles` is given, only these roles count.

    Each person has at most `limit` applications in the result. A person who is not known is left out.
    """
    values = {"lookups": list(lookups), "roles": None if roles is None else list(roles), "limit": limit}
    found: dict[bytes, list[UUID]] = {}
    cursor = await connection.execute(APPLICATIONS, values, prepare=True)
    for looked_up, application in await cursor.fetchall():
        found.setdefault(bytes(looked_up), []).append(application)
    return found


async def find(connection: AsyncConnection, key: bytes, nik: str) -> FoundPerson:
    """Returns the newest applications of the person with this NIK, together with other applications (padding).

    The caller reads all these applications. So the search takes the same work for each person with at most PADDED
    applications. If the installation has too few applications, ids that do not exist are added.
    """
    values = {"lookup": lookup(key, nik), "drawn": uuid4(), "most": KNOWN_MAX, "others": PADDED}
    rows = await (await connection.execute(CANDIDATES, values)).fetchall()
    own = [application for application, person in rows if person is not None]
    known = frozenset(own)
    others = [application for application, person in rows if person is None and application not in known]
    missing = -len(own) % PADDED if own else PADDED
    padding = [*dict.fromkeys(others), *(uuid4() for _ in range(missing))][:missing]
    person = next((person for _, person in rows if person is not None), None)
    return FoundPerson(person, own, [*own, *padding])


async def persons_of(connection: AsyncConnection, applications: Collection[UUID]) -> dict[UUID, frozenset[UUID]]:
    """Returns the references to the applicant and the subject of each application."""
    found: dict[UUID, frozenset[UUID]] = {}
    for application, person in await (await connection.execute(CONCERNED, (list(applications),))).fetchall():
        found[application] = found.get(application, frozenset()) | {person}
    return found
