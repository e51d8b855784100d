"""The one way to change an application: read its stream, decide, append.

Order of handling (event-format, section 4): is the command in the stream already? Has what the sender saw changed?
Decide. Append; on a conflict begin again. The log itself is the store of keys; a refusal is not remembered.
"""

import asyncio
import time
from collections.abc import Awaitable, Callable, Sequence
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from itertools import islice
from typing import Protocol, TypeVar
from uuid import UUID
from weakref import WeakValueDictionary

from eventsourcing.persistence import StoredEvent

from domain.application.commands import Command, Link, SubmitApplication
from domain.application.decide import decide, is_stale
from domain.application.incident_events import Linked
from domain.application.linking import supplied
from domain.application.written_topics import TOPICS_OF
from domain.refusals import ApplicationUnknown, ServiceUnknown, StaleVersion
from domain.registry.editions import Registry
from infra.eventstore.envelope import command_id, digest
from infra.eventstore.group_commit import GroupCommit
from infra.eventstore.history import History, entry_of
from infra.eventstore.identifiers import new_application_id
from infra.eventstore.recorder import Outcome, Save
from infra.eventstore.rows import rows_of
from infra.keys.key_store import DossierKey, KeyStore, NamedKeys
from infra.keys.receipt_codes import Paper
from service_layer.requests import Answer, Asked, AskedLink, KeyReused, Unavailable

SECONDS_MAX = 5.0
"""How long a command may try again after conflicts and lost connections."""
PAUSE_SECONDS = 0.05

CommandKeys = list[tuple[UUID, str]]
Done = TypeVar("Done")


class Histories(Protocol):
    """What is known of the log: see `Streams`."""

    @property
    def registry(self) -> Registry: ...
    async def history(self, application_id: UUID) -> History: ...
    async def claimed(self, claims: Sequence[bytes]) -> UUID | None: ...
    def keep(self, history: History) -> None: ...
    def forget(self, stream: UUID) -> None: ...


@dataclass(frozen=True, slots=True)
class Decided:
    """The rows that follow on `history`, the last one's own commitment, and what they claim for its stream."""

    history: History
    rows: list[StoredEvent]
    own: str
    claims: tuple[bytes, ...]

    @property
    def version(self) -> int:
        """Of the application, once this is stored."""
        return self.history.application.version + len(self.rows)


