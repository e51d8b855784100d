"""PIN guard: counts wrong PINs for all processes, and stores from which networks a correct PIN was entered.

The tables contain no tracking number and no network of a client. The tables contain only keyed hashes (HMAC). The hash
of a network also depends on the tracking number. So nobody can see that two numbers were used from the same network.
"""

import hmac
import math
from datetime import datetime, timedelta

from psycopg import AsyncConnection

from domain import pin_limits
from domain.pin_limits import WrongPins
from infra.postgres.pool import Pool, borrowed

NETWORKS_MAX = 4
"""The maximum number of known networks of a tracking number. A new network replaces the oldest network."""
REMEMBERED = timedelta(days=400)
EVERYWHERE = b""
"""The row with this network counts the wrong PINs from all networks together."""
FORGETS = {EVERYWHERE: pin_limits.FORGETS_EVERYWHERE}

COUNTED = "SELECT network, count, at FROM pin_failures WHERE subject = %s AND network = ANY(%s)"
STATE = "SELECT clock_timestamp(), EXISTS (SELECT FROM pin_networks WHERE subject = %s AND network = %s)"
COUNT = """
INSERT INTO pin_failures (subject, network, count, at, gone_at) VALUES (%s, %s, %s, %s, %s)
ON CONFLICT (subject, network) DO UPDATE SET count = EXCLUDED.count, at = EXCLUDED.at, gone_at = EXCLUDED.gone_at
"""
UNCOUNT = """
UPDATE pin_failures SET count = greatest(count - 1, 0) WHERE subject = %s AND network = ANY(%s)
"""
KNOW = """
INSERT INTO pin_networks (subject, network) VALUES (%s, %s)
ON CONFLICT (subject, network) DO UPDATE SET at = EXCLUDED.at
"""
FORGET = """
DELETE FROM pin_networks WHERE at < clock_timestamp() - %(remembered)s OR subject = %(subject)s AND network IN (
    SELECT network FROM pin_networks WHERE subject = %(subject)s ORDER BY at DESC OFFSET %(most)s
)
"""


class PostgresPinGuard:
    """Implements `service_layer.ports.PinGuard` by the rule in `domain.pin_limits`."""

    def __init__(self, pool: Pool, key: bytes) -> None:
        self.pool = pool
        self.key = key

    async def knock(self, number: str, network: str) -> int:
        subject, origin = self._masked(number), self._masked(number, network)
        async with borrowed(self.pool) as connection:
            # With this lock, the attempts for a number are counted one after another. So parallel attempts cannot
            # exceed a limit.
            await connection.execute(
                "SELECT pg_advisory_xact_lock(%s)", (int.from_bytes(subject[:8], "big", signed=True),)
            )
            [(now, known)] = await (await connection.execute(STATE, (subject, origin))).fetchall()
            rows = await (await connection.execute(COUNTED, (subject, [origin, EVERYWHERE]))).fetchall()
            wrong = {bytes(place): WrongPins(count, at) for place, count, at in rows}
            seconds = pin_limits.wait(wrong.get(origin), wrong.get(EVERYWHERE), now, known=known).total_seconds()
            if seconds:  # a refused attempt is not counted
                return math.ceil(seconds)
            await connection.execute("DELETE FROM pin_failures WHERE gone_at < %s", (now,))
            # The common limit of all networks does not apply to a known network. So the wrong PINs of a known network
            # do not count towards this limit.
            for place in (origin,) if known else (origin, EVERYWHERE):
                await self._count(connection, subject, place, wrong.get(place), now)
        return 0

    async def open(self, number: str, network: str) -> None:
        subject, origin = self._masked(number), self._masked(number, network)
        async with borrowed(self.pool) as connection:
            [(_, known)] = await (await connection.execute(STATE, (subject, origin))).fetchall()
            await connection.execute(UNCOUNT, (subject, [origin] if known else [origin, EVERYWHERE]))
            await connection.execute(KNOW, (subject, origin))
            if not known:
                values = {"subject": subject, "most": NETWORKS_MAX, "remembered": REMEMBERED}
                await connection.execute(FORGET, values)

    @staticmethod
    async def _count(
        connection: AsyncConnection, subject: bytes, place: bytes, wrong: WrongPins | None, now: datetime
    ) -> None:
        forgets = FORGETS.get(place, pin_limits.FORGETS_HERE)
        more = pin_limits.one_more(wrong, now, forgets)
        values = (subject, place, more.count, more.at, pin_limits.forgotten_at(more, forgets))
        await connection.execute(COUNT, values)

    def _masked(self, *names: str) -> bytes:
        return hmac.digest(self.key, "\0".join(("jejak/door/2", *names)).encode(), "sha256")[:16]
