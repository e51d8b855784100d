"""A sync token tells its reader nothing, and nobody else can make one."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from api.conditional import SYNC_TOKEN
from infra.eventstore.eras import ERA_MAX
from infra.keys.sync_tokens import PREFIX, SealedSyncTokens

OURS = SealedSyncTokens(bytes(range(64)))
ERAS, POSITIONS = st.integers(1, ERA_MAX), st.integers(1, 2**63 - 1)


@given(ERAS, POSITIONS)
def test_we_open_what_we_sealed_and_the_same_position_has_the_same_token(era: int, position: int) -> None:
    token = OURS.seal(era, position)
    assert OURS.open(token) == (era, position)
    assert OURS.seal(era, position) == token
    assert re.match(SYNC_TOKEN, token)
    assert str(position) not in token or position < 100_000


@given(ERAS, POSITIONS, st.integers(0, 39), st.sampled_from("AZaz09-_"))
def test_an_altered_token_is_none(era: int, position: int, place: int, symbol: str) -> None:
    token = OURS.seal(era, position)
    at = len(PREFIX) + place
    altered = token[:at] + symbol + token[at + 1 :]
    assert altered == token or OURS.open(altered) is None


@given(ERAS, POSITIONS)
def test_another_installation_makes_other_tokens(era: int, position: int) -> None:
    assert OURS.open(SealedSyncTokens(b"x" * 64).seal(era, position)) is None


@pytest.mark.parametrize(
    "token", ["", "x", PREFIX, "applications=1.4711", PREFIX + "A" * 40, PREFIX + "A" * 39, PREFIX + "=" * 40,
              PREFIX + "\u00e9" * 40, OURS.seal(1, 1) + "A", OURS.seal(1, 1).removeprefix(PREFIX)]
)  # fmt: skip
def test_what_nobody_sealed_is_none(token: str) -> None:
    assert OURS.open(token) is None
