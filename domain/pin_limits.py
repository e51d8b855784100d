"""This module limits the wrong PINs for one tracking number. The PIN has 8 digits, so there are 100 million PINs.

Two limits apply. The first limit is the delay of one network: each wrong PIN from the same network makes the next delay
twice as long. The second limit is shared by all networks: together they may try about one PIN an hour. The shared limit
makes guessing hopeless for an attacker with many networks.

A network is known if somebody opened this number from this network before. The shared limit does not apply to known
networks. So an attacker cannot lock out a citizen who uses a known network. The arithmetic is in docs/access.md.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta

FREE_HERE = 5
"""After this number of wrong PINs, and after each further one, a network must wait."""
FIRST_DELAY = timedelta(seconds=2)
LONGEST_DELAY = timedelta(hours=4)
FORGETS_HERE = LONGEST_DELAY
"""After each such period, one wrong PIN of the network is forgotten."""
FREE_EVERYWHERE = 20
FORGETS_EVERYWHERE = timedelta(hours=1)
NONE = timedelta(0)


@dataclass(frozen=True, slots=True)
class WrongPins:
    """The wrong PINs that still count against the limit. `count` is the number of these PINs at the time `at`."""

    count: float
    at: datetime

    def count_at(self, now: datetime, forgets: timedelta) -> float:
        """Return the number of wrong PINs that still count at the time `now`. The number falls by one in each period of
        the length `forgets`.
        """
        return max(0.0, self.count - max(NONE, now - self.at) / forgets)


def wait(here: WrongPins | None, everywhere: WrongPins | None, now: datetime, *, known: bool) -> timedelta:
    """Return the time until the next try is allowed. The time is zero if a try is allowed now.

    `here` is the number of wrong PINs from the network of the client. `everywhere` is the number of wrong PINs from all
    networks. `known` says whether the tracking number was opened from this network before.
    """
    return max(_delay_here(here, now), NONE if known else _delay_everywhere(everywhere, now))


def _delay_here(wrong: WrongPins | None, now: datetime) -> timedelta:
    if wrong is None or wrong.count <= FREE_HERE - 1:
        return NONE
    doublings = min(wrong.count - FREE_HERE, 30.0)
    return max(NONE, wrong.at + min(LONGEST_DELAY, FIRST_DELAY * 2**doublings) - now)


def _delay_everywhere(wrong: WrongPins | None, now: datetime) -> timedelta:
    over = wrong.count_at(now, FORGETS_EVERYWHERE) + 1 - FREE_EVERYWHERE if wrong else 0.0
    return max(NONE, over * FORGETS_EVERYWHERE)


def one_more(wrong: WrongPins | None, now: datetime, forgets: timedelta) -> WrongPins:
    """Count one more wrong PIN at the time `now`."""
    return WrongPins((wrong.count_at(now, forgets) if wrong else 0.0) + 1, now)


def forgotten_at(wrong: WrongPins, forgets: timedelta) -> datetime:
    """Return the time at which the count has fallen to zero."""
    return wrong.at + wrong.count * forgets
