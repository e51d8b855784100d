import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.pin import is_digits, parse_pin
from domain.tracking_number import parse_tracking_number
from domain.typed_text import DASHES

NUMBER, PIN = "01K2M9XD4TB5", "51658548"
GAPS = sorted(
    {chr(code) for code in range(0x3000 + 0x100) if unicodedata.category(chr(code)) in {"Pd", "Zs"}}
    | DASHES
    | {"\t", "\n", "\u00ad", "\u200b", "\ufeff", "\uff0d"}
)


def between(symbols: str, gaps: list[str]) -> str:
    return "".join(gap + symbol for gap, symbol in zip(gaps, symbols, strict=True)) + gaps[0]


@pytest.mark.parametrize("gap", GAPS, ids=lambda gap: f"U+{ord(gap):04X}")
def test_every_space_and_every_dash_makes_no_difference(gap: str) -> None:
    assert parse_tracking_number(gap.join(["01k2", "m9xd", "4tb5"])) == NUMBER
    assert parse_pin(gap.join(["5165", "8548"])) == PIN


@given(st.lists(st.text(st.sampled_from(GAPS), max_size=3), min_size=12, max_size=12))
def test_gaps_anywhere_make_no_difference(gaps: list[str]) -> None:
    assert parse_tracking_number(between(NUMBER.lower(), gaps)) == NUMBER
    assert parse_pin(between(PIN, gaps[:8])) == PIN


def test_full_width_symbols_are_read_as_plain_ones() -> None:
    wide = str.maketrans({chr(code): chr(code + 0xFEE0) for code in range(0x21, 0x7F)})
    assert parse_tracking_number(NUMBER.translate(wide)) == NUMBER
    assert parse_pin(PIN.translate(wide)) == PIN


@pytest.mark.parametrize(("typed", "pin"), [("OoIl L i5", "0011115"), ("", ""), ("5165-85A8", "516585A8")])
def test_letters_that_look_like_digits_are_read_as_digits(typed: str, pin: str) -> None:
    assert parse_pin(typed) == pin


@pytest.mark.parametrize(("pin", "digits"), [(PIN, True), ("", False), ("5165\u0668", False), ("516A", False)])
def test_a_pin_has_only_the_digits_of_ascii(pin: str, digits: bool) -> None:  # noqa: FBT001 - a case of the table
    assert is_digits(pin) is digits
