"""Event store: this module reads and appends events for the handlers of the service layer.

Before an append, the module seals the personal data and computes the hash chain.
"""

import asyncio
from collections.abc import Callable, Sequence
from contextlib import AbstractAsyncContextManager
from datetime import datetime
from itertools import islice
from typing import Any, Protocol, cast
from uuid import UUID
from weakref import WeakValueDictionary

import orjson
from eventsourcing.persistence import StoredEvent

from domain.application.events import ApplicationEvent
from domain.provenance import Act
from domain.registry.registry import Registry
from domain.satisfaction import SatisfactionAnswered
from infra.eventstore.envelope import command_id, digest, mac
from infra.eventstore.group_commit import GroupCommit
from infra.eventstore.history import STREAM, entry_of, head_of
from infra.eventstore.identifiers import new_application_id
from infra.eventstore.recorder import Save, SaveOutcome
from infra.eventstore.rows import rows_of
from infra.keys.key_store import DossierKey, KeyStore, NamedKeys
from infra.keys.receipt_codes import ReceiptCodes
from infra.postgres.pool import Pool, borrowed
from service_layer.event_store import Draft, PersonalParts, SavedSurvey, Stored
from service_layer.streams import CommandIdentity, StreamHistory

CLAIM_BYTES = 20


class StreamReader(Protocol):
    """Reads streams, and keeps the streams in memory.

    There are two implementations: `infra.eventstore.stream_reader.Streams` and
    `infra.demo.ordered_batches.BatchStreams`.
    """

    @property
    def registry(self) -> Registry: ...
    async def history(self, application_id: UUID) -> StreamHistory: ...
    async def claimed(self, claims: Sequence[bytes]) -> UUID | None: ...
    def keep(self, history: StreamHistory) -> None: ...
    def forget(self, stream: UUID) -> None: ...


