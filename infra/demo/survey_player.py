"""Survey player: this module submits the questionnaires of a plan to the real survey handler.

Every questionnaire has its own idempotency key. So if a run was interrupted, the next run adds only the missing
questionnaires.
"""

import asyncio
import time
from collections.abc import Iterable, Mapping
from itertools import islice
from uuid import UUID

from domain.refusals import Refusal
from domain.satisfaction import Element
from infra.composition import Installation
from service_layer.faults import KeyReused
from service_layer.handlers.surveys import SurveyHandler
from service_layer.requests import SurveyRequest
from simulation.questionnaires import Questionnaire

CLIENT = "simulation"
AT_ONCE = 16


class SurveyPlayer:
    """Submits the questionnaires of one plan.

    `ids` maps the ordinals of the plan to application ids (see `PlanPlayer`). The field `given` is the number of
    questionnaires that were stored, by this run or by an earlier run. `refused` is the number of refused
    questionnaires. A questionnaire is refused if another client has acted on the application or has answered the
    survey.
    """

    def __init__(self, made: Installation, plan_name: str, ids: Mapping[int, UUID]) -> None:
        self.surveys = SurveyHandler(made.store)
        self.plan_name = plan_name
        self.ids = ids
        self.given = 0
        self.refused = 0

    async def play(self, questionnaires: Iterable[Questionnaire], rate: float | None = None) -> None:
        """Submits all questionnaires. `rate` is the maximum number of questionnaires per second.

        None means no limit.
        """
        left, begun, played = iter(questionnaires), time.monotonic(), 0
        while batch := list(islice(left, AT_ONCE)):
            if rate is not None:
                await asyncio.sleep(max(0.0, begun + played / rate - time.monotonic()))
            played += len(batch)
            await asyncio.gather(*map(self._give, batch))

    async def _give(self, filled: Questionnaire) -> None:
        application = self.ids.get(filled.ordinal)
        if application is None:  # a step of the application's plan was refused
            return
        request = SurveyRequest(
            answers=filled.answers,
            act=filled.act,
            client=CLIENT,
            key=f"{self.plan_name}/{filled.ordinal}/questionnaire",
            body={element.value: int(getattr(filled.answers, element.value)) for element in Element},
        )
        try:
            await self.surveys.handle(application, request)
        except (Refusal, KeyReused):
            self.refused += 1
        else:
            self.given += 1
