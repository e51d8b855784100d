"""This module decides about stages. A stage is a step of the office's work on an application, and the procedure sets
the order of the stages.
"""

from domain import refusals
from domain.application.commands import CompleteStage, EnterStage
from domain.application.events import ApplicationEvent, StageCompleted, StageEntered
from domain.application.evolve import Application
from domain.application.guards import GRANTED, IN_PRODUCTION, UNDECIDED, only_in
from domain.application.status import Status
from domain.codes import Holder, StagePhase
from domain.registry.editions import Stage, StandardPublished


def enter_stage(command: EnterStage, application: Application, standard: StandardPublished) -> list[ApplicationEvent]:
    stage = _stage_possible(command.stage, application, standard)
    if command.stage in application.entered:
        raise refusals.StageAlreadyEntered
    return [StageEntered(stage=command.stage, holder=None if stage.holder is Holder.BACK_OFFICE else stage.holder)]


def complete_stage(
    command: CompleteStage, application: Application, standard: StandardPublished
) -> list[ApplicationEvent]:
    _stage_possible(command.stage, application, standard)
    if command.stage not in application.entered and not standard.free_order:
        raise refusals.StageNotEntered
    return [StageCompleted(stage=command.stage)]


POSSIBLE_IN = {
    StagePhase.REVIEW: (Status.PROCESSING,),
    StagePhase.PRODUCTION: (*GRANTED, Status.ISSUED),
    StagePhase.AFTERCARE: (Status.HANDED_OVER,),
}


def _stage_possible(code: str, application: Application, standard: StandardPublished) -> Stage:
    stage = standard.stage(code)
    if stage is None:
        raise refusals.StageUnknown
    if standard.free_order:
        only_in(application, *UNDECIDED, *IN_PRODUCTION, Status.READY)
        return stage
    only_in(application, *POSSIBLE_IN[stage.phase])
    if code in application.completed:
        raise refusals.StageAlreadyCompleted
    if not application.completed.issuperset(standard.required_before(stage)):
        raise refusals.StageOutOfOrder
    return stage
