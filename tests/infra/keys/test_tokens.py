"""Tokens of ours: what is altered, too old or of another kind is nobody's, also after it was somebody's."""

import time
from uuid import UUID, uuid4

import pytest

from infra.keys import tokens
from infra.keys.tokens import SignedTokens
from service_layer.rights import Bearer, Principal

OFFICER = Principal(bearer=Bearer.OFFICER, actor=UUID(int=7), office="pemda-3374-dpmptsp")
HOUR = 3600


def signer() -> SignedTokens:
    return SignedTokens(b"b" * 32, b"r" * 32)


def test_whoever_shows_a_token_again_is_the_same() -> None:
    ours, application = signer(), uuid4()
    read_token, _ = ours.read_token(application)
    bearer = ours.bearer(OFFICER, seconds=HOUR)
    for _ in range(3):
        assert ours.principal(bearer) == OFFICER
        assert ours.principal(read_token) == Principal(bearer=Bearer.CITIZEN, application_id=application)


def test_a_token_is_verified_once(monkeypatch: pytest.MonkeyPatch) -> None:
    ours = signer()
    bearer = ours.bearer(OFFICER, seconds=HOUR)
    ours.principal(bearer)
    monkeypatch.setattr(ours, "_claims", None)
    assert ours.principal(bearer) == OFFICER


def test_a_remembered_token_ends_when_it_says(monkeypatch: pytest.MonkeyPatch) -> None:
    ours = signer()
    bearer = ours.bearer(OFFICER, seconds=HOUR)
    assert ours.principal(bearer)
    later = time.time() + HOUR + 1
    monkeypatch.setattr(time, "time", lambda: later)
    assert ours.principal(bearer) is None
    assert ours.principal(bearer) is None


def test_an_altered_token_is_nobodys_however_well_the_true_one_is_known() -> None:
    ours = signer()
    bearer = ours.bearer(OFFICER, seconds=HOUR)
    assert ours.principal(bearer)
    header, claims, signature = bearer.split(".")
    for altered in (
        f"{header}.{claims}.{signature[::-1]}",
        f"{header}.{claims}.",
        f"{header}.{claims[:-2]}AA.{signature}",
        bearer[:-1],
        "",
    ):
        assert ours.principal(altered) is None


def test_another_key_knows_nobody() -> None:
    bearer = signer().bearer(OFFICER, seconds=HOUR)
    assert SignedTokens(b"x" * 32, b"r" * 32).principal(bearer) is None


def test_a_session_of_the_desk_is_no_bearer_and_a_bearer_no_session() -> None:
    ours = signer()
    bearer = ours.bearer(OFFICER, seconds=HOUR)
    given = ours.desk_session(bearer)
    assert given
    for _ in range(2):
        assert ours.at_desk(given[0]) == OFFICER
        assert ours.principal(given[0]) is None
        assert ours.principal(bearer) == OFFICER
        assert ours.at_desk(bearer) is None


def test_memory_is_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tokens, "REMEMBERED_MAX", 3)
    ours = signer()
    given = [ours.read_token(UUID(int=number))[0] for number in range(5)]
    for token in given:
        assert ours.principal(token)
        assert ours.principal(given[0])  # who comes often is not forgotten
    assert len(ours._verified) == 3
