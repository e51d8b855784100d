"""Tests of the rule of rounding, by examples and against decimal arithmetic."""

from decimal import ROUND_HALF_UP, Decimal
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.rounding import rounded, rounded_to


@pytest.mark.parametrize(
    ("value", "places", "expected"),
    [
        ("0.5", 0, "1"),
        ("2.5", 0, "3"),
        ("-0.5", 0, "-1"),
        ("-2.5", 0, "-3"),
        ("1.005", 2, "1.01"),
        ("2.675", 2, "2.68"),
        ("-1.005", 2, "-1.01"),
        ("0.25", 1, "0.3"),
        ("0.4999", 0, "0"),
    ],
)
def test_halves_go_away_from_zero(value: str, places: int, expected: str) -> None:
    assert rounded(Fraction(value), places) == Fraction(expected)


@given(st.decimals(-(10**6), 10**6, places=5), st.integers(0, 3))
def test_it_rounds_as_decimal_arithmetic_does(value: Decimal, places: int) -> None:
    expected = value.quantize(Decimal(1).scaleb(-places), ROUND_HALF_UP)
    assert rounded(Fraction(value), places) == Fraction(expected)


@given(st.fractions(), st.integers(0, 4))
def test_it_is_symmetric_near_and_rounds_once(value: Fraction, places: int) -> None:
    result = rounded(value, places)
    assert rounded(-value, places) == -result
    assert abs(result - value) <= Fraction(1, 2 * 10**places)
    assert rounded(result, places) == result


@pytest.mark.parametrize(("days", "halves"), [("0.25", "0.5"), ("1.25", "1.5"), ("1.2499", "1"), ("0.75", "1")])
def test_a_quarter_of_a_day_goes_up_to_the_next_half(days: str, halves: str) -> None:
    assert rounded_to(Fraction(days), Fraction(1, 2)) == Fraction(halves)
