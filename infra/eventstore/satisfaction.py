"""Answers about satisfaction: each a stream of its own, once for each application, linked to it by a sealed part alone.

Claimed are the command, so that it can be repeated, and HMAC-SHA256(K_claim, `jejak/skm/1` || 0 || the application's
16 bytes), its first 20 bytes, so that there is one answer. Who holds neither key learns nothing from either.
"""

from datetime import datetime
from typing import Any
from uuid import UUID

import orjson
import psycopg
from psycopg.rows import dict_row

from domain.refusals import ApplicationUnknown
from domain.satisfaction import answer
from infra.eventstore.applications import CommandKeys, StoredApplications
from infra.eventstore.envelope import mac
from infra.eventstore.history import STREAM
from infra.eventstore.identifiers import new_application_id
from infra.eventstore.recorder import Save
from infra.eventstore.rows import rows_of
from infra.postgres.pool import Pool, borrowed
from projections.disclosure import SHOWN_FROM
from projections.satisfaction import SERVED, UNITS
from service_layer.ports import Questionnaire
from service_layer.requests import KeyReused, Unavailable

CLAIM_BYTES = 20


class StoredSatisfaction:
    """Implements `service_layer.ports.Satisfaction` over the log."""

    def __init__(self, pool: Pool, applications: StoredApplications) -> None:
        self.pool = pool
        self.applications = applications
        self.streams = applications.streams
        self.keys = applications.keys

    async def give(self, application_id: UUID, questionnaire: Questionnaire) -> int:
        """See the port. A lost connection leaves the outcome unknown: the command is looked for again."""
        # Citizens have one name among them: the application in the client's keeps their keys apart.
        client = f"satisfaction/{application_id}/{questionnaire.client}"
        identities = await self.applications.identities(client, questionnaire.key, questionnaire.body)
        return await self.applications.until_done(lambda: self._try(application_id, questionnaire, identities))

    async def _try(self, application_id: UUID, questionnaire: Questionnaire, identities: CommandKeys) -> int | None:
        """One pass. None where a rival came in between."""
        history = await self.streams.history(application_id)
        if not history.entries:
            raise ApplicationUnknown
        questionnaire.permit(history.application)
        stream = await self.streams.claimed([identity.bytes for identity, _ in identities])
        if stream is not None:
            return await self._earlier(stream, identities)
        event = answer(history.application, questionnaire.answers, given=await self.given(application_id))
        key = await self.keys.satisfaction_key(application_id)
        identity, body_digest = identities[0]
        stream = new_application_id()
        rows, _ = rows_of(
            stream,
            0,
            "",
            [event],
            questionnaire.act,
            command=identity,
            digest=body_digest,
            personal={"applicant": {"application": str(application_id)}},
            keys={"applicant": key} if key else {},
        )
        outcome = await self.applications.append(Save(tuple(rows), (identity.bytes, self._claim(application_id))))
        return outcome.positions[-1] if outcome.stored else None

    async def _earlier(self, stream: UUID, identities: CommandKeys) -> int:
        """Where the answer stands that this very command gave. Raises KeyReused for other answers."""
        async with borrowed(self.pool) as connection:
            row = await (await connection.execute(STREAM, (stream,))).fetchone()
        if row is None:
            raise KeyReused
        _, _, stored, position, _ = row
        state: dict[str, Any] = orjson.loads(bytes(stored))
        if (state["command"], state["digest"]) not in [(str(identity), told) for identity, told in identities]:
            raise KeyReused
        return int(position)

    async def given(self, application_id: UUID) -> bool:
        return await self.streams.claimed([self._claim(application_id)]) is not None

    def _claim(self, application_id: UUID) -> bytes:
        return mac(self.applications.named.claim, "jejak/skm/1", application_id.bytes)[:CLAIM_BYTES]

    async def units(self, as_of: datetime) -> list[dict[str, Any]]:
        values = {"as_of": as_of, "statuses": list(SERVED), "step": SHOWN_FROM}
        try:
            async with borrowed(self.pool) as connection, connection.cursor(row_factory=dict_row) as cursor:
                return await (await cursor.execute(UNITS, values)).fetchall()
        except psycopg.errors.UndefinedTable as lost:  # the view was dropped: the runner makes it anew
            raise Unavailable from lost
