"""The link handler: links all applications of one life event in one save, or links no application."""

from collections.abc import Sequence
from uuid import UUID

from domain.application.commands import Link
from domain.application.decide import decide, is_stale
from domain.application.incident_events import Linked
from domain.application.linking import supplied
from domain.refusals import ApplicationUnknown, ServiceUnknown, StaleVersion
from domain.registry.editions import Registry
from service_layer.event_store import Draft, EventStore
from service_layer.handlers.commands import first_result
from service_layer.handlers.retries import until_stored
from service_layer.requests import CommandResult, LinkRequest
from service_layer.streams import CommandIdentity, StreamHistory

Linking = tuple[UUID, list[CommandResult]]
"""The link's id, and the result for each application."""


class LinkHandler:
    """Links applications over an event store."""

    def __init__(self, store: EventStore) -> None:
        self.store = store

    async def handle(self, request: LinkRequest) -> Linking:
        """Appends one event to each stream. The id of a new link is chosen before the first attempt.

        Raises Refusal, StaleVersion, KeyReused, Unavailable, and the errors that `request.permit` raises.
        """
        identities = await self.store.identities(request.client, request.key, request.body)
        fresh = self.store.new_id()
        return await until_stored(lambda: self._attempt(fresh, request, identities))

    async def _attempt(
        self, fresh: UUID, request: LinkRequest, identities: Sequence[CommandIdentity]
    ) -> Linking | None:
        histories = [await self.store.history(target) for target in request.versions_seen]
        for history in histories:
            if not history.entries:
                raise ApplicationUnknown
            request.permit(history.application_id, history.application)
        commands = _commands(fresh, request, histories, self.store.registry)
        pairs = list(zip(histories, commands, strict=True))
        earlier = [first_result(history, command, identities) for history, command in pairs]
        if all(earlier):
            return _link_of(histories[0], identities), [result for result in earlier if result]
        drafts = [await self._draft(history, command, request, identities[0]) for history, command in pairs]
        stored = await self.store.append(drafts)
        if stored is None:
            return None
        return fresh, [
            CommandResult(
                application_id=done.history.application_id,
                application=done.history.application,
                events=draft.topics,
                position=done.position,
            )
            for draft, done in zip(drafts, stored, strict=True)
        ]

    async def _draft(
        self, history: StreamHistory, command: Link, request: LinkRequest, identity: CommandIdentity
    ) -> Draft:
        seen, application = request.versions_seen[history.application_id], history.application
        if is_stale(command, seen, application):
            raise StaleVersion(seen, application.version)
        events = decide(command, application, request.act, self.store.registry)
        return await self.store.draft(history, events, request.act, identity, personal={}, claims=())


def _commands(fresh: UUID, request: LinkRequest, histories: Sequence[StreamHistory], registry: Registry) -> list[Link]:
    """The command for each stream. Raises ServiceUnknown."""
    standards = [
        standard
        for history in histories
        if (standard := registry.standard(history.application.service, history.application.standard))
    ]
    if len(standards) < len(histories):
        raise ServiceUnknown
    ids = [history.application_id for history in histories]
    return [
        Link(
            link=fresh,
            life_event=request.life_event,
            others=tuple(other for other in ids if other != own),
            supplied=shared,
        )
        for own, shared in zip(ids, supplied(standards), strict=True)
    ]


def _link_of(history: StreamHistory, identities: Sequence[CommandIdentity]) -> UUID:
    """The link that this command made."""
    commands = {str(identity.command) for identity in identities}
    return next(
        entry.recorded.event.link
        for entry in history.entries
        if entry.command in commands and isinstance(entry.recorded.event, Linked)
    )
