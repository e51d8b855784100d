"""Canonical JSON: in our subset orjson with sorted keys gives the bytes of RFC 8785, and nothing else gets in."""

import hmac
import unicodedata
from datetime import UTC, date, datetime, timedelta, timezone
from decimal import Decimal
from typing import Any

import pytest
import rfc8785
from hypothesis import given
from hypothesis import strategies as st

from domain.json_values import instant, parse_instant, plain
from infra.eventstore.envelope import b64, canonical, keyed, unb64

INTEGERS = st.integers(-(2**53) + 1, 2**53 - 1)
NFC = st.text(st.characters(codec="utf-8"), max_size=20).map(lambda text: unicodedata.normalize("NFC", text))
KEYS = st.text(st.characters(max_codepoint=127), max_size=12)
DOCUMENTS = st.recursive(
    st.none() | st.booleans() | INTEGERS | NFC,
    lambda inner: st.lists(inner, max_size=5) | st.dictionaries(KEYS, inner, max_size=5),
    max_leaves=20,
)


@given(DOCUMENTS)
def test_our_bytes_are_those_of_rfc_8785(document: Any) -> None:
    assert canonical(document) == rfc8785.dumps(document)


@pytest.mark.parametrize("value", [1.0, float("nan"), 2 + 1j, Decimal(1), b"bytes", ["list"], {"a": 1}, {1}, object()])
def test_an_event_holds_no_other_kind_of_value(value: object) -> None:
    with pytest.raises(TypeError, match="an event holds no"):
        plain(value)
    with pytest.raises(TypeError, match="an event holds no"):
        plain((value,))


@given(st.datetimes(timezones=st.integers(-23, 23).map(lambda hours: timezone(timedelta(hours=hours)))))
def test_an_instant_has_one_spelling(at: datetime) -> None:
    try:
        text = instant(at)
    except OverflowError:
        return  # the edge of the calendar
    assert len(text) == len("2026-03-13T02:10:05.000000Z")
    assert text.endswith("Z")
    assert parse_instant(text) == at


@given(st.lists(st.datetimes(timezones=st.just(UTC)), min_size=2, max_size=5))
def test_the_order_of_the_text_is_the_order_of_time(times: list[datetime]) -> None:
    assert sorted(instant(at) for at in times) == [instant(at) for at in sorted(times)]


def test_a_day_is_written_as_a_day() -> None:
    assert plain(date(2026, 3, 13)) == "2026-03-13"


@given(st.binary(max_size=40))
def test_binary_has_one_spelling(raw: bytes) -> None:
    assert unb64(b64(raw)) == raw


@pytest.mark.parametrize("text", ["AA", "AAA", "AB==", "AA==\n", "A A=", "AA-_", "ÄÄÄÄ"])
def test_another_spelling_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match=r".+"):
        unb64(text)


@given(st.binary(min_size=32, max_size=32), st.binary(max_size=300))
def test_our_mac_is_the_standard_one(key: bytes, message: bytes) -> None:
    assert keyed(key, message) == hmac.digest(key, message, "sha256")
