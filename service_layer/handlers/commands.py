"""The command handler carries out the commands that change an application.

First, the handler looks for the idempotency key in the stream. If the same client has already sent the command, the
handler returns the first result. The client gets this result even if it has lost the right to the command since then.
Then the handler checks that the client may send the command. Then the handler checks that nothing relevant has changed
since the version that the client saw. At the end, the handler decides the command and appends the events. After a
conflict, the handler begins again. The log contains the idempotency keys of stored commands, but a refused command is
not stored. So a refused command is decided again when the client repeats it.
"""

from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from uuid import UUID

from domain.application.commands import Command, SubmitApplication
from domain.application.decide import decide, is_stale
from domain.application.outcomes import silence_has_granted, silence_waits_for
from domain.application.written_topics import TOPICS_OF
from domain.refusals import ApplicationUnknown, StaleVersion
from service_layer.event_store import Draft, EventStore
from service_layer.faults import KeyReused
from service_layer.handlers.retries import until_stored
from service_layer.requests import CommandRequest, CommandResult
from service_layer.streams import CommandIdentity, StreamHistory
from service_layer.system_acts import deem_approved_request, move_promise_request

MAX = datetime.max.replace(tzinfo=UTC)
SYSTEM_ACTS_MAX = 4
"""At most this number of system acts is recorded before one command."""


class CommandHandler:
    """Carries out commands on the applications in an event store."""

    def __init__(self, store: EventStore, latest: Callable[[], datetime] = lambda: MAX) -> None:
        """`latest` returns the latest time (UTC) that a system act may have. This time comes from another clock,
        because the clock of this host may be wrong.
        """
        self.store = store
        self.latest = latest

    async def handle(self, application_id: UUID | None, request: CommandRequest) -> CommandResult:
        """Decides the command and appends the events. If `application_id` is None, the command submits a new
        application.

        If the client repeats a command, the first result is returned again.

        Raises Refusal, StaleVersion, KeyReused, Unavailable, and the errors that `request.permit` raises.
        """
        identities = await self.store.identities(request.client, request.key, request.body)
        fresh = self.store.new_id()
        async with self.store.turn(application_id or fresh):
            return await until_stored(lambda: self._attempt(application_id, fresh, request, identities))

    async def _attempt(
        self, application_id: UUID | None, fresh: UUID, request: CommandRequest, identities: Sequence[CommandIdentity]
    ) -> CommandResult | None:
        decided = await self.decide(application_id, fresh, request, identities)
        if isinstance(decided, CommandResult):
            return decided
        stored = await self.store.append([decided])
        if stored is None:
            return None
        [done] = stored
        return CommandResult(
            application_id=done.history.application_id,
            application=done.history.application,
            events=decided.topics,
            position=done.position,
        )

    async def decide(
        self, application_id: UUID | None, fresh: UUID, request: CommandRequest, identities: Sequence[CommandIdentity]
    ) -> Draft | CommandResult:
        """Returns a draft, which the caller must store. If this command was handled before, returns the first result
        instead.

        This method stores nothing except new dossier keys. `fresh` is the id for a new application. Raises the same
        errors as `handle`.
        """
        history = await self._history(application_id, fresh, identities)
        if application_id is not None and not history.entries:
            raise ApplicationUnknown
        earlier = first_result(history, request.command, identities)
        if earlier:  # this comes before the rights, because a transfer takes away the right to the application
            return earlier
        application = history.application
        request.permit(application)
        if request.received_at is not None:
            history = await self._settled(history, min(request.received_at, self.latest()))
            application = history.application
        seen = request.version_seen
        if seen is not None and is_stale(request.command, seen, application):
            raise StaleVersion(seen, application.version)
        command, act = self._numbered(request.command), request.act
        if request.office_of is not None:
            act = replace(act, office=request.office_of(application))
        identity = identities[0]
        return await self.store.draft(
            history,
            decide(command, application, act, self.store.registry),
            act,
            identity,
            personal=request.personal,
            claims=(identity.command.bytes, command.number.encode()) if isinstance(command, SubmitApplication) else (),
        )

    async def _settled(self, history: StreamHistory, now: datetime) -> StreamHistory:
        """A deemed approval may be due although the scheduled job has not recorded it yet. Then this method records the
        deemed approval before the command is decided. So the result of the command does not depend on the scheduler.

        If the calendars in force give another promised date, the promise is moved first. The deemed approval gets the
        time at which the law granted the application, and not the current time. For each of these acts, the scheduled
        job would use the same command identity as this method. So each act is stored only once.
        """
        for _ in range(SYSTEM_ACTS_MAX):
            act = self._due(history, now)
            if act is None:
                break
            identities = await self.store.identities(act.client, act.key, act.body)
            decided = await self.decide(history.application_id, history.application_id, act, identities)
            if isinstance(decided, Draft):
                await self.store.append([decided])
            history = await self.store.history(history.application_id)
        return history

    def _due(self, history: StreamHistory, now: datetime) -> CommandRequest | None:
        application, registry = history.application, self.store.registry
        standard = registry.standard(application.service, application.standard)
        at = silence_has_granted(application, now, registry, standard) if standard else None
        if standard is None or at is None:
            return None
        moved = silence_waits_for(application, registry, standard)
        if moved is not None:
            return move_promise_request(history.application_id, moved, now)
        return deem_approved_request(history.application_id, at, now)

    async def _history(
        self, application_id: UUID | None, fresh: UUID, identities: Sequence[CommandIdentity]
    ) -> StreamHistory:
        if application_id is None:
            application_id = await self.store.claimed([identity.command.bytes for identity in identities])
        if application_id is None:
            return StreamHistory.begin(fresh)
        return await self.store.history(application_id)

    def _numbered(self, command: Command) -> Command:
        return replace(command, number=self.store.new_number()) if isinstance(command, SubmitApplication) else command


def first_result(
    history: StreamHistory, command: Command, identities: Sequence[CommandIdentity]
) -> CommandResult | None:
    """Returns the result that this command had when it was handled first. The result is made again from the events that
    the command stored. Returns None if the command was not handled before.

    Raises KeyReused if the idempotency key was used with another body or command.
    """
    digests = {str(identity.command): identity.digest for identity in identities}
    saved = [entry for entry in history.entries if entry.command in digests]
    if not saved:
        return None
    same_body = all(entry.state["digest"] == digests[entry.command] for entry in saved)
    if not same_body or not TOPICS_OF[type(command)].issuperset(entry.topic for entry in saved):
        raise KeyReused
    last = saved[-1]
    return CommandResult(
        application_id=history.application_id,
        application=history.until(last.recorded.version),
        events=tuple(entry.topic for entry in saved),
        position=last.position,
    )
