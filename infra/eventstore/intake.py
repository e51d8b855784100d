"""Intake log: this module stores the results of commands that arrive through Kafka.

The new offset, the events, the command ids and the digests are stored in one transaction.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

import orjson
import psycopg

from infra.eventstore.envelope import b64, commitment
from infra.eventstore.recorder import APPEND, Save, columns, outcomes
from infra.postgres.pool import Pool, borrowed

BEGIN = "INSERT INTO feeds.intake_offsets VALUES (%s, %s, 0) ON CONFLICT DO NOTHING"
REACHED = "SELECT next_offset FROM feeds.intake_offsets WHERE topic = %s AND partition = %s"
MOVE = """
UPDATE feeds.intake_offsets SET next_offset = %s WHERE topic = %s AND partition = %s AND next_offset = %s
"""
KNOWN = "SELECT command, digest, answered_at FROM feeds.intake_commands WHERE agency = %s AND command = ANY(%s)"
KEEP = "INSERT INTO feeds.intake_commands (agency, command, digest) SELECT %s, * FROM unnest(%s::uuid[], %s::text[])"
END = """
SELECT s.id, e.originator_version, e.topic, e.state FROM unnest(%s::uuid[]) AS s (id) CROSS JOIN LATERAL (
    SELECT originator_version, topic, state FROM stored_events
    WHERE originator_id = s.id ORDER BY originator_version DESC LIMIT 1
) AS e
"""

End = tuple[int, str]
"""Two values about the last event of a stream: the version of the event, and the commitment to the event.

Both values are needed to append the next event.
"""
NOTHING: End = (0, "")
"""The two values for a stream that has no events."""


class Overtaken(Exception):
    """Another process has changed the offset of this partition. So this process no longer owns the partition."""


class Conflicting(Exception):
    """Another writer has appended to one of the streams, or has answered one of the commands.

    The caller must read the streams and decide again.
    """


@dataclass(frozen=True, slots=True, kw_only=True)
class OffsetMove:
    """A change of the stored offset of a partition.

    The field `believed` is the offset that this process expects to find in the database. The field `reached` is the new
    offset, which is the offset of the first record without an answer.
    """

    topic: str
    partition: int
    believed: int
    reached: int


@dataclass(frozen=True, slots=True)
class Answered:
    """A command that was answered before.

    `digest` is the digest of its body, and `at` is the time of its answer (UTC).
    """

    digest: str
    at: datetime


class IntakeLog:
    """Reads and writes the offsets, the command ids and the answers of the intake.

    Every method raises Unavailable if the database cannot be reached. If `store` raises Unavailable, the data may or
    may not be stored. The method `reached` then returns the stored offset.
    """

    def __init__(self, pool: Pool) -> None:
        self.pool = pool

    async def reached(self, topic: str, partition: int) -> int:
        """Returns the offset of the next record that needs an answer. Returns 0 if no record was answered yet."""
        async with borrowed(self.pool) as connection:
            await connection.execute(BEGIN, (topic, partition))
            row = await (await connection.execute(REACHED, (topic, partition))).fetchone()
        return int(row[0]) if row else 0

    async def known(self, agency: str, commands: Sequence[UUID]) -> dict[UUID, Answered]:
        """Returns an `Answered` for each command that was answered before.

        `commands` are ids of commands from one agency.
        """
        async with borrowed(self.pool) as connection:
            rows = await (await connection.execute(KNOWN, (agency, list(commands)))).fetchall()
        return {command: Answered(digest, at) for command, digest, at in rows}

    async def ends(self, streams: Iterable[UUID]) -> dict[UUID, End]:
        """Returns the version of the last event of each stream, and the commitment to this event.

        Returns NOTHING for a stream that has no events.
        """
        wanted = list(streams)
        async with borrowed(self.pool) as connection:
            rows = await (await connection.execute(END, (wanted,))).fetchall()
        found = {
            stream: (int(version), b64(commitment(stream, version, topic, orjson.loads(bytes(state)))))
            for stream, version, topic, state in rows
        }
        return {stream: found.get(stream, NOTHING) for stream in wanted}

    async def store(self, move: OffsetMove, save: Save | None, agency: str, digests: Mapping[UUID, str]) -> None:
        """Stores the new offset, the events, and the ids and digests of the answered commands in one transaction.

        Raises Conflicting. Raises Overtaken if another process has changed the offset. The row of the offset stays
        locked until the transaction ends. So if two processes expect the same offset, the second process waits for the
        first process. Then the second process finds a changed offset, and this method raises Overtaken.
        """
        try:
            async with borrowed(self.pool) as connection:
                moved = await connection.execute(MOVE, (move.reached, move.topic, move.partition, move.believed))
                if moved.rowcount != 1:
                    raise Overtaken
                if digests:
                    await connection.execute(KEEP, (agency, list(digests), list(digests.values())))
                if save:
                    cursor = await connection.execute(APPEND, columns([save]), prepare=True, binary=True)
                    [outcome] = outcomes([save], await cursor.fetchall())
                    if not outcome.stored:
                        raise Conflicting
        except psycopg.errors.UniqueViolation:
            raise Conflicting from None