class StoredApplications:
    """Implements `service_layer.requests.Applications` over the log."""

    def __init__(
        self,
        *,
        streams: Histories,
        writer: GroupCommit,
        keys: KeyStore,
        named: NamedKeys,
        paper: Paper,
    ) -> None:
        self.streams = streams
        self.writer = writer
        self.keys = keys
        self.named = named
        self.paper = paper
        self._turns: WeakValueDictionary[UUID, asyncio.Lock] = WeakValueDictionary()
        self.month = datetime.now(UTC).date().replace(day=1)

    async def handle(self, application_id: UUID | None, asked: Asked) -> Answer:
        """See the port. Where the outcome stays unknown, the loop reads again, and because version and claims are
        checked under the append's lock, the same act cannot be stored twice.
        """
        identities = await self.identities(asked.client, asked.key, asked.body)
        fresh = new_application_id()
        async with self._turn(application_id or fresh):
            return await self.until_done(lambda: self._try(application_id, fresh, asked, identities))

    def _turn(self, stream: UUID) -> AbstractAsyncContextManager[None]:
        """Commands of one stream take turns in this process; between processes the log's versions decide."""
        return self._turns.setdefault(stream, asyncio.Lock())

    async def until_done(self, tried: Callable[[], Awaitable[Done | None]]) -> Done:
        """What `tried` gives in the end; None: somebody came between. Raises Unavailable after SECONDS_MAX."""
        deadline = time.monotonic() + SECONDS_MAX
        while True:
            try:
                answer = await tried()
            except Unavailable:
                if time.monotonic() > deadline:
                    raise
                await asyncio.sleep(PAUSE_SECONDS)
                continue
            if answer is not None:
                return answer
            if time.monotonic() > deadline:
                raise Unavailable

    async def _try(
        self, application_id: UUID | None, fresh: UUID, asked: Asked, identities: CommandKeys
    ) -> Answer | None:
        """One pass. None where another save came in between."""
        decided = await self.decided(application_id, fresh, asked, identities)
        if isinstance(decided, Answer):
            return decided
        history, rows = decided.history, decided.rows
        outcome = await self.append(Save(tuple(rows), decided.claims))
        if not outcome.stored:
            self.streams.forget(history.application_id)
            return None
        return self._answer(history, rows, outcome.positions, outcome.recorded_at, decided.own)

    async def decided(
        self, application_id: UUID | None, fresh: UUID, asked: Asked, identities: CommandKeys
    ) -> "Decided | Answer":
        """What is to be stored, or what was answered before to this very command. Nothing is stored yet but the keys
        of persons. `fresh`: the id of a new application. Raises as `handle`.
        """
        history = await self._history(application_id, fresh, identities)
        if application_id is not None and not history.entries:
            raise ApplicationUnknown
        asked.permit(history.application)
        earlier = answer_to(history, asked.command, identities)
        if earlier:
            return earlier
        seen = asked.version_seen
        if seen is not None and is_stale(asked.command, seen, history.application):
            raise StaleVersion(seen, history.application.version)
        command, act = self._numbered(asked.command), asked.act
        if asked.office_of is not None:
            act = replace(act, office=asked.office_of(history.application))
        events = decide(command, history.application, act, self.streams.registry)
        identity, body_digest = identities[0]
        rows, own = rows_of(
            history.application_id,
            history.application.version,
            history.prev(),
            events,
            act,
            command=identity,
            digest=body_digest,
            personal=asked.personal,
            keys=await self._keys_for(history, asked),
        )
        claims = (identity.bytes, command.number.encode()) if isinstance(command, SubmitApplication) else ()
        return Decided(history, rows, own, claims)

    async def link(self, asked: AskedLink) -> tuple[UUID, list[Answer]]:
        """See the port. The new link's id is fixed before the first try."""
        identities = await self.identities(asked.client, asked.key, asked.body)
        fresh = new_application_id()
        return await self.until_done(lambda: self._try_link(fresh, asked, identities))

    async def _try_link(
        self, fresh: UUID, asked: AskedLink, identities: CommandKeys
    ) -> tuple[UUID, list[Answer]] | None:
        histories = [await self.streams.history(target) for target in asked.versions_seen]
        for history in histories:
            if not history.entries:
                raise ApplicationUnknown
            asked.permit(history.application_id, history.application)
        commands = linking(fresh, asked, histories, self.streams.registry)
        pairs = list(zip(histories, commands, strict=True))
        earlier = [answer_to(history, command, identities) for history, command in pairs]
        if all(earlier):
            return link_of(histories[0], identities), [answer for answer in earlier if answer]
        rows: list[tuple[list[StoredEvent], str]] = []
        for history, command in pairs:
            seen, application = asked.versions_seen[history.application_id], history.application
            if is_stale(command, seen, application):
                raise StaleVersion(seen, application.version)
            events = decide(command, application, asked.act, self.streams.registry)
            identity, body_digest = identities[0]
            made = rows_of(
                history.application_id,
                application.version,
                history.prev(),
                events,
                asked.act,
                command=identity,
                digest=body_digest,
            )
            rows.append(made)
        outcome = await self.append(Save(tuple(row for made, _ in rows for row in made)))
        if not outcome.stored:
            for history in histories:
                self.streams.forget(history.application_id)
            return None
        positions = iter(outcome.positions)
        return fresh, [
            self._answer(history, made, tuple(islice(positions, len(made))), outcome.recorded_at, own)
            for history, (made, own) in zip(histories, rows, strict=True)
        ]

    async def append(self, save: Save) -> Outcome:
        return await self.writer.append(save)

    def _kept(self, history: History) -> None:
        self.streams.keep(history)

    def _answer(
        self,
        history: History,
        rows: list[StoredEvent],
        positions: tuple[int, ...],
        recorded_at: datetime | None,
        own: str,
    ) -> Answer:
        entries = [
            entry_of((row.originator_version, row.topic, row.state, position, recorded_at))
            for row, position in zip(rows, positions, strict=True)
        ]
        after = history.then(entries, own)
        self._kept(after)
        return Answer(
            application_id=history.application_id,
            application=after.application,
            events=tuple(row.topic for row in rows),
            position=positions[-1],
        )

    async def _history(self, application_id: UUID | None, fresh: UUID, identities: CommandKeys) -> History:
        if application_id is None:
            application_id = await self.streams.claimed([identity.bytes for identity, _ in identities])
        if application_id is None:
            return History.begin(fresh)
        return await self.streams.history(application_id)

    async def identities(self, client: str, key: str, body: object) -> CommandKeys:
        """Under this month's key, then the last's: a key of a client holds for at least a month."""
        month = datetime.now(UTC).date().replace(day=1)
        if month != self.month:
            self.named, self.month = await self.keys.named(month), month
        return [(command_id(mac_key, client, key), digest(mac_key, body)) for mac_key in self.named.commands]

    def _numbered(self, command: Command) -> Command:
        return replace(command, number=self.paper.new_number()) if isinstance(command, SubmitApplication) else command

    async def _keys_for(self, history: History, asked: Asked) -> dict[str, DossierKey]:
        """The dossier keys of the persons concerned; new ones are durable before the event that uses them."""
        if not asked.personal:
            return {}
        known = await self.keys.dossier_keys(history.application_id) if history.entries else {}
        missing = [role for role in sorted(asked.personal) if role not in known]
        if missing:
            niks = {role: asked.personal[role]["nik"] for role in missing if "nik" in asked.personal[role]}
            made = await self.keys.new_dossier_keys(history.application_id, missing, niks)
            known |= {key.role: key for key in made}
        return known


