"""Fates: a simulated application may have one unplanned event, for example a withdrawal or a reassignment. Each kind of
event has a fixed probability.
"""

from collections.abc import Iterable, Iterator
from datetime import timedelta
from enum import Enum, auto

from domain.application import commands
from domain.application.events import DocumentsChecked, Received, StageEntered
from domain.application.guards import UNDECIDED
from domain.codes import Amendment, CancellationReason
from simulation.life import Intention, Life


class Fate(Enum):
    """An unplanned event of an application. FORGOTTEN means that nobody does anything more with the application."""

    NONE = auto()
    WITHDRAWN = auto()
    DUPLICATE = auto()
    FORGOTTEN = auto()
    REASSIGNED = auto()
    PIN_RESET = auto()
    AMENDED = auto()


FATES = {
    Fate.NONE: 78.5,
    Fate.WITHDRAWN: 3.0,
    Fate.DUPLICATE: 1.5,
    Fate.FORGOTTEN: 3.0,
    Fate.REASSIGNED: 8.0,
    Fate.PIN_RESET: 4.0,
    Fate.AMENDED: 2.0,
}
"""The probability of each fate, in percent."""


def struck(life: Life, moves: Iterable[Intention]) -> Iterator[Intention]:
    """Yield the acts of an application. Choose a fate at random, and insert the acts of this fate at a random place.
    The earliest place is after the second act, and the latest place is after the seventh act.
    """
    [fate] = life.dice.choices(list(FATES), list(FATES.values()))
    turn = life.dice.randint(2, 7)
    for count, move in enumerate(moves, start=1):
        yield move
        if count == turn:
            if fate is Fate.FORGOTTEN:
                return
            yield from _by(fate, life)


def _by(fate: Fate, life: Life) -> Iterator[Intention]:
    if life.application.status not in UNDECIDED:
        return
    soon = life.hence(0.1, 20)
    match fate:
        case Fate.WITHDRAWN:
            yield life.applicant(commands.Withdraw(), soon)
        case Fate.DUPLICATE:
            yield life.officer(commands.Cancel(reason=CancellationReason.DUPLICATE), soon, supervisor=True)
        case Fate.REASSIGNED:
            yield life.officer(commands.Reassign(officer=life.colleague()), soon, supervisor=True)
        case Fate.PIN_RESET:
            yield life.officer(commands.ResetPin(), soon)
        case Fate.AMENDED:
            yield from _amended(life)
        case _:
            pass


def _amended(life: Life) -> Iterator[Intention]:
    """Correct the time of the last event, or take back a stage that was entered too soon.

    A time is corrected only if the last event is not a decision. If a stage was taken back, it is entered again.
    """
    last = life.application.entries[-1]
    if isinstance(last.event, StageEntered):
        error = commands.AmendRecord(amends=last.version, amendment=Amendment.ENTERED_IN_ERROR)
        yield life.officer(error, life.hence(0.05, 0.5), supervisor=True)
        yield life.officer(commands.EnterStage(stage=last.event.stage), life.hence(0.1, 3))
    elif isinstance(last.event, Received | DocumentsChecked):
        right = max(last.act.at - timedelta(minutes=1), life.steps[0].act.at)
        wrong_time = commands.AmendRecord(amends=last.version, amendment=Amendment.TIME, corrected_at=right)
        yield life.officer(wrong_time, life.hence(0.05, 2), supervisor=True)
