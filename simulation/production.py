"""The last part of a simulated life: it contains production, hand-over, disputes, revocation and aftercare."""

from collections.abc import Iterator

from domain.application import commands
from domain.application.commands import ClearObstacle
from domain.codes import DismissalReason, DisputeReason, Receiver, RevocationGround, StagePhase
from simulation.incidents import obstacles
from simulation.life import Intention, Life
from simulation.stages import in_order, stage_acts, woven

HANDED_OVER_EARLY = 0.1
NOT_COLLECTED, LAPSES_THEN = 0.05, 0.4
BY_PROXY = 0.1
DISPUTED, DISMISSED = 0.03, 0.4
REVOKED = 0.01
AFTERCARE_DAYS = {"six-month-report": (170, 190)}
"""The shortest and the longest duration of an aftercare stage, in days. A stage that is not listed here takes 3 to 10
days.
"""


def produced(life: Life) -> Iterator[Intention]:
    """Issue, make and hand over the product.

    If nobody collects the product, the product stays at the counter. Some of these applications lapse.
    """
    yield life.officer(commands.Issue(), life.hence(0.1, 8))
    for act in woven(life.dice, stage_acts(life, StagePhase.PRODUCTION), obstacles(life, StagePhase.PRODUCTION)):
        hours = (4, 24 * 5) if isinstance(act, ClearObstacle) else (0.1, 8)
        yield life.officer(act, life.hence(*hours))
    receiver = Receiver.PROXY if life.chance(BY_PROXY) else Receiver.APPLICANT
    if life.chance(HANDED_OVER_EARLY):
        yield life.officer(_hand_over(life, receiver), life.hence(0.1, 4))
    else:
        yield life.officer(commands.MakeReady(), life.hence(0.1, 6))
        if life.chance(NOT_COLLECTED):
            if life.chance(LAPSES_THEN):
                yield life.officer(commands.Lapse(), life.hence(24 * 30, 24 * 45), supervisor=True)
            return
        yield life.officer(_hand_over(life, receiver), life.hence(1, 24 * 6))
    yield from handed_over(life)


def _hand_over(life: Life, receiver: Receiver) -> commands.HandOver:
    mall, counter = life.in_mall()
    return commands.HandOver(receiver=receiver, mall=mall, counter=counter)


def handed_over(life: Life) -> Iterator[Intention]:
    if life.chance(REVOKED):
        ground = life.dice.choice(list(RevocationGround))
        yield life.officer(commands.Revoke(ground=ground), life.hence(24, 24 * 20), supervisor=True)
    elif life.chance(DISPUTED):
        yield life.applicant(commands.Dispute(reason=life.dice.choice(list(DisputeReason))), life.hence(2, 24 * 10))
        if not life.chance(DISMISSED):
            yield life.officer(commands.Reopen(redo=_to_redo(life)), life.hence(2, 24 * 3), supervisor=True)
            yield from produced(life)
            return
        dismissed = commands.DismissDispute(reason=life.dice.choice(list(DismissalReason)))
        yield life.officer(dismissed, life.hence(2, 24 * 3), supervisor=True)
    yield from looked_after(life)


def _to_redo(life: Life) -> tuple[str, ...]:
    """Choose a completed production stage at random. Return the code of this stage, and the codes of all completed
    production stages after it.
    """
    done = [stage.code for stage in in_order(life.arrival.standard, StagePhase.PRODUCTION)]
    done = [code for code in done if code in life.application.completed]
    return tuple(done[life.dice.randrange(len(done)) :]) if done else ()


def looked_after(life: Life) -> Iterator[Intention]:
    for act in stage_acts(life, StagePhase.AFTERCARE):
        days = (0.01, 0.1)
        if isinstance(act, commands.CompleteStage):
            days = AFTERCARE_DAYS.get(act.stage, (3, 10))
        yield life.officer(act, life.hence(24 * days[0], 24 * days[1]))
