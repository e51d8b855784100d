"""The survey handler stores one questionnaire for each application. The questionnaire is an event in a separate
stream.
"""

from collections.abc import Sequence
from uuid import UUID

from domain.refusals import ApplicationUnknown
from domain.satisfaction import answer
from service_layer.event_store import EventStore
from service_layer.faults import KeyReused
from service_layer.handlers.retries import until_stored
from service_layer.requests import SurveyRequest
from service_layer.streams import CommandIdentity


class SurveyHandler:
    """Stores questionnaires in an event store.

    Together with a questionnaire, the log stores two values that may occur only once. The first value is the id of the
    command, so a client can repeat its request. The second value is a keyed hash of the application, so an application
    has only one questionnaire. Without the secret keys, nobody can find the application from these values.
    """

    def __init__(self, store: EventStore) -> None:
        self.store = store

    async def handle(self, application_id: UUID, request: SurveyRequest) -> int:
        """Stores the answers as an event, and returns the log position of this event. If the client repeats a command,
        the position of the first event is returned.

        Raises Refusal, KeyReused, Unavailable, and the errors that `request.permit` raises.
        """
        # The requests of all citizens have the same client name. The application id in the name keeps their idempotency
        # keys apart.
        client = f"satisfaction/{application_id}/{request.client}"
        identities = await self.store.identities(client, request.key, request.body)
        return await until_stored(lambda: self._attempt(application_id, request, identities))

    async def given(self, application_id: UUID) -> bool:
        """Returns whether a questionnaire of this application is stored."""
        return await self.store.claimed([self.store.survey_claim(application_id)]) is not None

    async def _attempt(
        self, application_id: UUID, request: SurveyRequest, identities: Sequence[CommandIdentity]
    ) -> int | None:
        history = await self.store.history(application_id)
        if not history.entries:
            raise ApplicationUnknown
        stream = await self.store.claimed([identity.command.bytes for identity in identities])
        if stream is not None:  # this comes before the rights: the office may have transferred the application
            return await self._first_position(stream, identities)
        request.permit(history.application)
        event = answer(history.application, request.answers, given=await self.given(application_id))
        return await self.store.append_survey(application_id, event, request.act, identities[0])

    async def _first_position(self, stream: UUID, identities: Sequence[CommandIdentity]) -> int:
        """If this command was handled before, returns the log position of the event that it stored. Raises KeyReused if
        the stored answers differ.
        """
        saved = await self.store.saved_survey(stream)
        if saved is None or saved.identity not in identities:
            raise KeyReused
        return saved.position
