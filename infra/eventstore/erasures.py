"""Erasures: this module writes a copy of the list of erasures into the log's database.

The list itself is a file in the key folder (infra/keys/erasure_list.py). Auditors read the erasures in this copy.
`jejak fsck` also reads the copy. `jejak fsck` reports an application whose tracking number has no claim, unless the
copy says that the application was erased.
"""

from infra.keys.erasure_list import Erasure, ErasureList
from infra.postgres.connections import LONG_SECONDS, connect

NUMBER_LENGTH = 12
"""The length of the claim of a tracking number. Other claims have other lengths."""

LISTED = "SELECT coalesce(max(line), 0) FROM erasures"
COPIED = """
INSERT INTO erasures (application_id, person, line)
SELECT * FROM unnest(%s::uuid[], %s::uuid[]) WITH ORDINALITY AS e (application_id, person, line) WHERE line > %s
"""
FREED = "DELETE FROM claims WHERE originator_id = ANY(%s) AND length(claim) = %s"


def erasures_in(conninfo: str) -> list[Erasure]:
    """Returns the erasures from the copy in the log's database."""
    with connect(conninfo, seconds=LONG_SECONDS) as connection:
        return [Erasure(*row) for row in connection.execute("SELECT application_id, person FROM erasures ORDER BY id")]


def copy_to_log(conninfo: str, listed: ErasureList, *, restored: bool = False) -> int:
    """Copies the missing lines of the list to the log, and deletes the claims of erased tracking numbers.

    `conninfo` must connect as the owner of the log. Returns the number of copied lines. If `restored` is true, this
    function first empties the table, because the table may contain a different list after a restore.
    """
    with connect(conninfo, seconds=LONG_SECONDS) as connection:
        connection.execute("LOCK TABLE erasures IN EXCLUSIVE MODE")
        if restored:
            connection.execute("DELETE FROM erasures")
        row = connection.execute(LISTED).fetchone()
        known = row[0] if row else 0
        missing = listed.after(known)
        if missing:
            everything = listed.after(0)
            columns = [each.application for each in everything], [each.person for each in everything]
            connection.execute(COPIED, (*columns, known))
            connection.execute(FREED, ([each.application for each in missing if each.application], NUMBER_LENGTH))
    return len(missing)