def linking(fresh: UUID, asked: AskedLink, histories: Sequence[History], registry: Registry) -> list[Link]:
    """The command for each stream. Raises ServiceUnknown."""
    found = [registry.standard(h.application.service, h.application.standard) for h in histories]
    standards = [standard for standard in found if standard]
    if len(standards) < len(found):
        raise ServiceUnknown
    ids = [history.application_id for history in histories]
    return [
        Link(
            link=fresh,
            life_event=asked.life_event,
            others=tuple(other for other in ids if other != own),
            supplied=shared,
        )
        for own, shared in zip(ids, supplied(standards), strict=True)
    ]


def link_of(history: History, identities: CommandKeys) -> UUID:
    """The link that this command made."""
    commands = {str(identity) for identity, _ in identities}
    return next(
        entry.recorded.event.link
        for entry in history.entries
        if entry.command in commands and isinstance(entry.recorded.event, Linked)
    )


def answer_to(history: History, command: Command, identities: CommandKeys) -> Answer | None:
    """The first answer to this very command, rebuilt from its save. Raises KeyReused for another body or command."""
    digests = {str(identity): body_digest for identity, body_digest in identities}
    saved = [entry for entry in history.entries if entry.command in digests]
    if not saved:
        return None
    same_body = all(entry.state["digest"] == digests[entry.command] for entry in saved)
    if not same_body or not TOPICS_OF[type(command)].issuperset(entry.topic for entry in saved):
        raise KeyReused
    last = saved[-1]
    return Answer(
        application_id=history.application_id,
        application=history.until(last.recorded.version),
        events=tuple(entry.topic for entry in saved),
        position=last.position,
    )
