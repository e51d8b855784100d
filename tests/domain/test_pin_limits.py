"""How many PINs can be tried for one number: little from one network, little from any number of networks together."""

from datetime import UTC, datetime, timedelta
from heapq import heapify, heappop, heappush

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain import pin_limits
from domain.pin_limits import WrongPins

BEGIN = datetime(2026, 1, 1, tzinfo=UTC)
YEAR = timedelta(days=365)
PINS = 10**8
NETWORKS_REMEMBERED = 4


def wrong_pin(wrong: WrongPins | None, now: datetime, forgets: timedelta) -> WrongPins:
    return pin_limits.one_more(wrong, now, forgets)


def tries_in(period: timedelta, networks: int, *, known: bool = False) -> int:
    """Of an attacker who tries at each moment that the rule allows, always from the network that may be first."""
    now, tries = BEGIN, 0
    here: dict[int, WrongPins] = {}
    everywhere: WrongPins | None = None
    next_tries = [(BEGIN, network) for network in range(networks)]
    heapify(next_tries)
    while True:
        at, network = heappop(next_tries)
        now = max(now, at)
        now += pin_limits.wait(here.get(network), everywhere, now, known=known)
        if now - BEGIN > period:
            return tries
        assert pin_limits.wait(here.get(network), everywhere, now, known=known) == pin_limits.NONE
        tries += 1
        here[network] = wrong_pin(here.get(network), now, pin_limits.FORGETS_HERE)
        if not known:
            everywhere = wrong_pin(everywhere, now, pin_limits.FORGETS_EVERYWHERE)
        heappush(next_tries, (now + pin_limits.wait(here[network], None, now, known=True), network))


@pytest.mark.parametrize("networks", [1, 3, 10, 1000, 20_000])
def test_a_year_of_guessing_finds_a_pin_with_less_than_one_chance_in_ten_thousand(networks: int) -> None:
    tries = tries_in(YEAR, networks)
    assert tries <= pin_limits.FREE_EVERYWHERE + YEAR / pin_limits.FORGETS_EVERYWHERE
    assert tries / PINS < 1 / 10_000
    if networks == 1:
        assert tries < 2250, "one network alone is slower still"


def test_a_year_of_guessing_from_all_the_owners_own_networks_adds_less_than_one_chance_in_ten_thousand() -> None:
    tries = NETWORKS_REMEMBERED * tries_in(YEAR, 1, known=True)
    assert tries / PINS < 1 / 10_000


def test_one_network_leaves_the_number_open_for_others() -> None:
    """It forgets faster than one network can try."""
    assert pin_limits.FORGETS_EVERYWHERE * 4 <= pin_limits.LONGEST_DELAY


def test_the_first_mistakes_cost_nothing_and_each_further_one_twice_the_time() -> None:
    wrong: WrongPins | None = None
    delays = []
    for _ in range(25):
        now = wrong.at + pin_limits.wait(wrong, None, wrong.at, known=True) if wrong else BEGIN
        wrong = wrong_pin(wrong, now, pin_limits.FORGETS_HERE)
        delays.append(round(pin_limits.wait(wrong, None, now, known=True).total_seconds()))
    assert delays[:8] == [0, 0, 0, 0, 2, 4, 8, 16]
    assert 0.99 < delays[-1] / pin_limits.LONGEST_DELAY.total_seconds() <= 1
    assert delays == sorted(delays)


moments = st.timedeltas(timedelta(0), timedelta(days=2))
wrongs = st.none() | st.builds(
    lambda count, before: WrongPins(count, BEGIN - before), st.floats(0, 50, allow_nan=False), moments
)


@given(everywhere=wrongs)
def test_whatever_others_try_a_known_network_that_made_no_mistake_may_try(everywhere: WrongPins | None) -> None:
    assert pin_limits.wait(None, everywhere, BEGIN, known=True) == pin_limits.NONE


@given(here=wrongs, everywhere=wrongs, known=st.booleans(), later=moments)
def test_a_wait_is_over_when_it_said_and_never_longer_than_its_limit(
    here: WrongPins | None, everywhere: WrongPins | None, later: timedelta, *, known: bool
) -> None:
    wait = pin_limits.wait(here, everywhere, BEGIN, known=known)
    assert wait >= pin_limits.NONE
    after = pin_limits.wait(here, everywhere, BEGIN + later, known=known)
    assert abs(max(pin_limits.NONE, wait - later) - after) < timedelta(milliseconds=1)


@given(wrong=st.builds(WrongPins, st.floats(0, 50, allow_nan=False), st.just(BEGIN)))
def test_what_is_forgotten_is_forgotten_in_time_and_not_before(wrong: WrongPins) -> None:
    gone = pin_limits.forgotten_at(wrong, pin_limits.FORGETS_HERE)
    assert wrong.count_at(gone, pin_limits.FORGETS_HERE) == pytest.approx(0, abs=1e-9)
    assert wrong.count_at(gone - timedelta(minutes=1), pin_limits.FORGETS_HERE) >= min(wrong.count, 1 / 240) - 1e-6
    assert wrong.count_at(BEGIN - timedelta(hours=1), pin_limits.FORGETS_HERE) == wrong.count
