"""Packed values: what was packed is read again, whatever packed it; and no dictionary ever changes."""

import contextlib
import hashlib
import zlib
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

import pytest
from hypothesis import given
from hypothesis import strategies as st

from infra.eventstore.envelope import canonical
from infra.postgres.packing import DICTIONARIES, ZLIB, ZSTD, pack, unpack

SHA256 = {
    1: "ae50286aceb6e72c8e6d215da21ceb1c30d57e894c51ffaefa162d4b4acb7f37",
    2: "9e5f912c769a4d0b7ba013c29bfa881bc785b9ae7f23952d2d60b22f52a96165",
}
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


def deflated(text: bytes) -> bytes:
    """Packs as the first release of the packing did."""
    compressor = zlib.compressobj(3, zlib.DEFLATED, -13, 6, zlib.Z_DEFAULT_STRATEGY, DICTIONARIES[ZLIB])
    return ZLIB + compressor.compress(text) + compressor.flush()


@given(JSON)
def test_what_zlib_packed_is_read_again(value: object) -> None:
    assert unpack(deflated(canonical(value))) == canonical(value)


def test_threads_pack_and_unpack_at_the_same_time() -> None:
    rows = [canonical({"row": number, "text": "jejak" * number}) for number in range(400)]
    with ThreadPoolExecutor(8) as threads:
        packed = list(threads.map(pack, rows * 10))
        assert list(threads.map(unpack, packed)) == rows * 10
    assert packed == [pack(row) for row in rows] * 10


@pytest.mark.parametrize("by", [pack, deflated])
@pytest.mark.parametrize("text", [b"{}", b"{}" * 500, canonical({"status": "submitted", "standard": 1})])
def test_a_value_that_was_cut_or_extended_is_damaged(by: Callable[[bytes], bytes], text: bytes) -> None:
    for damaged in [*(by(text)[:length] for length in range(1, len(by(text)))), by(text) + b" "]:
        with pytest.raises(ValueError, match="packed value"):
            unpack(damaged)


@given(st.sampled_from([ZLIB, ZSTD]), st.binary(max_size=40))
def test_any_bytes_after_a_mark_are_read_or_refused(mark: bytes, packed: bytes) -> None:
    """A damaged value causes no other error, also where its length is damaged."""
    with contextlib.suppress(ValueError):
        unpack(mark + packed)


def test_a_length_that_no_memory_can_hold_is_damage() -> None:
    with pytest.raises(ValueError, match="packed value"):
        unpack(ZSTD + b"\xe0" + (2**60).to_bytes(8, "little") + b"\x01\x00\x00")
