"""Packed values: what was packed is read again, whatever packed it; and no dictionary ever changes."""

import hashlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from infra.eventstore.envelope import canonical
from infra.postgres.packing import DICTIONARIES, MARK, pack, unpack

SHA256 = {1: "ae50286aceb6e72c8e6d215da21ceb1c30d57e894c51ffaefa162d4b4acb7f37"}
"""A stored value needs its dictionary for ever: a better one gets a number of its own."""

JSON = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**53) + 1, 2**53 - 1) | st.text(st.characters(codec="utf-8")),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
)


def test_no_dictionary_has_changed() -> None:
    assert {mark[0]: hashlib.sha256(text).hexdigest() for mark, text in DICTIONARIES.items()} == SHA256


@given(JSON)
def test_what_was_packed_is_read_again(value: object) -> None:
    assert unpack(pack(canonical(value))) == canonical(value)


@given(st.binary())
def test_any_bytes_are_packed_and_read_again(text: bytes) -> None:
    assert unpack(pack(text)) == text


@given(JSON)
def test_json_that_was_stored_before_there_were_dictionaries_is_read_as_it_is(value: object) -> None:
    assert unpack(canonical(value)) == canonical(value)


def test_the_same_bytes_are_packed_alike_and_a_usual_row_is_small() -> None:
    row = canonical(
        {"extensions": [], "obstacles": [], "paused_since": None, "pauses": [], "payments": [], "steps": []}
    )
    assert pack(row) == pack(row)
    assert len(pack(row)) < len(row) / 2


@pytest.mark.parametrize(
    "damaged",
    [MARK, pack(b"{}" * 500)[:-3], MARK + b"\xff" * 9, pack(b"{}") + b" "],
    ids=["empty", "cut", "bytes", "more"],
)
def test_a_damaged_value_is_no_value(damaged: bytes) -> None:
    with pytest.raises(ValueError, match="packed value"):
        unpack(damaged)
