"""Tokens of ours: what is altered, too old or of another kind is nobody's, also after it was somebody's."""

import json
import time
from uuid import UUID, uuid4

import pytest
from hypothesis import given
from hypothesis import strategies as st
from joserfc import jws, jwt

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


GOOD = {"aud": "jejak", "sub": str(UUID(int=7)), "exp": 2**32, "role": "officer", "office": "pemda", "agency": ""}
WRONG: tuple[object, ...] = (None, "", "x", 0, -1, 1.5, True, [], {}, 2**63, 10**30, "x" * 5000, [GOOD])


@pytest.mark.parametrize("claim", GOOD)
@pytest.mark.parametrize("wrong", ["missing", *WRONG], ids=str)
def test_well_signed_claims_of_a_wrong_kind_are_nobodys(claim: str, wrong: object) -> None:
    claims = {**GOOD, claim: wrong}
    if wrong == "missing":
        del claims[claim]
    if claim in ("office", "agency") and wrong in ("", "x"):
        return
    ours = signer()
    for key, audience in ((ours.bearer_key, "jejak"), (ours.bearer_key, "jejak-desk"), (ours.read_key, "jejak-read")):
        sent = {**claims, "aud": claims["aud"] if claim == "aud" else audience} if claim in claims else claims
        token = jwt.encode({"alg": "HS256"}, sent, key)
        if audience == "jejak-read" and claim in ("role", "office", "agency"):
            continue
        assert ours.principal(token) is None
        assert ours.desk_session(token) is None
        assert ours.at_desk(token) is None


@given(st.dictionaries(st.sampled_from([*GOOD, "nbf", "iat"]), st.none() | st.booleans() | st.floats() | st.text()))
def test_no_well_signed_claims_are_an_error(strange: dict[str, object]) -> None:
    ours = signer()
    for key in (ours.bearer_key, ours.read_key):
        token = jws.serialize_compact({"alg": "HS256"}, json.dumps({**GOOD, **strange}), key)
        ours.principal(token), ours.desk_session(token), ours.at_desk(token)


@pytest.mark.parametrize("payload", ["", "x", "[]", "1", "null", '"x"', "[[]]", "\xff", "{", "{}"])
def test_a_well_signed_text_that_is_no_claims_is_nobodys(payload: str) -> None:
    ours = signer()
    token = jws.serialize_compact({"alg": "HS256"}, payload, ours.bearer_key)
    assert ours.principal(token) is None
    assert ours.desk_session(token) is None
    assert ours.at_desk(token) is None


def test_memory_is_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tokens, "REMEMBERED_MAX", 3)
    ours = signer()
    given = [ours.read_token(UUID(int=number))[0] for number in range(5)]
    for token in given:
        assert ours.principal(token)
        assert ours.principal(given[0])  # who comes often is not forgotten
    assert len(ours._verified) == 3