class PostgresEventStore:
    """Implements `service_layer.event_store.EventStore`."""

    def __init__(
        self,
        *,
        pool: Pool,
        streams: StreamReader,
        writer: GroupCommit,
        keys: KeyStore,
        named: NamedKeys,
        receipt_codes: ReceiptCodes,
        now: Callable[[], datetime],
    ) -> None:
        """`now` returns the time of the database. The clock of a host that is wrong by months would destroy the keys of
        this month, and repeated commands would be stored twice.
        """
        self.pool = pool
        self.streams = streams
        self.writer = writer
        self.keys = keys
        self.named = named
        self.receipt_codes = receipt_codes
        self._turns: WeakValueDictionary[UUID, asyncio.Lock] = WeakValueDictionary()
        self.now = now
        self.month = now().date().replace(day=1)

    @property
    def registry(self) -> Registry:
        return self.streams.registry

    def new_id(self) -> UUID:
        return new_application_id()

    def new_number(self) -> str:
        return self.receipt_codes.new_number()

    def turn(self, stream: UUID) -> AbstractAsyncContextManager[None]:
        return self._turns.setdefault(stream, asyncio.Lock())

    async def identities(self, client: str, key: str, body: object) -> Sequence[CommandIdentity]:
        month = self.now().date().replace(day=1)
        if month != self.month:
            self.named, self.month = await self.keys.named(month), month
        return [
            CommandIdentity(command_id(mac_key, client, key), digest(mac_key, body)) for mac_key in self.named.commands
        ]

    async def history(self, application_id: UUID) -> StreamHistory:
        return await self.streams.history(application_id)

    async def claimed(self, claims: Sequence[bytes]) -> UUID | None:
        return await self.streams.claimed(claims)

    async def draft(
        self,
        history: StreamHistory,
        events: Sequence[ApplicationEvent],
        act: Act,
        identity: CommandIdentity,
        *,
        personal: PersonalParts,
        claims: tuple[bytes, ...],
    ) -> Draft:
        rows, own = rows_of(
            history.application_id,
            history.application.version,
            head_of(history),
            events,
            act,
            command=identity.command,
            digest=identity.digest,
            personal=personal,
            keys=await self._keys_for(history, personal),
        )
        return Draft(history, tuple(rows), own, claims)

    async def append(self, drafts: Sequence[Draft]) -> Sequence[Stored] | None:
        outcome = await self.save(save_of(drafts))
        if not outcome.stored:
            for draft in drafts:
                self.streams.forget(draft.history.application_id)
            return None
        positions = iter(outcome.positions)
        return [self._stored(draft, tuple(islice(positions, len(draft.rows))), outcome.recorded_at) for draft in drafts]

    async def save(self, save: Save) -> SaveOutcome:
        """Stores the events of one `Save` through the group commit."""
        return await self.writer.append(save)

    def kept(self, history: StreamHistory) -> None:
        """Keeps the history of a stream in memory after an append.

        So the next command need not read the stream again.
        """
        self.streams.keep(history)

    def survey_claim(self, application_id: UUID) -> bytes:
        """Returns a value that may be stored only once in the log. So each application has at most one survey answer.

        The value is the first 20 bytes of this MAC::

            HMAC-SHA256(K_claim, `jejak/skm/1` || 0 || the 16 bytes of the application's id)
        """
        return mac(self.named.claim, "jejak/skm/1", application_id.bytes)[:CLAIM_BYTES]

    async def append_survey(
        self, application_id: UUID, event: SatisfactionAnswered, act: Act, identity: CommandIdentity
    ) -> int | None:
        key = await self.keys.satisfaction_key(application_id)
        rows, _ = rows_of(
            self.new_id(),
            0,
            "",
            [event],
            act,
            command=identity.command,
            digest=identity.digest,
            personal={"applicant": {"application": str(application_id)}},
            keys={"applicant": key} if key else {},
        )
        outcome = await self.save(Save(tuple(rows), (identity.command.bytes, self.survey_claim(application_id))))
        return outcome.positions[-1] if outcome.stored else None

    async def saved_survey(self, stream: UUID) -> SavedSurvey | None:
        async with borrowed(self.pool) as connection:
            row = await (await connection.execute(STREAM, (stream,))).fetchone()
        if row is None:
            return None
        _, _, stored, position, _ = row
        state: dict[str, Any] = orjson.loads(bytes(stored))
        return SavedSurvey(CommandIdentity(UUID(state["command"]), state["digest"]), int(position))

    def _stored(self, draft: Draft, positions: tuple[int, ...], recorded_at: datetime | None) -> Stored:
        entries = [
            entry_of((row.originator_version, row.topic, row.state, position, recorded_at))
            for row, position in zip(draft.rows, positions, strict=True)
        ]
        after = draft.history.then(entries, draft.own)
        self.kept(after)
        return Stored(after, positions[-1])

    async def _keys_for(self, history: StreamHistory, personal: PersonalParts) -> dict[str, DossierKey]:
        """Returns the dossier keys of the persons in `personal`. Makes the keys that do not exist yet.

        Each new key is on the disk before an event that uses the key is stored.
        """
        if not personal:
            return {}
        known = await self.keys.dossier_keys(history.application_id) if history.entries else {}
        missing = [role for role in sorted(personal) if role not in known]
        if missing:
            niks = {role: personal[role]["nik"] for role in missing if "nik" in personal[role]}
            made = await self.keys.new_dossier_keys(history.application_id, missing, niks)
            known |= {key.role: key for key in made}
        return known


def rows_in(draft: Draft) -> tuple[StoredEvent, ...]:
    """Returns the rows of a draft. The rows are `StoredEvent` objects, because the function `rows_of` makes them."""
    return cast("tuple[StoredEvent, ...]", draft.rows)


def save_of(drafts: Sequence[Draft]) -> Save:
    """Joins all drafts into one `Save`, in the order of the drafts."""
    claims = [(claim, draft.history.application_id) for draft in drafts for claim in draft.claims]
    return Save(
        tuple(row for draft in drafts for row in rows_in(draft)),
        tuple(claim for claim, _ in claims),
        tuple(owner for _, owner in claims),
    )
