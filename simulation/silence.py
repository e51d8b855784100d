"""Deemed approvals in a simulation: the office does not decide in time, so the law grants the application. Some
obstacles and decisions happen before the deemed approval, but are reported after it.
"""

from collections.abc import Iterable, Iterator
from datetime import datetime, timedelta

from domain.application import commands
from domain.application.guards import UNDECIDED
from domain.codes import ObstacleCode, RevocationGround
from simulation.life import Intention, Life
from simulation.production import produced
from simulation.review import judged

HELD_UP_UNSEEN, DECIDED_UNSEEN, DECIDED_AGAINST, REVOKED_THEN = 0.3, 0.5, 0.4, 0.4


def granted_by_silence(life: Life, moves: Iterable[Intention]) -> Iterator[Intention]:
    """Yield the acts in `moves`. If the promised date passes without a decision, stop at this date. Then yield a deemed
    approval and the acts after it.

    So if the standard has deemed approval, no application stays undecided after its due date.
    """
    for move in moves:
        due = silent_until(life)
        if due is not None and move.arrives > due:
            break
        yield move
    due = silent_until(life)
    if due is not None:
        yield from _granted(life, due)


def silent_until(life: Life) -> datetime | None:
    """Return the time, in UTC, at which the application will be deemed approved if its state does not change.

    Return None if no deemed approval is possible in this state.
    """
    application = life.application
    if life.arrival.standard.deemed_approval is None or application.promise is None:
        return None
    return application.promise.due_at if application.status in UNDECIDED and not application.pausing else None


def _granted(life: Life, due: datetime) -> Iterator[Intention]:
    """Yield the deemed approval and the acts after it. The system records the deemed approval soon after the due time.

    A mobile unit without a network may report an obstacle or a decision later. This obstacle or decision happened
    before the due time.
    """
    before, noticed = life.now, max(due, life.now) + timedelta(seconds=life.dice.uniform(1, 59))
    yield life.system(commands.DeemApproved(now=noticed), due, arrives=noticed)
    if life.chance(HELD_UP_UNSEEN):
        yield life.from_unit(commands.ReportObstacle(code=ObstacleCode.NETWORK), _between(life, before, due))
    if life.chance(DECIDED_UNSEEN):
        decision = judged(life, against=life.chance(DECIDED_AGAINST))
        yield life.from_unit(decision, _between(life, before, due))
        if isinstance(decision, commands.Reject) and life.chance(REVOKED_THEN):
            revoke = commands.Revoke(ground=RevocationGround.GRANTED_IN_ERROR)
            yield life.officer(revoke, life.hence(2, 48), supervisor=True)
    yield from produced(life)


def _between(life: Life, before: datetime, due: datetime) -> datetime:
    return before + (due - before) * life.dice.uniform(0.1, 0.9)
