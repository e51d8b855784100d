"""Intake log: stores the offsets, command ids and answers of Kafka's command topics in one transaction."""

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
"""The version of a stream's last event, and the commitment to this event. The stream's next event needs both values."""
NOTHING: End = (0, "")
"""The end of a stream that has no events."""


class Overtaken(Exception):
    """Another process moved the offset of this partition, so this process does not own the partition."""


class Conflicting(Exception):
    """Another writer appended to one of the streams, or answered one of the commands.

    The caller must read and decide again.
    """


@dataclass(frozen=True, slots=True, kw_only=True)
class OffsetMove:
    """The move of a partition's offset, from `believed` to `reached`.

    `believed` is the offset that this process believes to be stored. `reached` is the next unanswered offset.
    """

    topic: str
    partition: int
    believed: int
    reached: int


@dataclass(frozen=True, slots=True)
class Answered:
    """A command that was answered, with the digest of the command's body and the time of the answer (UTC)."""

    digest: str
    at: datetime


class IntakeLog:
    """Reads and writes the state of the intake.

    Every method raises Unavailable if the database cannot be reached. If `store` raises Unavailable, call `reached` to
    learn whether the data is stored.
    """

    def __init__(self, pool: Pool) -> None:
        self.pool = pool

    async def reached(self, topic: str, partition: int) -> int:
        """Returns the offset of the next record to answer, or 0 if no record was answered."""
        async with borrowed(self.pool) as connection:
            await connection.execute(BEGIN, (topic, partition))
            row = await (await connection.execute(REACHED, (topic, partition))).fetchone()
        return int(row[0]) if row else 0

    async def known(self, agency: str, commands: Sequence[UUID]) -> dict[UUID, Answered]:
        """Returns those of the agency's commands that already have an answer, by command id."""
        async with borrowed(self.pool) as connection:
            rows = await (await connection.execute(KNOWN, (agency, list(commands)))).fetchall()
        return {command: Answered(digest, at) for command, digest, at in rows}

    async def ends(self, streams: Iterable[UUID]) -> dict[UUID, End]:
        """Returns the end of each stream. The end of a stream without events is NOTHING."""
        wanted = list(streams)
        async with borrowed(self.pool) as connection:
            rows = await (await connection.execute(END, (wanted,))).fetchall()
        found = {
            stream: (int(version), b64(commitment(stream, version, topic, orjson.loads(bytes(state)))))
            for stream, version, topic, state in rows
        }
        return {stream: found.get(stream, NOTHING) for stream in wanted}

    async def store(self, move: OffsetMove, save: Save | None, agency: str, digests: Mapping[UUID, str]) -> None:
        """Stores the offset, the events, and the ids and digests of the answered commands, in one transaction.

        Raises Overtaken and Conflicting. The row of the offset stays locked until the transaction ends. If two
        processes start from the same stored offset, the process that comes second finds that the offset has moved, and
        gets Overtaken.
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
