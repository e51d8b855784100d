"""The link handler links the applications that one life event needs. If the handler may change an application, it adds
one event to this application. The handler stores the events of all applications together.

The requesting office holds at least one of the applications. The handler may change the applications of this office.
For an application of another office, the handler needs a proof: the citizen gives the number and the PIN, or the QR
code. Without this proof, the link only names that application. The other office can accept the link: it sends a request
for the same link.
"""

from collections.abc import Iterable, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass
from uuid import UUID

from domain.application.commands import Link
from domain.application.decide import decide, is_stale
from domain.application.incident_events import Linked
from domain.application.linking import supplied
from domain.refusals import AlreadyLinked, ApplicationUnknown, ServiceUnknown, StaleVersion
from domain.registry.editions import StandardPublished
from domain.registry.registry import Registry
from service_layer.event_store import Draft, EventStore
from service_layer.faults import NotYours
from service_layer.handlers.commands import first_result
from service_layer.handlers.retries import until_stored
from service_layer.requests import CommandResult, LinkRequest
from service_layer.streams import CommandIdentity, StreamHistory


@dataclass(frozen=True, slots=True)
class Linking:
    """The result of a request: the id of the link, and a result for each changed application. `waiting` lists the
    applications for which another office must still accept the link.
    """

    link: UUID
    results: list[CommandResult]
    waiting: list[UUID]


class LinkHandler:
    """Links the applications in an event store."""

    def __init__(self, store: EventStore) -> None:
        self.store = store

    async def handle(self, request: LinkRequest) -> Linking:
        """Appends one event to each application that the handler may change. The id of a new link is chosen before the
        first attempt, so every attempt uses the same id.

        Raises Refusal, StaleVersion, KeyReused and Unavailable. Raises NotYours if the office holds none of the
        applications. Also raises NotYours if an application of another office has two defects: the request contains no
        proof for this application, and no person of this application also belongs to an application of the requesting
        office.
        """
        identities = await self.store.identities(request.client, request.key, request.body)
        fresh = self.store.new_id()
        return await until_stored(lambda: self._attempt(fresh, request, identities))

    async def _attempt(
        self, fresh: UUID, request: LinkRequest, identities: Sequence[CommandIdentity]
    ) -> Linking | None:
        histories = [await self.store.history(target) for target in request.versions_seen]
        probe = Link(link=fresh, life_event=request.life_event, others=(), supplied=())
        answered = [(each, first_result(each, probe, identities)) for each in histories]
        earlier = [(each, result) for each, result in answered if result]
        if earlier:  # this comes before the rights: the office may have transferred its applications
            link = _link_of(earlier[0][0], identities)
            waiting = [each for each in histories if not _linked_to_all(each, request.versions_seen.keys())]
            return Linking(link, [result for _, result in earlier], _still_waiting(waiting, link))
        sides = await _sides(request, histories)
        commands = _commands(fresh, request, sides, self.store.registry)
        drafts = [await self._draft(history, command, request, identities[0]) for history, command in commands]
        stored = await self.store.append(drafts)
        if stored is None:
            return None
        link = commands[0][1].link
        results = [
            CommandResult(
                application_id=done.history.application_id,
                application=done.history.application,
                events=draft.topics,
                position=done.position,
            )
            for draft, done in zip(drafts, stored, strict=True)
        ]
        return Linking(link, results, _still_waiting(sides.waiting, link))

    async def _draft(
        self, history: StreamHistory, command: Link, request: LinkRequest, identity: CommandIdentity
    ) -> Draft:
        seen, application = request.versions_seen[history.application_id], history.application
        if seen is not None and is_stale(command, seen, application):
            raise StaleVersion(seen, application.version)
        events = decide(command, application, request.act, self.store.registry)
        return await self.store.draft(history, events, request.act, identity, personal={}, claims=())


@dataclass(frozen=True, slots=True)
class _Sides:
    """The applications of a link. `sure` lists the applications that the handler may change. `waiting` lists the
    applications for which another office must accept the link.
    """

    sure: list[StreamHistory]
    waiting: list[StreamHistory]

    @property
    def all(self) -> set[UUID]:
        return {each.application_id for each in (*self.sure, *self.waiting)}


async def _sides(request: LinkRequest, histories: Sequence[StreamHistory]) -> _Sides:
    """Divides the applications into two lists. Raises ApplicationUnknown and NotYours. For both errors, the client gets
    the same answer.
    """
    if not all(history.entries for history in histories):
        raise ApplicationUnknown
    held = {each.application_id for each in histories if request.holds(each.application)}
    if not held:
        raise NotYours
    writable = held | request.proved
    sides = _Sides(
        sure=[each for each in histories if each.application_id in writable],
        waiting=[each for each in histories if each.application_id not in writable],
    )
    strange = [each.application_id for each in sides.waiting if held.isdisjoint(each.application.links)]
    if strange:
        persons = await request.persons_of([*held, *strange])
        own = frozenset[UUID]().union(*(persons.get(each, frozenset()) for each in held))
        if any(own.isdisjoint(persons.get(each, frozenset())) for each in strange):
            raise NotYours
    return sides


def _commands(fresh: UUID, request: LinkRequest, sides: _Sides, registry: Registry) -> list[tuple[StreamHistory, Link]]:
    """Returns the streams to which a link is written, each with its command. Raises AlreadyLinked and ServiceUnknown.

    Some applications may already have the link. The handler does not change these applications. All other applications
    get the id and the life event of the existing link. If a document is required for a linked application, the document
    is not required again for the other applications.
    """
    new = [each for each in sides.sure if not _linked_to_all(each, sides.all)]
    if not new:
        raise AlreadyLinked
    ids = {each.application_id for each in new}
    linked = [
        (each, event)
        for each in (*sides.sure, *sides.waiting)
        if each not in new and (event := _link_with(each, ids)) is not None
    ]
    link, life_event = (linked[0][1].link, linked[0][1].life_event) if linked else (fresh, request.life_event)
    known = [_standard(each, registry) for each, _ in linked]
    shared = supplied([*known, *(_standard(each, registry) for each in new)])[len(known) :]
    return [
        (
            each,
            Link(
                link=link,
                life_event=life_event,
                others=tuple(other for other in request.versions_seen if other != each.application_id),
                supplied=codes,
            ),
        )
        for each, codes in zip(new, shared, strict=True)
    ]


def _linked_to_all(own: StreamHistory, applications: AbstractSet[UUID]) -> bool:
    return applications - {own.application_id} <= own.application.links


def _standard(history: StreamHistory, registry: Registry) -> StandardPublished:
    standard = registry.standard(history.application.service, history.application.standard)
    if standard is None:
        raise ServiceUnknown
    return standard


def _link_with(history: StreamHistory, others: set[UUID]) -> Linked | None:
    """Returns the newest link between the application and one of `others`."""
    events = (entry.recorded.event for entry in reversed(history.entries))
    return next((each for each in events if isinstance(each, Linked) and not others.isdisjoint(each.others)), None)


def _still_waiting(among: Iterable[StreamHistory], link: UUID) -> list[UUID]:
    return [
        each.application_id
        for each in among
        if not any(isinstance(event := entry.recorded.event, Linked) and event.link == link for entry in each.entries)
    ]


def _link_of(history: StreamHistory, identities: Sequence[CommandIdentity]) -> UUID:
    """Returns the id of the link that this command made."""
    commands = {str(identity.command) for identity in identities}
    return next(
        entry.recorded.event.link
        for entry in history.entries
        if entry.command in commands and isinstance(entry.recorded.event, Linked)
    )
