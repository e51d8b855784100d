"""The course of a simulated application: most applications have no problem, and every kind of problem has a fixed
probability.
"""

from collections.abc import Iterator

from domain.application.status import Status
from simulation.families import Membership
from simulation.fates import struck
from simulation.intake import made_complete, taken_in
from simulation.life import Intention, Life
from simulation.mall import Arrival, Mall
from simulation.production import produced
from simulation.review import reviewed
from simulation.silence import granted_by_silence


def lived(arrival: Arrival, mall: Mall, membership: Membership | None = None) -> Life:
    """Return the life of one application. The life contains every step before the end of the plan."""
    life = Life(arrival, mall, membership)
    life.live(granted_by_silence(life, struck(life, course(life))))
    return life


def course(life: Life) -> Iterator[Intention]:
    yield from taken_in(life)
    yield from made_complete(life)
    yield from reviewed(life)
    if life.application.status is Status.APPROVED:
        yield from produced(life)
