"""The stages of a simulated life: they follow the order of the service's standard, and are mixed with other
commands.
"""

import random
from collections.abc import Sequence
from typing import TypeVar

from domain.application import commands
from domain.application.commands import Command
from domain.codes import StagePhase
from domain.registry.editions import Stage, StandardPublished
from simulation.life import Life

T = TypeVar("T")


def stage_acts(life: Life, phase: StagePhase) -> list[Command]:
    """Return the commands for the stages that have not begun. After a dispute, the result holds the commands for the
    stages to repeat.
    """
    begun = life.application.entered | life.application.completed
    return [
        act
        for stage in in_order(life.arrival.standard, phase)
        if stage.code not in begun and (not stage.optional or life.chance(0.5))
        for act in (commands.EnterStage(stage=stage.code), commands.CompleteStage(stage=stage.code))
    ]


def in_order(standard: StandardPublished, phase: StagePhase) -> list[Stage]:
    """Return the stages in an order that the standard allows. A stage that requires fewer earlier stages comes
    first.
    """
    stages = [stage for stage in standard.stages if stage.phase is phase]
    return sorted(stages, key=lambda stage: len(standard.required_before(stage)))


def woven(dice: random.Random, row: Sequence[T], others: Sequence[T]) -> list[T]:
    """Merge two sequences at random places. The order within each sequence does not change."""
    whole = list(row)
    places = sorted(dice.choices(range(len(row) + 1), k=len(others)))
    for inserted, (place, other) in enumerate(zip(places, others, strict=True)):
        whole.insert(place + inserted, other)
    return whole
